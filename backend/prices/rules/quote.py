"""What a decision costs: each charge the letters decided, with its price. Pure; stored beside the entitlement.

What is counted only when the work is done (hours, kilometres, parts nobody named yet) has a price and no amount until
then, and there is no total. What has no price says null: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from backend.prices.rules.money import money, percent_of, rounded, times

FREE, COST, MARKET, FEE = "free", "cost", "market", "fee"
PRICED = (COST, MARKET, FEE)
PARTS = "parts"
KINDS = ("labour", PARTS, "call_out", "travel")
# What a price may be per, by kind. A flat sum for the journey is one per visit.
PERS: dict[str, tuple[str, ...]] = {
    "labour": ("hour", "visit"),
    PARTS: ("piece", "percent"),
    "call_out": ("visit",),
    "travel": ("km", "visit"),
}
ALL_PERS = ("hour", "visit", "km", "piece", "percent")


class PriceLine(Protocol):
    """A line of the price list."""

    id: Any
    kind: Any
    charge: Any
    per: Any
    amount: Any
    currency: Any
    part_no: Any
    text: Any
    valid_from: Any
    valid_until: Any
    branch_id: Any
    contract_id: Any


@dataclass(frozen=True)
class Scope:
    """For which branch and contract a price is wanted, on which local day (that of the report), and how many hours and
    kilometres there were: {hour, km: (how many, who counted)}."""

    branch_id: str | None
    contract_id: str | None
    on: date
    currency: str
    counted: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """A part that a report of the work order names, and what the letters decided for it."""

    part_no: str
    name: str
    quantity: int
    charge: str | None


def price_for(
    prices: Iterable[PriceLine],
    scope: Scope,
    kind: str,
    charge: str,
    part_no: str = "",
    pers: Sequence[str] = ALL_PERS,
) -> PriceLine | None:
    """The line that holds: of the contract, else of the branch, else for all; of several the newest."""
    fitting = [
        price
        for price in prices
        if price.kind == kind
        and price.charge == charge
        and price.per in pers
        and price.part_no.casefold() == part_no.casefold()
        and price.branch_id in (None, scope.branch_id)
        and price.contract_id in (None, scope.contract_id)
        and price.valid_from <= scope.on
        and (price.valid_until is None or scope.on <= price.valid_until)
    ]
    return max(
        fitting,
        key=lambda p: (p.contract_id is not None, p.branch_id is not None, p.valid_from, p.id),
        default=None,
    )


def quote_of(
    charges: Mapping[str, str | None],
    clauses: Mapping[str, str | None],
    parts: Sequence[Part],
    prices: Sequence[PriceLine],
    scope: Scope,
) -> dict[str, Any]:
    """The lines of what is to be paid, and their sum where every amount is known.

    charges, clauses  per charge kind, as decided
    parts             those named so far
    returns           {currency, lines: [{kind, charge, per, unit_amount, amount, clause, quantity, counted, counted_by,
                      part_no, text}], total}
    """
    lines: list[dict[str, Any]] = []
    for kind in KINDS:
        charge, clause = charges.get(kind), clauses.get(kind)
        if kind == PARTS and parts:
            lines += [_part_line(part, clause, prices, scope) for part in parts]
        else:
            lines.append(_line(kind, charge, clause, prices, scope))
    return {"currency": scope.currency, "lines": lines, "total": _total(lines, scope.currency)}


def _line(
    kind: str, charge: str | None, clause: str | None, prices: Sequence[PriceLine], scope: Scope
) -> dict[str, Any]:
    line: dict[str, Any] = {
        "kind": kind, "charge": charge, "per": None, "unit_amount": None, "amount": None, "clause": clause,
        "quantity": None, "counted": None, "counted_by": None, "part_no": None, "text": None,
    }  # fmt: skip
    if charge == FREE:
        return line | {"amount": money(Decimal(0), scope.currency)}
    if charge not in PRICED:
        return line
    if kind == PARTS:
        return line | {"per": "piece"}
    price = price_for(prices, scope, kind, charge)
    if price is None:
        return line
    unit = money(price.amount, price.currency)
    line |= {"per": price.per, "unit_amount": unit, "text": dict(price.text)}
    if price.per == "visit":
        return line | {"amount": unit, "quantity": 1}
    if price.per not in scope.counted:
        return line
    counted, by = scope.counted[price.per]
    return line | {"amount": times(counted, price.amount, price.currency), "counted": counted, "counted_by": by}


def _part_line(part: Part, clause: str | None, prices: Sequence[PriceLine], scope: Scope) -> dict[str, Any]:
    unit, amount, text = None, None, {"zh": part.name, "en": part.name}
    found = _part_price(part.part_no, part.charge, prices, scope) if part.charge in PRICED else None
    if part.charge == FREE:
        amount = money(Decimal(0), scope.currency)
    elif found is not None:
        each, currency, text = found
        unit, amount = money(each, currency), money(rounded(each, currency) * part.quantity, currency)
    return {
        "kind": PARTS, "charge": part.charge, "per": "piece", "unit_amount": unit, "amount": amount, "clause": clause,
        "quantity": part.quantity, "counted": None, "counted_by": None, "part_no": part.part_no, "text": text,
    }  # fmt: skip


def _part_price(
    part_no: str, charge: str | None, prices: Sequence[PriceLine], scope: Scope
) -> tuple[Decimal, str, dict[str, str]] | None:
    """One piece: its own price for this charge, else so many per cent of its market price; the market price at market."""
    if not part_no or charge is None:
        return None
    own = price_for(prices, scope, PARTS, charge, part_no, ("piece",))
    if own is not None:
        return own.amount, own.currency, dict(own.text)
    market = price_for(prices, scope, PARTS, MARKET, part_no, ("piece",))
    share = price_for(prices, scope, PARTS, charge, "", ("percent",))
    if market is None or share is None:
        return None
    return percent_of(share.amount, market.amount), market.currency, dict(market.text)


def _total(lines: Sequence[Mapping[str, Any]], currency: str) -> dict[str, str] | None:
    """The sum, where every line has an amount in the one currency."""
    amounts = [line["amount"] for line in lines]
    if not all(amount is not None and amount["currency"] == currency for amount in amounts):
        return None
    return money(sum((Decimal(amount["amount"]) for amount in amounts), Decimal(0)), currency)


def upgrade_of(
    status: str, reasons: Sequence[Mapping[str, Any]], quoted: Decimal | None, currency: str
) -> dict[str, Any]:
    """An upgrade is one line: free while the letter gives it, later what was quoted (A-14)."""
    is_free = status == "covered"
    amount = money(Decimal(0), currency) if is_free else money(quoted, currency) if quoted is not None else None
    line: dict[str, Any] = {
        "kind": "upgrade", "charge": FREE if is_free else FEE, "per": None, "unit_amount": None, "amount": amount,
        "clause": reasons[-1]["clause"] if reasons else None, "quantity": None, "counted": None, "counted_by": None,
        "part_no": None, "text": None,
    }  # fmt: skip
    return {"currency": currency, "lines": [line], "total": amount}
