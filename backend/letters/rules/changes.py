"""When a decision changes by time alone: a free month begins or ends, a day more out of service extends a warranty.

Called by whoever stores decisions and must know when to ask again; between two such instants nothing is re-decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from backend.letters.rules.calendar import Calendar
from backend.letters.rules.decide import decide
from backend.letters.rules.facts import Facts, facts_of
from backend.letters.rules.letter import Letter
from backend.letters.rules.terms import MONTHS_OF_YEAR, corresponding_day, later


def next_change_at(facts: dict[str, Any] | Facts, letters: Sequence[Letter], calendar: Calendar) -> datetime | None:
    """The first local midnight after now from which the same facts are decided otherwise; None when they never are.

    What is owed "now" is always due now and does not count. Looks a year ahead: no letter knows more than months.
    """
    known = facts if isinstance(facts, Facts) else facts_of(facts)
    today = _entitlement(known, letters, calendar)
    for day in _days(known):
        midnight = datetime.combine(day, time.min, known.tz)
        if _entitlement(replace(known, now=midnight, today=day), letters, calendar) != today:
            return midnight
    return None


def _days(facts: Facts) -> list[date]:
    """Tomorrow, while the asset is out of service, and the first day of each month of a year."""
    first = facts.today.replace(day=1)
    months = [corresponding_day(first, turn) for turn in range(1, MONTHS_OF_YEAR + 1)]
    is_out = any(spell.last is None for spell in facts.spells)
    return sorted({*months, later(facts.today, 1)}) if is_out else months


def _entitlement(facts: Facts, letters: Sequence[Letter], calendar: Calendar) -> dict[str, Any]:
    answer = decide(facts, letters, calendar)
    del answer["owed"]
    return answer
