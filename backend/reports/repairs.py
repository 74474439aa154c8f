"""Repair records: which repairs an asset had, and the how-manieth this one is (送修次数, D-07).

On the repair record a repair counts once its report is handed in; for what the customer may claim (D-07), once the
customer has signed it or the office approved it. Answers workorders' ports `repairs_of`, `causes_of` and `parts_of`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.db import IDS
from backend.customers.models import Site
from backend.reports.models import Finding, PartLine, Report, Signature
from backend.reports.rules.states import COUNTED
from backend.workorders.models import WorkOrder
from backend.workorders.ports import Repair, UsedPart

_SIGNED = sa.select(Signature.id).where(Signature.strokes_sha256.is_not(None))
_REPAIRS = (
    sa.select(Finding.asset_id, WorkOrder.id, Report.number, Report.short_ref, WorkOrder.fault, Finding.cause_category,
              WorkOrder.reported_at, Site.tz, Report.id)
    .join(Report, Report.id == Finding.report_id)
    .join(WorkOrder, WorkOrder.id == Report.work_order_id)
    .join(Site, Site.id == WorkOrder.site_id)
    .where(Finding.asset_id.in_(IDS), WorkOrder.kind == "repair",
           sa.or_(Finding.outcome.is_(None), Finding.outcome.not_in(("refused", "no_fault_found"))))
    .order_by(WorkOrder.reported_at, Report.id)
)  # fmt: skip
_HANDED_IN = _REPAIRS.where(Report.state.in_(COUNTED))
_CLAIMED = _REPAIRS.where(
    sa.or_(Report.state == "approved", (Report.state != "withdrawn") & Report.signature_id.in_(_SIGNED))
)
_CAUSES = (
    sa.select(Finding.work_order_id, Finding.asset_id, Finding.cause_category)
    .join(Report, Report.id == Finding.report_id)
    .where(Finding.work_order_id.in_(IDS), Finding.asset_id.is_not(None), Finding.cause_category.is_not(None),
           Report.state != "withdrawn")
    .order_by(Finding.id)
)  # fmt: skip
_PARTS = (
    sa.select(PartLine.work_order_id, Finding.asset_id, PartLine.part_no, PartLine.name, PartLine.quantity)
    .join(Report, Report.id == PartLine.report_id)
    .outerjoin(Finding, Finding.id == PartLine.finding_id)
    .where(PartLine.work_order_id.in_(IDS), PartLine.voided_at.is_(None), Report.state != "withdrawn")
    .order_by(PartLine.id)
)


def repairs_of(session: Session, asset_ids: Sequence[str]) -> list[Repair]:
    """Every repair of these assets whose report is signed or approved, in order."""
    return _repairs(session, _CLAIMED, asset_ids)


def _repairs(session: Session, query: sa.Select[Any], asset_ids: Sequence[str]) -> list[Repair]:
    wanted = sorted(set(asset_ids))
    if not wanted:
        return []
    return [
        Repair(asset_id, order_id, when, number or short_ref, fault or cause or "", clock.local_date(when, tz), ident)
        for asset_id, order_id, number, short_ref, fault, cause, when, tz, ident in session.execute(
            query, {"ids": wanted}
        )
    ]


def earlier_repairs(session: Session, asset_ids: Sequence[str], work_order: WorkOrder) -> list[Repair]:
    """Repairs of these assets handed in from other work orders reported before this one, in order."""
    return [
        repair
        for repair in _repairs(session, _HANDED_IN, asset_ids)
        if repair.work_order_id != work_order.id and repair.reported_at < work_order.reported_at
    ]


def count_before(session: Session, asset_ids: Sequence[str], work_order: WorkOrder) -> int:
    """How often the most often repaired of these assets was repaired before; several reports of one work order count once."""
    seen: dict[str, set[str]] = {}
    for repair in earlier_repairs(session, asset_ids, work_order):
        seen.setdefault(repair.asset_id, set()).add(repair.work_order_id)
    return max((len(orders) for orders in seen.values()), default=0)


def previous_on(session: Session, asset_ids: Sequence[str], work_order: WorkOrder) -> date | None:
    """The day the repair before this one was reported."""
    return max((repair.on for repair in earlier_repairs(session, asset_ids, work_order)), default=None)


def causes_of(session: Session, work_order_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """{work order: {asset: cause category}} as found so far; user damage is told whatever else was found."""
    out: dict[str, dict[str, str]] = {}
    for work_order_id, asset_id, cause in session.execute(_CAUSES, {"ids": work_order_ids}):
        found = out.setdefault(work_order_id, {})
        if found.get(asset_id) != "user_damage":
            found[asset_id] = cause
    return out


def parts_of(session: Session, work_order_ids: Sequence[str]) -> dict[str, list[UsedPart]]:
    """{work order: parts that its reports name}, in the order they were written."""
    out: dict[str, list[UsedPart]] = {}
    for work_order_id, *part in session.execute(_PARTS, {"ids": work_order_ids}):
        out.setdefault(work_order_id, []).append(UsedPart(*part))
    return out
