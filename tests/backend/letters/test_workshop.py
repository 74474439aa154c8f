"""Letters that an admin installs: all faults at once with line and field, versions that stay, contracts that keep theirs."""

from __future__ import annotations

import pytest

from backend.core.db import db
from backend.letters import installed
from backend.letters.loader import SHIPPED
from backend.letters.models import LetterCopy
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_log_entry, make_work_order
from tests.support import again

from .support import FIFTH

FIRST = FIFTH.read_text("utf-8").replace("version: 3", "version: 1")
SECOND = FIRST.replace("version: 1", "version: 2").replace("in_force_from: ", "in_force_from: 2026-12-01 #")
LAST = (SHIPPED / "B.yaml").read_text("utf-8")


@pytest.fixture
def admin(cast, as_):
    return as_(cast.adam)


def install(client, text):
    return client.post("/api/letters", json={"text": text})


def check(client, text):
    answer = client.post("/api/letters/check", json={"text": text})
    assert answer.status_code == 200
    return answer.json


def faults_of(client, text):
    return [(one["line"], one["path"]) for one in check(client, text)["faults"]]


def test_every_fault_of_a_pasted_file_is_told_at_once_with_line_and_field(admin):
    lines = FIRST.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("version:"))
    bad = FIRST.replace("version: 1", "version: one").replace("currency: EUR", "currency: yuan")
    found = check(admin, bad)
    assert found["letter"] is None
    assert {"version", "currency"} <= {fault["path"] for fault in found["faults"]}
    assert (at + 1, "version") in faults_of(admin, bad)
    assert all(fault["message"]["zh"] and fault["message"]["en"] for fault in found["faults"])
    answer = install(admin, bad)
    assert answer.status_code == 422
    assert {"$.text.version", "$.text.currency"} <= {fault["path"] for fault in answer.json["faults"]}
    assert "line" in answer.json["faults"][0]["message"]["en"]


@pytest.mark.parametrize("text", ["", "a: [", "- 1\n- 2", "x" * 50, "letter: *a"])
def test_what_is_no_letter_is_told_so(admin, text):
    answer = admin.post("/api/letters/check", json={"text": text})
    assert answer.status_code == 422 if not text else answer.json["faults"]


def test_a_letter_is_shown_before_it_is_installed_and_nothing_is_stored(admin):
    shown = check(admin, FIRST)
    assert (shown["faults"], shown["letter"]["ref"]) == ([], "E@1")
    assert shown["letter"]["clauses"][0]["quote"]
    assert "E@1" not in {row["ref"] for row in admin.get("/api/letters").json["rows"]}


def test_an_installed_letter_stands_beside_the_shipped_ones_and_goes_to_the_phones(cast, as_, admin):
    assert install(admin, FIRST).status_code == 201
    rows = {row["ref"]: row for row in as_(cast.ana).get("/api/letters").json["rows"]}
    assert (rows["E@1"]["is_shipped"], rows["E@1"]["installed_by_name"]) == (False, "Adam")
    assert (rows["B@1"]["is_shipped"], rows["B@1"]["installed_by_name"]) == (True, "")
    assert admin.get("/api/letters/E@1/file").json["text"] == FIRST
    assert admin.get("/api/letters/B@1/file").json["text"] == LAST
    db.session.rollback()
    assert db.session.query(LetterCopy).filter_by(letter="E", version=1).count() == 1


def test_a_version_is_never_changed_the_next_one_is(admin):
    install(admin, FIRST)
    assert [path for _, path in faults_of(admin, FIRST)] == ["version"]
    assert install(admin, FIRST).status_code == 422
    assert install(admin, SECOND).status_code == 201
    assert [admin.get(f"/api/letters/E@{n}").json["version"] for n in (1, 2)] == [1, 2]
    assert admin.get("/api/letters/E").json["version"] == 2


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("version: 1", "version: 3", "version"),
        ("version: 1", "version: 1 ", "version"),
        ("letter: E", "letter: F", "clauses[0]"),
        ("letter: E", "letter: B", "clauses[0]"),
        ("letter: E", "letter: B", "version"),
    ],
)
def test_a_letter_stands_in_its_place(admin, old, new, path):
    install(admin, FIRST)
    assert path in [found for _, found in faults_of(admin, FIRST.replace(old, new))]


