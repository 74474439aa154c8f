"""A commitment letter as values: what the loader makes of a letter file and the engine reads.

The format of the files is docs/letters.md. Nothing here knows one letter from another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from backend.letters.rules.hours import OpeningHours
from backend.letters.rules.terms import Term

if TYPE_CHECKING:
    from backend.letters.rules.case import Case

Text = dict[str, str]
Unknown = frozenset[str]
"""Paths of the missing facts that a condition needs; UNLISTED among them: no fact can settle it."""
Verdict = bool | Unknown
Condition = Callable[["Case"], Verdict]
UNLISTED = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise: its article and words in the letter that was signed, and what it says."""

    id: str
    article: str
    quote: str
    text: Text


@dataclass(frozen=True, slots=True)
class Product:
    """A row of a period that differs by product; an empty tuple means any."""

    brands: tuple[str, ...]
    categories: tuple[str, ...]
    materials: tuple[str, ...]
    term: Term


@dataclass(frozen=True, slots=True)
class Pausing:
    """Out-of-service spells of these reasons do not count towards the period."""

    clause: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """A span counted from a date of the asset. `from_day`: it opens on that day of the count."""

    name: str
    anchor: str
    clause: str | None
    products: tuple[Product, ...]
    from_day: int | None = None
    pausing: Pausing | None = None
    rollover_clause: str | None = None


@dataclass(frozen=True, slots=True)
class ClockRule:
    """A clock: runs `due_s` (or until the instant of the fact `due_fact`) from the fact `start`."""

    name: str
    clause: str
    when: Condition
    start: str
    due_s: int
    due_fact: str | None
    target_s: int | None
    calendar: str
    beside: str | None


@dataclass(frozen=True, slots=True)
class PauseRule:
    """While the work order waits for `reason`, the clocks named stand still."""

    clause: str
    reason: str
    clocks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """Who pays while `when` holds; the first row that holds decides."""

    when: Condition
    clauses: tuple[str, ...]
    charges: dict[str, str]


@dataclass(frozen=True, slots=True)
class CeilingRow:
    """An offer at no more than `percent` of the price that the fact `base` holds."""

    when: Condition
    clauses: tuple[str, ...]
    percent: Decimal
    base: str
    status: str


@dataclass(frozen=True, slots=True)
class RemedyRow:
    """Remedies owed while `when` holds; all rows that hold count."""

    when: Condition
    clauses: tuple[str, ...]
    remedies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suspension:
    """A reason to stop service."""

    clause: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Gate:
    """What must be on record before a step."""

    gate: str
    before: str
    clause: str
    when: Condition


@dataclass(frozen=True, slots=True)
class OwedRule:
    """Something owed beside the work, due at an instant of the facts (`due_fact`), with a clock (`due_clock`), or open."""

    what: str
    clause: str
    when: Condition
    due_fact: str | None
    due_clock: str | None
    plus_s: int = 0


@dataclass(frozen=True, slots=True)
class RestartRule:
    """Dates of the asset given in exchange that start anew on the day of the exchange."""

    remedy: str
    clause: str
    dates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DutyRule:
    """Work that falls due by itself: every so many months, or on a day of the year."""

    clause: str
    kind: str
    checklist: str | None
    every_months: int | None
    every_months_key: str | None
    on: tuple[int, int] | None
    during: str | None
    materials: tuple[str, ...]
    split: str | None
    percent: Decimal | None
    at_most: int | None


@dataclass(frozen=True, slots=True)
class Letter:
    """One version of a commitment letter."""

    id: str
    version: int
    in_force_from: date
    title: Text
    currency: str
    clauses: tuple[Clause, ...]
    contacts: tuple[dict[str, Any], ...] = ()
    calendars: dict[str, OpeningHours] = field(default_factory=dict)
    periods: dict[str, Period] = field(default_factory=dict)
    warranty: tuple[str, ...] = ()
    clocks: tuple[ClockRule, ...] = ()
    pauses: tuple[PauseRule, ...] = ()
    charges: tuple[ChargeRow, ...] = ()
    ceilings: tuple[CeilingRow, ...] = ()
    remedies: tuple[RemedyRow, ...] = ()
    restarts: tuple[RestartRule, ...] = ()
    suspensions: tuple[Suspension, ...] = ()
    gates: tuple[Gate, ...] = ()
    owed: tuple[OwedRule, ...] = ()
    duties: tuple[DutyRule, ...] = ()
    records: tuple[dict[str, Any], ...] = ()
    checklists: dict[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        """The name that finds this very version again, as contracts keep it: `X@2`."""
        return f"{self.id}@{self.version}"

    def clause(self, clause_id: str) -> Clause:
        """The clause of that id. Raises KeyError."""
        for clause in self.clauses:
            if clause.id == clause_id:
                return clause
        raise KeyError(clause_id)
