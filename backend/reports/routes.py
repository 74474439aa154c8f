"""Reports over HTTP: writing at the desk, review, paper and export, and the public check of a signed hash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response, current_app, g, request
from markupsafe import escape

from backend.assets.services import asset_for
from backend.core import editing
from backend.core.clock import iso
from backend.core.db import db
from backend.core.http import language, needs, public, request_now
from backend.core.ids import new_id
from backend.core.problems import Fault, Invalid, NotFound
from backend.reports import (
    evidence,
    from_afar,
    listing,
    lists,
    paper_desk,
    promise_note,
    proof,
    review,
    schemas,
    services,
)
from backend.reports.assemble import assemble
from backend.reports.columns import columns_for, texts_of
from backend.reports.models import Finding, PartLine, Report
from backend.reports.paper_desk import read_file
from backend.reports.rules.short_ref import short_ref
from backend.reports.rules.states import EDITABLE
from backend.reports.verify import known_document
from backend.reports.view_json import to_dict
from backend.visits.taps import at_desk
from backend.workorders.services import work_order_for

bp = APIBlueprint("reports", __name__, tag="reports")
BYTES = FileSchema(type="string", format="binary")


def base_url() -> str:
    """Where people reach this server: the setting, else as this request came."""
    return current_app.config["PUBLIC_URL"] or request.host_url.rstrip("/")


# ---------------------------------------------------------------- the list


@bp.get("/api/reports")
@needs("reports.read")
@bp.input(schemas.ReportListQuery, location="query")
@bp.output(schemas.ReportPage)
@bp.doc(summary="Reports, newest first, by period, customer, engineer, asset, priority, state or words")
def list_reports(query_data: dict[str, Any]) -> dict[str, Any]:
    rows, cursor, total = listing.list_reports(db.session, g.actor, query_data, request_now())
    return {"rows": rows, "next_cursor": cursor, "total": total}


@bp.get("/api/reports/<report_id>")
@needs("reports.read")
@bp.output(schemas.ReportDetail)
@bp.doc(summary="One report with its evidence and what may be done with it")
def show_report(report_id: str) -> dict[str, Any]:
    return _detail(services.report_for(db.session, g.actor, report_id))


def _detail(report: Report) -> dict[str, Any]:
    now = request_now()
    view = assemble(db.session, report, read_file, now, base_url())
    return {
        "report": report,
        "findings": services.findings_of(db.session, report.id),
        "part_lines": services.parts_of(db.session, report.id),
        "view": to_dict(view),
        "evidence": evidence.evidence_of(db.session, report, read_file, now),
        "may": review.may(g.actor, report),
    }


# ---------------------------------------------------------------- writing at the desk


@bp.post("/api/work-orders/<work_order_id>/reports")
@needs("reports.write")
@bp.input(schemas.ReportIn)
@bp.output(schemas.ReportOut, status_code=201)
@bp.doc(
    summary="Begin a report at the desk (fixed by phone or remotely)",
    description="Begun already: the same draft is answered.",
)
def add_report(work_order_id: str, json_data: dict[str, Any]) -> Report:
    work_order = work_order_for(db.session, g.actor, work_order_id)
    visit_id = json_data.get("visit_id")
    known = services.open_draft(db.session, g.actor, work_order.id, visit_id)
    if known is not None:
        return known
    now, report_id = request_now(), new_id()
    values = json_data | {"work_order_id": work_order.id, "visit_id": visit_id, "short_ref": short_ref(report_id)}
    return services.start_report(db.session, g.actor, report_id, values, at_desk(now), now)


@bp.patch("/api/reports/<report_id>")
@needs("reports.write")
@bp.input(schemas.ReportEdit)
@bp.output(schemas.ReportOut)
@bp.doc(summary="Change the report's own fields, field by field")
def edit_report(report_id: str, json_data: dict[str, Any]) -> Report:
    report = services.report_for(db.session, g.actor, report_id)
    current = schemas.ReportFields().dump(report)
    changes = editing.merged(current, json_data["base"], json_data["fields"], editing.texts_of(Report))
    return services.edit_report(db.session, g.actor, report, changes, request_now())


@bp.post("/api/reports/<report_id>/findings")
@needs("reports.write")
@bp.input(schemas.FindingFields)
@bp.output(schemas.FindingOut, status_code=201)
@bp.doc(summary="Add a finding: one asset's symptom, cause, fix, outcome")
def add_finding(report_id: str, json_data: dict[str, Any]) -> Finding:
    report = services.report_for(db.session, g.actor, report_id)
    return services.add_finding(db.session, g.actor, report, new_id(), json_data, request_now())


@bp.patch("/api/findings/<finding_id>")
@needs("reports.write")
@bp.input(schemas.FindingEdit)
@bp.output(schemas.FindingOut)
@bp.doc(summary="Change a finding, field by field")
def edit_finding(finding_id: str, json_data: dict[str, Any]) -> Finding:
    finding = services.finding_for(db.session, g.actor, finding_id)
    shape = schemas.FindingFields()
    shown = shape.dump(json_data["fields"])
    new = {name: shown.get(name) for name in json_data["fields"]}
    written = editing.merged(shape.dump(finding), json_data["base"], new, editing.texts_of(Finding))
    changes = shape.load(written, partial=True)
    return services.edit_finding(db.session, g.actor, finding, changes, request_now())


@bp.post("/api/findings/<finding_id>/part-lines")
@needs("reports.write")
@bp.input(schemas.PartFields)
@bp.output(schemas.PartOut, status_code=201)
@bp.doc(summary="Add a part line: the part taken out and the one put in")
def add_part_line(finding_id: str, json_data: dict[str, Any]) -> PartLine:
    finding = services.finding_for(db.session, g.actor, finding_id)
    now = request_now()
    return services.add_part_line(db.session, g.actor, finding, new_id(), json_data, at_desk(now), now)


@bp.post("/api/part-lines/<part_id>/void")
@needs("reports.write")
@bp.input(schemas.VoidArgs)
@bp.output(schemas.PartOut)
@bp.doc(summary="A part line written by mistake no longer counts")
def void_part_line(part_id: str, json_data: dict[str, Any]) -> PartLine:
    part = db.session.get(PartLine, part_id)
    if part is None:
        raise NotFound()
    return services.void_part_line(db.session, g.actor, part, json_data["reason"], request_now())


@bp.post("/api/reports/<report_id>/submit")
@needs("reports.write")
@bp.input(schemas.SubmitAtDesk)
@bp.output(schemas.ReportOut)
@bp.doc(summary="Hand the report in, without a visit with what the customer said; it gets its number")
def submit_report(report_id: str, json_data: dict[str, Any]) -> Report:
    report = services.report_for(db.session, g.actor, report_id)
    now = request_now()
    solved_at = json_data.get("solved_at")
    if solved_at is not None and solved_at > now:
        raise Invalid(
            faults=[Fault("$.solved_at", {"zh": "这个时间还没有到。", "en": "This time has not come yet."})]
        )
    is_new = report.state in EDITABLE
    review.submit(db.session, g.actor, report, solved_at, at_desk(now), now)
    if is_new and json_data.get("answer"):
        from_afar.keep_answer(db.session, g.actor, report, json_data["answer"], now)
    return report


# ---------------------------------------------------------------- review


@bp.post("/api/reports/<report_id>/approve")
@needs("reports.approve")
@bp.output(schemas.ReportOut)
@bp.doc(summary="Approve a report as it stands")
def approve_report(report_id: str) -> Report:
    return review.approve(db.session, g.actor, services.report_for(db.session, g.actor, report_id), request_now())


@bp.post("/api/reports/<report_id>/return")
@needs("reports.return")
@bp.input(schemas.ReturnIn)
@bp.output(schemas.ReportOut)
@bp.doc(summary="Return a report with a comment, and comments at its fields")
def return_report(report_id: str, json_data: dict[str, Any]) -> Report:
    report = services.report_for(db.session, g.actor, report_id)
    return review.send_back(
        db.session, g.actor, report, json_data["comment"], json_data["field_comments"], request_now()
    )


@bp.post("/api/reports/<report_id>/withdraw")
@needs("reports.write")
@bp.input(schemas.VoidArgs)
@bp.output(schemas.ReportOut)
@bp.doc(summary="Withdraw a report that should not have been written")
def withdraw_report(report_id: str, json_data: dict[str, Any]) -> Report:
    report = services.report_for(db.session, g.actor, report_id)
    return review.withdraw(db.session, g.actor, report, json_data["reason"], request_now())


# ---------------------------------------------------------------- paper and export


@bp.get("/api/reports/<report_id>/pdf")
@needs("reports.export")
@bp.input(schemas.PaperQuery, location="query")
@bp.output(BYTES, content_type=paper_desk.TYPES["pdf"])
@bp.doc(summary="The report as PDF")
def report_pdf(report_id: str, query_data: dict[str, Any]) -> Response:
    return _paper(report_id, "pdf", query_data)


@bp.get("/api/reports/<report_id>/docx")
@needs("reports.export")
@bp.input(schemas.PaperQuery, location="query")
@bp.output(BYTES, content_type=paper_desk.TYPES["docx"])
@bp.doc(summary="The report as a Word file")
def report_docx(report_id: str, query_data: dict[str, Any]) -> Response:
    return _paper(report_id, "docx", query_data)


@bp.get("/api/assets/<asset_id>/proof")
@needs("reports.export")
@bp.input(schemas.ProofQuery, location="query")
@bp.output(BYTES, content_type=paper_desk.TYPES["pdf"])
@bp.doc(summary="The warranty's arithmetic of an asset line by line, today or for a work order (PDF)")
def proof_sheet_pdf(asset_id: str, query_data: dict[str, Any]) -> Response:
    asset = asset_for(db.session, g.actor, asset_id)
    order = None
    if "work_order_id" in query_data:
        order = work_order_for(db.session, g.actor, query_data["work_order_id"])
        if asset.id not in (order.asset_ids or []):
            raise NotFound()
    said = query_data.get("language") or language()
    data = proof.proof_pdf(db.session, asset, order, said, request_now(), current_app.config["FONT_DIRS"])
    return _file(data, "pdf", f"{asset.serial or asset.id}-warranty.pdf", inline=True)


@bp.get("/api/work-orders/<work_order_id>/promise-note")
@needs("reports.export")
@bp.input(schemas.PaperQuery, location="query")
@bp.output(BYTES, content_type=paper_desk.TYPES["pdf"])
@bp.doc(summary="What was promised when it cannot be solved soon, as one page for the customer (PDF)")
def promise_note_pdf(work_order_id: str, query_data: dict[str, Any]) -> Response:
    order = work_order_for(db.session, g.actor, work_order_id)
    data = promise_note.promise_note(db.session, order, query_data.get("language") or language(), request_now())
    return _file(data, "pdf", f"{order.number or order.short_ref}-promise.pdf", inline=True)


def _paper(report_id: str, kind: str, query_data: dict[str, Any]) -> Response:
    report = services.report_for(db.session, g.actor, report_id)
    view = assemble(db.session, report, read_file, request_now(), base_url())
    data = paper_desk.render(view, kind, query_data.get("language") or report.language)
    return _file(data, kind, paper_desk.file_name(report, kind), inline=kind == "pdf")


@bp.get("/api/reports/export.zip")
@needs("reports.export")
@bp.input(schemas.ZipQuery, location="query")
@bp.output(BYTES, content_type=paper_desk.TYPES["zip"])
@bp.doc(summary="Many reports as one ZIP, by ids or by the list's filters", responses=[404])
def export_zip(query_data: dict[str, Any]) -> Response:
    ids = listing.export_ids(db.session, g.actor, _chosen(query_data))
    if not ids:
        raise NotFound(detail={"zh": "没有符合条件的报告。", "en": "No report matches."})
    kind, asked = query_data["format"], query_data.get("language")
    now, base = request_now(), base_url()

    def make() -> Iterator[bytes]:
        papers = paper_desk.many(db.session(), ids, kind, lambda report: asked or report.language, now, base)
        return lists.zip_stream(papers)

    return _file(_streamed(make), "zip", _list_name("zip"))


@bp.get("/api/reports.xlsx")
@needs("reports.export")
@bp.input(schemas.ExportQuery, location="query")
@bp.output(BYTES, content_type=paper_desk.TYPES["xlsx"])
@bp.doc(summary="The list as Excel")
def export_xlsx(query_data: dict[str, Any]) -> Response:
    return _file(_list(query_data, lists.list_xlsx), "xlsx", _list_name("xlsx"))


@bp.get("/api/reports.csv")
@needs("reports.export")
@bp.input(schemas.ExportQuery, location="query")
@bp.output(BYTES, content_type=paper_desk.TYPES["csv"])
@bp.doc(summary="The list as CSV, UTF-8 with its mark so that Excel reads it")
def export_csv(query_data: dict[str, Any]) -> Response:
    return _file(_list(query_data, lists.list_csv), "csv", _list_name("csv"))


def _list(query_data: dict[str, Any], write: Any) -> Any:
    """The chosen rows as a streamed list, in the branch's zone and the asker's language."""
    said, tz = language(), services.zone_of(db.session, g.actor)
    actor, wanted, now = g.actor, _chosen(query_data), request_now()

    def make() -> Iterator[bytes]:
        rows = listing.export_rows(db.session(), actor, wanted, now)
        return write((texts_of(row, said) for row in rows), columns_for(tz), said)

    return _streamed(make)


def _streamed(make: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """The pieces, made while they are sent, after the request itself is over: in an app context of their own.

    Flask's stream_with_context breaks when the server takes the first piece and the rest in different contexts.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def run() -> Iterator[bytes]:
        with app.app_context():
            yield from make()

    pieces, context = run(), copy_context()

    def pull() -> Iterator[bytes]:
        try:
            while (piece := context.run(next, pieces, None)) is not None:
                yield piece
        finally:
            context.run(pieces.close)  # type: ignore[attr-defined]

    return pull()


