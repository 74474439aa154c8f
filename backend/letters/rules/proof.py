"""The arithmetic behind a letter's periods, line by line: term, each spell, rollover. What decide() counts, written out.

Called by the proof sheet of an asset. Source: letters/DECISIONS.md "How dates are counted".
"""

from __future__ import annotations

from typing import Any

from backend.letters.rules.calendar import Calendar
from backend.letters.rules.case import pausing_spells, span_of, term_of
from backend.letters.rules.facts import Facts
from backend.letters.rules.letter import UNLISTED, Letter, Period
from backend.letters.rules.terms import extensions


def proof_of(facts: Facts, letter: Letter, calendar: Calendar) -> list[dict[str, Any]]:
    """Every period that this letter has for this product, the warranty first."""
    found = [_period(period, facts, letter, calendar) for period in letter.periods.values()]
    kept = [one for one in found if one is not None]
    return sorted(kept, key=lambda one: not one["is_warranty"])


def _period(period: Period, facts: Facts, letter: Letter, calendar: Calendar) -> dict[str, Any] | None:
    term = term_of(period, facts)
    if isinstance(term, frozenset) and UNLISTED in term:
        return None
    head = {"letter": letter.id, "clause": period.clause, "is_warranty": period.name in letter.warranty,
            "anchor": period.anchor}  # fmt: skip
    span, start = span_of(period, facts, calendar), getattr(facts, period.anchor)
    if isinstance(term, frozenset) or isinstance(span, frozenset) or start is None:
        return head | {"missing": sorted(span if isinstance(span, frozenset) else {facts.path(period.anchor)})}
    counted, spells, steps = term.after(start), [], []
    if period.pausing is not None:
        pausing = pausing_spells(period.pausing, facts)
        spells = sorted(pausing) if not isinstance(pausing, frozenset) else []
        steps = extensions(counted, start, spells)
    return head | {
        "missing": [], "start": start, "months": term.months, "days": term.days, "counted": counted,
        "pause_clause": period.pausing.clause if period.pausing else None,
        "spells": [
            {"first": first, "last": last, "days": days, "end": end}
            for (first, last), (days, end) in zip(spells, steps, strict=True)
        ],
        "opens": span.opens, "extended": span.end.counted, "last_day": span.end.day,
        "rollover_clause": period.rollover_clause, "is_provisional": span.end.is_provisional,
        "is_open": span.holds(facts.reported_on),
    }  # fmt: skip
