"""duties(): what falls due by itself under a contract, between two days.

Pure, as decide(). Keys are made of the clause and the day as counted, so that generating twice changes nothing.
Called by the command line and by whatever plans visits. Source: letters/DECISIONS.md "Duties".
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import MAXYEAR, date
from decimal import ROUND_CEILING, Context, Decimal
from itertools import count
from typing import Any

from backend.letters.rules.calendar import Calendar
from backend.letters.rules.case import Span, span_of
from backend.letters.rules.contract import Contract, ContractAsset, contract_of
from backend.letters.rules.decide import clause_order
from backend.letters.rules.letter import UNLISTED, DutyRule, Letter, Period, Unknown
from backend.letters.rules.terms import corresponding_day, last_day

_EXACT = Context(prec=60, rounding=ROUND_CEILING)


def duties(
    contract: dict[str, Any] | Contract,
    letters: Sequence[Letter],
    calendar: Calendar,
    from_: date,
    until: date,
) -> dict[str, Any]:
    """What falls due under the letters of a contract.

    contract  the JSON object of letters/DECISIONS.md "Duties", or what contract_of() made of it
    letters   loaded letters, in the contract's order
    calendar  Calendar of statutory rest days
    from_     first due day asked for; until the last
    returns   {"duties": [...], "missing": [...]}
    raises    FactsFaulty with every fault
    """
    known = contract if isinstance(contract, Contract) else contract_of(contract)
    found: dict[str, dict[str, Any]] = {}
    missing: set[str] = set()
    for letter in {letter.ref: letter for letter in letters}.values():
        for rule in letter.duties:
            period = letter.periods[rule.during] if rule.during else None
            for duty in _falling_due(_Plan(known, rule, period, calendar, missing), from_, until):
                found.setdefault(duty["key"], duty)
    ordered = sorted(found.values(), key=lambda duty: (duty["due_on"], clause_order(duty["clause"]), duty["key"]))
    return {"duties": ordered, "missing": sorted(missing)}


class _Plan:
    """One rule for one contract: on which days it falls due, and for which assets."""

    def __init__(
        self, contract: Contract, rule: DutyRule, period: Period | None, calendar: Calendar, missing: set[str]
    ) -> None:
        self.contract, self.rule, self.calendar, self.missing = contract, rule, calendar, missing
        self.assets = self._assets()
        self.spans = self._spans(period) if period is not None else None

    def _assets(self) -> list[ContractAsset]:
        """The assets that the rule is about; one whose material is not said may be one of them."""
        wanted = self.rule.materials
        if not wanted:
            return list(self.contract.assets)
        self.missing.update(asset.path("material") for asset in self.contract.assets if not asset.says_material)
        return [asset for asset in self.contract.assets if asset.material in wanted]

    def _spans(self, period: Period) -> list[tuple[ContractAsset | None, date, date]]:
        """First and last day of the period for each asset; without assets it runs from the contract's start."""
        if not self.contract.assets:
            start = self.contract.starts_on
            return [(None, start, last_day(period.products[0].term.after(start), self.calendar).day)]
        spans: list[tuple[ContractAsset | None, date, date]] = []
        for asset in self.assets:
            span = span_of(period, asset, self.calendar)
            if isinstance(span, Span):
                spans.append((asset, getattr(asset, period.anchor), span.end.day))
            else:
                self.missing |= span - {UNLISTED}
        return spans

    def days(self) -> Iterator[date]:
        """The days as counted, ascending, until the contract ends."""
        start, end = self.contract.starts_on, self.contract.ends_on or date.max
        for day in self._days_for_ever(start):
            if day > end or day == date.max:
                return
            if day >= start:
                yield day

    def _days_for_ever(self, start: date) -> Iterator[date]:
        if self.rule.on is not None:
            month, day = self.rule.on
            for year in range(start.year, MAXYEAR):
                yield date(year, month, min(day, monthrange(year, month)[1]))
            return
        key = self.rule.every_months_key
        months = (getattr(self.contract, key) if key else None) or self.rule.every_months or 1
        for turn in count(1):
            yield corresponding_day(start, months * turn)

    def groups(self, day: date) -> Iterator[tuple[str | None, list[ContractAsset]]]:
        """What falls due on one day: (suffix of the key, assets), one per material or model where they are apart."""
        assets = self.assets
        if self.spans is not None:
            held = [asset for asset, first, last in self.spans if first <= day <= last]
            if not held:
                return
            assets = [asset for asset in held if asset is not None]
        elif self.rule.materials and not assets:
            return
        if self.rule.split is None or not assets:
            yield None, assets
            return
        apart: dict[str | None, list[ContractAsset]] = {}
        for asset in assets:
            apart.setdefault(getattr(asset, self.rule.split), []).append(asset)
        yield from sorted(apart.items(), key=lambda group: (group[0] is not None, group[0] or ""))

    def quantity(self, suffix: str | None, assets: list[ContractAsset]) -> int | Unknown | None:
        """How many the duty is about, the missing fact it needs, or None where the rule names no number."""
        if self.rule.percent is None and self.rule.at_most is None:
            return None
        base = len(assets)
        whole = suffix is None and len(assets) == len(self.assets)
        if whole and self.contract.installed is not None:
            base = self.contract.installed
        elif not self.contract.assets:
            return frozenset(("$.contract.installed",))
        if self.rule.percent is not None:
            share = _EXACT.divide(_EXACT.multiply(self.rule.percent, Decimal(base)), Decimal(100))
            base = int(share.to_integral_value(rounding=ROUND_CEILING))
        return base if self.rule.at_most is None else min(base, self.rule.at_most)


def _falling_due(plan: _Plan, from_: date, until: date) -> Iterator[dict[str, Any]]:
    """The duties of one rule whose due day lies between the two days."""
    rule = plan.rule
    for day in plan.days():
        if day > until:
            return
        due_on = plan.calendar.first_working_day(day)
        if not from_ <= due_on <= until:
            continue
        for suffix, assets in plan.groups(day):
            quantity = plan.quantity(suffix, assets)
            if isinstance(quantity, frozenset):
                plan.missing |= quantity
                continue
            yield {
                "key": f"{rule.clause}/{day.isoformat()}" + (f"/{suffix}" if suffix else ""),
                "kind": rule.kind,
                "clause": rule.clause,
                "due_on": due_on.isoformat(),
                "checklist": rule.checklist,
                "assets": [asset.id for asset in assets],
                "quantity": quantity,
            }
