"""The example of letters/DECISIONS.md, byte for byte."""

from __future__ import annotations

import json

import pytest

from backend.letters.loader import load_letters
from backend.letters.rules import decide


@pytest.mark.promise("D-09", "D-10", "D-11", "D-13", "D-14", "D-18")
def test_the_contracts_own_example_comes_out_as_written(example, rest_days):
    letter = load_letters(["D"])[0]
    at_eight = "2024-03-14T08:00:00+08:00"

    def clock(name, clause, due, calendar):
        return {
            "name": name, "letter": "D", "clause": clause, "starts": at_eight, "target": None, "due": due,
            "calendar": calendar,
        }  # fmt: skip

    expected = {
        "clocks": [
            clock("respond", "D-13", "2024-03-14T09:00:00+08:00", "7x8"),
            clock("arrive", "D-13", "2024-03-14T09:30:00+08:00", "7x8"),
            clock("resolve", "D-14", "2024-03-15T08:00:00+08:00", "24x7"),
        ],
        "entitlement": {
            "status": "covered",
            "warranty_end": "2024-03-25",
            "warranty_end_provisional": False,
            "charges": {"labour": "free", "parts": "free", "call_out": "free", "travel": "free"},
            "remedies": ["repair"],
            "refund": None,
            "upgrade_ceiling": None,
            "reasons": [
                {"letter": "D", "clause": clause, "text": letter.clause(clause).text}
                for clause in ("D-09", "D-10", "D-11")
            ],
        },
        "gates": [{"gate": "backup_notice", "before": "work", "clause": "D-18"}],
        "owed": [{"what": "loaner", "clause": "D-14", "due": "2024-03-15T08:00:00+08:00"}],
        "missing": [],
    }
    assert json.dumps(decide(example, [letter], rest_days)) == json.dumps(expected)


def test_the_same_arguments_give_the_same_bytes(example, rest_days):
    letters = load_letters("ABCD")
    once = json.dumps(decide(example, letters, rest_days))
    assert {json.dumps(decide(example, letters, rest_days)) for _ in range(20)} == {once}
