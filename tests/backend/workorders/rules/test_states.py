"""The table of states, and the state as the log tells it."""

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.workorders.rules.entries import WHATS, Entry
from backend.workorders.rules.states import ENDED, STATES, STEPS, after, state_of

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
VECTORS = json.loads((Path(__file__).parents[3] / "vectors" / "work-order-states.json").read_text())


def log(words):
    """`sent:1 arrived` → entries a minute apart; `:1` names the visit."""
    out = []
    for n, word in enumerate(words.split()):
        what, _, visit = word.partition(":")
        out.append(Entry(f"{n:04}", what, START + timedelta(minutes=n), visit_id=visit or None))
    return out


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["log"])
def test_the_log_leads_to_the_state(case):
    assert state_of(log(case["log"])) == case["state"]


def test_the_table_knows_only_known_words():
    for step in STEPS:
        assert step.source in STATES and step.target in STATES and step.what in WHATS
        assert step.who


def test_one_state_and_word_lead_to_one_place():
    assert len({(step.source, step.what) for step in STEPS}) == len(STEPS)


@pytest.mark.parametrize("state", ENDED)
@pytest.mark.parametrize("what", sorted(set(WHATS) - {"reopened"}))
def test_what_has_ended_is_left_by_reopening_alone(state, what):
    assert after(state, what) is None


def test_every_state_is_reached_and_left():
    assert {step.target for step in STEPS} == set(STATES)
    assert {step.source for step in STEPS} == set(STATES)


def test_the_order_in_which_entries_arrive_never_changes_the_state():
    chance = random.Random(11)
    for _ in range(300):
        entries = log(" ".join(chance.choices(list(WHATS), k=10)))
        assert state_of(chance.sample(entries, len(entries))) == state_of(entries)
