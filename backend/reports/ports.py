"""What reports answer to the slices on their left: gates, repairs, causes, pages and search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backend.assets import ports as assets
from backend.core.clock import iso
from backend.core.search import matches
from backend.reports import repairs
from backend.reports.models import Finding, Report
from backend.reports.rules.states import COUNTED
from backend.workorders import ports as work_orders
from backend.workorders.models import WorkOrder
from backend.workorders.services import visible


def register(_app: Flask) -> None:
    work_orders.gate_answers.answer_with(gate_answer)
    work_orders.repairs_of.answer_with(repairs_of)
    work_orders.causes_of.answer_with(causes_of)
    work_orders.details_of.answer_with(details_of)
    work_orders.found.answer_with(found)
    assets.history_of.answer_with(history_of_asset)


def gate_answer(session: Session, work_order: WorkOrder, gate: str) -> work_orders.GateAnswer | None:
    """B-15: no closing without a submitted report (fault_report) with cause and fix (cause_and_fix)."""
    if gate not in ("fault_report", "cause_and_fix"):
        return None
    reports = list(session.scalars(
        sa.select(Report).where(Report.work_order_id == work_order.id, Report.state != "withdrawn").order_by(Report.id)
    ))  # fmt: skip
    handed_in = [report.id for report in reports if report.state in COUNTED]
    link: dict[str, str | None] = {"kind": "report", "id": reports[-1].id} if reports else {
        "kind": "work_order", "id": work_order.id}  # fmt: skip
    if not handed_in:
        why = {"zh": "还没有提交的故障报告。", "en": "No fault report has been handed in."}
        return work_orders.GateAnswer(False, why, link)
    if gate == "fault_report":
        return work_orders.GateAnswer(True)
    query = sa.select(Finding).where(Finding.report_id.in_(handed_in))
    if all(has_cause_and_fix(finding) for finding in session.scalars(query)):
        return work_orders.GateAnswer(True)
    why = {"zh": "报告里还缺原因或处理办法。", "en": "The report still lacks a cause or a fix."}
    return work_orders.GateAnswer(False, why, link)


def has_cause_and_fix(finding: Finding) -> bool:
    """Cause and fix are there, or the outcome asks for none; "not known yet, analysis by …" is an answer (K-2)."""
    if finding.outcome in ("refused", "no_fault_found"):
        return True
    has_cause = bool(finding.cause_category and finding.cause_text.strip()) or finding.cause_unknown_until is not None
    return has_cause and bool(finding.fix_category and finding.fix_text.strip())


def repairs_of(
    session: Session, asset_ids: Sequence[str], work_order_id: str, reported_at: datetime
) -> Sequence[work_orders.Repair]:
    """Earlier repairs of these assets, for D-07."""
    return [
        work_orders.Repair(asset_id=one.asset_id, report=one.report, fault=one.fault, on=one.on)
        for one in repairs.repairs_before(session, asset_ids, work_order_id, reported_at)
        if one.fault
    ]


def causes_of(session: Session, work_order_id: str) -> Mapping[str, str]:
    return repairs.causes_of(session, work_order_id)


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
