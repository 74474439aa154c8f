"""A phone whose clock was set back a year: nothing is refused or put in another order, and the office can see it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.core import clock
from backend.core.ids import new_id
from tests.backend.sync_api.conftest import Phone
from tests.conftest import NOW
from tests.factories.work import make_visit, make_work_order

YEAR = timedelta(days=365)
YEAR_MS = 365 * 86_400_000


def seen_by_the_office(as_, cast, work_order, *ops):
    """The work order's own log lines as the console gets them, in its order."""
    phone = Phone(as_(cast.ana), cast.ana)
    entries = []
    for n, given in enumerate(ops):
        args = {"work_order_id": work_order.id, "what": "note", "note": f"第 {n} 行"}
        entries.append(phone.op("log_entry.add", new_id(), args, **given))
    assert [result["status"] for result in phone.results(*entries)] == ["applied"] * len(ops)
    log = as_(cast.cleo).get(f"/api/work-orders/{work_order.id}").json["log"]
    return [entry for entry in log if entry["what"] == "note"]


@pytest.fixture
def work_order(cast, now):
    order = make_work_order(cast.site)
    make_visit(order, [cast.ana])
    return order


def good(offset_ms):
    return {"offset_ms": offset_ms, "rtt_ms": 80, "age_s": 60}


def test_with_a_known_offset_the_time_is_right_and_both_times_stay(cast, as_, work_order):
    [entry] = seen_by_the_office(
        as_, cast, work_order, {"occurred_at": clock.iso(NOW - YEAR), "clock": good(YEAR_MS)}
    )
    assert (entry["at"], entry["corrected_at"], entry["quality"]) == (
        clock.iso(NOW - YEAR), clock.iso(NOW), "good",
    )  # fmt: skip


def test_never_in_contact_it_is_kept_as_said_and_marked_as_not_reliable(cast, as_, work_order):
    [entry] = seen_by_the_office(as_, cast, work_order, {"occurred_at": clock.iso(NOW - YEAR)})
    assert (entry["corrected_at"], entry["quality"], entry["received_at"]) == (
        clock.iso(NOW - YEAR), "poor", clock.iso(NOW),
    )  # fmt: skip


def test_a_jump_in_the_middle_of_a_visit_changes_no_order(cast, as_, work_order):
    """Three lines; before the second the clock is set back a year, before the third it is put right again."""
    entries = seen_by_the_office(
        as_, cast, work_order,
        {"occurred_at": clock.iso(NOW - timedelta(minutes=3)), "clock": good(0)},
        {"occurred_at": clock.iso(NOW - YEAR - timedelta(minutes=2)), "clock": good(YEAR_MS)},
        {"occurred_at": clock.iso(NOW - timedelta(minutes=1)), "clock": good(0)},
    )  # fmt: skip
    by_time = sorted(entries, key=lambda entry: entry["corrected_at"])
    assert [entry["note"] for entry in by_time] == ["第 0 行", "第 1 行", "第 2 行"]
    assert {entry["quality"] for entry in entries} == {"good"}
