"""Clocks, letter by letter: the table of letters/DECISIONS.md, both sides of each condition."""

from __future__ import annotations

import pytest

REPORTED = "2024-03-14T10:00:00+08:00"
NOW = "2024-03-14T11:00:00+08:00"


def clocks(decision):
    """[(name, clause, starts, due)] as times of day on 14 March, or with the date when it is another day."""
    return [
        (clock["name"], clock["clause"], short(clock["starts"]), short(clock["due"])) for clock in decision["clocks"]
    ]


def short(instant: str) -> str:
    return instant.removeprefix("2024-03-14T").removesuffix("+08:00").removesuffix(":00")


@pytest.mark.promise("A-11")
def test_a_call_is_answered_within_an_hour_and_solved_within_eight(decided):
    answer = decided("A")
    assert clocks(answer) == [("respond", "A-11", "10:00", "11:00"), ("resolve", "A-11", "10:00", "18:00")]
    assert {clock["calendar"] for clock in answer["clocks"]} == {"24x7"}


@pytest.mark.promise("A-10")
def test_remote_service_answers_at_once_and_solves_within_twelve_hours(decided):
    assert clocks(decided("A", request={"channel": "remote"})) == [
        ("respond", "A-10", "10:00", "10:00"),
        ("resolve", "A-10", "10:00", "22:00"),
    ]


@pytest.mark.promise("A-12")
def test_an_escalation_starts_the_remote_clocks_beside_those_of_the_call(decided):
    answer = decided("A", request={"remote_started_at": "2024-03-14T10:30:00+08:00"})
    assert clocks(answer) == [
        ("respond", "A-11", "10:00", "11:00"),
        ("respond", "A-10", "10:30", "10:30"),
        ("resolve", "A-11", "10:00", "18:00"),
        ("resolve", "A-10", "10:30", "22:30"),
    ]


@pytest.mark.promise("A-13")
def test_an_arrival_has_a_target_of_six_and_a_limit_of_eight_hours_from_the_decision(decided):
    asked = decided("A", request={"channel": "onsite"})
    assert [(c["starts"], c["target"], c["due"]) for c in asked["clocks"]] == [
        (REPORTED, "2024-03-14T16:00:00+08:00", "2024-03-14T18:00:00+08:00")
    ]
    later = decided("A", request={"onsite_decided_at": NOW})["clocks"]
    assert [(c["name"], c["starts"], c["target"], c["due"]) for c in later if c["clause"] == "A-13"] == [
        ("arrive", NOW, "2024-03-14T17:00:00+08:00", "2024-03-14T19:00:00+08:00")
    ]
    both = decided("A", request={"channel": "onsite", "onsite_decided_at": NOW})
    assert [clock["starts"] for clock in both["clocks"]] == [REPORTED]


def test_a_missing_channel_leaves_out_the_clocks_that_need_it(decided):
    answer = decided("A", request={"channel": None})
    assert answer["clocks"] == []
    assert "$.request.channel" in answer["missing"]


B_BASE = [("arrive", "B-02", "10:00", "18:00"), ("resolve", "B-02", "10:00", "18:00")]


@pytest.mark.promise("B-01", "B-02", "B-12", "B-13", "B-14")
@pytest.mark.parametrize(
    ("priority", "channel", "expected"),
    [
        (None, "phone", [("respond", "B-01", "10:00", "12:00")]),
        ("critical", "phone", [("dispatch", "B-12", "10:00", "10:00"), ("respond", "B-01", "10:00", "12:00")]),
        ("critical", "onsite", [("dispatch", "B-12", "10:00", "10:00"), ("respond", "B-01", "10:00", "12:00")]),
        ("important", "phone", [("respond", "B-13", "10:00", "10:00")]),
        ("important", "onsite", [("respond", "B-01", "10:00", "12:00")]),
        ("normal", "onsite", [("respond", "B-14", "10:00", "10:00")]),
        ("normal", "phone", [("respond", "B-01", "10:00", "12:00")]),
        ("normal", "mail", [("respond", "B-01", "10:00", "12:00")]),
    ],
)
def test_server_repairs_by_priority_and_channel(decided, priority, channel, expected):
    answer = decided("B", request={"priority": priority, "channel": channel})
    assert clocks(answer) == expected + B_BASE


