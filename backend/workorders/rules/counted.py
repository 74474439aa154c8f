"""How much is charged by the hour or the kilometre: what was entered last, else the hours on site. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from backend.workorders.rules.entries import Entry, in_order

UNITS = {"hours": "hour", "km": "km"}
"""What a `counted` line of the log may name, and the unit of price that it counts."""
_NUMBER = re.compile(r"[0-9]{1,4}(\.[0-9]{1,2})?")
_HOUR = timedelta(hours=1) // timedelta(milliseconds=1)


def is_count(value: Any) -> bool:
    """Digits with at most two decimals, as somebody types them: 1.5, 32."""
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def counted_of(entries: Iterable[Entry]) -> dict[str, tuple[str, str]]:
    """{hour, km: (how many, entered or visits)}; without a line of its own an hour counts from check-in to check-out."""
    ordered = in_order(entries)
    hours = _on_site(ordered)
    found = {"hour": (hours, "visits")} if hours else {}
    for entry in ordered:
        if entry.what == "counted":
            found |= _entered(entry.data)
    return found


def _entered(data: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    return {unit: (data[name], "entered") for name, unit in UNITS.items() if is_count(data.get(name))}


def _on_site(ordered: Iterable[Entry]) -> str | None:
    """Hours on site over all visits, to two decimals; None while somebody is still there, or nobody was."""
    came: dict[str | None, Entry] = {}
    left: dict[str | None, Entry] = {}
    for entry in ordered:
        if entry.what == "arrived":
            came.setdefault(entry.visit_id, entry)
        elif entry.what == "left":
            left[entry.visit_id] = entry
    if not came or not came.keys() <= left.keys():
        return None
    spans = (left[visit].at - entry.at for visit, entry in came.items())
    whole = sum((max(span, timedelta()) for span in spans), timedelta()) // timedelta(milliseconds=1)
    return str((Decimal(whole) / _HOUR).quantize(Decimal("0.01"), ROUND_HALF_UP))