def _chosen(query_data: dict[str, Any]) -> dict[str, Any]:
    """Filters with `ids` as a list."""
    wanted = {name: value for name, value in query_data.items() if name not in ("format", "language")}
    if "ids" in wanted:
        wanted["ids"] = [ident for ident in wanted["ids"].split(",") if ident]
        if not wanted["ids"]:
            words = {"zh": "请写报告的编号，用逗号隔开。", "en": "Name reports by id, with commas between."}
            raise Invalid(faults=[Fault("$.ids", words)])
    return wanted


def _list_name(kind: str) -> str:
    return f"reports-{(iso(request_now()) or '')[:10]}.{kind}"


def _file(data: Any, kind: str, name: str, inline: bool = False) -> Response:
    response = Response(data, mimetype=None, content_type=paper_desk.TYPES[kind])
    how = "inline" if inline else "attachment"
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    response.headers["Content-Disposition"] = f'{how}; filename="{safe}"'
    response.headers["Cache-Control"] = "no-store"
    return response


# ---------------------------------------------------------------- the public check of a hash


@bp.get("/api/verify/<sha256>")
@public
@bp.output(schemas.Verified)
@bp.doc(summary="Does this system know a signed document of that hash? Says nothing else")
def verify_json(sha256: str) -> dict[str, Any]:
    return known_document(db.session, sha256)


@bp.get("/verify/<sha256>")
@public
@bp.doc(hide=True)
def verify_page(sha256: str) -> Response:
    """What the QR code on paper opens: works on any phone, without an account or a script."""
    found = known_document(db.session, sha256)
    if found["known"]:
        zh = f"这份文字已由客户答复，短号 {found['short_ref']}，{iso(found['signed_at'])}。"
        en = f"The customer answered this text: reference {found['short_ref']}, {iso(found['signed_at'])}."
    else:
        zh, en = "系统里没有这份文字。", "This system knows no such text."
    page = (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Fieldpledge 践诺</title><style>body{font:17px/1.6 sans-serif;margin:48px 24px;max-width:40em}"
        "code{overflow-wrap:anywhere}</style>"
        f'<p>{escape(zh)}<p lang="en">{escape(en)}<p><code>{escape(sha256[:64])}</code></html>'
    )
    return Response(page, 200 if found["known"] else 404, content_type="text/html; charset=utf-8")
