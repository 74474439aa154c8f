"""One request under one letter: the facts, the periods as they fall for this asset, and instants by name.

Made by decide() for each letter; conditions and rows ask it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_DOWN, Context, Decimal
from typing import Protocol

from backend.letters.rules import words
from backend.letters.rules.calendar import Calendar
from backend.letters.rules.facts import Facts, Spell
from backend.letters.rules.letter import UNLISTED, Letter, Pausing, Period, Term, Unknown
from backend.letters.rules.terms import LastDay, extended_by, last_day, later

Pause = tuple[str, datetime, datetime]


class Aged(Protocol):
    """What a period is counted on: an asset with its dates."""

    @property
    def brand(self) -> str | None: ...
    @property
    def category(self) -> str | None: ...
    @property
    def material(self) -> str | None: ...
    @property
    def spells(self) -> tuple[Spell, ...]: ...
    @property
    def today(self) -> date: ...

    def path(self, name: str) -> str:
        """Where the fact `name` stands in what was given."""
        ...


@dataclass(frozen=True, slots=True)
class Span:
    """A period as it falls for one asset; `opens` None: open from the start on."""

    opens: date | None
    end: LastDay

    def holds(self, day: date) -> bool:
        return day <= self.end.day and (self.opens is None or day >= self.opens)


@dataclass(slots=True)
class Case:
    """The facts of one request under one letter, with what was worked out so far."""

    facts: Facts
    letter: Letter
    calendar: Calendar
    pauses: Sequence[Pause] = ()
    _spans: dict[str, Span | Unknown] = field(default_factory=dict)

    def span(self, name: str) -> Span | Unknown:
        """The period of that name, or the missing facts it needs."""
        if name not in self._spans:
            self._spans[name] = span_of(self.letter.periods[name], self.facts, self.calendar)
        return self._spans[name]


def span_of(period: Period, asset: Aged, calendar: Calendar) -> Span | Unknown:
    """How a period falls for an asset: its last day with pauses and rollover, or the missing facts."""
    term = term_of(period, asset)
    if isinstance(term, frozenset):
        return term
    start: date | None = getattr(asset, period.anchor)
    if start is None:
        return frozenset((asset.path(period.anchor),))
    end = term.after(start)
    is_extended = False
    if period.pausing is not None and asset.spells:
        spells = pausing_spells(period.pausing, asset)
        if isinstance(spells, frozenset):
            return spells
        extended = extended_by(end, start, spells)
        end, is_extended = extended, extended != end
    opens = None if period.from_day is None else later(start, period.from_day)
    return Span(opens, last_day(end, calendar, is_extended))


def term_of(period: Period, asset: Aged) -> Term | Unknown:
    """The term of the first row that fits the product; UNLISTED when none can."""
    unknown: Unknown = frozenset()
    for row in period.products:
        needed: set[str] = set()
        fits = True
        for wanted, name in ((row.brands, "brand"), (row.categories, "category"), (row.materials, "material")):
            if not wanted:
                continue
            value = getattr(asset, name)
            if value is None and name != "material":
                needed.add(asset.path(name))
            elif (value.strip().casefold() if name == "brand" else value) not in wanted:
                fits = False
                break
        if not fits:
            continue
        if not needed and not unknown:
            return row.term
        unknown |= needed
    if unknown and getattr(asset, period.anchor) is None:
        unknown |= {asset.path(period.anchor)}
    return unknown or frozenset((UNLISTED,))


def pausing_spells(pausing: Pausing, asset: Aged) -> list[tuple[date, date]] | Unknown:
    """The spells that pause the period, an open one until today."""
    found, unknown = [], set()
    for index, spell in enumerate(asset.spells):
        at = f"$.out_of_service[{index}]"
        if spell.reason is None and set(pausing.reasons) != set(words.SPELL_REASONS):
            unknown.add(f"{at}.reason")
        elif spell.reason is not None and spell.reason not in pausing.reasons:
            continue
        if spell.first is None:
            unknown.add(f"{at}.from")
        else:
            found.append((spell.first, spell.last or asset.today))
    return frozenset(unknown) if unknown else found


def ceiling_of(percent: Decimal, base: Decimal) -> Decimal:
    """`percent` of a price, rounded down to two decimals."""
    return rounded_down(_EXACT.divide(_EXACT.multiply(base, percent), Decimal(100)))


def rounded_down(amount: Decimal) -> Decimal:
    """An amount with two decimals, never more than it was."""
    return amount.quantize(_CENT, rounding=ROUND_DOWN, context=_EXACT)


_EXACT = Context(prec=60)  # whatever precision the caller's thread is set to
_CENT = Decimal("0.01")
