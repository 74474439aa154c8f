"""Who pays, remedies, refunds, ceilings and suspensions, letter by letter; both sides of each boundary."""

from __future__ import annotations

import pytest

FREE = ("free", "free", "free", "free")
COST = ("cost", "cost", "cost", "cost")
CALL_OUT_FEE = ("free", "free", "fee", "free")
DAMAGE = ("fee", "market", "fee", "fee")
OPEN = (None, None, None, None)


def said(decision):
    """(status, charges) of a decision."""
    entitlement = decision["entitlement"]
    return entitlement["status"], tuple(entitlement["charges"].values())


def reasons(decision):
    return [reason["clause"] for reason in decision["entitlement"]["reasons"]]


def remedies(decision):
    return decision["entitlement"]["remedies"]


def test_charges_stand_in_their_order(decided):
    assert list(decided("D")["entitlement"]["charges"]) == ["labour", "parts", "call_out", "travel"]


# A


@pytest.mark.promise("A-06", "A-07", "A-08")
@pytest.mark.parametrize(
    ("request_", "purchased", "trained", "status", "charges", "cited"),
    [
        ({"channel": "phone"}, "2019-01-01", False, "covered", FREE, ["A-06", "A-07"]),
        ({"channel": "remote"}, "2019-01-01", False, "covered", FREE, ["A-06", "A-07"]),
        ({"kind": "advice", "channel": "walk_in"}, "2019-01-01", False, "covered", FREE, ["A-06", "A-07"]),
        ({"channel": "onsite"}, "2023-03-14", True, "covered", FREE, ["A-07", "A-08"]),
        ({"channel": "onsite"}, "2023-03-13", True, "chargeable", CALL_OUT_FEE, ["A-07"]),
        ({"channel": "onsite"}, "2023-03-14", False, "chargeable", CALL_OUT_FEE, ["A-07", "A-08"]),
        ({"onsite_decided_at": "2024-03-14T10:30:00+08:00"}, "2023-03-14", True, "covered", FREE, ["A-07", "A-08"]),
        (
            {"onsite_decided_at": "2024-03-14T10:30:00+08:00"},
            "2023-03-13",
            True,
            "chargeable",
            CALL_OUT_FEE,
            ["A-07"],
        ),
    ],
)
def test_software_service_by_way_age_and_training(decided, request_, purchased, trained, status, charges, cited):
    answer = decided(
        "A", request=request_, asset={"purchased_on": purchased}, customer={"training_completed": trained}
    )
    assert (said(answer), reasons(answer), answer["missing"]) == ((status, charges), cited, [])


@pytest.mark.promise("A-04", "A-05")
@pytest.mark.parametrize(("channel", "clause"), [("onsite", "A-04"), ("walk_in", "A-05"), (None, "A-04")])
def test_software_training_is_free_for_ever(decided, channel, clause):
    request = {"kind": "training", "channel": channel}
    answer = decided("A", request=request, asset={"purchased_on": "2015-01-01"})
    assert said(answer) == ("covered", FREE)
    if channel:
        assert clause in reasons(answer)


@pytest.mark.promise("A-08")
def test_unknown_training_leaves_the_call_out_open_inside_the_year_alone(decided):
    unknown = {"training_completed": None}
    inside = decided("A", request={"channel": "onsite"}, asset={"purchased_on": "2023-03-14"}, customer=unknown)
    assert said(inside) == ("undecided", ("free", "free", None, "free"))
    assert inside["missing"] == ["$.customer.training_completed"]
    later = decided("A", request={"channel": "onsite"}, asset={"purchased_on": "2023-03-13"}, customer=unknown)
    assert said(later) == ("chargeable", CALL_OUT_FEE)


def test_an_unknown_channel_decides_what_is_equal_either_way(decided):
    young = decided("A", request={"channel": None}, asset={"purchased_on": "2023-06-01"})
    assert said(young) == ("covered", FREE)
    old = decided("A", request={"channel": None}, asset={"purchased_on": "2020-06-01"})
    assert said(old) == ("undecided", ("free", "free", None, "free"))
    assert "$.request.channel" in old["missing"]


