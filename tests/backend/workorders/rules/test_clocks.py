"""What meets, misses, excuses and stops a clock (K-4), with both sides of each boundary."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from backend.workorders.rules.clocks import Clock, governing, near_at, outcome_of
from backend.workorders.rules.entries import WHATS, Entry

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
MS = timedelta(milliseconds=1)
HOUR = timedelta(hours=1)
DUE = START + 2 * HOUR
LATER = START + 30 * HOUR


def clock(name, **given):
    return Clock(**({"name": name, "clause": "X-01", "starts": START, "due": DUE} | given))


def entry(what, at=START, ident=None, **given):
    return Entry(ident or f"{what}-{at.isoformat()}", what, at, **given)


def outcome(name, *entries, now=LATER, channel="phone", **given):
    return outcome_of(clock(name, **given), entries, channel, now)


MEETS = [
    ("respond", "contacted"),
    ("respond", "remote_started"),
    ("respond", "arrived"),
    ("respond", "solved"),
    ("dispatch", "sent"),
    ("arrive", "arrived"),
    ("resolve", "solved"),
    ("report", "report_submitted"),
]


@pytest.mark.parametrize(("name", "what"), MEETS)
@pytest.mark.parametrize(
    ("at", "state"),
    [(START, "met"), (DUE - MS, "met"), (DUE, "met"), (DUE + MS, "missed"), (START - MS, "missed")],
)
def test_the_instant_it_is_due_is_in_time(name, what, at, state):
    assert outcome(name, entry(what, at)).state == state


@pytest.mark.parametrize(("name", "what"), MEETS)
def test_a_clock_met_late_is_missed_and_shows_both_times(name, what):
    result = outcome(name, entry(what, DUE + HOUR, "e1"))
    assert (result.state, result.met_at, result.met_by) == ("missed", DUE + HOUR, "e1")


@pytest.mark.parametrize("name", ["respond", "dispatch", "arrive", "resolve", "report"])
@pytest.mark.parametrize(("now", "state"), [(DUE - MS, "running"), (DUE, "running"), (DUE + MS, "missed")])
def test_a_clock_nobody_stops_runs_until_it_is_due(name, now, state):
    assert outcome(name, entry("reported"), now=now).state == state


@pytest.mark.parametrize("what", sorted(set(WHATS) - {what for _, what in MEETS} - {"closed", "cancelled"}))
def test_no_other_entry_stops_any_clock(what):
    for name, _ in MEETS:
        assert outcome(name, entry(what, START + HOUR)).state == "missed"


@pytest.mark.parametrize(
    ("channel", "is_at_once", "state"),
    [("phone", True, "met"), ("remote", True, "met"), ("mail", True, "missed"), ("phone", False, "missed")],
)
def test_a_promise_to_answer_at_once_is_kept_by_the_intake_itself(channel, is_at_once, state):
    result = outcome("respond", entry("reported"), channel=channel, is_at_once=is_at_once, due=START)
    assert result.state == state


def test_the_intake_keeps_it_also_when_hours_open_later():
    result = outcome("respond", entry("reported"), is_at_once=True, due=START + 5 * HOUR)
    assert (result.state, result.met_at) == ("met", START)


def test_a_rejection_voids_what_was_called_solved_before():
    solved, rejected = entry("solved", START + HOUR), entry("rejected", START + HOUR + MS)
    assert outcome("resolve", solved).state == "met"
    assert outcome("resolve", solved, rejected).state == "missed"


def test_solved_again_after_a_rejection_counts_from_then():
    again = entry("solved", DUE, "second")
    result = outcome("resolve", entry("solved", START + HOUR), entry("rejected", START + HOUR + MS), again)
    assert (result.state, result.met_by) == ("met", "second")


def test_the_first_solution_counts_when_it_is_said_twice():
    result = outcome("resolve", entry("solved", START + HOUR, "first"), entry("solved", DUE + HOUR, "second"))
    assert (result.state, result.met_by) == ("met", "first")


def test_an_excuse_excuses_a_missed_clock_of_its_name_only():
    excuse = entry("excused", LATER, "x", note="客户不让进", data={"clock": "arrive"})
    late = entry("arrived", DUE + HOUR)
    result = outcome("arrive", late, excuse)
    assert (result.state, result.excused_by, result.excuse) == ("excused", "x", "客户不让进")
    assert result.met_at == DUE + HOUR
    assert outcome("resolve", excuse).state == "missed"


def test_an_excuse_may_name_one_clause():
    excuse = entry("excused", LATER, data={"clock": "arrive", "clause": "X-01"})
    assert outcome("arrive", excuse).state == "excused"
    assert outcome("arrive", excuse, clause="X-02").state == "missed"


def test_an_excuse_changes_nothing_on_a_clock_that_was_kept():
    excuse = entry("excused", LATER, data={"clock": "arrive"})
    assert outcome("arrive", entry("arrived"), excuse).state == "met"
    assert outcome("arrive", excuse, now=START).state == "running"


@pytest.mark.parametrize(("now", "state"), [(DUE, "running"), (DUE + MS, "excused")])
def test_an_excuse_logged_while_it_runs_counts_when_it_falls_due(now, state):
    excuse = entry("excused", START, "x", note="客户约明天", data={"clock": "arrive"})
    result = outcome("arrive", excuse, now=now)
    assert (result.state, result.excused_by, result.excuse) == (state, "x", "客户约明天")
    assert outcome("arrive", excuse, entry("arrived", DUE + HOUR)).state == "excused"


SOLVED_FROM_AFAR = [
    (START - HOUR, "idle"),  # before the hours in which it runs
    (DUE, "idle"),
    (DUE + MS, "missed"),
]


@pytest.mark.parametrize(("at", "state"), SOLVED_FROM_AFAR)
def test_nobody_has_to_arrive_where_it_was_solved_from_afar_in_time(at, state):
    assert outcome("arrive", entry("solved", at)).state == state
    assert outcome("arrive", entry("solved", at), entry("arrived", DUE + HOUR)).state == state
    assert outcome("dispatch", entry("solved", at)).state == "missed", "who is owed at once is owed"


def test_a_solution_on_site_or_one_the_customer_rejects_stops_no_arrival():
    assert outcome("arrive", entry("solved", START, visit_id="v1")).state == "missed"
    assert outcome("arrive", entry("solved", START), entry("rejected", START + MS)).state == "missed"
    assert outcome("arrive", entry("solved", START), entry("arrived", START + HOUR)).state == "met"


@pytest.mark.parametrize("what", ["cancelled", "closed"])
def test_a_work_order_that_ends_stops_its_clocks(what):
    assert outcome("arrive", entry(what, DUE)).state == "idle"
    assert outcome("arrive", entry(what, DUE + MS)).state == "missed"
    assert outcome("arrive", entry(what, START), entry("reopened", START + HOUR)).state == "missed"


def test_of_several_clocks_of_one_name_the_earliest_due_governs():
    late, early, other = clock("resolve", due=DUE + HOUR), clock("resolve"), clock("arrive", due=LATER)
    assert governing([late, early, other]) == {"resolve": early, "arrive": other}


def test_a_clock_is_near_in_its_last_quarter():
    assert near_at(clock("arrive")) == START + timedelta(minutes=90)


def test_the_order_in_which_entries_arrive_never_changes_the_result():
    seed = 7
    chance = random.Random(seed)
    for _ in range(300):
        log = [
            entry(what, START + chance.randrange(6) * HOUR / 2, str(n), data={"clock": "resolve"})
            for n, what in enumerate(chance.choices(list(WHATS), k=8))
        ]
        shuffled = chance.sample(log, len(log))
        for name, _ in MEETS:
            assert outcome(name, *log) == outcome(name, *shuffled), f"seed {seed}: {log}"
