"""Several letters on one asset (B-20): per target and charge the better one, with the winner named."""

from __future__ import annotations

import pytest

from .test_entitlement import FREE, OPEN, said

pytestmark = pytest.mark.promise("B-20")


def test_per_clock_name_the_earliest_due_wins_and_is_named(decided):
    answer = decided(["B", "C", "D"])
    assert [(clock["name"], clock["letter"], clock["clause"]) for clock in answer["clocks"]] == [
        ("respond", "D", "D-13"), ("arrive", "C", "C-22"), ("resolve", "B", "B-02"),
    ]  # fmt: skip


def test_ties_go_to_the_order_of_the_letters(decided):
    request = {"priority": "important"}  # B-13 and D-13 both answer at once
    for order in (["B", "D"], ["D", "B"]):
        respond = decided(order, request=request)["clocks"][0]
        assert (respond["name"], respond["letter"]) == ("respond", order[0])


def test_per_charge_kind_the_cheapest_wins_and_the_status_follows(decided):
    # B is out of warranty (at cost), D too: labour and travel free, parts at market price, call-out for a fee.
    answer = decided(["B", "D"], "2024-03-18")
    assert said(answer) == ("at_cost", ("free", "cost", "cost", "free"))
    assert said(decided(["B", "C"], "2024-03-18")) == ("covered", FREE)


def test_the_latest_warranty_and_the_union_of_the_rest(decided):
    asset = {"stores_data": True, "invoiced_on": "2024-03-12", "accepted_on": "2024-03-12"}
    answer = decided(["D", "C"], asset=asset)
    entitlement = answer["entitlement"]
    assert entitlement["warranty_end"] == "2029-03-12"
    assert entitlement["remedies"] == ["refund", "exchange", "repair", "maintenance"]
    assert [reason["clause"] for reason in entitlement["reasons"]] == ["C-16", "C-19", "D-05", "D-09"]
    assert [one["what"] for one in answer["owed"]] == ["loaner"]
    assert [gate["gate"] for gate in answer["gates"]] == ["backup_notice"]


def test_a_suspended_letter_counts_with_nothing_while_another_decides(decided):
    breach = {"payment_breach": True, "training_completed": True}
    assert decided(["A", "D"], customer=breach) == decided("D", customer=breach)
    alone = decided("A", customer=breach)
    assert alone["entitlement"]["status"] == "suspended"


def test_an_undecided_letter_counts_with_nothing_while_another_decides(decided):
    unlisted = {"brand": "Lenovo"}
    assert decided(["D", "B"], asset=unlisted) == decided("B", asset=unlisted)
    assert decided(["C", "D"], request={"kind": "callback"}) == decided("D", request={"kind": "callback"})


def test_when_none_decides_all_count(decided):
    answer = decided(["B", "D"], asset={"accepted_on": None})
    assert said(answer) == ("undecided", ("free", None, None, "free"))
    assert answer["missing"] == ["$.asset.accepted_on"]
    assert {clock["letter"] for clock in answer["clocks"]} == {"B", "D"}
    both = decided(["A", "B"], asset={"accepted_on": None}, customer={"payment_breach": True})
    assert said(both) == ("suspended", OPEN)


def test_an_upgrade_is_decided_by_the_letter_that_has_upgrades(decided):
    request = {"kind": "upgrade", "product_price": "1000.00"}
    asset = {"purchased_on": "2020-01-06"}
    answer = decided(["D", "A"], request=request, asset=asset)
    assert answer == decided("A", request=request, asset=asset)
    assert (said(answer), answer["entitlement"]["upgrade_ceiling"]) == (("chargeable", OPEN), "150.00")


def test_a_ceiling_never_worsens_what_another_letter_gives_free(decided):
    request = {"kind": "upgrade", "product_price": "1000.00", "cause_category": "transit_damage"}
    asset = {"purchased_on": "2020-01-06"}
    for order in (["A", "D"], ["D", "A"]):
        answer = decided(order, request=request, asset=asset)
        assert (said(answer), answer["entitlement"]["upgrade_ceiling"]) == (("covered", FREE), "150.00")


def test_a_letter_named_twice_counts_once(decided):
    assert decided(["D", "D@1"]) == decided("D")


def test_an_escalation_of_one_letter_among_several_leaves_one_clock_per_name(decided):
    request = {"remote_started_at": "2024-03-14T10:30:00+08:00"}
    answer = decided(["A", "B"], request=request)
    assert [(clock["name"], clock["clause"]) for clock in answer["clocks"]] == [
        ("respond", "A-10"), ("arrive", "B-02"), ("resolve", "A-11"),
    ]  # fmt: skip
