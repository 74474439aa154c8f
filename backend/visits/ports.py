"""What visits answer to work orders: who is on one, what stands on its page, what happens when it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backend.accounts.models import User
from backend.visits.models import CheckIn, CheckInFix, Visit
from backend.visits.rules.states import OPEN
from backend.visits.schemas import CheckInOut
from backend.visits.services import plan_visit, step_to, work_orders_of, write_log
from backend.visits.taps import at_desk
from backend.workorders import ports as work_orders
from backend.workorders.models import WorkOrder


def register(_app: Flask) -> None:
    work_orders.work_of_engineer.answer_with(work_orders_of)
    work_orders.plan_visit.answer_with(plan_visit)
    work_orders.details_of.answer_with(details_of)
    work_orders.columns_of.answer_with(columns_of)
    work_orders.ended.answer_with(call_off_open_visits)


def details_of(session: Session, work_order_id: str, _actor: Any) -> dict[str, Any]:
    """Visits and check-ins for the work order's page, each check-in with the fixes that followed."""
    visits = session.scalars(
        sa.select(Visit).where(Visit.work_order_id == work_order_id).order_by(Visit.planned_from, Visit.id)
    )
    fixes: dict[str, list[Any]] = {}
    for fix in session.scalars(
        sa.select(CheckInFix).where(CheckInFix.work_order_id == work_order_id).order_by(CheckInFix.id)
    ):
        fixes.setdefault(fix.check_in_id, []).append(fix)
    rows = session.scalars(
        sa.select(CheckIn).where(CheckIn.work_order_id == work_order_id).order_by(CheckIn.corrected_at, CheckIn.id)
    )
    return {
        "visits": list(visits),
        "check_ins": [CheckInOut().dump(row) | {"fixes": fixes.get(row.id, [])} for row in rows],
    }


def columns_of(session: Session, work_order_ids: Sequence[str]) -> Mapping[str, dict[str, Any]]:
    """Engineers and the next visit of each work order in a list."""
    out: dict[str, dict[str, Any]] = {
        i: {"engineers": [], "next_visit_at": None, "visit_state": None} for i in work_order_ids
    }
    visits = list(session.scalars(
        sa.select(Visit).where(Visit.work_order_id.in_(work_order_ids), Visit.state.not_in(("cancelled", "superseded")))
        .order_by(Visit.planned_from, Visit.id)
    ))  # fmt: skip
    ids = {engineer_id for visit in visits for engineer_id in visit.engineer_ids}
    names = {user.id: user.name for user in session.scalars(sa.select(User).where(User.id.in_(ids)))} if ids else {}
    for visit in visits:
        row = out[visit.work_order_id]
        for engineer_id in visit.engineer_ids:
            if engineer_id not in [one["id"] for one in row["engineers"]]:
                row["engineers"].append({"id": engineer_id, "name": names.get(engineer_id, "")})
        if row["visit_state"] not in OPEN:  # the first open one, else the last
            row["next_visit_at"] = visit.planned_from if visit.state in OPEN else None
            row["visit_state"] = visit.state
    return out


def call_off_open_visits(session: Session, work_order: WorkOrder, actor: Any, reason: str, now: datetime) -> None:
    """A closed or cancelled work order has no open visits; one where somebody is on site ends with her check-out."""
    query = sa.select(Visit).where(Visit.work_order_id == work_order.id, Visit.state.in_(OPEN))
    for visit in session.scalars(query):
        if step_to(visit, "cancel"):
            write_log(session, work_order, "visit_cancelled", actor.user_id, at_desk(now), now, visit=visit,
                      note=reason)  # fmt: skip
