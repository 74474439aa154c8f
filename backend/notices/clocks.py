"""Clocks that tell somebody: the worker's task. A notice and the note that it was told are one transaction.

A work order is looked at when the column that settling keeps says so (workorders/rules/warnings.py): quiet ones cost
nothing, and one whose clock was met, excused or moved meanwhile has another instant there, or none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import clock
from backend.notices.people import Concerned, concerned
from backend.notices.services import tell
from backend.visits import dispatch
from backend.workorders.models import WorkOrder
from backend.workorders.rules import warnings
from backend.workorders.settling import keep_watch

EVERY_S = 10
SLICE = 10  # work orders a transaction: some hundred notices, well below 250 ms


def run(session: Session, now: datetime) -> bool:
    """The worker's task: one slice. True while there is more."""
    query = sa.select(WorkOrder).where(WorkOrder.next_warning_at <= now)
    found = list(session.scalars(query.order_by(WorkOrder.next_warning_at, WorkOrder.id).limit(SLICE)))
    people = concerned(session, found) if found else {}
    for work_order in found:
        warn(session, work_order, people[work_order.id], now)
    return len(found) == SLICE


def warn(session: Session, work_order: WorkOrder, people: Concerned, now: datetime) -> None:
    """Tell what its clocks have crossed, and keep that it was told."""
    keep_watch(work_order, now)
    for one in work_order.clocks:
        threshold = warnings.to_tell(one, work_order.warned, now)
        if threshold is None:
            continue
        is_missed = threshold == warnings.WHOLE
        about = {
            "clock": one["name"], "clause": one["clause"], "starts": one["starts"], "due": one["due"],
            "threshold": threshold,
        }  # fmt: skip
        if one["name"] == "arrive":
            about |= who_could_go(session, work_order, people, now)
        tell(
            session, people.of(with_admins=is_missed), kind="clock_missed" if is_missed else "clock_near",
            subject=subject_of(work_order.id, one, threshold), work_order_id=work_order.id, now=now, about=about,
            visit_id=next(iter(people.leads), None),
        )  # fmt: skip
        if is_missed:
            _tell_owed(session, work_order, one, people, now)
        work_order.warned = warnings.told(work_order.warned, one, threshold)
    keep_watch(work_order, now)


def _tell_owed(
    session: Session, work_order: WorkOrder, one: dict[str, Any], people: Concerned, now: datetime
) -> None:
    """A repair that was not done in time may owe a stand-in machine: whoever sends people sends that too (D-14)."""
    for owed in work_order.owed:
        is_open = owed["what"] == "loaner" and owed.get("state", "open") == "open"
        if is_open and one["name"] == "resolve" and owed["clause"] == one["clause"]:
            tell(
                session, people.dispatchers, kind="loaner_owed", work_order_id=work_order.id, now=now,
                subject=f"loaner {work_order.id} {owed['clause']} {owed['due']}",
                about={"clause": owed["clause"], "due": owed["due"]},
            )  # fmt: skip


def subject_of(work_order_id: str, one: dict[str, Any], threshold: int) -> str:
    """work order × clock × clause × starts × due × threshold; with the person this is unique."""
    return " ".join(["clock", work_order_id, one["name"], one["clause"], one["starts"], one["due"], str(threshold)])


def who_could_go(session: Session, work_order: WorkOrder, people: Concerned, now: datetime) -> dict[str, Any]:
    """For an arrival: is the one who goes out of reach since long, and who of the branch is nearest instead?"""
    leads = list(people.leads.values())
    nearest = dispatch.nearest(session, work_order, leads, now)
    out: dict[str, Any] = {"engineer_id": leads[0] if leads else None}
    if leads:
        out["offline_since"] = clock.iso(dispatch.offline_since(session, leads[0], now))
    if nearest is not None:
        out |= {"nearest_id": nearest[0].id, "nearest_name": nearest[0].name, "nearest_m": nearest[1]}
    return out
