"""The visit's table of states: every step has one meaning, every state is reachable, the end is the end."""

from __future__ import annotations

import pytest

from backend.visits.rules import states


def test_each_step_from_a_state_leads_to_one_state():
    ways = [(step.name, step.source) for step in states.STEPS]
    assert len(ways) == len(set(ways))


def test_every_state_is_in_the_table_and_reachable():
    named = {step.source for step in states.STEPS} | {step.target for step in states.STEPS}
    assert named == set(states.STATES)
    assert {step.target for step in states.STEPS} == set(states.STATES)


@pytest.mark.parametrize("state", states.ENDED)
def test_nothing_leads_out_of_an_ended_visit(state):
    assert not [step for step in states.STEPS if step.source == state]


@pytest.mark.parametrize("state", states.OPEN[:4])
def test_a_check_in_is_legal_from_every_state_before_it(state):
    assert states.after("check_in", state) == "on_site"


@pytest.mark.parametrize("state", states.OPEN)
def test_a_check_out_is_legal_from_every_open_state(state):
    assert states.after("check_out", state) == "done"
    assert states.after("check_out_futile", state) == "futile"


def test_a_visit_on_site_is_not_called_off():
    assert states.after("cancel", "on_site") is None
