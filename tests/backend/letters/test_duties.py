"""What falls due by itself: counted from the contract's start, rolled off rest days, with keys that stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from backend.letters.loader import load_letters
from backend.letters.rules import Calendar, FactsFaulty, duties


@pytest.fixture
def due(rest_days: Calendar) -> Callable[..., dict[str, Any]]:
    """due("C", until="2027-01-12", assets=[…]): the answer for a contract from 12 January 2026."""

    def ask(letters: str, from_: str = "2026-01-12", until: str = "2027-01-12", **said: Any) -> dict[str, Any]:
        contract = {"letters": list(letters), "starts_on": "2026-01-12", **said}
        days = date.fromisoformat(from_), date.fromisoformat(until)
        return duties(contract, load_letters(letters), rest_days, *days)

    return ask


def asset(id_: str, **said: Any) -> dict[str, Any]:
    return {"id": id_, "category": "desk", "material": None, "accepted_on": "2026-01-12", **said}


def keys(answer, clause=""):
    return [duty["key"] for duty in answer["duties"] if duty["clause"].startswith(clause)]


@pytest.mark.promise("C-05")
def test_the_contracts_own_example(due):
    answer = due("C", ends_on=None, timezone="Asia/Shanghai", assets=[asset("x", material="wood")], installed=40)
    assert answer["duties"][0] == {
        "key": "C-05/2026-04-12", "kind": "inspection", "clause": "C-05", "due_on": "2026-04-13",
        "checklist": "furniture-quarterly", "assets": ["x"], "quantity": None,
    }  # fmt: skip
    assert list(answer["duties"][0]) == ["key", "kind", "clause", "due_on", "checklist", "assets", "quantity"]
    assert keys(answer, "C-05") == ["C-05/2026-04-12", "C-05/2026-07-12", "C-05/2026-10-12", "C-05/2027-01-12"]
    assert answer["missing"] == []


@pytest.mark.promise("C-06", "C-17", "C-20")
def test_furniture_has_a_yearly_round_upkeep_by_material_and_a_campaign(due):
    assets = [asset("w", material="wood"), asset("l", material="leather"), asset("s", material="steel"), asset("n")]
    answer = due("C", assets=assets)
    assert keys(answer, "C-06") == ["C-06/2027-01-12"]
    assert keys(answer, "C-17") == [
        "C-17/2026-07-12/leather", "C-17/2026-07-12/steel", "C-17/2027-01-12/leather", "C-17/2027-01-12/steel",
        "C-17/2027-01-12/wood",
    ]  # fmt: skip
    said = {d["key"]: (d["kind"], d["checklist"], d["assets"]) for d in answer["duties"]}
    assert said["C-17/2027-01-12/wood"] == ("upkeep", "furniture-wood", ["w"])
    assert said["C-17/2026-07-12/leather"] == ("upkeep", "furniture-leather", ["l"])
    assert said["C-20/2026-06-01"] == ("campaign", None, ["w", "l", "s", "n"])


def test_furniture_of_which_no_material_is_said_is_missing_and_none_is_an_answer(due):
    unsaid = {"id": "u", "category": "desk"}
    answer = due("C", assets=[asset("n", material=None), unsaid])
    assert (keys(answer, "C-17"), answer["missing"]) == ([], ["$.contract.assets[1].material"])


@pytest.mark.promise("C-20")
@pytest.mark.parametrize(
    ("start", "until", "expected"),
    [
        ("2025-06-01", "2025-06-02", []),
        ("2025-06-01", "2025-06-03", [("C-20/2025-06-01", "2025-06-03")]),  # a Sunday in the Dragon Boat holiday
        ("2025-06-02", "2026-05-31", []),  # nothing before the start
        ("2025-06-02", "2026-06-01", [("C-20/2026-06-01", "2026-06-01")]),
    ],
)
def test_the_campaign_is_on_the_first_of_june_from_the_start_on(due, start, until, expected):
    answer = due("C", from_=start, until=until, starts_on=start)
    found = [(duty["key"], duty["due_on"]) for duty in answer["duties"] if duty["kind"] == "campaign"]
    assert found == expected


@pytest.mark.promise("B-05")
def test_server_visits_come_every_three_months_during_the_three_years(due):
    answer = due("B", until="2031-01-12", assets=[asset("s")])
    assert len(keys(answer)) == 12
    assert (keys(answer)[0], keys(answer)[-1]) == ("B-05/2026-04-12", "B-05/2029-01-12")
    assert {(duty["kind"], duty["checklist"]) for duty in answer["duties"]} == {("visit", "servers-periodic")}
    assert len(keys(due("B", until="2031-01-12"))) == 12  # no assets listed: from the contract's start


@pytest.mark.promise("B-05")
def test_server_visits_follow_the_contracts_own_period_and_each_assets_acceptance(due):
    assert keys(due("B", visit_every_months=6, assets=[asset("s")])) == ["B-05/2026-07-12", "B-05/2027-01-12"]
    assets = [
        asset("old", accepted_on="2023-05-04"),
        asset("new", accepted_on="2026-05-04"),
        asset("none", accepted_on=None),
    ]
    answer = due("B", until="2026-08-01", assets=assets)
    assert [(d["key"], d["assets"]) for d in answer["duties"]] == [
        ("B-05/2026-04-12", ["old"]), ("B-05/2026-07-12", ["new"]),
    ]  # fmt: skip
    assert answer["missing"] == ["$.contract.assets[2].accepted_on"]


@pytest.mark.promise("D-17")
@pytest.mark.parametrize(("installed", "stock"), [(1, 1), (50, 1), (51, 2), (100, 2), (101, 3)])
def test_spare_stock_is_two_per_cent_of_each_model_rounded_up(due, installed, stock):
    assets = [asset(f"a{n}", model="M-1") for n in range(installed)] + [asset("b", model="M-2")]
    answer = due("D", until="2026-02-12", assets=assets)
    found = [(d["key"], d["quantity"], len(d["assets"])) for d in answer["duties"] if d["kind"] == "stock_check"]
    assert found == [("D-17/2026-02-12/M-1", stock, installed), ("D-17/2026-02-12/M-2", 1, 1)]


def test_spare_stock_without_models_counts_what_is_installed(due):
    answer = due("D", until="2026-02-12", assets=[asset("a"), asset("b")], installed=140)
    assert [(d["key"], d["quantity"]) for d in answer["duties"] if d["clause"] == "D-17"] == [("D-17/2026-02-12", 3)]


@pytest.mark.promise("D-19")
def test_a_call_back_every_month_on_its_own_day_or_the_months_last(due):
    answer = due("D", from_="2026-01-31", until="2026-06-01", starts_on="2026-01-31")
    found = [(duty["key"], duty["due_on"]) for duty in answer["duties"] if duty["clause"] == "D-19"]
    assert found == [
        ("D-19/2026-02-28", "2026-02-28"),  # a Saturday worked in exchange
        ("D-19/2026-03-31", "2026-03-31"), ("D-19/2026-04-30", "2026-04-30"), ("D-19/2026-05-31", "2026-06-01"),
    ]  # fmt: skip


@pytest.mark.promise("D-20")
@pytest.mark.parametrize(("installed", "quantity"), [(99, 99), (100, 100), (101, 100)])
def test_a_quarterly_visit_inspects_a_hundred_or_all_there_are(due, installed, quantity):
    answer = due("D", until="2026-04-30", installed=installed)
    visits = [duty for duty in answer["duties"] if duty["clause"] == "D-20"]
    assert [(d["key"], d["checklist"], d["quantity"]) for d in visits] == [
        ("D-20/2026-04-12", "computers-quarterly", quantity)
    ]


def test_without_assets_or_a_number_what_needs_one_is_left_out_and_missing(due):
    answer = due("D", until="2026-04-30")
    assert {duty["clause"] for duty in answer["duties"]} == {"D-19"}
    assert answer["missing"] == ["$.contract.installed"]


@pytest.mark.parametrize(
    ("from_", "until", "expected"),
    [
        ("2026-04-12", "2026-04-12", []),  # counted on Sunday the 12th, due on Monday the 13th
        ("2026-04-13", "2026-04-13", ["C-05/2026-04-12"]),
        ("2026-04-14", "2026-07-12", ["C-20/2026-06-01"]),
        ("2020-01-01", "2026-04-12", []),
    ],
)
def test_only_what_is_due_between_the_two_days_both_included(due, from_, until, expected):
    assert keys(due("C", from_=from_, until=until)) == expected


def test_nothing_is_counted_after_the_contracts_end(due):
    assert keys(due("C", ends_on="2026-07-12"), "C-05") == ["C-05/2026-04-12", "C-05/2026-07-12"]
    assert keys(due("C", ends_on="2026-07-11"), "C-05") == ["C-05/2026-04-12"]


def test_overlapping_ranges_give_the_same_keys(due):
    assets = [asset("w", material="wood", model="M-1")]
    whole = due("BCD", until="2028-01-12", assets=assets, installed=3)["duties"]
    halves = due("BCD", until="2027-03-01", assets=assets, installed=3)["duties"]
    halves += due("BCD", from_="2026-12-01", until="2028-01-12", assets=assets, installed=3)["duties"]
    assert {duty["key"]: duty for duty in halves} == {duty["key"]: duty for duty in whole}
    assert len({duty["key"] for duty in whole}) == len(whole)
    assert whole == sorted(whole, key=lambda duty: duty["due_on"])


def test_a_wrong_contract_tells_every_fault(due):
    with pytest.raises(FactsFaulty) as wrong:
        due(
            "C",
            starts_on=None,
            installed=-1,
            visit_every_months=0,
            assets=[{"id": 7}],
            colour="blue",
            timezone="Mars",
        )
    assert {fault.path for fault in wrong.value.faults} == {
        "$.contract.starts_on", "$.contract.installed", "$.contract.visit_every_months", "$.contract.assets[0].id",
        "$.contract.colour", "$.contract.timezone",
    }  # fmt: skip
