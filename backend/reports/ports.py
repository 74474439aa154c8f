"""What reports answer to the slices on their left: gates, repairs, causes, pages and search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backend.assets import ports as assets
from backend.core.clock import iso
from backend.core.db import IDS
from backend.core.search import matches
from backend.reports import repairs
from backend.reports.models import Finding, Report
from backend.reports.rules.states import COUNTED
from backend.workorders import ports as work_orders
from backend.workorders.models import WorkOrder
from backend.workorders.services import visible


def register(_app: Flask) -> None:
    work_orders.gate_answers.answer_with(gate_answers)
    work_orders.repairs_of.answer_with(repairs_of)
    work_orders.causes_of.answer_with(repairs.causes_of)
    work_orders.parts_of.answer_with(repairs.parts_of)
    work_orders.details_of.answer_with(details_of)
    work_orders.found.answer_with(found)
    assets.history_of.answer_with(history_of_asset)


_REPORTS = (
    sa.select(Report.id, Report.work_order_id, Report.state)
    .where(Report.work_order_id.in_(IDS), Report.state != "withdrawn")
    .order_by(Report.id)
)


def gate_answers(session: Session, work_order_ids: Sequence[str]) -> dict[tuple[str, str], work_orders.GateAnswer]:
    """B-15: no closing without a submitted report (fault_report) with cause and fix (cause_and_fix)."""
    reports: dict[str, list[tuple[str, str]]] = {ident: [] for ident in work_order_ids}
    for report_id, work_order_id, state in session.execute(_REPORTS, {"ids": work_order_ids}):
        reports[work_order_id].append((report_id, state))
    handed_in = [ident for rows in reports.values() for ident, state in rows if state in COUNTED]
    findings = session.scalars(sa.select(Finding).where(Finding.report_id.in_(handed_in))) if handed_in else ()
    lacking = {finding.report_id for finding in findings if not has_cause_and_fix(finding)}
    out = {}
    for work_order_id, rows in reports.items():
        out |= _gates_of(work_order_id, [ident for ident, _ in rows], {i for i, s in rows if s in COUNTED}, lacking)
    return out


def _gates_of(
    work_order_id: str, reports: list[str], handed_in: set[str], lacking: set[str]
) -> dict[tuple[str, str], work_orders.GateAnswer]:
    link: dict[str, str | None] = {"kind": "report", "id": reports[-1]} if reports else {
        "kind": "work_order", "id": work_order_id}  # fmt: skip
    is_there = is_whole = work_orders.GateAnswer(True)
    if not handed_in:
        why = {"zh": "还没有提交的故障报告。", "en": "No fault report has been handed in."}
        is_there = is_whole = work_orders.GateAnswer(False, why, link)
    elif handed_in & lacking:
        why = {"zh": "报告里还缺原因或处理办法。", "en": "The report still lacks a cause or a fix."}
        is_whole = work_orders.GateAnswer(False, why, link)
    return {(work_order_id, "fault_report"): is_there, (work_order_id, "cause_and_fix"): is_whole}


def has_cause_and_fix(finding: Finding) -> bool:
    """Cause and fix are there, or the outcome asks for none; "not known yet, analysis by …" is an answer (K-2)."""
    if finding.outcome in ("refused", "no_fault_found"):
        return True
    has_cause = bool(finding.cause_category and finding.cause_text.strip()) or finding.cause_unknown_until is not None
    return has_cause and bool(finding.fix_category and finding.fix_text.strip())


def repairs_of(session: Session, asset_ids: Sequence[str]) -> Sequence[work_orders.Repair]:
    """Repairs of these assets whose fault is known, for D-07."""
    return [repair for repair in repairs.repairs_of(session, asset_ids) if repair.fault]


def details_of(session: Session, work_order_id: str, _actor: Any) -> dict[str, Any]:
    """Reports for the work order's page."""
    rows = session.scalars(sa.select(Report).where(Report.work_order_id == work_order_id).order_by(Report.id))
    return {"reports": [_brief(row) for row in rows]}


def history_of_asset(session: Session, asset_id: str, actor: Any) -> dict[str, Any]:
    """The asset's reports, newest first."""
    query = (
        sa.select(Report, Finding)
        .join(Finding, Finding.report_id == Report.id)
        .join(WorkOrder, WorkOrder.id == Report.work_order_id)
        .where(Finding.asset_id == asset_id, Report.state != "withdrawn", visible(actor))
        .order_by(Report.created_at.desc(), Report.id)
        .limit(50)
    )
    return {
        "reports": [
            _brief(report) | {"outcome": finding.outcome, "cause_category": finding.cause_category,
                              "cause_text": finding.cause_text, "fix_text": finding.fix_text}
            for report, finding in session.execute(query)
        ]
    }  # fmt: skip


def found(session: Session, actor: Any, query: str, limit: int) -> Sequence[dict[str, Any]]:
    """Reports by number or short reference, for the search box."""
    rows = session.execute(
        sa.select(Report, WorkOrder).join(WorkOrder, WorkOrder.id == Report.work_order_id)
        .where(visible(actor), matches(Report.search, query)).order_by(Report.created_at.desc()).limit(limit)
    )  # fmt: skip
    return [
        {
            "kind": "report",
            "id": report.id,
            "title": report.number or report.short_ref,
            "subtitle": order.symptom[:80],
            "customer_id": order.customer_id,
            "site_id": order.site_id,
        }
        for report, order in rows
    ]


def _brief(row: Report) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "short_ref": row.short_ref,
        "state": row.state,
        "version": row.version,
        "visit_id": row.visit_id,
        "author_id": row.author_id,
        "created_at": iso(row.created_at),
        "submitted_at": iso(row.submitted_at),
    }
