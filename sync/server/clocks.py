"""Corrected time with a quality: M-61, M-62. Device time is evidence; nothing is refused or ordered by it (M-60)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
GOOD_AGE_S, GOOD_RTT_MS, SLACK_MS, CLOCK_OFF_MS = 259_200, 10_000, 2_000, 600_000
OLDEST = timedelta(days=400)


@dataclass(frozen=True)
class Corrected:
    """When something happened, as well as can be known. quality: good · fair · poor."""

    at: datetime
    quality: str
    clock_off: bool


def parse_instant(text: Any) -> datetime | None:
    """An instant of M-03 as aware UTC, None if it is anything else."""
    if not isinstance(text, str) or not _INSTANT.match(text):
        return None
    try:
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    except ValueError:
        return None


def instant_text(at: datetime) -> str:
    """An aware instant as M-03 writes it."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def corrected_time(occurred_at: Any, clock: dict[str, Any] | None, received_at: datetime) -> Corrected:
    """Corrected time of a tap.

    occurred_at  the phone's wall clock, text of M-03 or anything
    clock        {offset_ms, rtt_ms, age_s} at the last contact, or None
    received_at  aware UTC: the server's receipt
    """
    offset = clock["offset_ms"] if clock else 0
    clock_off = abs(offset) > CLOCK_OFF_MS
    at = parse_instant(occurred_at)
    try:
        corrected = at + timedelta(milliseconds=offset) if at else None
    except OverflowError:
        corrected = None
    if corrected is None or received_at - corrected > OLDEST:
        return Corrected(received_at, "poor", clock_off)
    ahead_ms = (corrected - received_at) / timedelta(milliseconds=1)
    quality = "poor" if clock is None or ahead_ms > SLACK_MS + clock["rtt_ms"] else _of_measure(clock)
    return Corrected(min(corrected, received_at), quality, clock_off)


def _of_measure(clock: dict[str, Any]) -> str:
    return "good" if clock["age_s"] <= GOOD_AGE_S and clock["rtt_ms"] <= GOOD_RTT_MS else "fair"