@pytest.mark.promise("A-14")
@pytest.mark.parametrize(
    ("purchased", "price", "status", "ceiling", "missing"),
    [
        ("2023-03-14", "12000.00", "covered", "0.00", []),
        ("2023-03-14", None, "covered", "0.00", []),
        ("2023-03-13", "12000.00", "chargeable", "1800.00", []),
        ("2023-03-13", "999.99", "chargeable", "149.99", []),  # 149.9985 rounded down
        ("2023-03-13", "0.06", "chargeable", "0.00", []),
        ("2023-03-13", None, "chargeable", None, ["$.request.product_price"]),
        (None, "12000.00", "undecided", None, ["$.asset.purchased_on"]),
    ],
)
def test_an_upgrade_is_free_for_a_year_and_then_has_a_ceiling(decided, purchased, price, status, ceiling, missing):
    request = {"kind": "upgrade", "product_price": price}
    answer = decided("A", request=request, asset={"purchased_on": purchased})
    assert said(answer) == (status, OPEN)
    assert answer["entitlement"]["upgrade_ceiling"] == ceiling
    assert (remedies(answer), answer["missing"]) == ([], missing)
    assert ("A-14" in reasons(answer)) is (purchased is not None)


@pytest.mark.promise("A-15", "A-16", "A-17")
@pytest.mark.parametrize(
    ("customer", "asset", "cited"),
    [
        ({"payment_breach": True}, {}, ["A-15"]),
        ({"confidentiality_breach": True}, {}, ["A-16"]),
        ({}, {"genuine": False}, ["A-17"]),
        ({"payment_breach": True, "confidentiality_breach": True}, {"genuine": False}, ["A-15", "A-16", "A-17"]),
    ],
)
def test_a_suspended_letter_decides_nothing_but_its_clocks_and_gates_stay(decided, customer, asset, cited):
    answer = decided(
        "A", customer={**customer, "training_completed": False}, asset=asset, request={"channel": "onsite"}
    )
    plain = decided("A", customer={"training_completed": False}, request={"channel": "onsite"})
    assert (said(answer), reasons(answer)) == (("suspended", OPEN), cited)
    assert (answer["clocks"], answer["gates"]) == (plain["clocks"], plain["gates"])
    assert plain["clocks"] and plain["gates"] and plain["owed"]
    assert (remedies(answer), answer["owed"], answer["missing"]) == ([], [], [])
    assert answer["entitlement"]["warranty_end"] is None


@pytest.mark.parametrize("letter", ["B", "C", "D"])
def test_no_other_letter_suspends(decided, letter):
    breach = {"payment_breach": True, "confidentiality_breach": True}
    answer = decided(letter, customer=breach, asset={"genuine": False})
    assert answer["entitlement"]["status"] != "suspended"


# B


@pytest.mark.promise("B-07", "B-08", "B-09")
@pytest.mark.parametrize(
    ("accepted", "cause", "status", "charges", "owed", "cited"),
    [
        ("2021-03-15", None, "covered", FREE, ["exchange", "repair"], ["B-07"]),
        ("2021-03-14", None, "covered", FREE, ["exchange", "repair"], ["B-07"]),
        ("2021-03-12", None, "at_cost", COST, ["repair"], ["B-07", "B-09"]),
        ("2010-03-12", "wear", "at_cost", COST, ["repair"], ["B-07", "B-09"]),
        ("2021-03-15", "user_damage", "chargeable", DAMAGE, ["repair"], ["B-07", "B-08"]),
        ("2010-03-15", "user_damage", "chargeable", DAMAGE, ["repair"], ["B-07", "B-08"]),
    ],
)
def test_server_repairs_by_age_and_cause(decided, accepted, cause, status, charges, owed, cited):
    answer = decided("B", asset={"accepted_on": accepted}, request={"cause_category": cause})
    assert (said(answer), remedies(answer), reasons(answer)) == ((status, charges), owed, cited)


def test_without_an_acceptance_date_a_server_repair_is_undecided_and_still_a_repair(decided):
    answer = decided("B", asset={"accepted_on": None})
    assert (said(answer), remedies(answer)) == (("undecided", OPEN), ["repair"])
    assert answer["missing"] == ["$.asset.accepted_on"]


# C


