"""The rules of a letter file, one function per section: clocks, charges, remedies, gates, what is owed, duties.

Called by parse.py for each entry of a section. The format is docs/letters.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from backend.letters.entries import Entry, Fields, one
from backend.letters.parse_conditions import condition_of
from backend.letters.rules import words
from backend.letters.rules.conditions import all_of, always, is_quote_above, is_set
from backend.letters.rules.hours import ALWAYS
from backend.letters.rules.letter import (
    CeilingRow,
    ChargeRow,
    ClockRule,
    Condition,
    DutyRule,
    Gate,
    OwedRule,
    PauseRule,
    RemedyRow,
    RestartRule,
    Suspension,
)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,39}")
_DAY_OF_YEAR = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
DUE_FACTS = ("promised_for",)
SPLITS = ("material", "model")


@dataclass
class Scope:
    """What the rules of a file may name: its clauses, periods, calendars and checklists, and its ceilings."""

    clauses: set[str] = field(default_factory=set)
    periods: set[str] = field(default_factory=set)
    calendars: set[str] = field(default_factory=set)
    checklists: set[str] = field(default_factory=set)
    ceilings: list[CeilingRow] = field(default_factory=list)

    def clause(self, entry: Entry) -> str:
        """A clause id that the file has."""
        text = entry.text()
        if text and text not in self.clauses:
            entry.fault(f"本文件没有条款 {text}", f"this file has no clause {text}")
        return text

    def cited(self, fields: Fields) -> tuple[str, ...]:
        """The clauses of a row: `clauses: X`, `clauses: [X, Y]`, or none."""
        return tuple(self.clause(entry) for entry in fields["clauses"].one_or_more()) if "clauses" in fields else ()

    def when(self, fields: Fields) -> Condition:
        """The condition of a rule; without one it always holds."""
        if "when" not in fields:
            return always
        return condition_of(fields["when"], self.periods, lambda: is_quote_above(self.ceilings))


def ceiling(entry: Entry, scope: Scope) -> CeilingRow:
    """An offer at no more than a share of a price."""
    fields = entry.fields(("percent", "of", "status"), ("when", "clauses"))
    return CeilingRow(
        when=scope.when(fields),
        clauses=scope.cited(fields),
        percent=one(fields, "percent", Entry.percent, None),
        base=one(fields, "of", lambda e: e.word(("product_price", "price")), ""),
        status=one(fields, "status", lambda e: e.word(words.STATUSES[2:]), ""),
    )


def _clock(entry: Entry, scope: Scope) -> ClockRule:
    fields = entry.fields(("clock", "clause", "from", "due"), ("when", "better", "calendar", "beside"))
    due_fact = one(fields, "due", lambda e: e.node.value if e.node.value in DUE_FACTS else None, None)
    start = one(fields, "from", lambda e: e.word(words.STARTS), "") or words.STARTS[0]
    return ClockRule(
        name=one(fields, "clock", lambda e: e.word(words.CLOCKS), ""),
        clause=one(fields, "clause", scope.clause, ""),
        when=all_of([scope.when(fields), *(is_set(name, True) for name in (start, due_fact) if name)]),
        start=start,
        due_s=0 if due_fact else one(fields, "due", Entry.seconds, 0),
        due_fact=due_fact,
        target_s=one(fields, "better", Entry.seconds, None),
        calendar=one(fields, "calendar", lambda e: e.word(sorted(scope.calendars)), ALWAYS) or ALWAYS,
        beside=one(fields, "beside", scope.clause, None),
    )


def _pause(entry: Entry, scope: Scope) -> PauseRule:
    fields = entry.fields(("clause", "reason", "clocks"))
    return PauseRule(
        clause=one(fields, "clause", scope.clause, ""),
        reason=one(fields, "reason", lambda e: e.matching(NAME, "应为短名", "must be a short name"), ""),
        clocks=one(fields, "clocks", lambda e: e.words(words.CLOCKS), ()),
    )


def _charge(entry: Entry, scope: Scope) -> ChargeRow:
    fields = entry.fields((), ("when", "clauses", "all", *words.CHARGE_KINDS))
    charges = {}
    for kind in words.CHARGE_KINDS:
        said = fields.get(kind) or fields.get("all")
        if said is None:
            entry.fault(f"缺少 {kind}（或 all）", f"{kind} (or all) is missing")
        charges[kind] = said.word(words.CHARGES) if said else ""
    return ChargeRow(scope.when(fields), scope.cited(fields), charges)


def _remedy(entry: Entry, scope: Scope) -> RemedyRow:
    fields = entry.fields(("remedies",), ("when", "clauses"))
    remedies = one(fields, "remedies", lambda e: e.words(words.REMEDIES), ())
    return RemedyRow(scope.when(fields), scope.cited(fields), remedies)


def _suspension(entry: Entry, scope: Scope) -> Suspension:
    fields = entry.fields(("clause", "when"))
    return Suspension(one(fields, "clause", scope.clause, ""), scope.when(fields))


def _gate(entry: Entry, scope: Scope) -> Gate:
    fields = entry.fields(("gate", "before", "clause"), ("when",))
    return Gate(
        gate=one(fields, "gate", lambda e: e.matching(NAME, "应为短名", "must be a short name"), ""),
        before=one(fields, "before", lambda e: e.word(words.STEPS), ""),
        clause=one(fields, "clause", scope.clause, ""),
        when=scope.when(fields),
    )


def _owed(entry: Entry, scope: Scope) -> OwedRule:
    fields = entry.fields(("what", "clause"), ("when", "due", "plus"))
    due = one(fields, "due", lambda e: e.word(("now", *words.STARTS, *DUE_FACTS, *words.CLOCKS)), None)
    due_clock = due if due in words.CLOCKS else None
    due_fact = due if due and not due_clock else None
    when = scope.when(fields)
    return OwedRule(
        what=one(fields, "what", lambda e: e.matching(NAME, "应为短名", "must be a short name"), ""),
        clause=one(fields, "clause", scope.clause, ""),
        when=when,
        due_fact=due_fact,
        due_clock=due_clock,
        plus_s=one(fields, "plus", Entry.seconds, 0),
    )


def _duty(entry: Entry, scope: Scope) -> DutyRule:
    fields = entry.fields(
        ("duty", "clause"), ("every", "on", "during", "material", "split", "quantity", "checklist", "every_from")
    )
    if ("every" in fields) == ("on" in fields):
        entry.fault("应写 every 或 on 之一", "must say either every or on")
    quantity = one(fields, "quantity", lambda e: e.fields((), ("percent", "at_most")), {})
    return DutyRule(
        clause=one(fields, "clause", scope.clause, ""),
        kind=one(fields, "duty", lambda e: e.matching(NAME, "应为短名", "must be a short name"), ""),
        checklist=one(fields, "checklist", lambda e: e.word(scope.checklists), None),
        every_months=one(fields, "every", _months, None),
        every_months_key=one(fields, "every_from", lambda e: e.word(("visit_every_months",)), None),
        on=one(fields, "on", _day_of_year, None),
        during=one(fields, "during", lambda e: e.word(scope.periods), None),
        materials=one(fields, "material", lambda e: e.words(words.MATERIALS), ()),
        split=one(fields, "split", lambda e: e.word(SPLITS), None),
        percent=one(quantity, "percent", Entry.percent, None),
        at_most=one(quantity, "at_most", lambda e: e.number(1), None),
    )


def _months(entry: Entry) -> int:
    found = re.fullmatch(r"([0-9]{1,3}) (months?|years?)", entry.text())
    amount = int(found[1]) * (12 if found[2].startswith("year") else 1) if found else 0
    if not amount:
        entry.fault("应为 3 months 或 1 year 的样子", "must look like 3 months or 1 year")
    return amount or 1


def _day_of_year(entry: Entry) -> tuple[int, int]:
    text = entry.matching(_DAY_OF_YEAR, "应为 MM-DD", "must be MM-DD")
    month, day = (int(part) for part in text.split("-")) if text else (1, 1)
    return month, day


def _restart(entry: Entry, scope: Scope) -> RestartRule:
    fields = entry.fields(("remedy", "clause", "dates"))
    return RestartRule(
        remedy=one(fields, "remedy", lambda e: e.word(words.REMEDIES), ""),
        clause=one(fields, "clause", scope.clause, ""),
        dates=one(fields, "dates", lambda e: e.words(words.ANCHORS), ()),
    )


def _record(entry: Entry, scope: Scope) -> dict[str, Any]:
    """What must be on record, for the slices that keep it: a training's least number of trainees, papers, parties."""
    fields = entry.fields(("record", "clause"), ("details", "when"))
    record = one(fields, "record", lambda e: e.matching(NAME, "应为短名", "must be a short name"), "")
    return {
        "record": record,
        "clause": one(fields, "clause", scope.clause, ""),
        "details": one(fields, "details", _covered if record == "coverage" else Entry.plain, {}),
    }


def _covered(entry: Entry) -> dict[str, dict[str, str]]:
    """What is repaired in each kind of goods, as people read it on the letter's page."""
    return {category: text.both_languages() for category, text in entry.fields((), words.CATEGORIES).items()}


ROWS: dict[str, tuple[str, Callable[[Entry, Scope], Any]]] = {
    "clocks": ("clocks", _clock),
    "pauses": ("pauses", _pause),
    "charges": ("charges", _charge),
    "remedies": ("remedies", _remedy),
    "restarts": ("restarts", _restart),
    "suspends": ("suspensions", _suspension),
    "gates": ("gates", _gate),
    "owed": ("owed", _owed),
    "duties": ("duties", _duty),
    "records": ("records", _record),
}
"""Section of the file: the Letter's field, and how one of its entries is read."""
