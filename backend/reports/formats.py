"""How times, spans, money, degrees and numbers are written on a report, in zh and en.

Pure: values in, words out. Instants arrive as `…Z` strings and are shown in the site's zone (CORE K-9).
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from backend.reports.view import Instant, Language, Money

SYMBOLS = {"CNY": "¥", "EUR": "€", "USD": "$", "GBP": "£"}


def instant_of(instant: Instant) -> datetime:
    """The aware UTC datetime of `2026-11-22T03:04:05.678Z`; raises ValueError for anything without a zone."""
    moment = datetime.fromisoformat(instant)
    if moment.tzinfo is None:
        raise ValueError(f"instant without a zone: {instant}")
    return moment


def local(instant: Instant, tz: str) -> datetime:
    """The instant on the site's wall clock."""
    return instant_of(instant).astimezone(ZoneInfo(tz))


def date_time(instant: Instant | None, tz: str) -> str:
    """`2026-11-23 15:31`; a dash for what is not known."""
    return local(instant, tz).strftime("%Y-%m-%d %H:%M") if instant else "—"


def day(instant: Instant, tz: str) -> str:
    """`2026-11-23`."""
    return local(instant, tz).strftime("%Y-%m-%d")


def clock_time(instant: Instant, tz: str, seconds: bool = False) -> str:
    """`15:31`, or `15:31:08`."""
    return local(instant, tz).strftime("%H:%M:%S" if seconds else "%H:%M")


def time_beside(instant: Instant, beside: Instant, tz: str, seconds: bool = False) -> str:
    """The time alone on the day of `beside`, else with month and day: `11-24 15:56`."""
    there, here = local(instant, tz), local(beside, tz)
    if there.date() == here.date():
        return clock_time(instant, tz, seconds)
    if there.year == here.year:
        return there.strftime("%m-%d ") + clock_time(instant, tz, seconds)
    return there.strftime("%Y-%m-%d ") + clock_time(instant, tz, seconds)


def seconds_between(start: Instant, end: Instant) -> int:
    """Whole seconds from start to end, negative when end is earlier."""
    return int((instant_of(end) - instant_of(start)).total_seconds())


def span(seconds: int, language: Language) -> str:
    """`7 时 19 分`, `44 分`, `2 天 3 时`, `38 秒` · `7 h 19 min`, `44 min`, `2 d 3 h`, `38 s`."""
    day_, hour, minute, second = ("天", "时", "分", "秒") if language == "zh" else ("d", "h", "min", "s")
    seconds = abs(seconds)
    if seconds < 60:
        return f"{seconds} {second}"
    days, rest = divmod(seconds // 60, 1440)
    hours, minutes = divmod(rest, 60)
    parts = [(days, day_), (hours, hour)] if days else [(hours, hour), (minutes, minute)]
    return " ".join(f"{n} {unit}" for n, unit in parts if n) or f"0 {minute}"


def money(value: Money) -> str:
    """`¥120.00`; a currency without a sign of its own is named: `CHF 120.00`."""
    symbol = SYMBOLS.get(value.currency)
    return f"{symbol}{value.amount}" if symbol else f"{value.currency} {value.amount}"


def degrees(e7: int) -> str:
    """1e-7 degrees as decimal degrees to five places (about a metre), rounded without floats: 305786249 → 30.57862."""
    rounded = (abs(e7) + 50) // 100
    return f"{'-' if e7 < 0 and rounded else ''}{rounded // 100000}.{rounded % 100000:05d}"


def tenths_of_a_second(milliseconds: int) -> str:
    """`0.8` from 800 or -800."""
    tenths = (abs(milliseconds) + 50) // 100
    return f"{tenths // 10}.{tenths % 10}"


def clock_error(milliseconds: int, language: Language) -> str:
    """`0.8 秒`; from two minutes on as a span: `400 天`."""
    if abs(milliseconds) >= 120_000:
        return span(milliseconds // 1000, language)
    return f"{tenths_of_a_second(milliseconds)} {'秒' if language == 'zh' else 's'}"


def grouped(hexdigits: str, size: int = 32) -> list[str]:
    """A hash in lines of `size` digits."""
    return [hexdigits[i : i + size] for i in range(0, len(hexdigits), size)]
