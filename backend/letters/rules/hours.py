"""Opening hours of a letter, and the walk of a clock inside them.

A clock runs only while its calendar is open and no pause is on. Called by decide() and by the clocks of a work order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.letters.rules.calendar import Calendar

ALWAYS = "24x7"
"""The name of the calendar that never closes: elapsed time."""

_LONGEST_CLOSED_DAYS = 3700
_DAY_MINUTES = 24 * 60


class CalendarNeverOpens(Exception):
    """A clock cannot fall due because its calendar stays closed for ten years."""


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """The hours of a letter file: windows per weekday, and what rest days change.

    week         seven tuples of (opens, closes) in minutes after local midnight, Monday first
    on_holidays  whether public holidays are open
    exchanged    weekday whose windows hold on a weekend worked in exchange, or None: as any weekend
    closed_on    local dates that are closed whatever else holds; opened_on likewise opened
    """

    week: tuple[tuple[tuple[int, int], ...], ...]
    on_holidays: bool = True
    exchanged: int | None = None
    closed_on: frozenset[date] = frozenset()
    opened_on: dict[date, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    clause: str | None = None

    def windows_on(self, day: date, calendar: Calendar) -> tuple[tuple[int, int], ...]:
        """The windows of one local day."""
        if day in self.closed_on:
            return ()
        if day in self.opened_on:
            return self.opened_on[day]
        if not self.on_holidays and calendar.is_public_holiday(day):
            return ()
        if self.exchanged is not None and calendar.is_worked_in_exchange(day):
            return self.week[self.exchanged]
        return self.week[day.weekday()]


@dataclass(frozen=True, slots=True)
class Hours:
    """Opening hours at a place: the letter's hours, its time zone, and the rest days that hold there.

    `hours` None never closes.
    """

    hours: OpeningHours | None
    tz: ZoneInfo
    calendar: Calendar

    def open_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Spans of open time from `start` on, as UTC instants, ascending and disjoint."""
        day = start.astimezone(self.tz).date()
        cursor, closed_days = start, 0
        while closed_days <= _LONGEST_CLOSED_DAYS:
            windows = self.hours.windows_on(day, self.calendar) if self.hours else ((0, _DAY_MINUTES),)
            closed_days = 0 if windows else closed_days + 1
            for opens, closes in windows:
                begin, end = max(cursor, self._instant(day, opens, 0)), self._instant(day, closes, 1)
                if begin < end:
                    yield begin, end
                    cursor = end
            day += timedelta(days=1)
        raise CalendarNeverOpens

    def _instant(self, day: date, minutes: int, fold: int) -> datetime:
        """A wall-clock minute of a local day. Where a clock is set back, a window opens at the first of the two equal
        times and closes at the second: the kinder reading."""
        if minutes >= _DAY_MINUTES:
            day, minutes = day + timedelta(days=1), minutes - _DAY_MINUTES
        local = datetime.combine(day, time(minutes // 60, minutes % 60, fold=fold), self.tz)
        return local.astimezone(UTC)


def due_at(
    started_at: datetime,
    target_s: int,
    calendar: Hours,
    pauses: Sequence[tuple[datetime, datetime]] = (),
) -> datetime:
    """Instant at which a promised target falls due.

    started_at  aware UTC datetime
    target_s    int >= 0, seconds inside the calendar's hours; zero is due at the start, or at the next opening
    calendar    Hours: opening hours and rest days in the site's time zone
    pauses      ((start, end), ...) aware UTC, ascending, disjoint
    returns     aware UTC datetime
    raises      CalendarNeverOpens
    source      letters/DECISIONS.md "Clocks, letter by letter"
    """
    started_at = started_at.astimezone(UTC)
    remaining = timedelta(seconds=target_s)
    if calendar.hours is None:
        spans: Iterator[tuple[datetime, datetime]] = iter(((started_at, datetime.max.replace(tzinfo=UTC)),))
    else:
        spans = calendar.open_from(started_at)
    for begin, end in _without(spans, pauses):
        if end - begin >= remaining:
            return begin + remaining
        remaining -= end - begin
    raise CalendarNeverOpens


def _without(
    spans: Iterator[tuple[datetime, datetime]], pauses: Sequence[tuple[datetime, datetime]]
) -> Iterator[tuple[datetime, datetime]]:
    """Open time less the pauses; an empty piece between two pauses does not count as open."""
    for begin, end in spans:
        for pause_start, pause_end in pauses:
            if pause_end <= begin or pause_start >= end:
                continue
            if begin < pause_start:
                yield begin, pause_start
            begin = max(begin, pause_end)
            if begin >= end:
                break
        if begin < end:
            yield begin, end
