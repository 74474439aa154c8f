"""A clock whose due is another than was told: from when, and what changed. Pure; kept with the clock (settling.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# What may move a due beside the log: why work was decided again → the word that is kept.
WHYS = {"priority": "priority", "contract": "letter", "letter": "letter", "days": "calendar", "asset": "asset",
        "assets": "asset", "customer": "customer"}  # fmt: skip
BY_LOG = "log"  # a line that came late, a wait, a date promised
WORDS = (*dict.fromkeys(WHYS.values()), BY_LOG)

Clock = Mapping[str, Any]


def moved_of(
    before: Sequence[Clock], clocks: Sequence[Clock], why: str | None, at: str | None
) -> list[dict[str, Any]]:
    """The clocks, each with `moved`: {due, clause, at, why} as first told, or null where it is due when it always was.

    before  the clocks as they were kept; of each name the one that governs is compared
    at      now, as it is kept
    why     what work was decided again for (a key of WHYS), None: something in its log
    """
    told = {one["name"]: one for one in before if one["governs"] and one["due"]}
    return [{**one, "moved": _moved(told.get(one["name"]), one, why, at)} for one in clocks]


def _moved(was: Clock | None, one: Clock, why: str | None, at: str | None) -> dict[str, Any] | None:
    if was is None or not one["governs"] or not one["due"]:
        return None
    told = was.get("moved")
    if was["due"] == one["due"]:
        return dict(told) if told else None
    first = told or was
    if first["due"] == one["due"]:
        return None
    return {"due": first["due"], "clause": first["clause"], "at": at, "why": WHYS.get(why or "", BY_LOG)}