def test_a_later_version_is_not_in_force_earlier(admin):
    install(admin, SECOND.replace("version: 2", "version: 1"))
    earlier = SECOND.replace("2026-12-01 #", "2026-11-30 #")
    assert [path for _, path in faults_of(admin, earlier)] == ["in_force_from"]
    assert faults_of(admin, SECOND) == []


def test_only_an_admin_installs(cast, as_):
    for who in (cast.cleo, cast.ana):
        assert install(as_(who), FIRST).status_code == 403
        assert as_(who).post("/api/letters/check", json={"text": FIRST}).status_code == 403
        assert as_(who).get("/api/letters/B@1/file").status_code == 403


def new_contract(cast, **given):
    said = {"customer_id": cast.customer.id, "letters": ["E@1"], "signed_on": "2026-11-02", "starts_on": "2026-11-02"}
    return said | given


def test_a_contract_keeps_the_version_it_was_signed_with(cast, admin):
    install(admin, FIRST)
    made = admin.post("/api/contracts", json=new_contract(cast, letters=["E"]))
    assert made.json["letters"] == ["E@1"]
    install(admin, SECOND)
    assert admin.post("/api/contracts", json=new_contract(cast, letters=["E"])).json["letters"] == ["E@1"]
    later = new_contract(cast, letters=["E"], signed_on="2026-12-01")
    assert admin.post("/api/contracts", json=later).json["letters"] == ["E@2"]
    asset = make_asset(cast.site, make_contract(cast.customer, ["E@1"]))
    order = make_work_order(cast.site, [asset])
    make_log_entry(order, "reported")
    body = {"base": {"priority": "important"}, "fields": {"priority": "critical"}}
    assert admin.patch(f"/api/work-orders/{order.id}", json=body).json["letters"] == ["E@1"]
    assert {one["letter"] for one in again(order).clocks} == {"E"}


@pytest.mark.parametrize(
    ("letters", "words"), [(["Z@1"], "no letter"), (["B@9"], "no letter"), (["E@2"], "in force from")]
)
def test_a_contract_names_letters_that_are_there_and_in_force(cast, admin, letters, words):
    install(admin, FIRST)
    install(admin, SECOND)
    answer = admin.post("/api/contracts", json=new_contract(cast, letters=letters))
    assert (answer.status_code, answer.json["field"]) == (422, "$.letters[0]")
    assert words in answer.json["faults"][0]["message"]["en"]


def test_a_withdrawn_version_is_not_for_new_contracts_and_stays_with_those_that_have_it(cast, admin):
    row = make_contract(cast.customer, ["B@1"])
    assert admin.post("/api/letters/B@1/withdraw").status_code == 200
    assert admin.post("/api/letters/B@1/withdraw").status_code == 409
    assert next(one for one in admin.get("/api/letters").json["rows"] if one["ref"] == "B@1")["is_withdrawn"]
    assert admin.post("/api/contracts", json=new_contract(cast, letters=["B@1"])).status_code == 422
    body = {"base": {"letters": ["B@1"]}, "fields": {"letters": ["B@1", "C@1"]}}
    assert admin.patch(f"/api/contracts/{row.id}", json=body).json["letters"] == ["B@1", "C@1"]
    assert admin.post("/api/letters/B@1/offer").status_code == 200
    assert admin.post("/api/contracts", json=new_contract(cast, letters=["B@1"])).status_code == 201


def test_a_contract_that_named_a_version_before_it_was_there_is_decided_again(cast, admin):
    asset = make_asset(cast.site, make_contract(cast.customer, ["E@1"]))
    order = make_work_order(cast.site, [asset])
    make_log_entry(order, "reported")
    install(admin, FIRST)
    assert again(order).letters == ["E@1"]


def test_another_process_finds_a_letter_that_this_one_installed(admin, monkeypatch):
    kept = installed.known(db.session)
    install(admin, FIRST)
    monkeypatch.setattr(installed, "_last", kept)
    db.session.rollback()
    assert [letter.ref for letter in installed.letters_named(db.session, ["E@1", "B@1"])] == ["E@1", "B@1"]


def changes_of(client, new, old):
    answer = client.get(f"/api/letters/{new}/against/{old}")
    assert answer.status_code == 200
    return answer.json


