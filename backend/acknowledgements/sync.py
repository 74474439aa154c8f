"""Acknowledgements on the phone: made there, never changed (K-6); they go wherever their work order goes."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from backend.acknowledgements import services
from backend.acknowledgements.models import Acknowledgement
from backend.acknowledgements.schemas import AcknowledgementArgs
from backend.core.clock import iso
from backend.core.storage import read_file
from backend.core.sync import Operation, PushContext, RecordKind, operation_type, record_kind
from backend.visits.sync import tap

GIVEN = tuple(AcknowledgementArgs().fields)


def project(row: Acknowledgement) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (*GIVEN, "flags", "author_id")} | {"at": iso(row.at)}


def add(session: Session, op: Operation, context: PushContext) -> None:
    values = AcknowledgementArgs().load(op.args)
    actor = context.actor.extra
    services.acknowledge(session, actor, op.record_id, values, tap(op, context), read_file, context.now)


def register(app: Flask) -> None:
    record_kind(
        app,
        RecordKind(
            "acknowledgement", Acknowledgement, project, lambda *_: None,
            dict.fromkeys(GIVEN, "insert") | dict.fromkeys(("flags", "author_id", "at"), "server"),
            follows=lambda row, _: [("work_order", row.work_order_id)],
        ),
    )  # fmt: skip
    operation_type(
        app, "acknowledgement.add", "insert", add, schema=AcknowledgementArgs,
        refs={"work_order_id": "work_order", "visit_id": "visit", "photo_id": "photo"},
    )  # fmt: skip
