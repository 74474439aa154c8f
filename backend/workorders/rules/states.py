"""The states of a work order as one table (K-5), and the state as the log tells it (K-3).

A state is never set: it is what the log's entries, in the order of their corrected times, lead to. An entry that the
table does not know in the present state changes nothing, so a late arrival never reopens what was closed. Used by
workorders.services and repeated on the phone on tests/vectors/work-order-states.json.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backend.workorders.rules.entries import Entry, in_order

STATES = ("new", "assigned", "in_progress", "waiting", "resolved", "accepted", "closed", "cancelled")
ENDED = ("closed", "cancelled")
ENDING = (*ENDED, "reopened")  # the words of the log that end a work order, or say that it is not over
OPEN = tuple(state for state in STATES if state not in ENDED)
WORKING = ("new", "assigned", "in_progress", "waiting")


@dataclass(frozen=True)
class Step:
    """One legal way: from where, by which log entry, to where, by whom, and what is needed for it."""

    source: str
    what: str
    target: str
    who: str
    needs: str = ""


def _steps(sources: Iterable[str], what: str, target: str, who: str, needs: str = "") -> tuple[Step, ...]:
    return tuple(Step(source, what, target, who, needs) for source in sources)


STEPS: tuple[Step, ...] = (
    *_steps(("new", "waiting", "resolved", "accepted"), "sent", "assigned", "office"),
    *_steps(("new", "assigned", "waiting"), "departed", "in_progress", "engineer"),
    *_steps(("new", "assigned", "waiting"), "arrived", "in_progress", "engineer"),
    *_steps(("new", "assigned"), "remote_started", "in_progress", "engineer, office"),
    *_steps(("new", "assigned", "in_progress"), "waiting", "waiting", "engineer, office", "reason"),
    *_steps(("waiting",), "resumed", "in_progress", "engineer, office"),
    *_steps(WORKING, "solved", "resolved", "engineer, office"),
    *_steps(("resolved", "in_progress", "waiting"), "accepted", "accepted", "customer, office", "who, how"),
    *_steps(("resolved", "accepted"), "rejected", "in_progress", "customer, office", "reason"),
    *_steps(("resolved", "accepted"), "closed", "closed", "office", "every gate holds, or an admin's reason"),
    *_steps(WORKING, "closed", "closed", "admin", "reason"),
    *_steps(OPEN, "cancelled", "cancelled", "office", "reason"),
    *_steps(ENDED, "reopened", "new", "office", "reason"),
)
# A visit that falls away: when it was the last open one, the work order is again what it was before somebody was sent.
VISIT_GONE = ("visit_declined", "visit_cancelled", "visit_superseded")

_TARGETS = {(step.source, step.what): step.target for step in STEPS}


def after(state: str, what: str) -> str | None:
    """Where an entry leads from a state; None when the table has no such way."""
    return _TARGETS.get((state, what))


def state_of(entries: Iterable[Entry]) -> str:
    """The state that the log leads to, whatever order its entries arrived in."""
    state, before, visits = "new", "new", set()
    for entry in in_order(entries):
        if entry.what == "sent":
            visits.add(entry.visit_id)
            before = before if state == "assigned" else state
        elif entry.what == "left":
            visits.discard(entry.visit_id)
        elif entry.what in VISIT_GONE:
            visits.discard(entry.visit_id)
            if state == "assigned" and not visits:
                state = before
        elif entry.what == "reopened":
            visits.clear()
        state = after(state, entry.what) or state
    return state