@pytest.mark.promise("C-12", "C-13", "C-15", "C-19", "C-20")
@pytest.mark.parametrize(
    ("reported", "accepted", "request_", "status", "charges"),
    [
        ("2024-03-14", "2019-03-14", {}, "covered", FREE),
        ("2024-03-14", "2019-03-13", {}, "chargeable", DAMAGE),
        ("2024-05-31", "2015-01-05", {}, "chargeable", DAMAGE),
        ("2024-06-01", "2015-01-05", {}, "chargeable", ("free", "market", "free", "free")),
        ("2024-06-30", "2015-01-05", {}, "chargeable", ("free", "market", "free", "free")),
        ("2024-07-01", "2015-01-05", {}, "chargeable", DAMAGE),
        ("2024-06-15", "2020-01-06", {}, "covered", FREE),
        ("2024-06-15", "2020-01-06", {"cause_category": "user_damage"}, "chargeable", DAMAGE),
        ("2024-06-15", "2015-01-05", {"kind": "advice", "cause_category": "user_damage"}, "covered", FREE),
        ("2024-03-14", "2015-01-05", {"kind": "design"}, "covered", FREE),
        ("2024-03-14", "2015-01-05", {"kind": "delivery"}, "covered", FREE),
        ("2024-03-14", "2015-01-05", {"kind": "installation"}, "covered", FREE),
        ("2024-03-14", "2015-01-05", {"kind": "inspection"}, "covered", FREE),
        ("2024-03-14", "2023-01-05", {"kind": "relocation"}, "at_cost", COST),
        ("2024-06-14", "2023-01-05", {"kind": "reupholstery"}, "at_cost", COST),
        ("2024-03-14", "2023-01-05", {"kind": "relocation", "cause_category": "user_damage"}, "chargeable", DAMAGE),
        ("2024-03-14", "2023-01-05", {"kind": "upgrade"}, "undecided", OPEN),
        ("2024-03-14", "2023-01-05", {"kind": "training"}, "undecided", OPEN),
        ("2024-03-14", "2023-01-05", {"kind": "callback"}, "undecided", OPEN),
    ],
)
def test_furniture_by_kind_age_cause_and_month(decided, reported, accepted, request_, status, charges):
    answer = decided("C", reported, asset={"accepted_on": accepted}, request=request_)
    assert said(answer) == (status, charges)


@pytest.mark.promise("C-20")
def test_the_free_month_looks_at_the_local_date_of_now(decided):
    old = {"accepted_on": "2015-01-05"}
    request = {"reported_at": "2024-05-30T10:00:00+08:00"}
    assert said(decided("C", now="2024-05-31T15:59:59Z", request=request, asset=old))[1] == DAMAGE
    june = decided("C", now="2024-05-31T16:00:00Z", request=request, asset=old)
    assert (said(june)[1], reasons(june)) == (("free", "market", "free", "free"), ["C-16", "C-19", "C-20"])


@pytest.mark.promise("C-20")
def test_in_june_what_is_free_at_any_age_is_decided_without_the_acceptance_date(decided):
    june = decided("C", "2024-06-14", asset={"accepted_on": None})
    assert said(june) == ("undecided", ("free", None, "free", "free"))
    march = decided("C", "2024-03-14", asset={"accepted_on": None})
    assert said(march) == ("undecided", OPEN)
    assert june["missing"] == march["missing"] == ["$.asset.accepted_on"]


@pytest.mark.promise("C-16")
@pytest.mark.parametrize(
    ("accepted", "cause", "expected"),
    [
        ("2023-03-14", None, ["exchange", "repair", "maintenance"]),
        ("2023-03-13", None, ["repair", "maintenance"]),
        ("2023-03-13", "wear", ["repair", "maintenance"]),
        ("2023-03-13", "quality", ["exchange", "repair", "maintenance"]),
        ("2019-03-14", "quality", ["exchange", "repair", "maintenance"]),
        ("2019-03-13", "quality", ["repair", "maintenance"]),
        ("2023-03-14", "user_damage", ["repair"]),
        ("2015-03-14", None, ["repair", "maintenance"]),
    ],
)
def test_furniture_remedies_by_age_and_quality_fault(decided, accepted, cause, expected):
    answer = decided("C", asset={"accepted_on": accepted}, request={"cause_category": cause})
    assert remedies(answer) == expected


# D


