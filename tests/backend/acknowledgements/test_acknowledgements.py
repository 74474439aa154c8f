"""What a customer is told before work and answers: kept, checked, and read by the gates."""

from __future__ import annotations

import json
from datetime import date

import pytest
import sqlalchemy as sa

from backend.acknowledgements.rules.document import sha256_of
from backend.core import storage
from backend.core.ids import new_id
from backend.notices.models import Notice
from backend.reports.assemble import assemble
from backend.reports.models import Report
from tests.backend.acknowledgements.on_site import DAMAGE, KINDS, OnSite, told
from tests.backend.sync_api.conftest import Phone
from tests.backend.visits.conftest import log_of
from tests.support import again


@pytest.fixture
def on_site(cast, as_, now):
    return OnSite(cast, as_, ["B@1"], now)


@pytest.mark.promise("B-08")
def test_damage_by_the_user_is_told_and_signed_before_work_and_opens_the_gate(on_site):
    lines = told(DAMAGE, labour="300.00", parts="1200.00", call_out="150.00", travel="0.00")
    op = on_site.answered("user_damage_notice", lines=lines)
    assert on_site.send(*on_site.find(cause_category="user_damage"), op) == ["applied"] * 3
    gate = on_site.gate("user_damage_notice")
    assert gate["holds"] and gate["link"] == {"kind": "acknowledgement", "id": op["record"]["id"]}
    shown = on_site.page()["acknowledgements"]
    assert [(one["about"], one["answer"], one["signer_name"]) for one in shown] == [
        ("user_damage_notice", "accepted", "叶雯")
    ]
    assert shown[0]["check"] == {"ok": True, "is_pending": False, "reason": None, "text": shown[0]["check"]["text"]}
    assert shown[0]["statement"] == "…"
    assert shown[0]["flags"] == [] and shown[0]["told"][0]["amount"] == {"amount": "300.00", "currency": "CNY"}


@pytest.mark.promise("B-08")
def test_the_phone_is_told_beforehand_what_damage_by_the_user_would_cost(on_site):
    on_site.send(*on_site.find(cause_category="wear"))
    on_site.phone.pull()
    said = on_site.phone.row("work_order", on_site.order.id)["entitlement"]
    assert said["charges"] == dict.fromkeys(KINDS, "free")
    assert said["if_user_damage"]["charges"] == DAMAGE and said["if_user_damage"]["status"] == "chargeable"
    assert [gate["gate"] for gate in said["if_user_damage"]["gates"]] == ["user_damage_notice"]
    on_site.send(
        on_site.phone.op(
            "finding.edit", on_site.finding, {"cause_category": "user_damage"}, base={"cause_category": "wear"}
        )
    )
    on_site.phone.pull()
    said = on_site.phone.row("work_order", on_site.order.id)["entitlement"]
    assert said["charges"] == DAMAGE and said["if_user_damage"] is None


@pytest.mark.promise("B-08")
def test_a_customer_who_declines_does_not_open_the_gate_and_the_office_reads_why(on_site, session, cast):
    op = on_site.answered("user_damage_notice", "declined", told(DAMAGE), reason="价格要先请示")
    assert on_site.send(*on_site.find(cause_category="user_damage"), op) == ["applied"] * 3
    gate = on_site.gate("user_damage_notice")
    assert not gate["holds"] and gate["why"]["zh"] == "客户不同意：价格要先请示。"
    assert gate["link"] == {"kind": "acknowledgement", "id": op["record"]["id"]}
    assert [entry.note for entry in log_of(session, on_site.order, "acknowledgement_declined")] == ["价格要先请示"]
    told_of = {(notice.kind, notice.user_id) for notice in session.scalars(sa.select(Notice))}
    assert told_of == {("not_acknowledged", cast.cleo.id)}  # the dispatcher, once; Ana stood there


@pytest.mark.parametrize(
    ("letter", "asset", "clause"),
    [
        pytest.param("C@1", {"category": "desk", "material": "wood"}, "C-12", marks=pytest.mark.promise("C-12")),
        pytest.param("B@1", {}, "B-08", marks=pytest.mark.promise("B-08")),
    ],
)
def test_each_letter_has_damage_told_before_work_by_its_own_clause(cast, as_, now, letter, asset, clause):
    on_site = OnSite(cast, as_, [letter], now, **asset)
    on_site.send(*on_site.find(cause_category="wear"))
    on_site.phone.pull()
    ahead = on_site.phone.row("work_order", on_site.order.id)["entitlement"]["if_user_damage"]
    assert [gate["clause"] for gate in ahead["gates"]] == [clause]
    changed = on_site.phone.op(
        "finding.edit", on_site.finding, {"cause_category": "user_damage"}, base={"cause_category": "wear"}
    )
    on_site.send(changed)
    gate = on_site.gate("user_damage_notice")
    assert (gate["clause"], gate["holds"]) == (clause, False)
    on_site.send(on_site.answered("user_damage_notice", lines=told(DAMAGE)))
    assert on_site.gate("user_damage_notice")["holds"]


