"""A fifth letter, with other numbers and every mechanism of the format mixed, runs without a line of code."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from backend.letters.loader import load_letter, load_letters
from backend.letters.rules import Calendar, decide, duties

from .conftest import facts_for
from .support import FIFTH
from .test_entitlement import reasons, remedies, said

LIFT = {
    "brand": "OTTO", "category": "other", "material": "steel", "accepted_on": "2023-10-10", "invoiced_on": "2023-10-10",
    "purchased_on": None, "stores_data": None,
}  # fmt: skip


@pytest.fixture
def lift(rest_days: Calendar) -> Callable[..., dict[str, Any]]:
    def ask(reported: str = "2025-09-23", pauses: Any = (), **said: Any) -> dict[str, Any]:
        said["asset"] = LIFT | said.get("asset", {})
        said["customer"] = {"province": "四川"} | said.get("customer", {})
        facts = facts_for(str(FIFTH), reported, **said)
        return decide(facts, load_letters(facts["letters"], allow_paths=True), rest_days, pauses)

    return ask


def clocks(answer):
    return {
        (clock["name"], clock["clause"], clock["starts"][5:16]): (clock["due"][5:16], clock["calendar"])
        for clock in answer["clocks"]
    }


def test_several_windows_a_day_a_range_and_a_report_term(lift):
    answer = lift(request={"reported_at": "2025-09-23T10:00:00+08:00"})
    at = "09-23T10:00"
    assert clocks(answer) == {
        ("arrive", "E-2", at): ("09-23T14:00", "office"),  # two hours before lunch, one after
        ("resolve", "E-13", at): ("09-25T15:00", "office"),
        ("report", "E-12", at): ("09-27T10:00", "24x7"),
    }
    arrive = answer["clocks"][0]
    assert arrive["target"] == "2025-09-23T10:45:00+08:00"


def test_night_hours_by_priority_and_a_clock_that_stands_beside(lift):
    request = {
        "priority": "critical",
        "reported_at": "2025-09-23T05:30:00+08:00",
        "onsite_decided_at": "2025-09-23T09:00:00+08:00",
    }
    answer = lift(request=request)
    found = clocks(answer)
    assert found["dispatch", "E-2", "09-23T05:30"] == ("09-23T08:45", "office")
    assert found["arrive", "E-2", "09-23T05:30"] == ("09-23T22:15", "night")
    assert found["arrive", "E-2", "09-23T09:00"] == ("09-23T10:30", "24x7")
    assert [clock["name"] for clock in answer["clocks"]] == ["dispatch", "arrive", "arrive", "resolve", "report"]


@pytest.mark.parametrize(
    ("reported", "due"),
    [
        ("2025-09-26T16:20:00", "09-28T08:35"),  # Friday ends at 16:30; the Sunday is worked with Friday's hours
        ("2025-09-28T16:30:00", "09-29T08:45"),
        ("2025-09-30T17:20:00", "10-01T10:05"),  # a holiday that the letter opens for an hour
        ("2025-10-01T10:50:00", "10-09T08:35"),  # and the rest of the golden week
        ("2025-12-23T17:20:00", "12-25T08:35"),  # a day that the letter closes
    ],
)
def test_closed_opened_and_exchanged_days(lift, reported, due):
    request = {"priority": "important", "kind": "advice", "reported_at": f"{reported}+08:00"}
    answer = clocks(lift(now="2025-12-31T00:00:00Z", request=request))
    assert answer["dispatch", "E-2", reported[5:16]] == (due, "office")


def test_pauses_move_the_clocks_that_the_letter_names_and_no_others(lift):
    def instant(text: str) -> datetime:
        return datetime.fromisoformat(text).astimezone(UTC)

    waiting = ("waiting_customer", instant("2025-09-23T13:00:00+08:00"), instant("2025-09-23T15:00:00+08:00"))
    lunch = ("waiting_parts", instant("2025-09-24T09:00:00+08:00"), instant("2025-09-24T11:00:00+08:00"))
    plain, paused = clocks(lift()), clocks(lift(pauses=[waiting, lunch]))
    at = "09-23T10:00"
    assert paused["arrive", "E-2", at] == plain["arrive", "E-2", at]
    assert plain["resolve", "E-13", at][0] == "09-25T15:00"
    assert paused["resolve", "E-13", at][0] == "09-25T17:00"
    assert paused["report", "E-12", at][0] == "09-27T12:00"


@pytest.mark.parametrize(
    ("reported", "asset", "spells", "status", "charges", "end"),
    [
        ("2025-09-23", {}, [], "covered", ("free",) * 4, "2025-12-10"),
        ("2025-12-11", {}, [], "at_cost", ("cost",) * 4, "2025-12-10"),
        ("2025-12-11", {"material": None}, [], "at_cost", ("cost",) * 4, "2024-12-10"),
        ("2025-12-11", {}, [("parts", "2025-01-01", "2025-01-05")], "covered", ("free",) * 4, "2025-12-15"),
        ("2025-12-11", {}, [("repair", "2025-01-01", "2025-01-05")], "at_cost", ("cost",) * 4, "2025-12-10"),
        ("2026-03-02", {}, [], "at_cost", ("cost", "cost", "free", "cost"), "2025-12-10"),
        ("2026-02-27", {"brand": "Schmidt", "category": "chair", "material": None}, [], "covered", ("free",) * 4, "2027-10-11"),
    ],
)  # fmt: skip
def test_coverage_by_brand_category_material_and_age(lift, reported, asset, spells, status, charges, end):
    out = [{"reason": reason, "from": first, "to": last} for reason, first, last in spells]
    answer = lift(reported, asset=asset, out_of_service=out)
    assert (said(answer), answer["entitlement"]["warranty_end"]) == ((status, charges), end)


def test_alternatives_by_province_or_channel(lift):
    for section in ({"customer": {"province": "江苏"}}, {"request": {"channel": "remote"}}):
        assert said(lift("2025-12-11", **section))[1] == ("cost", "cost", "cost", "free")
    # Both alternatives are open without the province, but for a remote call the channel settles it.
    unknown = lift("2025-12-11", customer={"province": None})
    assert (said(unknown)[1], unknown["missing"]) == (("cost", "cost", "cost", None), ["$.customer.province"])


def test_two_causes_a_suspension_for_some_kinds_and_advice_by_some_channels(lift):
    assert said(lift(request={"cause_category": "environment"})) == ("chargeable", ("market", "fee", "fee", "cost"))
    assert said(lift(customer={"payment_breach": True}))[0] == "suspended"
    assert (
        said(lift(customer={"payment_breach": True}, request={"kind": "advice", "channel": "mail"}))[0] == "covered"
    )
    assert reasons(lift("2030-03-12", request={"kind": "advice", "channel": "mail"})) == ["E-1", "E-3"]


def test_remedies_in_a_window_that_opens_later_and_after_three_repairs(lift):
    new = {"invoiced_on": "2025-08-23", "accepted_on": "2025-08-23", "price": "100.999"}
    assert remedies(lift("2025-09-22", asset=new)) == ["repair"]
    opened = lift("2025-09-23", asset=new)
    assert (remedies(opened), opened["entitlement"]["refund"]) == (["refund", "exchange", "repair"], "100.99")
    thrice = [{"report": f"R{n}", "fault": "door", "on": f"2024-0{n}-01"} for n in (1, 2, 3)]
    assert remedies(lift(request={"fault": "door", "channel": "onsite"}, repairs=thrice)) == [
        "exchange", "repair", "maintenance",
    ]  # fmt: skip
    assert remedies(lift(request={"fault": "door"}, repairs=thrice[:2])) == ["repair"]


def test_ceilings_of_two_ages_and_two_prices(lift):
    request = {"kind": "upgrade", "product_price": "1000.00", "upgrade_quote": "25.01", "channel": "onsite"}
    young = lift(request=request, asset={"invoiced_on": "2025-09-01"})
    assert (said(young)[0], young["entitlement"]["upgrade_ceiling"]) == ("at_cost", "25.00")
    assert [(gate["gate"], gate["before"]) for gate in young["gates"]] == [
        ("quote_above_ceiling", "dispatch"), ("stop_notice", "work"), ("report_filed", "close"),
    ]  # fmt: skip
    old = lift(request=request, asset={"price": "60.00"})
    assert (said(old)[0], old["entitlement"]["upgrade_ceiling"]) == ("chargeable", "15.00")


def test_what_is_owed_with_a_delay_at_a_promised_time_and_without_one(lift):
    request = {
        "promised_for": "2025-10-09T12:00:00+08:00", "remote_started_at": "2025-09-23T10:30:00+08:00",
    }  # fmt: skip
    assert lift(request=request)["owed"] == [
        {"what": "goodwill_note", "clause": "E-2", "due": "2025-10-09T12:00:00+08:00"},
        {"what": "loaner", "clause": "E-10", "due": "2025-09-25T15:30:00+08:00"},
        {"what": "survey", "clause": "E-11", "due": None},
    ]


def test_clauses_stand_in_the_order_of_their_numbers(lift):
    answer = lift("2026-03-02", asset={"accepted_on": "2023-10-14"})
    assert reasons(answer) == ["E-3", "E-5", "E-14", "E-16"]


def test_duties_during_a_period_on_a_leap_day_and_capped(rest_days):
    contract = {
        "letters": ["E"], "starts_on": "2023-02-10", "installed": 100,
        "assets": [
            {"id": "l1", "category": "chair", "material": "steel", "accepted_on": "2023-02-10", "model": "X"},
            {"id": "l2", "category": "chair", "material": "wood", "accepted_on": "2023-02-10"},
        ],
    }  # fmt: skip
    letter = load_letter(str(FIFTH), allow_paths=True)
    found = duties(contract, [letter], rest_days, date(2024, 2, 1), date(2024, 4, 30))
    assert [(duty["key"], duty["due_on"], duty["quantity"]) for duty in found["duties"]] == [
        ("E-11/2024-02-10/steel", "2024-02-18", None),
        ("E-11/2024-02-10/wood", "2024-02-18", None),
        ("E-17/2024-02-10", "2024-02-18", 1),
        ("E-17/2024-02-10/X", "2024-02-18", 1),
        ("E-16/2024-02-29", "2024-02-29", None),
        ("E-11/2024-04-10/steel", "2024-04-10", None),
        ("E-11/2024-04-10/wood", "2024-04-10", None),
    ]
    later = duties(contract, [letter], rest_days, date(2025, 2, 27), date(2025, 3, 1))
    assert [(duty["key"], duty["due_on"]) for duty in later["duties"]] == [("E-16/2025-02-28", "2025-02-28")]
    many = contract | {"assets": []}
    stock = duties(many, [letter], rest_days, date(2024, 2, 1), date(2024, 2, 20))["duties"]
    assert [duty["quantity"] for duty in stock if duty["kind"] == "stock_check"] == [3]


def test_the_fifth_letter_beside_a_shipped_one(rest_days):
    facts = facts_for([str(FIFTH), "C"], "2025-09-23", asset=LIFT)
    answer = decide(facts, load_letters(facts["letters"], allow_paths=True), rest_days)
    assert {clock["name"]: clock["letter"] for clock in answer["clocks"]} == {
        "arrive": "C",
        "resolve": "E",
        "report": "E",
    }
