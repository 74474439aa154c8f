"""What one letter decides on its own, before several letters on one asset are put together.

Called by decide(), once per letter. Source: letters/DECISIONS.md "Clocks" and "Who pays".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from backend.letters.rules import words
from backend.letters.rules.case import Case, Span, rounded_down
from backend.letters.rules.conditions import ceiling_for
from backend.letters.rules.hours import ALWAYS, Hours, due_at
from backend.letters.rules.letter import UNLISTED, ChargeRow, ClockRule, Gate, OwedRule, Verdict
from backend.letters.rules.terms import LastDay

Charges = dict[str, str | None]
NO_CHARGES: Charges = dict.fromkeys(words.CHARGE_KINDS)
REPAIR = words.KINDS[0]


@dataclass(frozen=True, slots=True)
class Clock:
    """One running measure of a promise, with the rule it comes from."""

    rule: ClockRule
    letter: str
    starts: datetime
    target: datetime | None
    due: datetime


@dataclass(frozen=True, slots=True)
class Owed:
    """Something owed beside the work."""

    what: str
    clause: str
    due: datetime | None


@dataclass(slots=True)
class Answer:
    """What one letter decides. `status` None: it follows from the charges."""

    case: Case
    clocks: list[Clock] = field(default_factory=list)
    is_suspended: bool = False
    status: str | None = None
    warranty: LastDay | None = None
    charges: Charges = field(default_factory=lambda: dict(NO_CHARGES))
    charge_clause: str | None = None
    remedies: set[str] = field(default_factory=set)
    refund: Decimal | None = None
    ceiling: Decimal | None = None
    reasons: set[str] = field(default_factory=set)
    gates: list[Gate] = field(default_factory=list)
    owed: list[Owed] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)

    def holds(self, verdict: Verdict) -> bool:
        """Whether an entry stands; an unknown one is left out and its missing facts are noted."""
        if verdict is True or verdict is False:
            return verdict
        self.missing |= verdict - {UNLISTED}
        return False

    @property
    def decides_charges(self) -> bool:
        return not self.is_suspended and self.status is None

    @property
    def has_decided(self) -> bool:
        return not self.is_suspended and (self.status or status_of(self.charges)) != words.STATUSES[1]


def answer_of(case: Case) -> Answer:
    """Everything one letter says to the facts of `case`."""
    answer = Answer(case)
    answer.clocks = _clocks(answer)
    answer.gates = [gate for gate in case.letter.gates if answer.holds(gate.when(case))]
    stopped = [rule.clause for rule in case.letter.suspensions if answer.holds(rule.when(case))]
    if stopped:
        answer.is_suspended = True
        answer.reasons.update(stopped)
        return answer
    _decide_warranty(answer)
    if not _decide_ceiling(answer):
        _decide_charges(answer)
    _decide_remedies(answer)
    answer.owed = [_owed(answer, rule) for rule in case.letter.owed if answer.holds(rule.when(case))]
    return answer


def status_of(charges: Charges) -> str:
    """The gravest status that holds for these charges."""
    said = set(charges.values())
    if None in said:
        return words.STATUSES[1]
    if said & set(words.CHARGES[2:]):
        return words.STATUSES[2]
    return words.STATUSES[3] if words.CHARGES[1] in said else words.STATUSES[4]


def _clocks(answer: Answer) -> list[Clock]:
    """The clocks that run: of each name the better clause, and those that stand beside it."""
    case = answer.case
    running = [_clock(case, rule) for rule in case.letter.clocks if answer.holds(rule.when(case))]
    best = best_of([clock for clock in running if clock.rule.beside is None])
    kept = [clock for clock in running if clock.rule.beside is not None or best[clock.rule.name] is clock]
    return sorted(kept, key=lambda clock: words.CLOCKS.index(clock.rule.name))


def best_of(clocks: Sequence[Clock]) -> dict[str, Clock]:
    """Per name the clock that is due first; of equals the one named first."""
    best: dict[str, Clock] = {}
    for clock in clocks:
        other = best.get(clock.rule.name)
        if other is None or clock.due < other.due:
            best[clock.rule.name] = clock
    return best


def _clock(case: Case, rule: ClockRule) -> Clock:
    letter, facts = case.letter, case.facts
    starts: datetime = getattr(facts, rule.start).astimezone(UTC)
    opening = None if rule.calendar == ALWAYS else letter.calendars[rule.calendar]
    hours = Hours(opening, facts.tz, case.calendar)
    pausing = {pause.reason for pause in letter.pauses if rule.name in pause.clocks}
    pauses = tuple((start, end) for reason, start, end in case.pauses if reason in pausing)
    if rule.due_fact is not None:
        due = getattr(facts, rule.due_fact).astimezone(UTC)
    else:
        due = due_at(starts, rule.due_s, hours, pauses)
    target = None if rule.target_s is None else due_at(starts, rule.target_s, hours, pauses)
    return Clock(rule, letter.id, starts, target, due)


def _decide_warranty(answer: Answer) -> None:
    """The latest end among the periods that the letter calls its warranty."""
    case, won = answer.case, None
    for name in case.letter.warranty:
        span = case.span(name)
        if isinstance(span, Span):
            if answer.warranty is None or span.end.day > answer.warranty.day:
                answer.warranty, won = span.end, case.letter.periods[name]
        else:
            answer.holds(span)
    if won is None or answer.warranty is None:
        return
    if won.clause is not None:
        answer.reasons.add(won.clause)
    if answer.warranty.is_extended and won.pausing is not None:
        answer.reasons.add(won.pausing.clause)
    if answer.warranty.is_rolled and won.rollover_clause is not None:
        answer.reasons.add(won.rollover_clause)


def _decide_ceiling(answer: Answer) -> bool:
    """An offer with a ceiling decides the status by itself; whether the letter has one for this request."""
    case = answer.case
    for row in case.letter.ceilings:
        verdict = row.when(case)
        if verdict is False:
            continue
        if not answer.holds(verdict):
            answer.status = words.STATUSES[1]
            return True
        answer.status = row.status
        answer.reasons.update(row.clauses)
        found = ceiling_for(case, case.letter.ceilings)
        if isinstance(found, tuple):
            answer.ceiling = found[0]
        elif found is not None:
            answer.holds(found)
        return True
    return False


def _decide_charges(answer: Answer) -> None:
    """The first row that holds; where facts are missing, what is equal in every row that may apply."""
    rows: list[ChargeRow] = []
    missing: set[str] = set()
    for row in answer.case.letter.charges:
        verdict = row.when(answer.case)
        if verdict is False:
            continue
        rows.append(row)
        if verdict is True:
            break
        missing |= verdict
    if not rows or UNLISTED in missing:
        answer.missing |= missing - {UNLISTED}
        return
    answer.charge_clause = next((row.clauses[-1] for row in rows if row.clauses), None)
    for kind in words.CHARGE_KINDS:
        said = {row.charges[kind] for row in rows}
        answer.charges[kind] = said.pop() if len(said) == 1 else None
    if None in answer.charges.values():
        answer.missing |= missing
    else:
        answer.reasons.update(clause for row in rows for clause in row.clauses)


def _decide_remedies(answer: Answer) -> None:
    """The union of every row that holds; a repair alone has remedies."""
    case = answer.case
    if case.facts.kind != REPAIR:
        return
    for row in case.letter.remedies:
        if answer.holds(row.when(case)):
            answer.remedies.update(row.remedies)
            answer.reasons.update(row.clauses)
    if words.REMEDIES[0] in answer.remedies:
        if case.facts.price is None:
            answer.missing.add(case.facts.path("price"))
        else:
            answer.refund = rounded_down(case.facts.price)


def _owed(answer: Answer, rule: OwedRule) -> Owed:
    due: datetime | None = None
    if rule.due_clock is not None:
        due = min((clock.due for clock in answer.clocks if clock.rule.name == rule.due_clock), default=None)
    elif rule.due_fact is not None:
        due = getattr(answer.case.facts, rule.due_fact)
    if due is not None and rule.plus_s:
        due = due.astimezone(UTC) + timedelta(seconds=rule.plus_s)
    return Owed(rule.what, rule.clause, due)
