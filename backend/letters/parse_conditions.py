"""Conditions of a letter file: `when: {kind: repair, within: warranty}` becomes a function of a case.

All words of one mapping must hold; `any: [...]` and `not: {...}` combine. Called by the parser of letter files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from backend.letters.entries import Entry, Fields
from backend.letters.rules import conditions as rules
from backend.letters.rules import words
from backend.letters.rules.letter import Condition

WORD_FACTS = {
    "kind": ("kind", words.KINDS),
    "channel": ("channel", words.CHANNELS),
    "priority": ("priority", words.PRIORITIES),
    "cause": ("cause_category", words.CAUSES),
    "category": ("category", words.CATEGORIES),
    "material": ("material", words.MATERIALS),
}
FLAGS = (
    "payment_breach", "confidentiality_breach", "training_completed", "genuine", "stores_data", "unrepairable",
)  # fmt: skip
EVENTS = {
    "escalated": "remote_started_at", "visit_decided": "onsite_decided_at", "promised": "promised_for",
    "quoted": "upgrade_quote",
}  # fmt: skip
KNOWN = (
    *WORD_FACTS, "brand", "province", *FLAGS, *EVENTS, "on_site", "within", "after", "month", "earlier_repairs",
    "quote_above_ceiling", "any", "not",
)  # fmt: skip


def condition_of(entry: Entry, periods: Collection[str], quote_above: Callable[[], Condition]) -> Condition:
    """The condition in a mapping. `periods`: the names the file has; `quote_above`: its rule about quotes."""
    fields = entry.fields((), KNOWN)
    if not fields:
        entry.fault("条件不能为空", "a condition must say something")
    read = _Reading(periods, quote_above)
    return rules.all_of([read.word(key, value, fields) for key, value in fields.items()])


class _Reading:
    """Reads the words of one condition."""

    def __init__(self, periods: Collection[str], quote_above: Callable[[], Condition]) -> None:
        self.periods, self.quote_above = periods, quote_above

    def word(self, key: str, entry: Entry, fields: Fields) -> Condition:
        if key in WORD_FACTS:
            name, known = WORD_FACTS[key]
            return rules.is_one_of(name, words.PATHS[name], frozenset(entry.words(known)))
        if key in FLAGS:
            return rules.is_flag(key, words.PATHS.get(key, ""), entry.flag())
        if key in EVENTS:
            return rules.is_set(EVENTS[key], entry.flag())
        return getattr(self, f"_{key}")(entry)

    def _brand(self, entry: Entry) -> Condition:
        brands = frozenset(each.text().casefold() for each in entry.one_or_more())
        return rules.is_brand(words.PATHS["brand"], brands)

    def _province(self, entry: Entry) -> Condition:
        provinces = frozenset(each.text() for each in entry.one_or_more())
        return rules.is_one_of("province", words.PATHS["province"], provinces)

    def _on_site(self, entry: Entry) -> Condition:
        return rules.is_on_site(words.PATHS["channel"], entry.flag())

    def _within(self, entry: Entry) -> Condition:
        return rules.all_of([rules.is_within(name) for name in entry.words(self.periods)])

    def _after(self, entry: Entry) -> Condition:
        return rules.all_of([rules.is_after(name) for name in entry.words(self.periods)])

    def _month(self, entry: Entry) -> Condition:
        return rules.is_month(frozenset(each.number(1, 12) for each in entry.one_or_more()))

    def _earlier_repairs(self, entry: Entry) -> Condition:
        fields = entry.fields(("at_least", "within"))
        least = fields["at_least"].number(1, 1000) if "at_least" in fields else 1
        period = fields["within"].word(self.periods) if "within" in fields else ""
        return rules.has_earlier_repairs(least, period)

    def _quote_above_ceiling(self, entry: Entry) -> Condition:
        return self.quote_above() if entry.flag() else rules.negation(self.quote_above())

    def _any(self, entry: Entry) -> Condition:
        return rules.any_of([condition_of(each, self.periods, self.quote_above) for each in entry.items()])

    def _not(self, entry: Entry) -> Condition:
        return rules.negation(condition_of(entry, self.periods, self.quote_above))
