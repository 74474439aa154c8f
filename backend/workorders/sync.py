"""Work orders and their log on the phone: what is sent, who writes which field (K-6), what an engineer adds herself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from apiflask import Schema
from flask import Flask
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.schemas import Id, Instant, Text
from backend.core.sync import Operation, PushContext, RecordKind, operation_type, record_kind
from backend.customers import services as customers
from backend.workorders import intake, services
from backend.workorders.models import CHANNELS, KINDS, PRIORITIES, LogEntry, WorkOrder

OFFICE = (
    "customer_id", "site_id", "contact_id", "asset_ids", "letters", "contract_id", "branch_id", "channel", "priority",
    "owner_id", "caller_name", "caller_phone", "kind",
)  # fmt: skip
DECIDED = ("number", "state", "clocks", "entitlement", "quote", "gates", "owed", "missing")
ENTRY = (
    "work_order_id",
    "visit_id",
    "what",
    "quality",
    "author_id",
    "entered_by_id",
    "source",
    "note",
    "data",
    "void_reason",
)
# visit.check_in_reason (visits/sync.py) makes a log entry out of these
OF_A_CHECK_IN = ("check_in_id", "reason_code", "reason_text")
ENTRY_INSTANTS = ("at", "corrected_at", "received_at", "voided_at")
BELIEVED = timedelta(days=400)


class WorkOrderEdit(Schema):
    symptom = Text(min=1)


class WorkOrderAdd(Schema):
    """Work that nobody dispatched (K-2): a customer asks while the engineer is there."""

    customer_id = Id(required=True)
    site_id = Id(required=True)
    contact_id = Id(allow_none=True)
    asset_ids = fields.List(Id(), validate=validate.Length(max=200))
    kind = fields.String(validate=validate.OneOf(KINDS))
    channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))
    priority = fields.String(validate=validate.OneOf(PRIORITIES), allow_none=True)
    symptom = Text(required=True, min=1)
    caller_name = Text(max=60)
    caller_phone = Text(max=40)
    reported_at = Instant()
    short_ref = Text(max=20)


class EntryAdd(Schema):
    work_order_id = Id(required=True)
    visit_id = Id(allow_none=True)
    what = fields.String(required=True, validate=validate.Length(1, 30))
    at = Instant()
    note = Text()
    data = fields.Dict(keys=fields.String())


class Void(Schema):
    reason = Text(required=True, min=1, max=2000)


def project(row: WorkOrder) -> dict[str, Any]:
    out = {name: getattr(row, name) for name in (*OFFICE, *DECIDED, "short_ref", "symptom")}
    return out | {"reported_at": clock.iso(row.reported_at)}


def project_entry(row: LogEntry) -> dict[str, Any]:
    out = {name: getattr(row, name) for name in ENTRY}
    return out | {name: clock.iso(getattr(row, name)) for name in ENTRY_INSTANTS}


def add_work_order(session: Session, op: Operation, context: PushContext) -> None:
    """Made by the engineer, hers until the office says otherwise; reported when she tapped, unless she says earlier."""
    actor = context.actor.extra
    values: dict[str, Any] = {**op.args, "id": op.record_id}
    if actor.role == "engineer":
        values["owner_id"] = actor.user_id
    reported = clock.parse(values["reported_at"]) if values.get("reported_at") else context.time.at
    values["reported_at"] = min(reported, context.received_at)
    customer = customers.customer_for(session, actor, values["customer_id"])
    row = intake.new_work_order(session, actor, customer, values, context.now)
    intake.add_to_log(session, actor, row, context.now, source="phone", quality=context.time.quality)


def add_entry(session: Session, op: Operation, context: PushContext) -> None:
    """A line written on the phone: claimed at the tap or at the time she states, counted at the corrected time."""
    work_order = session.get_one(WorkOrder, op.args["work_order_id"])
    tapped = tapped_at(op, context)
    at = clock.parse(op.args["at"]) if op.args.get("at") else tapped
    if abs(at - tapped) > BELIEVED:
        at = tapped  # no time that anybody stated
    values = {
        **op.args,
        "id": op.record_id,
        "at": at,
        # her clock is off by as much at the stated time as at the tap
        "corrected_at": min(context.time.at + (at - tapped), context.received_at),
        "quality": context.time.quality,
        "received_at": context.received_at,
        "source": "phone",
    }
    services.log_by_hand(session, context.actor.extra, work_order, values, context.now)


def void_entry(session: Session, op: Operation, context: PushContext) -> None:
    entry = session.get_one(LogEntry, op.record_id)
    work_order = session.get_one(WorkOrder, entry.work_order_id)
    reason = op.args["reason"]
    services.void_by_hand(session, context.actor.extra, work_order, entry.id, reason, context.now)


def tapped_at(op: Operation, context: PushContext) -> Any:
    """The phone's own clock at the tap, as claimed; the corrected time where it cannot be read."""
    try:
        return clock.parse(op.occurred_at)
    except (TypeError, ValueError):
        return context.time.at


def register(app: Flask) -> None:
    """A work order's buckets are its engineers' (sync_api/scope.py); its log goes where it goes."""
    owners = {
        **dict.fromkeys((*OFFICE, "reported_at"), "office"),
        **dict.fromkeys(DECIDED, "server"),
        "letters": "server",
        "short_ref": "insert",
        "symptom": "both",
    }
    record_kind(
        app,
        RecordKind(
            "work_order", WorkOrder, project, lambda *_: None, owners, texts=frozenset({"symptom"}),
            inserts=frozenset(WorkOrderAdd().fields),
        ),
    )  # fmt: skip
    record_kind(
        app,
        RecordKind(
            "log_entry", LogEntry, project_entry, lambda *_: None,
            {
                **dict.fromkeys((*ENTRY, *ENTRY_INSTANTS), "server"),
                **dict.fromkeys((*EntryAdd().fields, *OF_A_CHECK_IN), "insert"),
            },
            follows=lambda row, _: [("work_order", row.work_order_id)],
        ),
    )  # fmt: skip
    operation_type(app, "work_order.edit", "edit", schema=WorkOrderEdit)
    operation_type(
        app, "work_order.add", "insert", add_work_order, schema=WorkOrderAdd,
        refs={"customer_id": "customer", "site_id": "site"},
    )  # fmt: skip
    operation_type(app, "log_entry.add", "insert", add_entry, schema=EntryAdd, refs={"work_order_id": "work_order"})
    operation_type(app, "log_entry.void", "act", void_entry, schema=Void)
