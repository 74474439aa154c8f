"""Visits and check-ins on the phone: what is sent, who writes which field (K-6), and what a phone does with them.

Handlers are thin: each turns an operation into a tap and calls the service that a route would call (HOUSE 4). The
position of a check-in is taken as it came; no schema refuses it (K-7).
"""

from __future__ import annotations

from typing import Any

from apiflask import Schema
from flask import Flask
from marshmallow import fields
from sqlalchemy.orm import Session

from backend.core.clock import iso
from backend.core.schemas import Id, Text
from backend.core.sync import Operation, PushContext, RecordKind, operation_type, record_kind
from backend.visits import arrivals, services
from backend.visits.arrivals import CheckInWords
from backend.visits.models import CheckIn, CheckInFix, Visit
from backend.visits.taps import Tap, tap_of

PLAN = ("work_order_id", "planned_from", "planned_until", "engineer_ids", "lead_id", "note")
CHECK_IN = ("work_order_id", "visit_id", "direction", "quality", "reason_code", "reason_text", "engineer_id", "flags",
            "is_accepted_by_office", "clock_offset_ms")  # fmt: skip
CHECK_IN_INSTANTS = ("tapped_at", "corrected_at", "received_at")
FIX = ("check_in_id", "visit_id", "work_order_id", "lat_e7", "lng_e7", "accuracy_m", "age_s", "flags")


class NoArgs(Schema):
    """Nothing to say but the deed."""


class DeclineArgs(Schema):
    reason = Text(required=True, min=1, max=2000)


class CheckInArgs(Schema):
    visit_id = Id(required=True)
    direction = fields.Raw(allow_none=True)
    reason_code = Text(max=30, allow_none=True)
    reason_text = Text(max=2000, allow_none=True)
    phone_verdict = fields.Raw(allow_none=True)
    fix = fields.Raw(allow_none=True)
    futile = fields.Boolean(allow_none=True)


class FixArgs(Schema):
    check_in_id = Id(required=True)
    visit_id = Id()
    lat_e7 = fields.Raw(allow_none=True)
    lng_e7 = fields.Raw(allow_none=True)
    accuracy_m = fields.Raw(allow_none=True)
    fix_at = fields.Raw(allow_none=True)
    age_s = fields.Raw(allow_none=True)
    phone_verdict = fields.Raw(allow_none=True)


class ReasonArgs(Schema):
    check_in_id = Id(required=True)
    reason_code = Text(max=30, allow_none=True)
    reason_text = Text(max=2000, allow_none=True)


# ---------------------------------------------------------------- what is sent


def project_visit(row: Visit) -> dict[str, Any]:
    return {
        "work_order_id": row.work_order_id,
        "state": row.state,
        "planned_from": iso(row.planned_from),
        "planned_until": iso(row.planned_until),
        "engineer_ids": row.engineer_ids,
        "lead_id": row.lead_id,
        "note": row.note,
        "seen_by": row.seen_by,
    }


def project_check_in(row: CheckIn) -> dict[str, Any]:
    out = {name: getattr(row, name) for name in CHECK_IN} | {
        name: iso(getattr(row, name)) for name in CHECK_IN_INSTANTS
    }
    return out | {"phone_verdict": row.phone_verdict or None, "server_verdict": row.server_verdict or None}


def project_fix(row: CheckInFix) -> dict[str, Any]:
    out = {name: getattr(row, name) for name in FIX} | {"fix_at": iso(row.fix_at)}
    return out | {"phone_verdict": row.phone_verdict or None, "server_verdict": row.server_verdict or None}


# ---------------------------------------------------------------- what is done


def tap(op: Operation, context: PushContext) -> Tap:
    """The tap of an operation."""
    return tap_of(op.occurred_at, op.clock, context.time, context.received_at)


def _visit(session: Session, op: Operation) -> Visit:
    return services.get_visit(session, op.record_id)


def see(session: Session, op: Operation, context: PushContext) -> None:
    services.see_visit(session, context.actor.extra, _visit(session, op), tap(op, context))


