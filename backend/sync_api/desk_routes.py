"""What the console asks of sync: the word that something changed, conflicts, stuck operations, a record's history."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, g

from backend.core.db import db
from backend.core.http import needs, request_now
from backend.core.problems import Fault, Invalid, NotFound, Stale
from backend.sync_api import office, schemas, services
from backend.sync_api.bell import desk_head
from backend.sync_api.feed import buckets_of
from backend.sync_api.kinds import conflict_json, stuck_json
from backend.sync_api.models import SyncConflict
from backend.sync_api.policy import sync_actor
from backend.sync_api.publish import read_head
from backend.sync_api.routes import ring_or_hold

bp = APIBlueprint("desk", __name__, url_prefix="/api", tag="sync")


@bp.get("/bell")
@needs("work_orders.read")
@bp.doc(summary="Wait until anything has changed: a console asks its lists again", responses=[200, 204, 400])
def wait_for_a_change() -> Response:
    """The phones' bell for a desk (M-70 to M-73): of any record of the company, by the count of the audit chain."""
    head = desk_head(read_head(db.session))
    return ring_or_hold(head, None, head.seq)


@bp.get("/conflicts")
@needs("stuck.read")
@bp.output(schemas.ConflictsOut)
@bp.doc(summary="Open conflicts")
def list_conflicts() -> dict[str, Any]:
    return {
        "conflicts": [{"id": row.id, **conflict_json(row)} for row in services.open_conflicts(db.session, g.actor)]
    }


@bp.post("/conflicts/<conflict_id>/settle")
@needs("conflicts.settle")
@bp.input(schemas.SettleIn)
@bp.output(schemas.ConflictsOut)
@bp.doc(summary="Settle a conflict: mine, theirs, or a new value", responses=[200, 404, 409, 422])
def settle(conflict_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    conflict = db.session.get(SyncConflict, conflict_id)
    if conflict is None or not _may_settle(conflict):
        raise NotFound()
    if (json_data["choice"] == "edit") != ("value" in json_data):
        words = {"zh": "选 edit 时要给 value。", "en": "The choice edit comes with a value, the others without."}
        raise Invalid(faults=[Fault("$.value", words)])
    settled = services.settle_conflict(
        db.session,
        conflict,
        json_data["choice"],
        json_data.get("value"),
        json_data["seen"],
        sync_actor(g.actor),
        request_now(),
    )
    if not settled:
        raise Stale(extra={"current": conflict_json(conflict)})
    return {"conflicts": [{"id": conflict.id, **conflict_json(conflict)}]}


def _may_settle(conflict: SyncConflict) -> bool:
    if conflict.phone_author_id == g.actor.user_id:
        return True
    if g.actor.role != "engineer":
        return office.sees(db.session, g.actor, "conflict", conflict.id)
    return services.is_visible(db.session, "conflict", conflict.id, buckets_of(g.actor))


@bp.get("/stuck-operations")
@needs("stuck.read")
@bp.output(schemas.StuckOut)
@bp.doc(summary="Operations that wait for somebody")
def list_stuck() -> dict[str, Any]:
    rows = services.stuck_operations(db.session, g.actor)
    return {"stuck_operations": [{"id": row.id, **stuck_json(row)} for row in rows]}


@bp.post("/stuck-operations/<op_id>/mend")
@needs("stuck.mend", own_transaction=True)
@bp.input(schemas.MendIn)
@bp.output(schemas.ResultOut)
@bp.doc(summary="Do what a stuck operation wanted, as it was or with other values", responses=[200, 404, 422])
def mend(op_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    result = services.mend_for_office(op_id, g.actor, json_data.get("args"), json_data.get("base"), request_now())
    return {"result": result}


@bp.post("/stuck-operations/<op_id>/drop")
@needs("stuck.mend")
@bp.output(schemas.StuckOut)
@bp.doc(summary="Decide that a stuck operation is not to be done; it stays readable", responses=[200, 404])
def drop(op_id: str) -> dict[str, Any]:
    row = services.drop_for_office(db.session, op_id, g.actor, request_now())
    return {"stuck_operations": [{"id": row.id, **stuck_json(row)}]}


@bp.get("/records/<kind>/<record_id>/history")
@needs("self")
@bp.output(schemas.HistoryOut)
@bp.doc(summary="Every superseded value of a record", responses=[200, 404])
def history(kind: str, record_id: str) -> dict[str, Any]:
    return {"history": services.history_of(db.session, kind, record_id, g.actor)}
