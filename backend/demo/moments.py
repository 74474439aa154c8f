"""Moments in a demo's files: told by the day of loading, by the report, or by the instant of loading.

-3d 09:15   local time, so many days from the day of loading (0d today, +2d the day after tomorrow)
7h19m       so long after the report (1d0h50m)
ago 44m     so long before the instant of loading
in 40m      so long after it
2026-03-02 09:15   local time of a date, for a history of one's own
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backend.demo import fields as f

LOCAL = re.compile(r"(0d|[+-]\d{1,4}d|\d{4}-\d\d-\d\d) (\d\d):(\d\d)(?::(\d\d))?")


def moment(now: datetime, tz: str, reported_at: datetime | None = None) -> Callable[[Any], datetime]:
    """A reader of moments → aware UTC, whole seconds. Without `reported_at` a length after the report is wrong."""
    now = now.replace(microsecond=0)
    zone = ZoneInfo(tz)
    day = f.day(now.astimezone(zone).date())

    def read(value: Any) -> datetime:
        text = f.plain(value).strip()
        local = LOCAL.fullmatch(text)
        try:
            if local:
                return _at(day(local[1]), local, zone)
            word, _, length = text.rpartition(" ")
            if word in ("ago", "in"):
                return now + timedelta(seconds=f.seconds(length)) * (-1 if word == "ago" else 1)
            if reported_at is not None and not word:
                return reported_at + timedelta(seconds=f.seconds(length))
        except (ValueError, OverflowError, f.Wrong):
            pass
        raise f.wrong(
            "时刻写成 -3d 09:15、7h19m（报修之后）、ago 44m 或 in 40m。",
            "A moment like -3d 09:15, 7h19m (after the report), ago 44m or in 40m.",
        )

    return read


def _at(on: date, found: re.Match[str], zone: ZoneInfo) -> datetime:
    clock = time(int(found[2]), int(found[3]), int(found[4] or 0))
    return datetime.combine(on, clock, zone).astimezone(UTC)
