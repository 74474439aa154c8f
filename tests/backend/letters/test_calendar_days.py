"""The calendar as an admin corrects it: who says what of a day, what it moves, how it is undone, when a notice is missed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from backend import worker
from backend.core import clock
from backend.core.db import db, write_transaction
from backend.letters import installed
from backend.workorders import again as deciding
from backend.workorders import decision, settling
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_log_entry, make_work_order
from tests.support import again, counted_queries

LABEL = {"zh": "公司年会", "en": "Company day"}
MONDAY = "2026-11-23"


def said(day=MONDAY, what="rest", **given):
    return {"day": day, "what": what, "label": LABEL, "source": "办公室通知 3 号"} | given


def correct(as_, cast, **given):
    answer = as_(cast.adam).post("/api/calendar/days", json=said(**given))
    assert answer.status_code == 201, answer.text
    return answer.json


def year(as_, cast, number=2026):
    return as_(cast.cleo).get(f"/api/calendar?year={number}").json


def test_a_year_shows_the_librarys_days_and_ours_with_who_said_so(cast, as_):
    before = year(as_, cast)
    spring = next(one for one in before["days"] if one["day"] == "2026-02-17")
    assert (spring["what"], spring["label"]["zh"], spring["correction_id"]) == ("rest", "春节", None)
    assert {one["what"] for one in before["days"]} == {"rest", "work"}
    made = correct(as_, cast)
    after = year(as_, cast)
    ours = next(one for one in after["days"] if one["day"] == MONDAY)
    assert (ours["what"], ours["label"], ours["correction_id"]) == ("rest", LABEL, made["id"])
    assert [(one["by_name"], one["source"]) for one in after["corrections"]] == [("Adam", "办公室通知 3 号")]
    assert before["version"] != after["version"]


def test_undone_the_day_is_as_it_was_and_both_names_stay(cast, as_):
    before = year(as_, cast)
    made = correct(as_, cast)
    path = f"/api/calendar/days/{made['id']}/withdraw"
    assert as_(cast.adam).post(path).json["withdrawn_by_name"] == "Adam"
    after = year(as_, cast)
    assert (after["days"], after["version"]) == (before["days"], before["version"])
    assert [one["withdrawn_at"] for one in after["corrections"]] == [clock.iso(NOW)]
    assert as_(cast.adam).post(path).status_code == 409
    assert as_(cast.cleo).post(path).status_code == 403
    assert correct(as_, cast)["day"] == MONDAY


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"day": "2026-02-30"}, "$.day"),
        ({"day": "1999-12-31"}, "$.day"),
        ({"what": "half"}, "$.what"),
        ({"label": {"zh": "x"}}, "$.label.en"),
        ({"what": "notice", "day": "2026-05-01"}, "$.day"),
    ],
)
def test_a_bad_correction_names_its_fault(cast, as_, given, field):
    answer = as_(cast.adam).post("/api/calendar/days", json=said(**given))
    assert (answer.status_code, answer.json["field"]) == (422, field)


def test_a_day_is_corrected_once_at_a_time(cast, as_):
    correct(as_, cast)
    answer = as_(cast.adam).post("/api/calendar/days", json=said(what="work"))
    assert (answer.status_code, answer.json["field"]) == (422, "$.day")


def test_a_corrected_holiday_moves_a_warranty_of_open_work_and_back(cast, as_):
    """The last day of D's warranty falls on a Monday that becomes a rest day (民法典 203)."""
    asset = make_asset(
        cast.site,
        make_contract(cast.customer, ["D@1"]),
        brand="DELL",
        category="laptop",
        accepted_on=date(2023, 11, 23),
    )
    order = make_work_order(cast.site, [asset])
    make_log_entry(order, "reported")

    def end():
        with write_transaction() as session:
            settling.mark(session, order.id, NOW)
        return again(order).entitlement["warranty_end"]

    assert end() == MONDAY
    made = correct(as_, cast)
    assert again(order).entitlement["warranty_end"] == "2026-11-24"
    as_(cast.adam).post(f"/api/calendar/days/{made['id']}/withdraw")
    assert again(order).entitlement["warranty_end"] == MONDAY


def test_much_open_work_is_decided_again_by_the_worker(cast, as_, monkeypatch):
    monkeypatch.setattr(deciding, "AT_ONCE", 0)
    asset = make_asset(cast.site, make_contract(cast.customer, ["B@1"]), accepted_on=date(2023, 11, 23))
    make_work_order(cast.site, [asset], letters=["B@1"])
    correct(as_, cast)
    assert as_(cast.cleo).get("/api/decisions/again").json["left"] == 1
    worker.run_due(clock.now(), "w1")
    assert as_(cast.cleo).get("/api/decisions/again").json["left"] == 0


def test_another_process_sees_the_correction_in_its_next_transaction(cast, as_, monkeypatch):
    """What a process keeps is worth nothing once the tables say otherwise (HOUSE 10)."""
    assert not decision.calendar().is_rest_day(date(2026, 11, 23))
    kept = installed._last
    made = correct(as_, cast)
    monkeypatch.setattr(installed, "_last", kept)  # this process heard of nothing
    db.session.rollback()
    assert decision.calendar().is_rest_day(date(2026, 11, 23))
    kept = installed._last
    as_(cast.adam).post(f"/api/calendar/days/{made['id']}/withdraw")
    monkeypatch.setattr(installed, "_last", kept)
    db.session.rollback()
    assert not decision.calendar().is_rest_day(date(2026, 11, 23))


def test_a_transaction_asks_once_for_letters_and_calendar_however_much_it_decides(cast):
    asset = make_asset(cast.site, make_contract(cast.customer, ["B@1", "C@1"]))
    orders = [make_work_order(cast.site, [asset]) for _ in range(6)]
    decision.calendar()  # this process has read the tables as they stand
    db.session.rollback()
    with counted_queries() as seen, write_transaction() as session:
        for order in orders:
            settling.mark(session, order.id, NOW)
    assert sum("calendar_day" in statement for statement in seen) == 1


@pytest.mark.parametrize(
    ("at", "missing"),
    [
        (datetime(2026, 11, 30, 15, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), 2027),  # the first of December in Chengdu
        (datetime(2027, 1, 5, tzinfo=UTC), 2027),
        (datetime(2027, 12, 5, tzinfo=UTC), 2027),
    ],
)
def test_from_december_the_next_years_notice_is_missed(cast, as_, at, missing):
    with clock.fixed(at):
        assert as_(cast.adam).get("/api/calendar").json["missing_notice"] == missing


def test_a_notice_that_is_entered_is_missed_no_more_and_its_year_is_certain(cast, as_):
    with clock.fixed(datetime(2026, 12, 2, tzinfo=UTC)):
        assert not year(as_, cast, 2027)["is_certain"]
        made = correct(as_, cast, what="notice", day="2027-06-01")
        assert made["day"] == "2027-01-01"
        assert (year(as_, cast, 2027)["is_certain"], year(as_, cast, 2027)["missing_notice"]) == (True, None)
        as_(cast.adam).post(f"/api/calendar/days/{made['id']}/withdraw")
        assert year(as_, cast, 2027)["missing_notice"] == 2027


def test_a_year_beyond_the_calendar_is_refused(cast, as_):
    for number in (1999, 2101):
        assert as_(cast.adam).get(f"/api/calendar?year={number}").status_code == 422