@pytest.mark.promise("B-14")
def test_a_normal_problem_that_needs_a_visit_is_answered_at_once(decided):
    answer = decided("B", request={"priority": "normal", "onsite_decided_at": NOW})
    assert clocks(answer) == [("respond", "B-14", "10:00", "10:00"), *B_BASE]


@pytest.mark.parametrize("letter", ["B", "C"])
@pytest.mark.parametrize("kind", ["advice", "delivery", "inspection"])
def test_servers_and_furniture_have_clocks_for_repairs_alone(decided, letter, kind):
    assert decided(letter, request={"kind": kind, "priority": "critical"})["clocks"] == []


@pytest.mark.promise("C-22", "C-07")
def test_of_two_arrivals_in_one_letter_the_better_is_listed(decided):
    assert clocks(decided("C")) == [("arrive", "C-22", "10:00", "10:20")]


@pytest.mark.promise("C-08")
def test_a_promised_date_makes_a_resolve_clock_that_moves_no_other_letters(decided):
    promised = {"promised_for": "2024-03-20T17:00:00+08:00"}
    assert clocks(decided("C", request=promised))[1:] == [("resolve", "C-08", "10:00", "2024-03-20T17:00")]
    both = decided(["B", "C"], request=promised)["clocks"]
    assert [(c["letter"], c["due"]) for c in both if c["name"] == "resolve"] == [("B", "2024-03-14T18:00:00+08:00")]


@pytest.mark.promise("D-13", "D-15")
@pytest.mark.parametrize(
    ("reported", "respond", "arrive"),
    [
        ("2024-03-14T08:59:59", "09:00", "09:30"),
        ("2024-03-14T09:00:00", "09:00", "09:30"),
        ("2024-03-14T16:30:00", "16:30", "17:00"),
        ("2024-03-14T16:50:00", "16:50", "2024-03-15T09:20"),
        ("2024-03-14T17:00:00", "2024-03-15T09:00", "2024-03-15T09:30"),
        ("2024-03-14T23:59:00", "2024-03-15T09:00", "2024-03-15T09:30"),
    ],
)
def test_minutes_count_inside_the_daily_hours(decided, reported, respond, arrive):
    request = {"kind": "advice", "reported_at": f"{reported}+08:00"}
    answer = decided("D", now="2024-03-15T00:00:00+08:00", request=request)
    assert [(name, due) for name, _, _, due in clocks(answer)] == [("respond", respond), ("arrive", arrive)]
    assert {clock["calendar"] for clock in answer["clocks"]} == {"7x8"}


@pytest.mark.promise("D-15")
@pytest.mark.parametrize("reported", ["2024-02-10", "2024-10-01", "2024-03-16", "2024-03-17"])
def test_the_daily_hours_hold_on_holidays_and_weekends(decided, reported):
    answer = decided("D", reported, request={"kind": "advice"})
    assert [clock["due"] for clock in answer["clocks"]] == [
        f"{reported}T10:00:00+08:00",
        f"{reported}T10:30:00+08:00",
    ]


@pytest.mark.promise("D-14", "D-22")
def test_a_repair_inside_the_warranty_is_solved_in_24_hours_and_none_after_it(decided):
    names = [clock["name"] for clock in decided("D", "2024-03-15")["clocks"]]
    assert names == ["respond", "arrive", "resolve"]
    assert decided("D", "2024-03-15")["clocks"][2]["due"] == "2024-03-16T10:00:00+08:00"
    after = decided("D", "2024-03-18")["clocks"]
    assert [(clock["name"], clock["clause"]) for clock in after] == [("respond", "D-13"), ("arrive", "D-13")]


def test_user_damage_has_no_resolve_clock_under_the_three_guarantees(decided):
    answer = decided("D", request={"cause_category": "user_damage"})
    assert [clock["name"] for clock in answer["clocks"]] == ["respond", "arrive"]


def test_times_come_out_on_the_clock_of_the_place(decided):
    request = {"reported_at": "2024-03-10T06:30:00Z", "kind": "advice"}
    answer = decided("D", now="2024-03-10T20:00:00Z", timezone="America/New_York", request=request)
    # 01:30 in New York on the night in which clocks go forward; the office opens at 09:00 summer time.
    assert [clock["starts"] for clock in answer["clocks"]] == ["2024-03-10T01:30:00-05:00"] * 2
    assert [clock["due"] for clock in answer["clocks"]] == ["2024-03-10T09:00:00-04:00", "2024-03-10T09:30:00-04:00"]
