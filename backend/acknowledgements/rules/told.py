"""What the customer is told of charges, and where that differs from what the letters decided.

`told_of` is the same on the phone (pwa/src/acknowledgements/told.ts), on tests/vectors/acknowledgement.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

Line = Mapping[str, Any]
KINDS = ("labour", "parts", "call_out", "travel")
PRICED = ("user_damage_notice", "fee")


def told_of(charges: Mapping[str, str | None], quote: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The charges to tell, one line a kind, with the quoted price for one unit, or the sum where several parts are named
    or hours and kilometres are counted.

    quote    {lines: [{kind, charge, per, unit_amount, amount, clause, quantity, counted, …}]} or None
    returns  [{kind, charge, per, amount: {amount, currency} | None, clause}]; undecided kinds left out
    """
    out = []
    for kind in KINDS:
        charge = charges.get(kind)
        if charge is None:
            continue
        lines = [line for line in (quote or {}).get("lines") or () if line["kind"] == kind]
        line: dict[str, Any] = {"kind": kind, "charge": charge, "per": None, "amount": None,
                                "clause": lines[0]["clause"] if lines else None}  # fmt: skip
        if charge != "free" and len(lines) == 1 and (lines[0]["quantity"] or 1) == 1 and not lines[0].get("counted"):
            line |= {"per": lines[0]["per"], "amount": lines[0]["unit_amount"] or lines[0]["amount"]}
        elif charge != "free" and lines:
            line |= {"amount": _sum([one["amount"] for one in lines])}
        out.append(line)
    return out


def _sum(amounts: Sequence[Mapping[str, str] | None]) -> dict[str, str] | None:
    """The sum of amounts of one currency, with two decimals; None where one is not known."""
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts) or len({amount["currency"] for amount in known}) != 1:
        return None
    total = sum((Decimal(amount["amount"]) for amount in known), Decimal(0))
    return {"amount": f"{total:.2f}", "currency": known[0]["currency"]}


def decided_for(about: str, entitlement: Mapping[str, Any], quote: Mapping[str, Any] | None) -> dict[str, Any]:
    """What would have been the thing to tell: {told, remedies}.

    entitlement  a work order's, with `if_user_damage` while no damage by the user is known
    """
    damage = entitlement.get("if_user_damage") if about == "user_damage_notice" else None
    charges, priced = (damage["charges"], damage.get("quote")) if damage else (entitlement.get("charges"), quote)
    return {"told": told_of(charges or {}, priced), "remedies": list(entitlement.get("remedies") or ())}


def flags_of(about: str, told: Sequence[Line], remedy: str | None, decided: Mapping[str, Any]) -> list[str]:
    """charges_differ, amounts_differ, no_price (a charge whose price nobody told), remedy_not_offered.

    What parts will cost is often not known before work: they need no price, one that was told is compared.
    """
    if about == "remedy":
        return [] if remedy in decided["remedies"] else ["remedy_not_offered"]
    if about not in PRICED:
        return []
    due = {line["kind"]: line for line in decided["told"]}
    said = {line["kind"]: line for line in told}
    amounts = {kind: number_of(line["amount"]) for kind, line in said.items() if line["charge"] != "free"}
    # a price told for one hour is not compared with the sum of hours counted since
    prices = {
        kind: number_of(line["amount"])
        for kind, line in due.items()
        if kind not in said or said[kind]["per"] == line["per"]
    }
    differ = any(prices.get(kind) not in (None, amount) for kind, amount in amounts.items() if amount is not None)
    out = {
        "charges_differ": {k: v["charge"] for k, v in said.items()} != {k: v["charge"] for k, v in due.items()},
        "amounts_differ": differ,
        "no_price": any(amount is None and kind != "parts" for kind, amount in amounts.items()),
    }
    return [flag for flag, holds in out.items() if holds]


def number_of(money: Mapping[str, str] | None) -> tuple[Decimal, str] | None:
    """{amount: "80.00", currency} as a value that compares: 80.0 is 80.00."""
    return (Decimal(money["amount"]), money["currency"]) if money else None
