"""When a running clock warns: at half, at three quarters and at the whole of its term. Pure.

Settling keeps with each work order what was told and the next instant at which something is to be told, so that the
worker asks one indexed column however many quiet work orders there are; notices tell it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

WHOLE = 100
THRESHOLDS = (50, 75, WHOLE)  # per cent of the term
_TICK = timedelta(milliseconds=1)


def crossing_at(starts: datetime, due: datetime, threshold: int) -> datetime:
    """The first instant past a threshold, to the millisecond. At the very due it is still in time (K-4)."""
    if threshold == WHOLE:
        return due + _TICK
    instant = starts + (due - starts) * threshold / WHOLE
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def thresholds_of(clock: Mapping[str, Any]) -> tuple[int, ...]:
    """What a clock warns of: where zero time was promised there is nothing to warn of before it is missed."""
    return (WHOLE,) if clock["is_at_once"] or clock["starts"] == clock["due"] else THRESHOLDS


def crossed(clock: Mapping[str, Any], now: datetime) -> int:
    """The highest threshold that a clock has crossed at `now`, 0 before the first."""
    starts, due = span_of(clock)
    return max((t for t in thresholds_of(clock) if crossing_at(starts, due, t) <= now), default=0)


def span_of(clock: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """A stored clock's start and due as instants."""
    return datetime.fromisoformat(clock["starts"]), datetime.fromisoformat(clock["due"])


def warns(clock: Mapping[str, Any]) -> bool:
    """Does it still run, does it govern, and has nobody excused it?"""
    is_unmet = clock["state"] == "running" or (clock["state"] == "missed" and not clock["met_at"])
    return bool(is_unmet and clock["governs"] and not clock["excused_by"])


def key_of(clock: Mapping[str, Any]) -> str:
    return f"{clock['name']} {clock['clause']}"


def watched(
    clocks: Iterable[Mapping[str, Any]], before: Mapping[str, Mapping[str, Any]], now: datetime
) -> tuple[dict[str, dict[str, Any]], datetime | None]:
    """What was told of each clock, and when there is something to tell next (in the past: at once).

    clocks  as settling stores them
    before  {"arrive B-02": {starts, due, told}} as it was kept until now
    A due that moved tells nothing of the thresholds it had crossed when it moved, unless it is missed by that.
    """
    kept = {key: dict(value) for key, value in before.items()}
    instants = []
    for clock in clocks:
        if not warns(clock):
            continue
        known = kept.get(key_of(clock))
        span = {"starts": clock["starts"], "due": clock["due"]}
        if known is None:
            known = span | {"told": 0}
        elif {name: known[name] for name in span} != span:
            known = span | {"told": min(crossed(clock, now), THRESHOLDS[-2])}
        kept[key_of(clock)] = known
        instants += [crossing_at(*span_of(clock), t) for t in thresholds_of(clock) if t > known["told"]][:1]
    return kept, min(instants, default=None)


def told(
    kept: Mapping[str, Mapping[str, Any]], clock: Mapping[str, Any], threshold: int
) -> dict[str, dict[str, Any]]:
    """The same with this threshold, and so all below it, told."""
    out = {key: dict(value) for key, value in kept.items()}
    out[key_of(clock)]["told"] = threshold
    return out


def to_tell(clock: Mapping[str, Any], kept: Mapping[str, Mapping[str, Any]], now: datetime) -> int | None:
    """The threshold to tell now: the highest that is crossed, once; None when there is nothing to tell."""
    known = kept.get(key_of(clock))
    passed = crossed(clock, now) if warns(clock) else 0
    return passed if passed > (known["told"] if known else 0) else None
