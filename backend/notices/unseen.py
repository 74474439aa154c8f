"""Call her: an arrival promised within half an hour was sent, and she has not looked at it. The worker's task.

Which visit to look at stands in an indexed column that sending writes and this empties, in the transaction that tells.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import clock
from backend.notices.people import concerned
from backend.notices.services import tell
from backend.visits.models import Visit, VisitEngineer
from backend.workorders.models import WorkOrder
from backend.workorders.rules import warnings

EVERY_S = 10
SLICE = 50
SHORT = timedelta(minutes=30)  # C-22 and D-13; who has eight hours is not called after three minutes


def run(session: Session, now: datetime) -> bool:
    """One slice. True while there is more."""
    query = sa.select(VisitEngineer).where(VisitEngineer.call_at <= now)
    due = list(session.scalars(query.order_by(VisitEngineer.call_at, VisitEngineer.visit_id).limit(SLICE)))
    for one in due:
        one.call_at = None
        visit = session.get_one(Visit, one.visit_id)
        if one.seen_at is None and visit.state == "planned" and visit.lead_id == one.engineer_id:
            _tell(session, one, visit, now)
    return len(due) == SLICE


def _tell(session: Session, one: VisitEngineer, visit: Visit, now: datetime) -> None:
    work_order = session.get_one(WorkOrder, visit.work_order_id)
    arrival = next((c for c in work_order.clocks if c["name"] == "arrive" and warnings.warns(c)), None)
    if arrival is None:
        return
    starts, due = warnings.span_of(arrival)
    if due - starts > SHORT:
        return
    tell(
        session, concerned(session, [work_order])[work_order.id].dispatchers, kind="call_her",
        subject=f"call {visit.id} {one.engineer_id}", work_order_id=work_order.id, visit_id=visit.id, now=now,
        about={"engineer_id": one.engineer_id, "sent_at": clock.iso(one.sent_at)},
    )  # fmt: skip
