"""The states of a visit as one table (K-5): from, to, who, what is needed.

Used by visits.services, told to the phone in the OpenAPI description and printed into the docs. `engineer` is one who
is on the visit, `office` a dispatcher or admin.
"""

from __future__ import annotations

from dataclasses import dataclass

OPEN = ("planned", "accepted", "declined", "travelling", "on_site")
ENDED = ("done", "futile", "cancelled", "superseded")
STATES = OPEN + ENDED


@dataclass(frozen=True)
class Step:
    """One legal way from a state to another: by whom, and the argument it needs."""

    name: str
    source: str
    target: str
    who: str
    needs: str | None = None


def _steps(name: str, sources: tuple[str, ...], target: str, who: str, needs: str | None = None) -> tuple[Step, ...]:
    return tuple(Step(name, source, target, who, needs) for source in sources)


STEPS: tuple[Step, ...] = (
    *_steps("accept", ("planned", "declined"), "accepted", "engineer"),
    *_steps("decline", ("planned", "accepted"), "declined", "engineer", "reason"),
    *_steps("depart", ("planned", "accepted", "declined"), "travelling", "engineer"),
    # A check-in or check-out is never refused: it is a fact, whatever was tapped before (K-7).
    *_steps("check_in", ("planned", "accepted", "declined", "travelling"), "on_site", "engineer"),
    *_steps("check_out", OPEN, "done", "engineer"),
    *_steps("check_out_futile", OPEN, "futile", "engineer"),
    *_steps("replan", ("planned", "accepted", "declined"), "planned", "office"),
    *_steps("supersede", OPEN, "superseded", "office"),
    *_steps("cancel", ("planned", "accepted", "declined", "travelling"), "cancelled", "office", "reason"),
)

_TARGETS = {(step.name, step.source): step.target for step in STEPS}
_ENDS = {step.name: step.target for step in STEPS}


def after(step: str, state: str) -> str | None:
    """The state a step leads to from `state`; None when the table has no such way."""
    return _TARGETS.get((step, state))


def is_passed_already(step: str, state: str) -> bool:
    """True when she has gone on since: an acceptance that comes from her other phone after the check-in is true all the same."""
    return step == "accept" and state in ("travelling", "on_site", "done", "futile")


def is_done_already(step: str, state: str) -> bool:
    """True when the visit stands where the step would lead: saying it again changes nothing."""
    return _ENDS[step] == state
