"""Conditions of a letter file as functions of a case: true, false, or the missing facts that would settle them.

Three-valued on purpose: false settles an "and" whatever is missing, true an "or"; nothing is guessed. The loader builds
them; docs/letters.md lists the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from backend.letters.rules.case import Case, ceiling_of
from backend.letters.rules.facts import Repair
from backend.letters.rules.letter import CeilingRow, Condition, Unknown, Verdict

NULL_IS_A_WORD = ("priority", "cause_category", "material")
"""Facts whose null says "none" and settles a comparison; a null of the others is unknown."""


def always(case: Case) -> Verdict:
    """A rule without a condition."""
    return True


def is_one_of(name: str, path: str, values: frozenset[str]) -> Condition:
    """The fact `name` is one of `values`."""
    missing: Verdict = False if name in NULL_IS_A_WORD else frozenset((path,))

    def check(case: Case) -> Verdict:
        value = getattr(case.facts, name)
        return missing if value is None else value in values

    return check


def is_brand(path: str, values: frozenset[str]) -> Condition:
    """The asset's brand, compared without case."""
    missing = frozenset((path,))

    def check(case: Case) -> Verdict:
        brand = case.facts.brand
        return missing if brand is None else brand.strip().casefold() in values

    return check


def is_flag(name: str, path: str, wanted: bool) -> Condition:
    """The yes-or-no fact `name` is `wanted`."""
    missing = frozenset((path,))

    def check(case: Case) -> Verdict:
        value = getattr(case.facts, name)
        return missing if value is None else value is wanted

    return check


def is_set(name: str, wanted: bool) -> Condition:
    """The instant or amount `name` has come about; not yet is an answer, not a gap."""
    return lambda case: (getattr(case.facts, name) is not None) is wanted


def is_on_site(path: str, wanted: bool) -> Condition:
    """Asked for on site, or a visit was decided since."""
    missing = frozenset((path,))

    def check(case: Case) -> Verdict:
        facts = case.facts
        if facts.onsite_decided_at is not None:
            return wanted
        return missing if facts.channel is None else (facts.channel == "onsite") is wanted

    return check


def is_within(period: str) -> Condition:
    """Reported while the period runs."""

    def check(case: Case) -> Verdict:
        span = case.span(period)
        return span if isinstance(span, frozenset) else span.holds(case.facts.reported_on)

    return check


def is_after(period: str) -> Condition:
    """Reported after the period's last day."""

    def check(case: Case) -> Verdict:
        span = case.span(period)
        return span if isinstance(span, frozenset) else case.facts.reported_on > span.end.day

    return check


def is_month(months: frozenset[int]) -> Condition:
    """The local month of now."""
    return lambda case: case.facts.today.month in months


def has_earlier_repairs(least: int, period: str) -> Condition:
    """At least `least` earlier repairs of this very fault inside the period, each report counted once."""

    def check(case: Case) -> Verdict:
        facts, rule = case.facts, case.letter.periods[period]
        start: date | None = getattr(facts, rule.anchor)
        near = [repair for repair in facts.repairs if _is_earlier(repair, start, facts.reported_on)]
        if len(near) < least:
            return False
        if facts.fault is None:
            return _enough_of_any(near, least, facts.path("fault"))
        same = [repair for repair in near if repair.fault == facts.fault]
        if _counted([repair for repair in same if repair.on is not None]) >= least:
            return is_within(period)(case)
        if _counted(same) < least:
            return False
        return frozenset(
            f"$.repairs[{index}].on" for index, one in enumerate(facts.repairs) if one in same and one.on is None
        )

    return check


def _is_earlier(repair: Repair, start: date | None, until: date) -> bool:
    return repair.on is None or (repair.on <= until and (start is None or repair.on >= start))


def _enough_of_any(near: Sequence[Repair], least: int, path: str) -> Verdict:
    """Without the fault's name: false when no fault was repaired often enough, else it is needed."""
    faults = {repair.fault for repair in near if repair.fault is not None}
    often = any(_counted([one for one in near if one.fault == fault]) >= least for fault in faults)
    return frozenset((path,)) if often else False


def _counted(repairs: Sequence[Repair]) -> int:
    named = {repair.report for repair in repairs if repair.report is not None}
    return len(named) + sum(repair.report is None for repair in repairs)


def is_quote_above(rows: Sequence[CeilingRow]) -> Condition:
    """A quote is there and stands above what the letter allows."""

    def check(case: Case) -> Verdict:
        quote = case.facts.upgrade_quote
        if quote is None:
            return False
        ceiling = ceiling_for(case, rows)
        if isinstance(ceiling, frozenset):
            return ceiling
        return ceiling is not None and quote > ceiling[0]

    return check


def ceiling_for(case: Case, rows: Sequence[CeilingRow]) -> tuple | Unknown | None:
    """(amount, row) of the row that holds, the missing facts, or None when no row holds."""
    for row in rows:
        verdict = row.when(case)
        if verdict is False:
            continue
        if verdict is not True:
            return verdict
        base: Decimal | None = getattr(case.facts, row.base)
        if base is None and row.percent:
            return frozenset((case.facts.path(row.base),))
        return ceiling_of(row.percent, base or Decimal(0)), row
    return None


def all_of(conditions: Sequence[Condition]) -> Condition:
    """Every condition holds."""
    if not conditions:
        return always
    if len(conditions) == 1:
        return conditions[0]

    def check(case: Case) -> Verdict:
        unknown: Unknown | None = None
        for condition in conditions:
            verdict = condition(case)
            if verdict is False:
                return False
            if verdict is not True:
                unknown = verdict if unknown is None else unknown | verdict
        return True if unknown is None else unknown

    return check


def any_of(conditions: Sequence[Condition]) -> Condition:
    """At least one condition holds."""

    def check(case: Case) -> Verdict:
        unknown: Unknown | None = None
        for condition in conditions:
            verdict = condition(case)
            if verdict is True:
                return True
            if verdict is not False:
                unknown = verdict if unknown is None else unknown | verdict
        return False if unknown is None else unknown

    return check


def negation(condition: Condition) -> Condition:
    """The condition does not hold."""

    def check(case: Case) -> Verdict:
        verdict = condition(case)
        return not verdict if isinstance(verdict, bool) else verdict

    return check
