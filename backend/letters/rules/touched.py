"""Which work a corrected calendar day can change under a letter, from what the letter looks at.

A last day rolls off rest days (民法典 203), and hours may close on holidays or open on exchanged days; nothing else in a
letter asks the calendar. Bounds, never too narrow. Called where open work is picked to be decided again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from backend.letters.rules.calendar import Calendar
from backend.letters.rules.letter import Letter
from backend.letters.rules.terms import Term, corresponding_day, later

_SHORTER_MONTHS = 3  # days: January 29th to 31st all have February 28th as their corresponding day


@dataclass(frozen=True, slots=True)
class Anchored:
    """Assets whose date `anchor` lies so; `since` None: however long ago, for spells may have moved their last day."""

    anchor: str
    since: date | None
    until: date


def looks_at_rest_days(letter: Letter) -> bool:
    """Whether a clock of the letter runs in hours that holidays close or exchanged days open."""
    used = [letter.calendars.get(rule.calendar) for rule in letter.clocks]
    return any(hours and (not hours.on_holidays or hours.exchanged is not None) for hours in used)


def anchored(letter: Letter, first: date, last: date, calendar: Calendar) -> set[Anchored]:
    """Assets that have a last day which what is said of the days `first` to `last` can move, or make certain.

    Such a last day, as counted, lies on one of them or in the run of rest days right before them.
    """
    while calendar.is_rest_day(first - timedelta(days=1)):
        first -= timedelta(days=1)
    found = set()
    for period in letter.periods.values():
        for term in {row.term for row in period.products}:
            try:
                since, until = (_start_of(term, day) for day in (first, last))
            except (ValueError, OverflowError):
                continue  # the term is longer than there are dates
            open_ended = period.pausing is not None
            found.add(Anchored(period.anchor, None if open_ended else since, later(until, _SHORTER_MONTHS)))
    return found


def _start_of(term: Term, day: date) -> date:
    """The earliest day on which a term can start that ends on `day`."""
    return corresponding_day(day - timedelta(days=term.days), -term.months)
