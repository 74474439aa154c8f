"""Fixtures of the engine's tests: the contract's own example, and builders that name only what matters."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from backend.letters.loader import load_letters
from backend.letters.rules import Calendar, decide

EXAMPLE: dict[str, Any] = {
    "now": "2024-03-14T09:00:00+08:00",
    "timezone": "Asia/Shanghai",
    "letters": ["D"],
    "customer": {
        "province": "江苏", "payment_breach": False, "confidentiality_breach": False, "training_completed": True,
    },
    "asset": {
        "brand": "DELL", "category": "laptop", "material": None, "genuine": True, "stores_data": True,
        "purchased_on": "2021-03-10", "invoiced_on": "2021-03-10", "accepted_on": "2021-03-15", "price": "5200.00",
    },
    "out_of_service": [{"from": "2022-01-03", "to": "2022-01-10", "reason": "repair"}],
    "repairs": [{"report": "FR-2021-000017", "fault": "no-boot", "on": "2021-05-01"}],
    "request": {
        "kind": "repair", "channel": "phone", "priority": None, "fault": "no-boot", "cause_category": None,
        "unrepairable": False, "reported_at": "2024-03-14T08:00:00+08:00", "remote_started_at": None,
        "onsite_decided_at": None, "promised_for": None, "upgrade_quote": None, "product_price": None,
    },
}  # fmt: skip


@pytest.fixture(scope="session")
def rest_days() -> Calendar:
    return Calendar()


@pytest.fixture
def example() -> dict[str, Any]:
    """The facts that letters/DECISIONS.md shows."""
    return deepcopy(EXAMPLE)


@pytest.fixture
def decided(rest_days: Calendar) -> Callable[..., dict[str, Any]]:
    """decided("D", reported="2024-03-14", asset={…}, request={…}): a decision on otherwise complete facts."""

    def decide_it(letters: str | list[str], reported: str = "2024-03-14", **said: Any) -> dict[str, Any]:
        facts = facts_for(letters, reported, **said)
        return decide(facts, load_letters(facts["letters"]), rest_days)

    return decide_it


def facts_for(letters: str | list[str], reported: str = "2024-03-14", **said: Any) -> dict[str, Any]:
    """Facts of a repair reported by phone at 10:00 on a day, an hour before now; `said` overrides section by section."""
    facts: dict[str, Any] = {
        "now": f"{reported}T11:00:00+08:00",
        "letters": [letters] if isinstance(letters, str) else letters,
        "customer": {"training_completed": True},
        "asset": {
            "brand": "DELL", "category": "laptop", "stores_data": False, "purchased_on": "2021-03-10",
            "invoiced_on": "2021-03-10", "accepted_on": "2021-03-15", "price": "5200.00",
        },
        "request": {"kind": "repair", "channel": "phone", "reported_at": f"{reported}T10:00:00+08:00"},
    }  # fmt: skip
    for section, value in said.items():
        facts[section] = {**facts.get(section, {}), **value} if isinstance(value, dict) else value
    return facts
