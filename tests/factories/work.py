"""Work orders, log entries, visits, reports and findings as rows, without going through intake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from backend.core import clock
from backend.core.db import write_transaction
from backend.core.ids import new_id
from backend.reports.models import Finding, Report, Signature
from backend.visits.models import Visit, VisitEngineer
from backend.workorders.models import LogEntry, WorkOrder, WorkOrderAsset
from tests.support import save

_numbers = count(900_000)


def make_work_order(site: Any, assets: Sequence[Any] = (), *, branch: Any = None, **given: Any) -> WorkOrder:
    """A work order at a site; its branch is given or the site's customer's."""
    from backend.core.db import db
    from backend.customers.models import Customer

    branch_id = branch.id if branch else db.session.get(Customer, site.customer_id).branch_id
    values = {
        "id": new_id(),
        "number": f"WO-2026-{next(_numbers)}",
        "branch_id": branch_id,
        "customer_id": site.customer_id,
        "site_id": site.id,
        "asset_ids": [asset.id for asset in assets],
        "channel": "phone",
        "priority": "important",
        "symptom": "服务器无法启动",
        "reported_at": clock.now(),
        "created_at": clock.now(),
    }
    row = WorkOrder(**(values | given))
    return save(row, *[WorkOrderAsset(work_order_id=row.id, asset_id=asset.id) for asset in assets])


def make_log_entry(work_order: Any, what: str, at: datetime | None = None, **given: Any) -> LogEntry:
    at = at or clock.now()
    values = {"at": at, "corrected_at": at, "received_at": clock.now()}
    return save(LogEntry(id=new_id(), work_order_id=work_order.id, what=what, **(values | given)))


def make_visit(work_order: Any, engineers: Sequence[Any], **given: Any) -> Visit:
    """A planned visit in two hours; the first engineer leads."""
    values = {
        "planned_from": clock.now() + timedelta(hours=2),
        "lead_id": engineers[0].id,
        "created_at": clock.now(),
        "engineers": [VisitEngineer(engineer_id=engineer.id) for engineer in engineers],
    }
    return save(Visit(id=new_id(), work_order_id=work_order.id, **(values | given)))


def make_report(work_order: Any, author: Any, visit: Any = None, **given: Any) -> Report:
    ident = new_id()
    values = {
        "short_ref": f"R-{ident[-6:].upper()}",
        "created_at": clock.now(),
        "visit_id": visit.id if visit else None,
    }
    return save(Report(id=ident, work_order_id=work_order.id, author_id=author.id, **(values | given)))


def make_signature(report: Any, result: str = "accepted") -> Signature:
    """The customer's answer under the report: with ink, or why there is none."""
    ink = None if result in ("absent", "refused") else "0" * 64
    row = save(Signature(id=new_id(), report_id=report.id, work_order_id=report.work_order_id, document_sha256="1" * 64,
                         strokes_sha256=ink, result=result, signed_at=clock.now(), corrected_at=clock.now()))  # fmt: skip
    with write_transaction() as session:
        session.get_one(Report, report.id).signature_id = row.id
    return row


def make_finding(report: Any, asset: Any = None, **given: Any) -> Finding:
    values = {
        "symptom_found": "开机无显示",
        "cause_category": "quality",
        "cause_text": "电源模块损坏",
        "fix_category": "replaced_part",
        "fix_text": "更换电源模块",
        "outcome": "fixed",
        "asset_id": asset.id if asset else None,
    }
    return save(Finding(id=new_id(), report_id=report.id, work_order_id=report.work_order_id, **(values | given)))
