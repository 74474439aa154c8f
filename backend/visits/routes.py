"""Visits over HTTP: planning, calling off, letting a check-in count, the dispatch week."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import g

from backend.core.db import db
from backend.core.http import needs, request_now
from backend.visits import arrivals, dispatch, schemas, services
from backend.visits.models import CheckIn, Visit
from backend.workorders.schemas import VisitPlan
from backend.workorders.services import work_order_for

bp = APIBlueprint("visits", __name__, url_prefix="/api", tag="visits")


@bp.post("/work-orders/<work_order_id>/visits")
@needs("visits.write")
@bp.input(VisitPlan)
@bp.output(schemas.VisitOut, status_code=201)
@bp.doc(summary="Plan a visit and send its engineers")
def add_visit(work_order_id: str, json_data: dict[str, Any]) -> Visit:
    work_order = work_order_for(db.session, g.actor, work_order_id)
    return services.plan_visit(db.session, g.actor, work_order, json_data, request_now())


@bp.patch("/visits/<visit_id>")
@needs("visits.write")
@bp.input(schemas.VisitEdit)
@bp.output(schemas.VisitOut)
@bp.doc(
    summary="Change a plan, field by field",
    description="When none of the old engineers stays, the visit becomes `superseded` and the answer is the new one.",
)
def edit_visit(visit_id: str, json_data: dict[str, Any]) -> Visit:
    visit = services.get_visit(db.session, visit_id)
    return services.change_visit(db.session, g.actor, visit, json_data["base"], json_data["fields"], request_now())


@bp.post("/visits/<visit_id>/cancel")
@needs("visits.write")
@bp.input(schemas.VisitReasonIn)
@bp.output(schemas.VisitOut)
@bp.doc(summary="Call a visit off, with the reason")
def cancel_visit(visit_id: str, json_data: dict[str, Any]) -> Visit:
    visit = services.get_visit(db.session, visit_id)
    return services.cancel_visit(db.session, g.actor, visit, json_data["reason"], request_now())


@bp.post("/check-ins/<check_in_id>/accept")
@needs("visits.write")
@bp.input(schemas.NoteIn)
@bp.output(schemas.CheckInOut)
@bp.doc(summary="Let a check-in count that is off site or has no position")
def accept_check_in(check_in_id: str, json_data: dict[str, Any]) -> CheckIn:
    row = arrivals.check_in_of(db.session, check_in_id)
    return arrivals.accept_by_office(db.session, g.actor, row, json_data["note"], request_now())


@bp.get("/visits")
@needs("work_orders.read")
@bp.input(schemas.VisitQuery, location="query")
@bp.output(schemas.VisitPage)
@bp.doc(summary="Visits by planned time: the dispatch week, or an engineer's own")
def list_visits(query_data: dict[str, Any]) -> dict[str, Any]:
    rows, cursor = dispatch.list_visits(db.session, g.actor, query_data)
    return {"rows": rows, "next_cursor": cursor}


@bp.get("/engineers")
@needs("visits.write")
@bp.input(schemas.EngineerQuery, location="query")
@bp.output(schemas.EngineerList)
@bp.doc(summary="Engineers with load, last contact, distance and reasons, the best fitting first")
def list_engineers(query_data: dict[str, Any]) -> dict[str, Any]:
    order_id = query_data.get("work_order_id")
    work_order = work_order_for(db.session, g.actor, order_id) if order_id else None
    rows = dispatch.list_engineers(
        db.session, g.actor, work_order, query_data.get("branch_id"), query_data.get("on"), request_now()
    )
    return {"rows": rows}
