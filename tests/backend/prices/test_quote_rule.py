"""What a decision costs: which price holds, amounts and sums."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from backend.prices.rules.money import money
from backend.prices.rules.quote import Part, Scope, price_for, quote_of

SCOPE = Scope("chengdu", "KG-1", date(2026, 6, 15), "CNY")
FREE = dict.fromkeys(("labour", "parts", "call_out", "travel"), "free")


@dataclass
class Line:
    kind: str
    charge: str
    per: str
    amount: Decimal
    id: str = "1"
    currency: str = "CNY"
    part_no: str = ""
    text: dict = field(default_factory=lambda: {"zh": "价", "en": "price"})
    valid_from: date = date(2026, 1, 1)
    valid_until: date | None = None
    branch_id: str | None = None
    contract_id: str | None = None


CALL_OUT = Line("call_out", "fee", "visit", Decimal("120.00"))


def line_of(quote, kind):
    return next(line for line in quote["lines"] if line["kind"] == kind)


def test_what_is_free_costs_nothing_and_has_a_total():
    quote = quote_of(FREE, {"labour": "B-07"}, [], [], SCOPE)
    assert quote["total"] == {"amount": "0.00", "currency": "CNY"}
    assert [line["amount"]["amount"] for line in quote["lines"]] == ["0.00"] * 4
    assert line_of(quote, "labour")["clause"] == "B-07"


def test_a_fee_per_visit_is_the_amount_and_the_total():
    quote = quote_of({**FREE, "call_out": "fee"}, {"call_out": "A-07"}, [], [CALL_OUT], SCOPE)
    line = line_of(quote, "call_out")
    assert (line["per"], line["amount"], line["clause"]) == ("visit", {"amount": "120.00", "currency": "CNY"}, "A-07")
    assert quote["total"] == {"amount": "120.00", "currency": "CNY"}


@pytest.mark.parametrize(("kind", "per"), [("labour", "hour"), ("travel", "km")])
def test_what_is_counted_when_done_has_a_price_and_no_amount_and_no_total(kind, per):
    quote = quote_of({**FREE, kind: "fee"}, {}, [], [Line(kind, "fee", per, Decimal("90"))], SCOPE)
    line = line_of(quote, kind)
    assert (line["unit_amount"]["amount"], line["amount"], quote["total"]) == ("90.00", None, None)


def test_what_has_no_price_says_null():
    quote = quote_of({**FREE, "call_out": "fee"}, {}, [], [], SCOPE)
    line = line_of(quote, "call_out")
    assert (line["charge"], line["per"], line["unit_amount"], line["amount"]) == ("fee", None, None, None)
    assert quote["total"] is None


def test_an_undecided_charge_has_no_amount():
    quote = quote_of(dict.fromkeys(FREE), {}, [], [CALL_OUT], SCOPE)
    assert (line_of(quote, "call_out")["charge"], quote["total"]) == (None, None)


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ({"contract_id": "KG-1"}, {"branch_id": "chengdu"}),
        ({"branch_id": "chengdu"}, {}),
        ({"valid_from": date(2026, 6, 15)}, {"valid_from": date(2026, 6, 14)}),
    ],
)
def test_a_contracts_price_goes_before_a_branchs_before_the_lists_the_newest_first(own, other):
    mine = Line("call_out", "fee", "visit", Decimal("1"), **own)
    theirs = Line("call_out", "fee", "visit", Decimal("2"), id="2", **other)
    for prices in ([mine, theirs], [theirs, mine]):
        assert price_for(prices, SCOPE, "call_out", "fee") is mine


@pytest.mark.parametrize(
    "given",
    [
        {"contract_id": "other"},
        {"branch_id": "other"},
        {"valid_from": date(2026, 6, 16)},
        {"valid_until": date(2026, 6, 14)},
    ],
)
def test_a_price_of_elsewhere_or_of_another_day_does_not_hold(given):
    assert price_for([Line("call_out", "fee", "visit", Decimal("1"), **given)], SCOPE, "call_out", "fee") is None


def test_the_first_and_the_last_day_of_a_price_are_inside():
    price = Line("call_out", "fee", "visit", Decimal("1"), valid_from=SCOPE.on, valid_until=SCOPE.on)
    assert price_for([price], SCOPE, "call_out", "fee") is price


FAN = Line("parts", "market", "piece", Decimal("33.35"), part_no="TF-FAN80")
SHARE = Line("parts", "cost", "percent", Decimal("85"), id="2")


@pytest.mark.parametrize(
    ("charge", "each", "two"), [("market", "33.35", "66.70"), ("cost", "28.35", "56.70"), ("free", None, "0.00")]
)
def test_a_part_costs_its_market_price_or_so_many_per_cent_of_it_rounded_half_up_per_piece(charge, each, two):
    part = Part("tf-fan80", "机箱风扇", 2, charge)
    quote = quote_of({**FREE, "parts": charge}, {"parts": "D-22"}, [part], [FAN, SHARE], SCOPE)
    line = line_of(quote, "parts")
    assert line["unit_amount"] == (each and {"amount": each, "currency": "CNY"})
    assert (line["amount"]["amount"], line["quantity"], quote["total"]["amount"]) == (two, 2, two)


def test_a_part_that_nobody_priced_leaves_the_total_open():
    quote = quote_of({**FREE, "parts": "market"}, {}, [Part("X", "某件", 1, "market")], [FAN], SCOPE)
    assert (line_of(quote, "parts")["unit_amount"], quote["total"]) == (None, None)


def test_parts_at_market_price_that_nobody_named_yet_leave_the_total_open():
    quote = quote_of({**FREE, "parts": "market"}, {}, [], [FAN], SCOPE)
    assert (line_of(quote, "parts")["amount"], quote["total"]) == (None, None)


def test_two_currencies_make_no_total():
    other = Line("call_out", "fee", "visit", Decimal("9"), currency="USD")
    assert quote_of({**FREE, "call_out": "fee"}, {}, [], [other], SCOPE)["total"] is None


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("0.005", "CNY", "0.01"),
        ("0.0049", "CNY", "0.00"),
        ("1.5", "JPY", "2"),
        ("1.4", "JPY", "1"),
        ("7", "EUR", "7.00"),
    ],
)
def test_an_amount_is_rounded_half_up_to_the_smallest_coin(amount, currency, written):
    assert money(Decimal(amount), currency) == {"amount": written, "currency": currency}
