"""Amounts of money: exact decimals, rounded once per line, written as {amount, currency} (K-9).

A line is rounded half up to the smallest coin of its currency; a sum adds rounded lines and is never rounded again.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

CURRENCIES = ("CNY", "USD", "EUR", "HKD", "JPY", "SGD")
DEFAULT_CURRENCY = CURRENCIES[0]
_NO_COINS = {"JPY"}  # ISO 4217: the currencies above without decimals
_EXACT = Context(prec=60)

Money = dict[str, str]


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount in whole coins of the currency, half of one going up."""
    coin = Decimal(1) if currency in _NO_COINS else Decimal("0.01")
    return amount.quantize(coin, rounding=ROUND_HALF_UP, context=_EXACT)


def money(amount: Decimal, currency: str) -> Money:
    """An amount as it is stored, synced and answered."""
    return {"amount": format(rounded(amount, currency), "f"), "currency": currency}


def percent_of(percent: Decimal, amount: Decimal) -> Decimal:
    """So many per cent of an amount, exact."""
    return _EXACT.divide(_EXACT.multiply(amount, percent), Decimal(100))


def times(count: str, each: Decimal, currency: str) -> Money:
    """So many of a unit price: 1.33 hours at 80.00."""
    return money(_EXACT.multiply(Decimal(count), each), currency)
