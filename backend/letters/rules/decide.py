"""decide(): facts, letters and a calendar in; clocks, charges, remedies, gates and what is owed out.

Pure: the same arguments give the same bytes. Called by the command line, the API, the worker and the console.
Source: letters/DECISIONS.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from backend.letters.rules import words
from backend.letters.rules.answer import NO_CHARGES, Answer, Charges, Clock, Owed, answer_of, best_of, status_of
from backend.letters.rules.calendar import Calendar
from backend.letters.rules.case import Case, Pause
from backend.letters.rules.facts import Facts, facts_of
from backend.letters.rules.letter import Gate, Letter


def decide(
    facts: dict[str, Any] | Facts,
    letters: Sequence[Letter],
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
) -> dict[str, Any]:
    """What the letters decide for one request.

    facts     the JSON object of letters/DECISIONS.md "Facts", or what facts_of() made of it
    letters   loaded letters, in the order that settles ties
    calendar  Calendar of statutory rest days
    pauses    ((reason, start, end), ...) aware UTC, ascending, disjoint: honoured by letters that allow that reason
    returns   the JSON object of "Decisions", keys in its order
    raises    FactsFaulty with every fault; ValueError without a letter
    """
    return decide_and_cite(facts, letters, calendar, pauses)[0]


def decide_and_cite(
    facts: dict[str, Any] | Facts,
    letters: Sequence[Letter],
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
) -> tuple[dict[str, Any], dict[str, str | None]]:
    """As decide(), and beside it per charge kind the clause that a bill names for it."""
    if not letters:
        raise ValueError("decide() needs at least one letter")
    known = facts if isinstance(facts, Facts) else facts_of(facts)
    unique = list({letter.ref: letter for letter in letters}.values())
    counted = _counted([answer_of(Case(known, letter, calendar, pauses)) for letter in unique])
    decision = _merged(known, counted)
    charges = decision["entitlement"]["charges"]
    cited = {
        kind: next(
            (a.charge_clause for a in counted if charge and a.decides_charges and a.charges[kind] == charge), None
        )
        for kind, charge in charges.items()
    }
    return decision, cited


def _counted(answers: list[Answer]) -> list[Answer]:
    """Those that decide, or all of them when none does."""
    return [answer for answer in answers if answer.has_decided] or answers


def _merged(facts: Facts, counted: list[Answer]) -> dict[str, Any]:
    """The letters together: the user has the better of each."""
    charges = _cheapest([answer.charges for answer in counted if answer.decides_charges])
    warranty = max((answer.warranty for answer in counted if answer.warranty), key=lambda end: end.day, default=None)
    remedies = set().union(*(answer.remedies for answer in counted))
    return {
        "clocks": [_clock(facts, clock) for clock in _clocks(counted)],
        "entitlement": {
            "status": _status(counted, charges),
            "warranty_end": warranty.day.isoformat() if warranty else None,
            "warranty_end_provisional": bool(warranty and warranty.is_provisional),
            "charges": charges,
            "remedies": [remedy for remedy in words.REMEDIES if remedy in remedies],
            "refund": _money(max((a.refund for a in counted if a.refund is not None), default=None)),
            "upgrade_ceiling": _money(min((a.ceiling for a in counted if a.ceiling is not None), default=None)),
            "reasons": _reasons(counted),
        },
        "gates": _gates(counted),
        "owed": _owed(facts, counted),
        "missing": sorted(set().union(*(answer.missing for answer in counted))),
    }


def _status(counted: list[Answer], charges: Charges) -> str:
    if any(answer.is_suspended for answer in counted):
        return words.STATUSES[0]
    # An offer with a ceiling has a status and no charges; beside a letter that has charges the milder of the two holds.
    offered = [answer.status for answer in counted if answer.status is not None]
    if any(answer.decides_charges for answer in counted):
        offered.append(status_of(charges))
    return max(offered, key=words.STATUSES.index)


def _cheapest(offers: list[Charges]) -> Charges:
    """Per charge kind the cheapest; what one letter leaves open stays open unless another gives it free."""
    merged: Charges = dict(NO_CHARGES)
    for kind in words.CHARGE_KINDS:
        said = [offer[kind] for offer in offers]
        known = [word for word in said if word is not None]
        if known and (len(known) == len(said) or words.CHARGES[0] in known):
            merged[kind] = min(known, key=words.CHARGES.index)
    return merged


def _clocks(counted: list[Answer]) -> list[Clock]:
    """One letter's own clocks, or per name the earliest due of several."""
    if len(counted) == 1:
        return counted[0].clocks
    best = best_of([clock for answer in counted for clock in answer.clocks])
    return [best[name] for name in words.CLOCKS if name in best]


def _clock(facts: Facts, clock: Clock) -> dict[str, Any]:
    return {
        "name": clock.rule.name,
        "letter": clock.letter,
        "clause": clock.rule.clause,
        "starts": _instant(facts, clock.starts),
        "target": _instant(facts, clock.target),
        "due": _instant(facts, clock.due),
        "calendar": clock.rule.calendar,
    }


def _reasons(counted: list[Answer]) -> list[dict[str, Any]]:
    """Each clause once, in clause order, with its words."""
    cited: dict[tuple[str, str], dict[str, str]] = {}
    for answer in counted:
        letter = answer.case.letter
        for clause in answer.reasons:
            cited.setdefault((letter.id, clause), letter.clause(clause).text)
    return [
        {"letter": letter, "clause": clause, "text": dict(text)}
        for (letter, clause), text in sorted(cited.items(), key=lambda one: clause_order(one[0][1]))
    ]


def _gates(counted: list[Answer]) -> list[dict[str, Any]]:
    gates: list[Gate] = [gate for answer in counted for gate in answer.gates]
    unique = {(gate.gate, gate.before, gate.clause): gate for gate in gates}
    return [
        {"gate": gate.gate, "before": gate.before, "clause": gate.clause}
        for gate in sorted(unique.values(), key=lambda gate: clause_order(gate.clause))
    ]


def _owed(facts: Facts, counted: list[Answer]) -> list[dict[str, Any]]:
    unique: dict[tuple[str, str], Owed] = {}
    for owed in (owed for answer in counted for owed in answer.owed):
        unique.setdefault((owed.what, owed.clause), owed)
    return [
        {"what": owed.what, "clause": owed.clause, "due": _instant(facts, owed.due)}
        for owed in sorted(unique.values(), key=lambda owed: clause_order(owed.clause))
    ]


@lru_cache(maxsize=4096)
def clause_order(clause: str) -> tuple[tuple[bool, int, str], ...]:
    """Clauses by their letters, then by number: B-09 before B-10, and B-99 before B-100."""
    return tuple((part.isdigit(), int(part) if part.isdigit() else 0, part) for part in re.split(r"([0-9]+)", clause))


def _instant(facts: Facts, instant: datetime | None) -> str | None:
    """An instant on the clock of the place."""
    return None if instant is None else instant.astimezone(facts.tz).isoformat()


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")
