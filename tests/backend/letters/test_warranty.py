"""How dates are counted: warranty ends, out-of-service time, rollover, provisional years; both sides of each boundary."""

from __future__ import annotations

from datetime import date

import pytest

from backend.letters.loader import load_letters
from backend.letters.rules import Calendar, decide
from backend.letters.rules.terms import corresponding_day, extended_by

from .conftest import facts_for


def end_of(decision):
    return decision["entitlement"]["warranty_end"]


def reasons(decision):
    return [reason["clause"] for reason in decision["entitlement"]["reasons"]]


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 36, "2027-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2023-02-28", 12, "2024-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2023-01-31", 1, "2023-02-28"),
        ("2024-08-31", 6, "2025-02-28"),
        ("2024-12-31", 12, "2025-12-31"),
    ],
)
def test_a_term_in_months_ends_on_the_corresponding_day_or_the_months_last(start, months, expected):
    assert corresponding_day(date.fromisoformat(start), months) == date.fromisoformat(expected)


@pytest.mark.promise("A-07", "B-07", "C-19", "D-09")
@pytest.mark.parametrize(
    ("letter", "asset", "expected", "clause"),
    [
        ("A", {"purchased_on": "2023-03-14"}, "2024-03-14", "A-07"),
        ("B", {"accepted_on": "2022-03-14"}, "2025-03-14", "B-07"),
        ("C", {"accepted_on": "2020-03-12"}, "2025-03-12", "C-19"),
        ("D", {"accepted_on": "2022-03-14"}, "2025-03-14", "D-09"),
        ("D", {"accepted_on": "2021-03-11", "brand": "清华同方", "category": "desktop"}, "2026-03-11", "D-09"),
        ("D", {"accepted_on": "2022-03-14", "brand": "d-Link", "category": "switch"}, "2025-03-14", "D-09"),
        ("D", {"accepted_on": "2010-03-12", "brand": "tcl", "category": "cable"}, "2025-03-12", "D-09"),
    ],
)
def test_each_letters_warranty_ends_where_its_clause_says(decided, letter, asset, expected, clause):
    answer = decided(letter, request={"kind": "advice"}, asset=asset)
    assert end_of(answer) == expected
    assert clause in reasons(answer)


@pytest.mark.promise("D-11")
@pytest.mark.parametrize(
    ("accepted", "expected", "cited"),
    [
        ("2021-03-15", "2024-03-15", False),  # a Friday
        ("2021-03-16", "2024-03-18", True),  # Saturday to Monday
        ("2021-02-09", "2024-02-09", False),  # New Year's Eve 2024 was no statutory rest day
        ("2021-02-10", "2024-02-18", True),  # Spring Festival 2024 to the worked Sunday after it
        ("2021-02-17", "2024-02-18", True),  # its last day
        ("2021-02-18", "2024-02-18", False),
        ("2021-02-04", "2024-02-04", False),  # a Sunday worked in exchange is a working day
        ("2021-09-29", "2024-09-29", False),
        ("2021-10-01", "2024-10-08", True),  # golden week
        ("2021-10-12", "2024-10-12", False),  # a worked Saturday
        ("2023-02-14", "2026-02-14", False),  # Saturday worked before Spring Festival 2026
        ("2023-02-15", "2026-02-24", True),
        ("2023-02-23", "2026-02-24", True),
        ("2023-02-24", "2026-02-24", False),
        ("2023-02-28", "2026-02-28", False),  # the Saturday worked after it
        ("2022-05-01", "2025-05-06", True),
    ],
)
def test_a_last_day_on_a_statutory_rest_day_moves_to_the_first_that_is_none(decided, accepted, expected, cited):
    answer = decided(
        "D", "2024-01-10", asset={"accepted_on": accepted, "purchased_on": None, "invoiced_on": accepted}
    )
    assert end_of(answer) == expected
    assert ("D-11" in reasons(answer)) is cited


