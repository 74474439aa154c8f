"""Reports on paper, made from the database: one as PDF or Word, many one after the other for a ZIP.

Called by routes. A ZIP of a hundred holds one report in memory at a time; names inside are numbers, never what people
typed. How paper looks is in paper/, how files are packed in lists.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from flask import current_app
from sqlalchemy.orm import Session

from backend.core.storage import read_file
from backend.reports.assemble import assemble
from backend.reports.models import Report
from backend.reports.paper.pdf import render_pdf
from backend.reports.paper.word import render_docx
from backend.reports.view import Language, ReportView

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}


def render(view: ReportView, kind: str, language: Language) -> bytes:
    """The report as `pdf` or `docx`."""
    if kind == "docx":
        return render_docx(view, language, read_file)
    return render_pdf(view, language, read_file, current_app.config["FONT_DIRS"])


def file_name(report: Report, kind: str) -> str:
    """`FR-2026-000123.pdf`, or the short reference before there is a number."""
    return f"{report.number or report.short_ref}.{kind}"


def many(
    session: Session, ids: Sequence[str], kind: str, language_of: Callable[[Report], Language], now: datetime,
    base_url: str,
) -> Iterator[tuple[str, bytes]]:  # fmt: skip
    """Name and bytes of each report, one at a time; what cannot be made is named in `FAILED.txt`, the rest goes on."""
    failed = []
    for report_id in ids:
        report = session.get(Report, report_id)
        if report is None:
            continue
        name = file_name(report, kind)
        try:
            view = assemble(session, report, read_file, now, base_url)
            data = render(view, kind, language_of(report))
        except Exception:  # one broken report must not cost the other ninety-nine
            current_app.logger.exception("export of %s failed", report_id)
            failed.append(name)
            continue
        finally:
            session.expunge_all()
        yield name, data
    session.rollback()
    if failed:
        yield "FAILED.txt", "\n".join(failed).encode()
