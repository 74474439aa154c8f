"""Which open work a corrected day or a new letter decides again: what looks at it, and never too little."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from backend.core.db import db, write_transaction
from backend.core.ids import new_id
from backend.letters.models import LetterFile
from backend.workorders import settling
from backend.workorders.models import WorkOrder
from tests.backend.letters.support import FIFTH
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_work_order
from tests.support import save

TONGFANG = {"brand": "同方", "category": "desktop"}
LIFT = {"brand": "Otto", "category": "other", "material": "steel"}
DECIDED = ("clocks", "entitlement", "quote", "gates", "owed", "missing", "letters")


@pytest.fixture
def fifth(cast):
    """Letter E, whose office hours close on holidays and open on exchanged days."""
    text = FIFTH.read_text("utf-8")
    save(LetterFile(id=new_id(), letter="E", version=3, text=text, installed_at=NOW, installed_by_id=cast.adam.id))


def work(cast, letters, accepted_on=date(2025, 1, 12), reported_at=NOW, **asset):
    """An open work order on an asset of its own, decided."""
    contract = make_contract(cast.customer, letters, number=new_id()[-12:])
    thing = make_asset(cast.site, contract, accepted_on=accepted_on, **({"serial": new_id()[-8:]} | asset))
    row = make_work_order(cast.site, [thing], reported_at=reported_at)
    decide([row.id])
    return row.id


def decide(ids):
    with write_transaction() as session:
        for ident in ids:
            settling.mark(session, ident, NOW)


@pytest.fixture
def asked(monkeypatch):
    """The work orders that were to be decided again, as they were asked for."""
    seen, mark = [], settling.mark

    def spied(session, work_order_id, *given):
        seen.append(work_order_id)
        mark(session, work_order_id, *given)

    monkeypatch.setattr(settling, "mark", spied)
    return seen


def say(as_, cast, day, what="rest"):
    label = {"zh": "公司年会", "en": "Company day"}
    body = {"day": str(day), "what": what, "label": label, "source": "办公室通知 3 号"}
    return as_(cast.adam).post("/api/calendar/days", json=body)


def test_a_day_decides_again_only_work_with_a_last_day_near_it(cast, as_, asked):
    on_it = work(cast, ["B@1"], date(2024, 3, 15))  # three years: Monday, 15 March 2027
    before = work(cast, ["B@1"], date(2024, 3, 13))  # a Saturday, rolled to that Monday
    after, other_letter = work(cast, ["B@1"], date(2024, 3, 22)), work(cast, ["A@1"], date(2024, 3, 15))
    asked.clear()
    assert say(as_, cast, "2027-03-15").status_code == 201
    assert set(asked) == {on_it, before}
    assert not {after, other_letter} & set(asked)


def test_a_day_long_before_or_after_changes_nothing(cast, as_, asked, fifth):
    for letters, given in ((["B@1"], {}), (["D@1"], TONGFANG), (["E@3"], LIFT)):
        work(cast, letters, date(2026, 1, 12), **given)
    asked.clear()
    say(as_, cast, "2020-03-16")
    say(as_, cast, NOW.date() - timedelta(days=3), "work")
    assert asked == []


def test_a_day_touches_running_hours_only_where_the_letter_closes_them(cast, as_, asked, fifth):
    """D's hours are open on holidays, E's office is not: a clock that had begun by then may run over the day."""
    work(cast, ["D@1"], **TONGFANG)
    ours = work(cast, ["E@3"], **LIFT)
    asked.clear()
    say(as_, cast, NOW.date() + timedelta(days=3))
    assert asked == [ours]


def test_a_years_notice_decides_again_what_ends_in_that_year(cast, as_, asked):
    ours, later = work(cast, ["B@1"], date(2025, 1, 12)), work(cast, ["B@1"], date(2026, 1, 12))
    asked.clear()
    say(as_, cast, "2028-01-01", "notice")
    assert asked == [ours]
    stored = db.session.get(WorkOrder, ours, populate_existing=True)
    assert stored.entitlement["warranty_end_provisional"] is False
    assert later not in asked


def test_spells_may_have_moved_a_last_day_however_far(cast, as_, asked):
    """D's warranty does not count days under repair: an old asset may end today."""
    ours = work(cast, ["D@1"], date(2019, 1, 14), **TONGFANG)
    asked.clear()
    say(as_, cast, "2026-12-01")
    assert asked == [ours]


def test_a_new_letter_touches_work_under_contracts_that_name_it_alone(cast, as_, asked):
    """By a bare name, or by that version before it was there; what was signed with another version keeps it."""
    first = FIFTH.read_text("utf-8").replace("version: 3", "version: 1")
    bare, named = work(cast, ["E"], **LIFT), work(cast, ["B@1", "E@1"], **LIFT)
    work(cast, ["B@1"]), work(cast, ["E@2"], **LIFT), work(cast, ["E@11"], **LIFT)
    asked.clear()
    assert as_(cast.adam).post("/api/letters", json={"text": first}).status_code == 201
    assert set(asked) == {bare, named}


def stored(ids):
    db.session.rollback()
    db.session.expire_all()
    rows = db.session.scalars(sa.select(WorkOrder).where(WorkOrder.id.in_(ids)))
    return {row.id: {name: getattr(row, name) for name in DECIDED} for row in rows}


@pytest.mark.parametrize("seed", range(2))
def test_deciding_what_is_touched_leaves_the_same_as_deciding_everything(cast, as_, asked, fifth, seed):
    """Days are said and taken back around the last days and clocks of many work orders, in any order."""
    rng = random.Random(seed)
    ids, days, made = [], [], []
    for letter, given, years in (
        ("A@1", {}, 1),
        ("B@1", {}, 3),
        ("C@1", {}, 5),
        ("D@1", TONGFANG, 5),
        ("E@3", LIFT, 2),
    ):
        for _ in range(3):
            start = date(2026 - years, rng.randint(1, 12), rng.randint(1, 28)) + timedelta(days=rng.randint(0, 3))
            given |= {"purchased_on": start, "invoiced_on": NOW.date() - timedelta(days=rng.randint(20, 100))}
            ids.append(work(cast, [letter], start, NOW - timedelta(days=rng.randint(0, 9)), **given))
            days.append(start.replace(day=min(start.day, 28), year=2026))
    asked.clear()
    for _ in range(12):
        if made and rng.random() < 0.3:
            assert as_(cast.adam).post(f"/api/calendar/days/{made.pop()}/withdraw").status_code == 200
        else:
            near = rng.choice([*days, NOW.date()]) + timedelta(days=rng.randint(-5, 5))
            answer = say(as_, cast, near, rng.choice(["rest", "work"]))
            made += [answer.json["id"]] if answer.status_code == 201 else []
        found = stored(ids)
        asked_now = len(asked)
        decide(ids)
        assert stored(ids) == found
        del asked[asked_now:]
    assert 0 < len(asked) < 12 * len(ids) / 2
