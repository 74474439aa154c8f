"""Reports on the phone: what is sent, who writes which field (K-6), and what a phone does with them.

Handlers are thin: each loads its arguments and calls the service that a route would call (HOUSE 4).
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from backend.core.problems import NotFound
from backend.core.sync import Operation, PushContext, RecordKind, operation_type, record_kind
from backend.reports import review, rows, schemas, services, signing
from backend.reports.forms.loader import keep_forms
from backend.reports.models import Finding, FormDefinition, PartLine, Photo, Report, Signature
from backend.reports.paper_desk import read_file
from backend.visits.sync import tap
from backend.worker import every

A_DAY_S = 86_400
FINDING_EDITS = tuple(name for name in schemas.FindingFields().fields if name != "asset_id")


class FindingEditArgs(schemas.FindingFields):
    class Meta:
        exclude = ("asset_id",)


def start(session: Session, op: Operation, context: PushContext) -> None:
    values = schemas.ReportStartArgs().load(op.args)
    services.start_report(session, context.actor.extra, op.record_id, values, tap(op, context), context.now)


def edit(session: Session, op: Operation, context: PushContext) -> None:
    report = _got(session, Report, op.record_id)
    services.edit_report(session, context.actor.extra, report, op.changes, context.now)


def submit(session: Session, op: Operation, context: PushContext) -> None:
    solved_at = schemas.SubmitArgs().load(op.args).get("solved_at")
    report = _got(session, Report, op.record_id)
    review.submit(session, context.actor.extra, report, solved_at, tap(op, context), context.now)


def add_finding(session: Session, op: Operation, context: PushContext) -> None:
    values = schemas.FindingArgs().load(op.args)
    report = _got(session, Report, values["report_id"])
    services.add_finding(session, context.actor.extra, report, op.record_id, values, context.now)


def edit_finding(session: Session, op: Operation, context: PushContext) -> None:
    """The merged values; a text that two people wrote to is joined already."""
    changes = schemas.FindingFields().load(op.changes, partial=True)
    finding = _got(session, Finding, op.record_id)
    services.edit_finding(session, context.actor.extra, finding, changes, context.now)


def add_part_line(session: Session, op: Operation, context: PushContext) -> None:
    values = schemas.PartArgs().load(op.args)
    finding = _got(session, Finding, values["finding_id"])
    services.add_part_line(session, context.actor.extra, finding, op.record_id, values, tap(op, context), context.now)


def void_part_line(session: Session, op: Operation, context: PushContext) -> None:
    part = _got(session, PartLine, op.record_id)
    services.void_part_line(session, context.actor.extra, part, op.args["reason"], context.now)


def add_photo(session: Session, op: Operation, context: PushContext) -> None:
    values = schemas.PhotoArgs().load(op.args)
    services.add_photo(session, context.actor.extra, op.record_id, values, context.now)


def void_photo(session: Session, op: Operation, context: PushContext) -> None:
    photo = _got(session, Photo, op.record_id)
    services.void_photo(session, context.actor.extra, photo, op.args["reason"], context.now)


def sign(session: Session, op: Operation, context: PushContext) -> None:
    values = schemas.SignatureArgs().load(op.args)
    signing.add_signature(
        session, context.actor.extra, op.record_id, values, tap(op, context), read_file, context.now
    )


def _got(session: Session, model: Any, ident: str) -> Any:
    row = session.get(model, ident)
    if row is None:
        raise NotFound()
    return row


def register(app: Flask) -> None:
    """All go where their work order is, and with an asset's last five reports (sync_api/scope.py)."""
    _register_kinds(app)
    of_report, of_order = {"report_id": "report"}, {"work_order_id": "work_order", "visit_id": "visit"}
    operation_type(app, "report.start", "insert", start, schema=schemas.ReportStartArgs, refs=of_order)
    operation_type(app, "report.edit", "edit", edit, schema=schemas.ReportFields)
    operation_type(app, "report.submit", "act", submit, schema=schemas.SubmitArgs)
    operation_type(
        app, "finding.add", "insert", add_finding, schema=schemas.FindingArgs, refs=of_report | {"asset_id": "asset"}
    )
    operation_type(app, "finding.edit", "edit", edit_finding, schema=FindingEditArgs)
    operation_type(
        app, "part_line.add", "insert", add_part_line, schema=schemas.PartArgs, refs={"finding_id": "finding"}
    )
    operation_type(app, "part_line.void", "act", void_part_line, schema=schemas.VoidArgs)
    operation_type(
        app, "photo.add", "insert", add_photo, schema=schemas.PhotoArgs,
        refs=of_order | of_report | {"finding_id": "finding"},
    )  # fmt: skip
    operation_type(app, "photo.void", "act", void_photo, schema=schemas.VoidArgs)
    operation_type(
        app, "signature.add", "insert", sign, schema=schemas.SignatureArgs, refs=of_report | {"photo_id": "photo"}
    )
    every(app, "forms", A_DAY_S, lambda session, _now: keep_forms(session))


def _register_kinds(app: Flask) -> None:
    def with_its_order(row: Any, _session: Session) -> list[tuple[str, str]]:
        return [("work_order", row.work_order_id)]

    def kind(name: str, model: type[Any], project: Any, server: Any, engineer: Any, insert: Any) -> None:
        """server, engineer, insert: field names; an engineer's field may be given at the making too."""
        owners = (
            dict.fromkeys(server, "server") | dict.fromkeys(insert, "insert") | dict.fromkeys(engineer, "engineer")
        )
        texts = frozenset(engineer) & {"guidance", *services.TEXTS}
        record_kind(
            app,
            RecordKind(name, model, project, lambda *_: None, owners, texts=texts, follows=with_its_order,
                       inserts=frozenset(engineer)),
        )  # fmt: skip

    server = ("number", "state", "version", "author_id", "sent_for_repair_on", "repair_count", "handed_over_on",
              "submitted_at", "returned_comment", "comments", "signature_id")  # fmt: skip
    kind("report", Report, rows.report_payload, server, ("guidance",), schemas.ReportStartArgs().fields)
    kind("finding", Finding, rows.finding_payload, (), FINDING_EDITS, ("report_id", "work_order_id", "asset_id"))
    kind("part_line", PartLine, rows.part_payload, ("voided_at",), (), schemas.PartArgs().fields)
    kind("photo", Photo, rows.photo_payload, ("voided_at",), (), schemas.PhotoArgs().fields)
    kind("signature", Signature, rows.signature_payload, (), (), schemas.SignatureArgs().fields)
    names = ("form", "version", "title", "fields")
    record_kind(
        app,
        RecordKind("form", FormDefinition, lambda row: {name: getattr(row, name) for name in names},
                   lambda *_: {"reference"}, dict.fromkeys(names, "server")),
    )  # fmt: skip
