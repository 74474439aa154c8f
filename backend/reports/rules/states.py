"""The states of a report as one table (K-5): from, to, who, what is needed. Used by services, printed into the docs."""

from __future__ import annotations

from dataclasses import dataclass

STATES = ("draft", "submitted", "returned", "approved", "withdrawn")
EDITABLE = ("draft", "returned")
COUNTED = ("submitted", "approved")  # what repairs and statistics count


@dataclass(frozen=True)
class Step:
    """One legal way from a state to another: by whom, and what is needed."""

    name: str
    source: str
    target: str
    who: str
    needs: str | None = None


STEPS: tuple[Step, ...] = (
    Step("submit", "draft", "submitted", "engineer", "nothing required is missing"),
    Step("submit", "returned", "submitted", "engineer", "nothing required is missing"),
    Step("return", "submitted", "returned", "office", "a comment"),
    Step("return", "approved", "returned", "admin", "a comment"),
    Step("approve", "submitted", "approved", "admin"),
    Step("withdraw", "draft", "withdrawn", "engineer", "a reason"),
    Step("withdraw", "returned", "withdrawn", "engineer", "a reason"),
    Step("withdraw", "submitted", "withdrawn", "admin", "a reason"),
    Step("withdraw", "approved", "withdrawn", "admin", "a reason"),
)

_BY = {(step.name, step.source): step for step in STEPS}
_ENDS = {step.name: step.target for step in STEPS}


def step_from(name: str, state: str) -> Step | None:
    """The step of that name out of a state; None when the table has none."""
    return _BY.get((name, state))


def is_done_already(name: str, state: str) -> bool:
    """True when the report stands where the step would lead: saying it again changes nothing."""
    return _ENDS[name] == state
