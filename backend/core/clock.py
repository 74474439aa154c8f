"""The one place that reads the wall clock.

A request, a sync step and a worker's turn each read it once and hand the instant on; rules and services take `now`
as an argument. Tests set a fixed instant with `fixed()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_fixed: ContextVar[datetime | None] = ContextVar("fixed_now", default=None)


def now() -> datetime:
    """The present instant, aware UTC, cut to milliseconds (as every synced instant is)."""
    instant = _fixed.get() or datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


@contextmanager
def fixed(instant: datetime) -> Iterator[None]:
    """Hold the clock at `instant` (aware) for a test or a replay."""
    token = _fixed.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)


def iso(instant: datetime | None) -> str | None:
    """`2026-11-22T03:04:05.678Z`: how an instant is written in every synced value and answer (K-9)."""
    if instant is None:
        return None
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone")
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse(text: str) -> datetime:
    """An ISO 8601 instant with an offset → aware UTC. Raises ValueError without one or outside years 1–9999."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("an instant outside the calendar") from error


def local_date(instant: datetime, tz: str) -> date:
    """The calendar date of an instant in a zone (`Asia/Shanghai`)."""
    return instant.astimezone(ZoneInfo(tz)).date()
