"""When a decision changes by time alone, so that nobody asks again before."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from backend.letters.loader import load_letters
from backend.letters.rules import decide, next_change_at

from .conftest import facts_for

OLD = {"accepted_on": "2015-01-05"}
OUT = [{"from": "2024-03-13", "to": None, "reason": "repair"}]


@pytest.mark.promise("C-20", "D-10")
@pytest.mark.parametrize(
    ("letter", "reported", "said", "expected"),
    [
        ("C", "2024-03-14", {"asset": OLD}, "2024-06-01T00:00:00+08:00"),
        ("C", "2024-06-30", {"asset": OLD}, "2024-07-01T00:00:00+08:00"),
        ("C", "2024-07-01", {"asset": OLD}, "2025-06-01T00:00:00+08:00"),
        ("C", "2024-03-14", {}, None),  # free anyway
        ("D", "2024-03-14", {}, None),  # the claim was raised in time, whatever day it is
        ("D", "2024-03-14", {"out_of_service": OUT}, "2024-03-15T00:00:00+08:00"),
        ("B", "2024-03-14", {"out_of_service": OUT}, None),
        ("C", "2024-03-14", {"asset": OLD, "timezone": "Europe/Berlin"}, "2024-06-01T00:00:00+02:00"),
    ],
)
def test_the_next_instant_at_which_the_same_facts_are_decided_otherwise(rest_days, letter, reported, said, expected):
    facts, letters = facts_for(letter, reported, **said), load_letters(letter)
    found = next_change_at(facts, letters, rest_days)
    assert (found and found.isoformat()) == expected
    if found:
        before = decide(facts | {"now": (found - timedelta(seconds=1)).isoformat()}, letters, rest_days)
        after = decide(facts | {"now": found.isoformat()}, letters, rest_days)
        assert before["entitlement"] != after["entitlement"]
        assert found > datetime.fromisoformat(facts["now"])
