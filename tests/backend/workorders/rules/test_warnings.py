"""When a clock warns: both sides of each threshold, and what a moved due tells anew."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.workorders.rules import warnings

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
TICK = timedelta(milliseconds=1)


def iso(instant):
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def a_clock(minutes=20, starts=START, **given):
    stored = {"name": "arrive", "clause": "C-22", "starts": iso(starts), "due": iso(starts + timedelta(minutes=minutes)),
              "is_at_once": False, "state": "running", "governs": True, "met_at": None, "excused_by": None}  # fmt: skip
    return stored | given


def after(minutes):
    return START + timedelta(minutes=minutes)


@pytest.mark.promise("C-22")
@pytest.mark.parametrize(
    ("now", "threshold"),
    [
        (after(0), 0),
        (after(10) - TICK, 0),
        (after(10), 50),
        (after(15) - TICK, 50),
        (after(15), 75),
        (after(20), 75),  # at the very due it is in time (K-4)
        (after(20) + TICK, 100),
        (after(2000), 100),
    ],
)
def test_a_threshold_is_crossed_at_its_instant_and_not_before(now, threshold):
    assert warnings.crossed(a_clock(), now) == threshold


def test_where_zero_time_was_promised_there_is_only_the_miss():
    at_once = a_clock(0, is_at_once=True)
    assert (warnings.crossed(at_once, START), warnings.crossed(at_once, START + TICK)) == (0, 100)
    next_morning = a_clock(600, is_at_once=True)
    assert (warnings.crossed(next_morning, after(599)), warnings.crossed(next_morning, after(600) + TICK)) == (0, 100)


@pytest.mark.parametrize(
    "given",
    [
        {"state": "met", "met_at": iso(after(3))},
        {"state": "idle"},
        {"state": "missed", "met_at": iso(after(25))},
        {"excused_by": "somebody"},
        {"state": "excused", "excused_by": "somebody"},
        {"governs": False},
    ],
)
def test_a_clock_that_was_met_stopped_excused_or_does_not_govern_tells_nothing(given):
    one = a_clock(**given)
    assert warnings.watched([one], {}, after(30)) == ({}, None)
    assert warnings.to_tell(one, {}, after(30)) is None


def test_several_thresholds_crossed_at_once_are_told_as_one():
    kept, at = warnings.watched([a_clock()], {}, after(16))
    assert at == after(10)
    assert warnings.to_tell(a_clock(), kept, after(16)) == 75
    kept = warnings.told(kept, a_clock(), 75)
    assert warnings.to_tell(a_clock(), kept, after(16)) is None
    assert warnings.watched([a_clock()], kept, after(16))[1] == after(20) + TICK


def test_what_was_not_told_yet_stays_to_be_told_when_something_else_settles_the_work_order():
    kept, _ = warnings.watched([a_clock()], {}, after(1))
    kept, at = warnings.watched([a_clock()], kept, after(11))
    assert at == after(10) and warnings.to_tell(a_clock(), kept, after(11)) == 50


@pytest.mark.parametrize(
    ("moved_to", "moved_at", "told_at_once", "next_at"),
    [
        (40, after(16), None, after(20)),  # given more time: its half lies ahead
        (16, after(9), None, after(12)),  # less time: the half passed before it moved
        (12, after(11), None, after(12) + TICK),
        (8, after(9), 100, after(8) + TICK),  # missed by the move itself: that is told
    ],
)
def test_a_due_that_moved_warns_of_what_it_crosses_from_then_on(moved_to, moved_at, told_at_once, next_at):
    kept, _ = warnings.watched([a_clock()], {}, START)
    moved = a_clock(moved_to)
    kept, at = warnings.watched([moved], kept, moved_at)
    assert (warnings.to_tell(moved, kept, moved_at), at) == (told_at_once, next_at)


def test_a_clock_that_runs_again_is_not_warned_of_twice():
    kept, _ = warnings.watched([a_clock()], {}, START)
    kept = warnings.told(kept, a_clock(), 50)
    kept, at = warnings.watched([a_clock(state="met", met_at=iso(after(11)))], kept, after(11))
    assert at is None
    assert warnings.watched([a_clock()], kept, after(12))[1] == after(15)