@pytest.mark.promise("D-04", "D-09", "D-22")
@pytest.mark.parametrize(
    ("reported", "asset", "request_", "status", "charges", "cited"),
    [
        ("2024-03-15", {}, {}, "covered", FREE, ["D-09"]),
        ("2024-03-18", {}, {}, "chargeable", ("free", "market", "fee", "free"), ["D-09", "D-22"]),
        ("2024-03-14", {}, {"cause_category": "user_damage"}, "chargeable", DAMAGE, ["D-04", "D-09"]),
        ("2025-03-14", {}, {"cause_category": "user_damage"}, "chargeable", DAMAGE, ["D-04", "D-09"]),
        ("2025-03-14", {}, {"cause_category": "transit_damage"}, "covered", FREE, ["D-03", "D-09"]),
        ("2025-03-14", {}, {"cause_category": "counterfeit_part"}, "covered", FREE, ["D-09", "D-17"]),
        ("2025-03-14", {}, {"kind": "delivery"}, "covered", FREE, ["D-09", "D-25"]),
        ("2025-03-14", {}, {"kind": "callback"}, "covered", FREE, ["D-09", "D-19"]),
        ("2025-03-14", {}, {"kind": "advice"}, "covered", FREE, ["D-09", "D-24"]),
        ("2025-03-14", {}, {"kind": "advice", "cause_category": "user_damage"}, "covered", FREE, ["D-09", "D-24"]),
        ("2025-03-14", {}, {"kind": "upgrade"}, "undecided", OPEN, ["D-09"]),
        ("2025-03-14", {}, {"kind": "reupholstery"}, "undecided", OPEN, ["D-09"]),
        ("2024-03-15", {"brand": "TCL", "category": "cable", "accepted_on": "2019-03-15"}, {}, "covered", FREE, ["D-09"]),
        ("2024-03-18", {"brand": "TCL", "category": "cable", "accepted_on": "2019-03-15"}, {}, "chargeable", CALL_OUT_FEE, ["D-09"]),
        ("2034-03-15", {"brand": "TCL", "category": "cable", "accepted_on": "2019-03-15"}, {}, "chargeable", CALL_OUT_FEE, ["D-09"]),
        ("2034-03-16", {"brand": "TCL", "category": "cable", "accepted_on": "2019-03-15"}, {}, "chargeable", ("free", "market", "fee", "free"), ["D-09", "D-22"]),
    ],
)  # fmt: skip
def test_computers_by_age_cause_and_kind(decided, reported, asset, request_, status, charges, cited):
    answer = decided("D", reported, asset=asset, request=request_)
    assert (said(answer), reasons(answer)) == ((status, charges), cited)


@pytest.mark.parametrize(
    ("brand", "category"), [("DELL", "desktop"), ("Lenovo", "laptop"), ("TCL", "switch"), ("清华同方", "cable")]
)
def test_a_product_that_the_letter_does_not_list_is_undecided_with_all_four_open(decided, brand, category):
    answer = decided("D", asset={"brand": brand, "category": category})
    assert said(answer) == ("undecided", OPEN)
    assert (answer["entitlement"]["warranty_end"], answer["missing"]) == (None, [])


def test_a_missing_brand_is_told_and_what_is_free_either_way_stays_decided(decided):
    answer = decided("D", asset={"brand": None})
    assert said(answer) == ("undecided", ("free", None, None, "free"))
    assert answer["missing"] == ["$.asset.brand"]


@pytest.mark.promise("D-05", "D-06")
@pytest.mark.parametrize(
    ("invoiced", "reported", "expected", "clauses"),
    [
        ("2024-03-01", "2024-03-01", ["refund", "exchange", "repair"], ["D-05"]),
        ("2024-03-01", "2024-03-08", ["refund", "exchange", "repair"], ["D-05", "D-06"][:1]),  # day 7, a Friday
        ("2024-03-01", "2024-03-09", ["exchange", "repair"], ["D-06"]),
        ("2024-03-01", "2024-03-18", ["exchange", "repair"], ["D-06"]),  # day 15 is a Saturday
        ("2024-03-01", "2024-03-19", ["repair"], []),
        ("2024-03-02", "2024-03-11", ["refund", "exchange", "repair"], ["D-05", "D-06"]),  # rolled: both windows open
        ("2024-03-02", "2024-03-12", ["exchange", "repair"], ["D-06"]),
        ("2024-02-03", "2024-02-18", ["refund", "exchange", "repair"], ["D-05", "D-06"]),  # over Spring Festival
    ],
)
def test_the_first_days_after_the_invoice(decided, invoiced, reported, expected, clauses):
    asset = {"purchased_on": invoiced, "invoiced_on": invoiced, "accepted_on": invoiced}
    answer = decided("D", reported, asset=asset)
    assert remedies(answer) == expected
    assert [clause for clause in reasons(answer) if clause in ("D-05", "D-06", "D-07")] == clauses
    assert answer["entitlement"]["refund"] == ("5200.00" if "refund" in expected else None)


@pytest.mark.promise("D-05")
@pytest.mark.parametrize(("price", "refund"), [("5200", "5200.00"), ("0.129", "0.12"), ("5200.00", "5200.00")])
def test_a_refund_is_the_whole_price_rounded_down(decided, price, refund):
    asset = {"invoiced_on": "2024-03-12", "accepted_on": "2024-03-12", "price": price}
    assert decided("D", asset=asset)["entitlement"]["refund"] == refund


def test_a_refund_without_the_price_is_missing_and_still_a_remedy(decided):
    asset = {"invoiced_on": "2024-03-12", "accepted_on": "2024-03-12", "price": None}
    answer = decided("D", asset=asset)
    assert remedies(answer) == ["refund", "exchange", "repair"]
    assert (answer["entitlement"]["refund"], answer["missing"]) == (None, ["$.asset.price"])