def test_every_letters_periods_roll_over_by_law_and_cite_nothing(decided):
    # 2023-03-16 + 1 year is a Saturday.
    answer = decided("A", "2024-03-18", asset={"purchased_on": "2023-03-16"}, request={"channel": "onsite"})
    assert (end_of(answer), answer["entitlement"]["status"]) == ("2024-03-18", "covered")
    after = decided("A", "2024-03-19", asset={"purchased_on": "2023-03-16"}, request={"channel": "onsite"})
    assert after["entitlement"]["status"] == "chargeable"


@pytest.mark.parametrize(
    ("end", "start", "spells", "expected"),
    [
        ("2024-03-15", "2021-03-15", [], "2024-03-15"),
        ("2024-03-15", "2021-03-15", [("2022-01-03", "2022-01-10")], "2024-03-23"),  # both ends counted
        ("2024-03-15", "2021-03-15", [("2022-01-03", "2022-01-03")], "2024-03-16"),
        ("2024-03-15", "2021-03-15", [("2022-01-03", "2022-01-10"), ("2022-01-08", "2022-01-12")], "2024-03-25"),
        ("2024-03-15", "2021-03-15", [("2022-01-08", "2022-01-12"), ("2022-01-03", "2022-01-10")], "2024-03-25"),
        ("2024-03-15", "2021-03-15", [("2022-01-03", "2022-01-10")] * 3, "2024-03-23"),
        ("2024-03-15", "2021-03-15", [("2024-03-15", "2024-03-15")], "2024-03-16"),  # the last day lies inside
        ("2024-03-15", "2021-03-15", [("2024-03-16", "2024-03-20")], "2024-03-15"),  # the day after does not
        ("2024-03-15", "2021-03-15", [("2024-03-10", "2024-03-20")], "2024-03-26"),  # each day moves the end it meets
        ("2024-03-15", "2021-03-15", [("2022-01-03", "2022-01-03"), ("2024-03-16", "2024-03-16")], "2024-03-17"),
        ("2024-03-15", "2021-03-15", [("2021-03-15", "2021-03-15")], "2024-03-15"),  # the first day is not counted
        ("2024-03-15", "2021-03-15", [("2021-03-16", "2021-03-16")], "2024-03-16"),
        ("2024-03-15", "2021-03-15", [("2021-01-01", "2021-03-17")], "2024-03-17"),
    ],
)
def test_out_of_service_days_extend_the_term_each_once(end, start, spells, expected):
    days = [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in spells]
    assert extended_by(date.fromisoformat(end), date.fromisoformat(start), days) == date.fromisoformat(expected)


@pytest.mark.promise("D-10")
def test_out_of_service_time_extends_the_warranty_and_is_cited(decided):
    spell = {"from": "2022-01-03", "to": "2022-01-10", "reason": "parts"}
    answer = decided("D", asset={"accepted_on": "2021-03-18"}, out_of_service=[spell])
    assert (end_of(answer), reasons(answer)) == ("2024-03-26", ["D-09", "D-10"])
    without = decided("D", asset={"accepted_on": "2021-03-18"})
    assert (end_of(without), reasons(without)) == ("2024-03-18", ["D-09"])
    outside = {"from": "2024-03-19", "to": "2024-03-20", "reason": "parts"}
    late = decided("D", "2024-03-21", asset={"accepted_on": "2021-03-18"}, out_of_service=[outside])
    assert (end_of(late), "D-10" in reasons(late)) == ("2024-03-18", False)


@pytest.mark.promise("D-10")
def test_an_open_spell_runs_until_the_local_date_of_now(decided):
    spell = {"from": "2024-03-13", "to": None, "reason": "repair"}
    answer = decided("D", "2024-03-14", asset={"accepted_on": "2021-03-18"}, out_of_service=[spell])
    assert end_of(answer) == "2024-03-20"
    request = {"reported_at": "2024-03-14T10:00:00+08:00"}
    over = decided(
        "D", now="2024-03-14T16:30:00Z", request=request, asset={"accepted_on": "2021-03-18"}, out_of_service=[spell]
    )
    assert end_of(over) == "2024-03-21"  # half past midnight of the 15th in Shanghai


