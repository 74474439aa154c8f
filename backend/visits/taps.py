"""When something was done, as far as anybody can know it: the time of the tap beside the corrected one.

Routes make one from the request's instant, sync handlers from the operation; services of visits and reports take it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend.core import clock

BELIEVED = timedelta(days=400)


@dataclass(frozen=True)
class Tap:
    """The moment somebody did something.

    at            as the phone's clock had it (aware)
    corrected_at  as the server counts it, never later than received_at
    quality       server · good · fair · poor
    offset_ms     the phone's clock minus the server's, None when not known
    source        phone · office · link · system
    """

    at: datetime
    corrected_at: datetime
    quality: str
    received_at: datetime
    offset_ms: int | None = None
    source: str = "office"


def at_desk(now: datetime) -> Tap:
    """A tap in the console: the server's own clock."""
    return Tap(at=now, corrected_at=now, quality="server", received_at=now)


def moved(tap: Tap, at: datetime) -> Tap:
    """Another instant of the same phone: corrected by the same offset, never after its receipt.

    One more than 400 days from the tap is no time anybody stated: the tap counts.
    """
    if abs(at - tap.at) > BELIEVED:
        return tap
    corrected = min(shifted(at, tap.at, tap.corrected_at), tap.received_at)
    return Tap(at, corrected, tap.quality, tap.received_at, tap.offset_ms, tap.source)


def shifted(at: datetime, tapped_at: datetime, corrected_at: datetime) -> datetime:
    """An instant of the phone's clock, corrected as its tap was; the tap's own where that leaves the calendar."""
    try:
        out = at + (corrected_at - tapped_at)
    except OverflowError:
        return corrected_at
    return out if 1970 <= out.year <= 2200 else corrected_at


def tap_of(occurred_at: str, clock_: Mapping[str, Any] | None, time: Any, received_at: datetime) -> Tap:
    """The tap of a synced operation.

    clock_  {offset_ms: the server's clock minus the phone's, …} or None
    time    the corrected time with its quality
    """
    try:
        at = clock.parse(occurred_at)
    except (TypeError, ValueError):
        at = time.at
    offset = (clock_ or {}).get("offset_ms")
    return Tap(
        at=at,
        corrected_at=time.at,
        quality=time.quality,
        received_at=received_at,
        offset_ms=-offset if isinstance(offset, int) else None,
        source="phone",
    )