def repaired(*days, fault="no-boot", first=1):
    return [{"report": f"FR-{first + index}", "fault": fault, "on": day} for index, day in enumerate(days)]


@pytest.mark.promise("D-07")
@pytest.mark.parametrize(
    ("repairs", "reported", "expected"),
    [
        (repaired("2023-05-04", "2023-08-01"), "2024-03-13", ["exchange", "repair"]),
        (repaired("2023-05-04"), "2024-03-13", ["repair"]),
        (repaired("2023-05-04", "2023-08-01"), "2024-03-14", ["repair"]),  # the year is over
        (repaired("2023-05-04") + repaired("2023-08-01", fault="noise", first=2), "2024-03-13", ["repair"]),
        (repaired("2023-05-04", "2024-03-14"), "2024-03-13", ["repair"]),  # not earlier
        (repaired("2023-05-04", "2023-03-12"), "2024-03-13", ["repair"]),  # before the invoice
        (repaired("2023-05-04") * 2, "2024-03-13", ["repair"]),  # one report counts once
        (repaired("2023-05-04", "2023-08-01", "2023-09-01"), "2024-03-13", ["exchange", "repair"]),
    ],
)
def test_the_third_time_of_the_same_fault_within_the_year_may_be_exchanged(decided, repairs, reported, expected):
    asset = {"purchased_on": "2023-03-13", "invoiced_on": "2023-03-13", "accepted_on": "2023-03-13"}
    answer = decided("D", reported, asset=asset, request={"fault": "no-boot"}, repairs=repairs)
    assert remedies(answer) == expected
    assert ("D-07" in reasons(answer)) is ("exchange" in expected)


def test_without_the_name_of_the_fault_the_third_time_cannot_be_told(decided):
    asset = {"purchased_on": "2023-03-13", "invoiced_on": "2023-03-13", "accepted_on": "2023-03-13"}
    often, mixed = (
        repaired("2023-05-04", "2023-08-01"),
        repaired("2023-05-04") + repaired("2023-06-04", fault="noise"),
    )
    assert decided("D", "2024-03-13", asset=asset, repairs=often)["missing"] == ["$.request.fault"]
    assert decided("D", "2024-03-13", asset=asset, repairs=mixed)["missing"] == []


def test_without_an_invoice_a_main_unit_has_repair_alone_and_the_fact_is_missing(decided):
    answer = decided("D", asset={"invoiced_on": None})
    assert (remedies(answer), answer["missing"]) == (["repair"], ["$.asset.invoiced_on"])
    switch = decided("D", asset={"invoiced_on": None, "brand": "D-LINK", "category": "switch"})
    assert (remedies(switch), switch["missing"]) == (["repair"], [])
    damaged = decided("D", asset={"invoiced_on": None}, request={"cause_category": "user_damage"})
    assert (remedies(damaged), damaged["missing"]) == (["repair"], [])


def test_the_windows_are_for_main_units_alone(decided):
    asset = {"brand": "D-LINK", "category": "switch", "invoiced_on": "2024-03-12", "accepted_on": "2024-03-12"}
    assert remedies(decided("D", asset=asset)) == ["repair"]


def test_user_damage_is_repaired_and_no_more_under_every_letter(decided):
    asset = {"invoiced_on": "2024-03-12", "accepted_on": "2024-03-12", "purchased_on": "2024-03-12"}
    for letter in "ABCD":
        assert remedies(decided(letter, asset=asset, request={"cause_category": "user_damage"})) == ["repair"]


@pytest.mark.parametrize(
    "kind", ["advice", "upgrade", "delivery", "inspection", "training", "callback", "relocation"]
)
@pytest.mark.parametrize("letter", ["A", "B", "C", "D"])
def test_kinds_other_than_repair_have_no_remedies(decided, letter, kind):
    asset = {"invoiced_on": "2024-03-12", "accepted_on": "2024-03-12"}
    assert remedies(decided(letter, asset=asset, request={"kind": kind})) == []


@pytest.mark.promise("A-06", "B-04", "C-16", "D-24")
@pytest.mark.parametrize("letter", ["A", "B", "C", "D"])
@pytest.mark.parametrize("cause", [None, "user_damage", "wear"])
def test_advice_is_free_under_every_letter_for_life_whatever_the_cause(decided, letter, cause):
    old = {"purchased_on": "2001-01-08", "invoiced_on": "2001-01-08", "accepted_on": "2001-01-08"}
    answer = decided(letter, request={"kind": "advice", "cause_category": cause}, asset=old)
    assert said(answer) == ("covered", FREE)