def test_two_versions_are_compared_clause_by_clause_and_rule_by_rule(admin):
    install(admin, LAST.replace("version: 1", "version: 2").replace("due: 8 h", "due: 6 h"))
    found = changes_of(admin, "B@2", "B@1")
    clocks = [one for one in found["rules"] if one["mechanism"] == "clocks"]
    assert clocks and {one["change"] for one in clocks} == {"changed"}
    assert {(one["before"]["due"], one["after"]["due"]) for one in clocks} == {("8 h", "6 h")}
    assert {clause for one in clocks for clause in one["clauses"]} == {"B-02"}
    assert found["clauses"] == []
    assert changes_of(admin, "B@1", "B@1") == {"clauses": [], "rules": []}


def test_a_clause_taken_out_and_one_put_in_are_told(admin):
    install(admin, FIRST)
    dropped = "  - {id: E-4, article: 第四条, quote: 待件不计入, text: {zh: 待件时间不计入。, en: Waiting for parts does not count.}}\n"
    assert dropped in FIRST
    put = "  - {id: E-99, article: 补, quote: 新, text: {zh: 新。, en: New.}}\n"
    install(admin, SECOND.replace(dropped, dropped.replace("待件不计入", "待件时间另算") + put))
    found = changes_of(admin, "E@2", "E@1")
    assert [(one["clauses"], one["change"]) for one in found["clauses"]] == [
        (["E-4"], "changed"),
        (["E-99"], "added"),
    ]
    assert [one["before"]["field"] for one in found["rules"] if one["mechanism"] == "letter"] == ["in_force_from"]


FACTS = {
    "now": "2026-11-20T10:00:00+08:00",
    "letters": ["B@1"],
    "asset": {"brand": "IBM", "category": "server", "stores_data": True, "accepted_on": "2025-01-12"},
    "request": {"channel": "phone", "priority": "important", "reported_at": "2026-11-20T09:00:00+08:00"},
}


def try_on(client, facts, **given):
    return client.post("/api/decisions/try", json={"facts": facts} | given)


def test_letters_are_tried_on_facts_and_nothing_is_stored(admin):
    answer = try_on(admin, FACTS)
    assert (answer.status_code, answer.json["entitlement"]["status"]) == (200, "covered")
    assert {one["name"]: one["due"] for one in answer.json["clocks"]}["arrive"] == "2026-11-20T09:00:00.000Z"
    pasted = try_on(admin, FACTS | {"letters": ["letter.yaml"]}, text=FIRST)
    assert {one["letter"] for one in pasted.json["clocks"]} <= {"E"}
    assert "E@1" not in {row["ref"] for row in admin.get("/api/letters").json["rows"]}


def test_bad_facts_have_the_faults_that_explain_tells(admin, tmp_path, capsys):
    import json

    from backend.letters.commands import explain

    bad = FACTS | {
        "asset": {"accepted_on": "2027-01-01", "brnd": "x"},
        "request": {"channel": "pigeon", "reported_at": "2026-11-20T09:00:00"},
    }
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(bad | {"letters": ["B@1"]}))
    assert explain(str(path)) == 2
    told = json.loads(capsys.readouterr().err)["faults"]
    answer = try_on(admin, bad)
    assert answer.status_code == 422
    assert [(one["path"], one["message"]) for one in answer.json["faults"]] == [
        (one["path"], one["message"]) for one in told
    ]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"letters": ["Z@1"]}, "$.letters[0]"),
        ({"letters": []}, "$.letters"),
        ({"letters": ["letter.yaml"]}, "$.letters"),
    ],
)
def test_a_trial_needs_a_letter_that_is_there(admin, given, field):
    answer = try_on(admin, FACTS | given)
    assert (answer.status_code, answer.json["field"]) == (422, field)


def test_the_facts_of_a_work_order_decide_as_it_was_decided(cast, admin):
    asset = make_asset(cast.site, make_contract(cast.customer, ["B@1"]))
    order = make_work_order(cast.site, [asset])
    make_log_entry(order, "reported")
    body = {"base": {"priority": "important"}, "fields": {"priority": "critical"}}
    decided = admin.patch(f"/api/work-orders/{order.id}", json=body).json
    [facts] = admin.get(f"/api/work-orders/{order.id}/facts").json["facts"]
    tried = try_on(admin, facts).json
    assert tried["entitlement"]["status"] == decided["entitlement"]["status"]
    dues = {(one["name"], one["due"]) for one in decided["clocks"] if one["letter"]}
    assert {(one["name"], one["due"]) for one in tried["clocks"]} == dues
