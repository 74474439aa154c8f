"""How dates are counted: terms of days, months and years, and the last day of a period.

民法典 201 (the first day is not counted), 202 (the last day is the corresponding day, or the month's last), 203 (a last
day on a statutory rest day moves to the first day that is not one). Called by periods, decisions and duties.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.letters.rules.calendar import Calendar

MONTHS_OF_YEAR = 12


@dataclass(frozen=True, slots=True)
class Term:
    """A length of time: either days, or months (a year is twelve of them)."""

    months: int = 0
    days: int = 0

    def after(self, start: date) -> date:
        """The last day of the term that starts on `start` (民法典 201, 202), before any rollover."""
        return later(corresponding_day(start, self.months), self.days)


@dataclass(frozen=True, slots=True)
class LastDay:
    """The last day of a period: as counted, and as moved off a statutory rest day."""

    counted: date
    day: date
    is_provisional: bool
    is_extended: bool = False

    @property
    def is_rolled(self) -> bool:
        return self.day != self.counted


def corresponding_day(start: date, months: int) -> date:
    """The day of the same number `months` later, or that month's last day where it has none."""
    year, month = divmod(start.year * MONTHS_OF_YEAR + start.month - 1 + months, MONTHS_OF_YEAR)
    if year > MAXYEAR:
        return date.max
    month += 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


def later(start: date, days: int) -> date:
    """`days` after `start`, at most the last day there is."""
    try:
        return start + timedelta(days=days)
    except OverflowError:
        return date.max


def last_day(counted: date, calendar: Calendar, is_extended: bool = False) -> LastDay:
    """`counted` rolled off rest days; provisional when the notice of its year, before or after, is not published."""
    day = calendar.first_working_day(counted)
    is_provisional = not (calendar.holds_notice(counted.year) and calendar.holds_notice(day.year))
    return LastDay(counted, day, is_provisional, is_extended)


def extended_by(end: date, start: date, spells: list[tuple[date, date]]) -> date:
    """The term's end after pausing for each whole day of `spells`, both ends counted, overlapping days once.

    end     last day of the term as counted
    start   the day the term is counted from; it is not part of the term itself, so it cannot be paused
    spells  (first, last) local days, in any order
    source  letters/DECISIONS.md "How dates are counted"
    """
    return next(reversed([moved for _, moved in extensions(end, start, spells)]), end)


def extensions(end: date, start: date, spells: list[tuple[date, date]]) -> list[tuple[int, date]]:
    """As extended_by, spell by spell in order of their days: how many days each adds, and the end after it."""
    done, steps = start, []
    for first, last in sorted(spells):
        first, days = max(first, later(done, 1)), 0
        # Days come in order: once the first lies inside, each counted day moves the end, so all that follow do too.
        if first <= last and first <= end:
            days = (last - first).days + 1
            end = later(end, days)
            done = last
        steps.append((days, end))
    return steps