def accept(session: Session, op: Operation, context: PushContext) -> None:
    services.accept_visit(session, context.actor.extra, _visit(session, op), tap(op, context), context.now)


def decline(session: Session, op: Operation, context: PushContext) -> None:
    visit = _visit(session, op)
    services.decline_visit(session, context.actor.extra, visit, op.args["reason"], tap(op, context), context.now)


def depart(session: Session, op: Operation, context: PushContext) -> None:
    services.depart(session, context.actor.extra, _visit(session, op), tap(op, context), context.now)


def _words(op: Operation) -> CheckInWords:
    args = op.args
    return CheckInWords(
        reason_code=args.get("reason_code"),
        reason_text=args.get("reason_text") or "",
        phone_verdict=args.get("phone_verdict"),
        fix=args.get("fix"),
        is_futile=args.get("futile") is True,
    )


def check_in(session: Session, op: Operation, context: PushContext) -> None:
    visit = services.get_visit(session, op.args["visit_id"])
    arrivals.check_in(session, context.actor.extra, visit, op.record_id, tap(op, context), _words(op), context.now)


def check_out(session: Session, op: Operation, context: PushContext) -> None:
    visit = services.get_visit(session, op.args["visit_id"])
    arrivals.check_out(session, context.actor.extra, visit, op.record_id, tap(op, context), _words(op), context.now)


def add_fix(session: Session, op: Operation, context: PushContext) -> None:
    row = arrivals.check_in_of(session, op.args["check_in_id"])
    verdict = op.args.get("phone_verdict")
    arrivals.add_fix(session, context.actor.extra, row, op.record_id, op.args, verdict, tap(op, context), context.now)


def add_reason(session: Session, op: Operation, context: PushContext) -> None:
    row = arrivals.check_in_of(session, op.args["check_in_id"])
    code, text = op.args.get("reason_code"), op.args.get("reason_text") or ""
    arrivals.add_reason(
        session, context.actor.extra, row, code, text, tap(op, context), context.now, entry_id=op.record_id
    )


def register(app: Flask) -> None:
    """Visits go where their work order is, check-ins and fixes with them (sync_api/scope.py)."""

    def with_its_order(row: Any, _session: Session) -> list[tuple[str, str]]:
        return [("work_order", row.work_order_id)]

    def stays(*_: Any) -> None:
        return None

    office = dict.fromkeys(PLAN, "office")
    record_kind(
        app,
        RecordKind(
            "visit",
            Visit,
            project_visit,
            stays,
            office | {"state": "server", "seen_by": "server"},
            follows=with_its_order,
        ),
    )
    server = dict.fromkeys((*CHECK_IN, *CHECK_IN_INSTANTS, "server_verdict"), "server")
    given = dict.fromkeys(CheckInArgs().fields, "insert")
    record_kind(app, RecordKind("check_in", CheckIn, project_check_in, stays, server | given, follows=with_its_order))
    server = dict.fromkeys((*FIX, "fix_at", "server_verdict"), "server")
    given = dict.fromkeys(FixArgs().fields, "insert")
    record_kind(
        app, RecordKind("check_in_fix", CheckInFix, project_fix, stays, server | given, follows=with_its_order)
    )
    operation_type(app, "visit.seen", "act", see, schema=NoArgs)
    operation_type(app, "visit.accept", "act", accept, schema=NoArgs)
    operation_type(app, "visit.decline", "act", decline, schema=DeclineArgs)
    operation_type(app, "visit.depart", "act", depart, schema=NoArgs)
    of_visit = {"visit_id": "visit"}
    operation_type(app, "visit.check_in", "insert", check_in, kind="check_in", schema=CheckInArgs, refs=of_visit)
    operation_type(app, "visit.check_out", "insert", check_out, kind="check_in", schema=CheckInArgs, refs=of_visit)
    of_check_in = {"check_in_id": "check_in"}
    operation_type(
        app, "visit.check_in_fix", "insert", add_fix, kind="check_in_fix", schema=FixArgs, refs=of_check_in
    )
    operation_type(
        app, "visit.check_in_reason", "insert", add_reason, kind="log_entry", schema=ReasonArgs, refs=of_check_in
    )
