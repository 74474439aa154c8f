"""An installed letter whose file can no longer be read, as another release may have written it: told, and nothing else breaks."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from backend.core.db import db, write_transaction
from backend.core.ids import new_id
from backend.letters import installed, services
from backend.letters.models import LetterCopy, LetterFile
from backend.workorders import settling
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_work_order
from tests.support import again, save

from .support import FIFTH

GOOD = FIFTH.read_text("utf-8").replace("version: 3", "version: 1")
OTHER_FORMAT = GOOD.replace("\ncharges:\n", "\nfees:\n").replace("due: 45 min", "due: 45 minutes sharp")


@pytest.fixture
def unreadable(cast):
    """E@1 as an earlier release took it: its copy was made then, now its file has faults."""
    title = {"zh": "电梯维护承诺书", "en": "Lift maintenance letter"}
    save(
        LetterFile(id=new_id(), letter="E", version=1, text=OTHER_FORMAT, installed_at=NOW, installed_by_id=cast.adam.id),
        LetterCopy(id=new_id(), letter="E", version=1, title=title, clauses=[{"id": "E-1"}], contacts=[]),
    )  # fmt: skip


def order_under(cast, letters):
    contract = make_contract(cast.customer, letters, number=new_id()[-8:])
    return make_work_order(cast.site, [make_asset(cast.site, contract, serial=new_id()[-8:])])


def decide(*orders):
    with write_transaction() as session:
        for order in orders:
            settling.mark(session, order.id, NOW)


def test_it_is_listed_with_its_faults_and_the_others_as_ever(cast, as_, unreadable):
    rows = {row["ref"]: row for row in as_(cast.cleo).get("/api/letters").json["rows"]}
    ours = rows["E@1"]
    assert (ours["title"]["zh"], ours["clause_count"], ours["in_force_from"]) == ("电梯维护承诺书", 1, None)
    assert {"fees", "clocks[2].due"} == {fault["path"] for fault in ours["faults"]}
    assert all(fault["line"] and fault["message"]["zh"] for fault in ours["faults"])
    assert all(row["faults"] == [] and row["in_force_from"] for ref, row in rows.items() if ref != "E@1")
    assert len(rows) == 5


def test_opened_it_tells_its_faults_and_gives_its_file(cast, as_, unreadable):
    client = as_(cast.adam)
    for ref in ("E@1", "E"):
        answer = client.get(f"/api/letters/{ref}")
        assert answer.status_code == 422 and answer.json["faults"]
        assert client.get(f"/api/letters/{ref}/file").json["text"] == OTHER_FORMAT
    assert client.get("/api/letters/E@2/file").status_code == 404


def test_it_decides_nothing_and_work_under_other_letters_is_decided(cast, unreadable):
    theirs, ours, both = (order_under(cast, refs) for refs in (["B@1"], ["E@1"], ["E@1", "B@1"]))
    decide(theirs, ours, both)
    assert again(theirs).entitlement["status"] == "covered"
    assert (again(ours).entitlement["status"], again(ours).missing) == ("undecided", ["$.letters"])
    assert again(both).letters == ["B@1"]


def test_it_is_not_read_anew_for_each_decision(cast, unreadable, monkeypatch):
    installed._parsed.cache_clear()
    read, parse = [], installed.parse_letter

    def counted(text, file):
        read.append(file)
        return parse(text, file)

    monkeypatch.setattr(installed, "parse_letter", counted)
    decide(*(order_under(cast, ["E@1"]) for _ in range(5)))
    assert read == ["E@1.yaml"]


def test_the_next_version_mends_it_and_a_bare_name_means_that_one(cast, as_, unreadable):
    ours = order_under(cast, ["E"])
    decide(ours)
    assert again(ours).letters == []
    answer = as_(cast.adam).post("/api/letters", json={"text": GOOD.replace("version: 1", "version: 2")})
    assert answer.status_code == 201, answer.text
    assert again(ours).letters == ["E@2"]
    assert as_(cast.cleo).get("/api/letters/E").json["ref"] == "E@2"


def test_a_contract_keeps_it_and_no_new_one_takes_it(cast, as_, unreadable):
    contract, client = make_contract(cast.customer, ["E@1"]), as_(cast.adam)
    body = {"base": {"letters": ["E@1"]}, "fields": {"letters": ["E@1", "B@1"]}}
    assert client.patch(f"/api/contracts/{contract.id}", json=body).json["letters"] == ["E@1", "B@1"]
    new = {"customer_id": cast.customer.id, "number": "HT-9", "letters": ["E@1"], "signed_on": str(date(2026, 1, 1)),
           "starts_on": str(date(2026, 1, 1))}  # fmt: skip
    answer = client.post("/api/contracts", json=new)
    assert (answer.status_code, answer.json["field"]) == (422, "$.letters[0]")


def test_a_day_is_corrected_and_the_phones_copy_stays_as_it_was(cast, as_, unreadable):
    body = {"day": "2027-03-15", "what": "rest", "label": {"zh": "年会", "en": "Day"}, "source": "通知"}
    assert as_(cast.adam).post("/api/calendar/days", json=body).status_code == 201
    with write_transaction() as session:
        services.copy_letters(session)
    assert db.session.scalar(sa.select(LetterCopy.clauses).where(LetterCopy.letter == "E")) == [{"id": "E-1"}]