@pytest.mark.parametrize("letter", ["B", "C"])
def test_out_of_service_time_pauses_no_letter_that_does_not_say_so(decided, letter):
    spell = {"from": "2022-01-03", "to": "2022-01-10", "reason": "repair"}
    assert end_of(decided(letter, out_of_service=[spell])) == end_of(decided(letter))


def test_out_of_service_time_does_not_pause_the_windows_from_the_invoice(decided):
    spell = {"from": "2024-03-02", "to": "2024-03-05", "reason": "repair"}
    asset = {"invoiced_on": "2024-03-01", "accepted_on": "2024-03-01"}
    assert decided("D", "2024-03-08", asset=asset, out_of_service=[spell])["entitlement"]["refund"] == "5200.00"
    assert decided("D", "2024-03-11", asset=asset, out_of_service=[spell])["entitlement"]["refund"] is None


@pytest.mark.parametrize(
    ("accepted", "expected", "provisional"),
    [
        ("2023-12-31", "2026-12-31", False),
        ("2024-01-04", "2027-01-04", True),  # the notice of 2027 is not held
        ("2022-06-01", "2025-06-03", False),
    ],
)
def test_a_last_day_in_a_year_without_a_notice_is_provisional_whatever_now_is(
    decided, accepted, expected, provisional
):
    for reported in ("2024-03-14", "2026-11-20", "2030-01-07"):
        answer = decided("D", reported, asset={"accepted_on": accepted})["entitlement"]
        assert (answer["warranty_end"], answer["warranty_end_provisional"]) == (expected, provisional)


def test_a_day_that_rolls_into_a_year_without_a_notice_is_provisional():
    corrected = Calendar(corrections={date(2026, 12, 31): "rest"})
    facts = facts_for("D", asset={"accepted_on": "2023-12-31"})
    entitlement = decide(facts, load_letters(["D"]), corrected)["entitlement"]
    assert entitlement["warranty_end"] == "2027-01-04"
    assert entitlement["warranty_end_provisional"] is True
    noticed = Calendar(corrections={date(2026, 12, 31): "rest"}, notices=[2027])
    assert decide(facts, load_letters(["D"]), noticed)["entitlement"]["warranty_end_provisional"] is False


@pytest.mark.parametrize(("letter", "anchor"), [("A", "purchased_on"), ("B", "accepted_on"), ("C", "accepted_on"), ("D", "accepted_on")])  # fmt: skip
def test_without_its_date_a_warranty_is_left_out_and_the_date_is_missing(decided, letter, anchor):
    answer = decided(letter, asset={anchor: None}, request={"kind": "advice"})
    assert end_of(answer) is None
    assert answer["entitlement"]["warranty_end_provisional"] is False
    assert answer["missing"] == [f"$.asset.{anchor}"]


def test_a_spell_without_its_first_day_leaves_the_warranty_open(decided):
    answer = decided("D", request={"kind": "advice"}, out_of_service=[{"reason": "repair"}])
    assert (end_of(answer), answer["missing"]) == (None, ["$.out_of_service[0].from"])


def test_the_claim_counts_as_raised_on_the_local_date_of_the_report(decided):
    # 2024-03-15 is the last day; 23:59 in Shanghai is inside until midnight, whatever now is.
    last = decided("D", now="2024-06-01T00:00:00Z", request={"reported_at": "2024-03-15T23:59:59+08:00"})
    first_after = decided("D", now="2024-06-01T00:00:00Z", request={"reported_at": "2024-03-16T00:00:00+08:00"})
    assert [one["entitlement"]["status"] for one in (last, first_after)] == ["covered", "chargeable"]
    elsewhere = decided(
        "D", now="2024-06-01T00:00:00Z", timezone="America/Los_Angeles",
        request={"reported_at": "2024-03-16T00:00:00+08:00"},
    )  # fmt: skip
    assert elsewhere["entitlement"]["status"] == "covered"