@pytest.mark.promise("C-13")
def test_moving_furniture_wants_its_cost_accepted_before_it(cast, as_, now):
    on_site = OnSite(cast, as_, ["C@1"], now, kind="relocation", category="desk", material="wood")
    on_site.send(*on_site.find())
    gate = on_site.gate("fee_acceptance")
    assert (gate["clause"], gate["holds"]) == ("C-13", False)
    at_cost = told(dict.fromkeys(KINDS, "cost"), labour="80.00", call_out="0.00", travel="30.00")
    on_site.send(on_site.answered("fee", lines=at_cost))
    assert on_site.gate("fee_acceptance")["holds"]
    assert on_site.page()["acknowledgements"][0]["flags"] == []


def test_a_customer_who_agrees_after_all_opens_it(on_site):
    lines = told(DAMAGE, labour="300.00", parts="0.00", call_out="150.00", travel="0.00")
    on_site.send(
        *on_site.find(cause_category="user_damage"), on_site.answered("user_damage_notice", "declined", lines)
    )
    on_site.send(on_site.answered("user_damage_notice", lines=lines))
    assert on_site.gate("user_damage_notice")["holds"]
    assert len(on_site.page()["acknowledgements"]) == 2


@pytest.mark.promise("D-18")
def test_the_backup_notice_is_signed_before_work_on_what_stores_data(cast, as_, now):
    on_site = OnSite(cast, as_, ["D@1"], now, category="laptop", brand="DELL", stores_data=True)
    op = on_site.answered("backup_notice")
    assert on_site.send(*on_site.find(), op) == ["applied"] * 3
    gate = on_site.gate("backup_notice")
    assert gate["holds"] and gate["link"]["id"] == op["record"]["id"] and gate["clause"] == "D-18"


@pytest.mark.promise("D-22")
@pytest.mark.parametrize(
    ("letter", "asset", "clause", "charges"),
    [
        ("D@1", {"category": "laptop", "brand": "DELL"}, "D-22",
         {"labour": "free", "parts": "market", "call_out": "fee", "travel": "free"}),
        pytest.param("B@1", {}, "B-09", dict.fromkeys(KINDS, "cost"), marks=pytest.mark.promise("B-09")),
    ],
)  # fmt: skip
def test_work_after_the_warranty_wants_its_price_accepted_before_it(cast, as_, now, letter, asset, clause, charges):
    long_ago = {"accepted_on": date(2010, 3, 1), "invoiced_on": date(2010, 3, 1), "stores_data": False}
    on_site = OnSite(cast, as_, [letter], now, **(long_ago | asset))
    on_site.send(*on_site.find(cause_category="wear"))
    gate = on_site.gate("fee_acceptance")
    assert (gate["before"], gate["clause"], gate["holds"]) == ("work", clause, False)
    prices = {kind: "80.00" for kind, charge in charges.items() if charge != "free"}
    op = on_site.answered("fee", lines=told(charges, **prices))
    assert on_site.send(op) == ["applied"]
    assert on_site.gate("fee_acceptance")["holds"]
    assert on_site.page()["acknowledgements"][0]["flags"] == []


def test_inside_the_warranty_nobody_is_asked_about_a_fee(on_site):
    on_site.send(*on_site.find(cause_category="wear"))
    assert "fee_acceptance" not in [gate["gate"] for gate in again(on_site.order).gates]


@pytest.mark.promise("D-05")
def test_the_customers_choice_of_remedy_is_in_the_log_and_one_not_offered_is_flagged(on_site, session):
    on_site.send(*on_site.find(cause_category="quality"))
    on_site.send(on_site.answered("remedy", remedy="exchange"), on_site.answered("remedy", remedy="refund"))
    said = log_of(session, on_site.order, "remedy_chosen")
    assert [entry.data["remedy"] for entry in said] == ["exchange", "refund"]
    flags = [[flag["code"] for flag in one["flags"]] for one in on_site.page()["acknowledgements"]]
    assert flags == [[], ["remedy_not_offered"]]


def test_charges_told_that_were_not_decided_are_kept_beside_the_decision_and_flagged(on_site):
    wrong = told(DAMAGE | {"parts": "free"}, labour="300.00")
    op = on_site.answered("user_damage_notice", lines=wrong)
    assert on_site.send(*on_site.find(cause_category="user_damage"), op) == ["applied"] * 3
    assert [flag["code"] for flag in on_site.page()["acknowledgements"][0]["flags"]] == ["charges_differ", "no_price"]
    row = again(on_site.order) and on_site.rows()[0]
    assert {line["kind"]: line["charge"] for line in row.decided["told"]} == DAMAGE
    assert {line["charge"] for line in row.told} == {"fee", "free"}


