"""Time an asset was out of use, and time spent waiting, as the log tells it: hand-in, waiting, hand-back (D-10). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backend.workorders.rules.entries import Entry, in_order

OUT = ("handed_in", "waiting")
ENDS_WAITING = ("resumed", "arrived", "solved", "handed_back", "accepted", "closed", "cancelled")
WHATS = (*OUT, *ENDS_WAITING)


@dataclass(frozen=True)
class Stretch:
    """From one log entry to another; `last` None: it goes on. reason: repair, or what was waited for."""

    reason: str
    first: Entry
    last: Entry | None


def waits_of(entries: Iterable[Entry]) -> list[Stretch]:
    """Each waiting until it was taken up again, or another waiting began."""
    return _stretches(entries, "waiting", ("waiting", *ENDS_WAITING), "")


def spells_of(entries: Iterable[Entry], asset_id: str) -> list[Stretch]:
    """Spells out of service of one asset of the work order: handed in until handed back, and waiting for a part.

    An entry that names no asset is about all of the work order's.
    """
    own = [entry for entry in entries if entry.data.get("asset_id") in (None, asset_id)]
    waits = [wait for wait in waits_of(own) if wait.reason == "parts"]
    return [*_stretches(own, "handed_in", ("handed_back",), "repair"), *waits]


def _stretches(entries: Iterable[Entry], what: str, ends: tuple[str, ...], reason: str) -> list[Stretch]:
    out, begun = [], None
    for entry in in_order(entries):
        if begun is not None and entry.what in ends:
            out.append(Stretch(reason or str(begun.data.get("reason") or ""), begun, entry))
            begun = None
        if begun is None and entry.what == what:
            begun = entry
    if begun is not None:
        out.append(Stretch(reason or str(begun.data.get("reason") or ""), begun, None))
    return out