def test_text_and_ink_that_come_later_are_awaited_and_then_compared(on_site):
    on_site.send(*on_site.find(cause_category="user_damage"))
    lines = told(DAMAGE, labour="300.00")
    on_site.send(on_site.answered("user_damage_notice", lines=lines, stored=False))
    check = on_site.page()["acknowledgements"][0]["check"]
    assert not check["ok"] and check["is_pending"] and check["reason"] == "document_missing"
    storage.put(on_site.document)
    assert on_site.page()["acknowledgements"][0]["check"]["reason"] == "strokes_missing"
    on_site.bytes_arrive()
    assert on_site.page()["acknowledgements"][0]["check"]["ok"]


def test_a_stored_text_that_is_not_the_signed_one_is_found_out(on_site):
    on_site.send(*on_site.find(), on_site.answered("backup_notice"))
    storage.path_of(sha256_of(on_site.document)).write_bytes(on_site.document.replace(b"D-18", b"D-17") + b" ")
    check = on_site.page()["acknowledgements"][0]["check"]
    assert check["reason"] == "document_changed" and not check["is_pending"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"about": "fee"}, "not_told"),
        ({"told": []}, "told_differs"),
        ({"document_sha256": sha256_of(b"{}")}, "document_unreadable"),
    ],
)
def test_a_record_that_says_other_things_than_its_text_is_shown_as_such(on_site, change, reason):
    storage.put(b"{}")
    op = on_site.answered("user_damage_notice", lines=told(DAMAGE))
    op["args"] |= change
    assert on_site.send(*on_site.find(), op)[-1] == "applied"
    assert on_site.page()["acknowledgements"][0]["check"]["reason"] == reason


@pytest.mark.parametrize(
    ("answer", "change"),
    [
        ("accepted", {"strokes_sha256": None}),
        ("accepted", {"signer_name": " "}),
        ("absent", {}),
        ("refused", {"reason": ""}),
        ("refused", {"reason": "不肯", "strokes_sha256": "b" * 64}),
        ("accepted", {"about": "remedy"}),
        ("accepted", {"told": [{"kind": "labour", "charge": "fee", "per": None, "clause": None,
                                "amount": {"amount": "12,5", "currency": "CNY"}}]}),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(on_site, answer, change):
    op = on_site.answered("backup_notice", answer)
    op["args"] |= change
    assert on_site.send(*on_site.find(), op)[-1] == "rejected"


def test_an_empty_pad_is_no_signature(on_site):
    op = on_site.answered("backup_notice", stored=False)
    empty = json.dumps({"width": 10, "height": 10, "lines": []}).encode()
    op["args"]["strokes_sha256"] = storage.put(empty)
    result = on_site.results(*on_site.find(), op)[-1]
    assert result["status"] == "rejected" and result["problem"]["type"].endswith("no-ink")


def test_absent_with_reason_is_kept_and_the_gate_stays_open(on_site):
    on_site.send(*on_site.find(cause_category="user_damage"))
    assert on_site.send(on_site.answered("user_damage_notice", "absent", told(DAMAGE), reason="夜班无人")) == [
        "applied"
    ]
    gate = on_site.gate("user_damage_notice")
    assert not gate["holds"] and gate["why"]["en"] == "The customer was absent: 夜班无人."


def test_a_stranger_to_the_visit_is_refused_and_sees_no_text(cast, as_, on_site):
    on_site.send(*on_site.find(), on_site.answered("backup_notice"))
    ben = Phone(as_(cast.ben), cast.ben)
    args = on_site.answered("backup_notice")["args"]
    assert ben.results(ben.op("acknowledgement.add", new_id(), args))[0]["status"] == "rejected"
    assert as_(cast.ben).get(f"/api/files/{args['document_sha256']}").status_code == 404


def test_it_is_on_the_phones_of_all_who_have_the_work_order(on_site):
    op = on_site.answered("backup_notice")
    on_site.send(*on_site.find(), op)
    on_site.phone.pull()
    row = on_site.phone.row("acknowledgement", op["record"]["id"])
    assert (row["about"], row["answer"], row["signer_name"], row["flags"]) == (
        "backup_notice",
        "accepted",
        "叶雯",
        [],
    )


def test_the_papers_evidence_names_it_with_the_hash_of_the_text(on_site, session, now):
    """Each as a line of its own; the report's signed part stays what the customer signed at the end."""
    op = on_site.answered("user_damage_notice", "declined", told(DAMAGE), reason="先请示")
    on_site.send(*on_site.find(cause_category="user_damage"), op)
    view = assemble(session, session.get(Report, on_site.report), storage.read_file, now)
    said = [note.text for note in view.added.notes if "SHA-256" in note.text["zh"]]
    assert len(said) == 1 and said[0]["zh"].startswith("动手前告知（使用方损坏要收费）：客户不同意，先请示。")
    assert said[0]["en"].replace(" ", "").endswith(op["args"]["document_sha256"])
    assert "acknowledgement_declined" in [entry.what for entry in view.added.course]
