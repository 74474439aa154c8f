"""Reports in lists: who sees which, filters, rows with flags, and the same filters for exports.

A page costs the same number of queries however many rows it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import User
from backend.accounts.services import Actor
from backend.assets.models import Asset
from backend.core import paging
from backend.core.db import rows_by_id
from backend.core.search import matches_any
from backend.customers.models import Customer, Site
from backend.reports.models import Finding, Photo, Report, Signature
from backend.reports.problems import TooManyReports
from backend.reports.rules.states import COUNTED, EDITABLE
from backend.reports.schemas import MAX_EXPORT
from backend.visits.models import CheckIn, Visit
from backend.workorders.models import WorkOrder
from backend.workorders.services import visible

LATE_AFTER = timedelta(minutes=15)
EXPORT_CHUNK = 50


def seen_by(session: Session, actor: Actor, wanted: Mapping[str, Any]) -> sa.Select[tuple[Report]]:
    """Reports the actor sees, filtered; `wanted` as ReportQuery (ids as a list)."""
    query = sa.select(Report).join(WorkOrder, WorkOrder.id == Report.work_order_id).where(visible(actor))
    if "since_on" in wanted or "until_on" in wanted:
        query = query.where(_in_period(session, wanted.get("since_on"), wanted.get("until_on")))
    for name, column in (
        ("branch_id", WorkOrder.branch_id), ("customer_id", WorkOrder.customer_id), ("priority", WorkOrder.priority),
        ("engineer_id", Report.author_id), ("work_order_id", Report.work_order_id),
    ):  # fmt: skip
        if name in wanted:
            query = query.where(column == wanted[name])
    if "asset_id" in wanted:
        query = query.where(Report.id.in_(sa.select(Finding.report_id).where(Finding.asset_id == wanted["asset_id"])))
    if wanted.get("state") == "open":
        query = query.where(Report.state.in_((*EDITABLE, "submitted")))
    elif "state" in wanted:
        query = query.where(Report.state == wanted["state"])
    if wanted.get("ids"):
        query = query.where(Report.id.in_(wanted["ids"]))
    if wanted.get("q"):
        query = query.where(_found_by(wanted["q"]))
    return query


def _in_period(session: Session, first: date | None, last: date | None) -> sa.ColumnElement[bool]:
    """Handed in (else begun) on these days, both included, as the calendar at the report's site counts them."""
    when = sa.func.coalesce(Report.submitted_at, Report.created_at, type_=Report.created_at.type)
    out = []
    for tz in session.scalars(sa.select(Site.tz).distinct()):
        here = [WorkOrder.site_id.in_(sa.select(Site.id).where(Site.tz == tz))]
        if first is not None:
            here.append(when >= _midnight(first, tz))
        if last is not None:
            here.append(when < _midnight(last + timedelta(days=1), tz))
        out.append(sa.and_(*here))
    return sa.or_(sa.false(), *out)


def _midnight(day: date, tz: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(tz)).astimezone(UTC)


def _found_by(text: str) -> sa.ColumnElement[bool]:
    """Each word in number, reference, work order, customer, site, engineer's name or a serial."""

    def assets(pattern: str) -> sa.ColumnElement[bool]:
        mine = sa.select(Finding.report_id).join(Asset, Asset.id == Finding.asset_id)
        return Report.id.in_(mine.where(Asset.search.like(pattern)))

    return matches_any(
        text,
        lambda pattern: Report.search.like(pattern),
        lambda pattern: WorkOrder.search.like(pattern),
        lambda pattern: WorkOrder.customer_id.in_(sa.select(Customer.id).where(Customer.search.like(pattern))),
        lambda pattern: WorkOrder.site_id.in_(sa.select(Site.id).where(Site.search.like(pattern))),
        lambda pattern: Report.author_id.in_(
            sa.select(User.id).where(sa.func.lower(User.name).like(f"%{pattern.strip('% ')}%"))
        ),
        assets,
    )


def list_reports(
    session: Session, actor: Actor, wanted: Mapping[str, Any], now: datetime
) -> tuple[list[dict[str, Any]], str | None, int]:
    """One page, newest first, the next cursor, and how many there are in all."""
    query = seen_by(session, actor, wanted)
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    rows, cursor = paging.page(
        session, query, Report.created_at, Report.id, limit=wanted["limit"], cursor=wanted.get("cursor"),
        read=datetime.fromisoformat, descending=True,
    )  # fmt: skip
    return rows_of(session, rows, now), cursor, total


def export_ids(session: Session, actor: Actor, wanted: Mapping[str, Any], limit: int = MAX_EXPORT) -> list[str]:
    """Ids to export, oldest first. Raises TooManyReports."""
    query = seen_by(session, actor, wanted).with_only_columns(Report.id).order_by(Report.created_at, Report.id)
    ids = list(session.scalars(query.limit(limit + 1)))
    if len(ids) > limit:
        words = {
            "zh": f"一次最多 {limit} 份，请缩小范围。",
            "en": f"At most {limit} at once; please narrow the choice.",
        }
        raise TooManyReports(detail=words, extra={"limit": limit})
    return ids


def export_rows(session: Session, actor: Actor, wanted: Mapping[str, Any], now: datetime) -> Iterator[dict[str, Any]]:
    """Rows of the whole choice, oldest first, a few at a time."""
    cursor = None
    query = seen_by(session, actor, wanted)
    while True:
        rows, cursor = paging.page(
            session, query, Report.created_at, Report.id, limit=EXPORT_CHUNK, cursor=cursor,
            read=datetime.fromisoformat,
        )  # fmt: skip
        yield from rows_of(session, rows, now)
        if cursor is None:
            return
        session.expunge_all()


# ---------------------------------------------------------------- rows


def rows_of(session: Session, reports: Sequence[Report], now: datetime) -> list[dict[str, Any]]:
    """List rows with names and flags."""
    orders = rows_by_id(session, WorkOrder, {r.work_order_id for r in reports})
    customers = rows_by_id(session, Customer, {o.customer_id for o in orders.values()})
    sites = rows_by_id(session, Site, {o.site_id for o in orders.values()})
    users = rows_by_id(session, User, {r.author_id for r in reports})
    findings = _findings(session, reports)
    assets = rows_by_id(session, Asset, {f.asset_id for fs in findings.values() for f in fs if f.asset_id})
    signatures = _signatures(session, reports)
    flags = flags_of(session, reports, orders, signatures, now)
    out = []
    for report in reports:
        order, mine = orders[report.work_order_id], findings.get(report.id, [])
        signature = signatures.get(report.id)
        row = {name: getattr(report, name) for name in _OWN}
        row |= {
            "work_order_number": order.number,
            "priority": order.priority,
            "branch_id": order.branch_id,
            "customer_id": order.customer_id,
            "customer_name": customers[order.customer_id].name,
            "site_id": order.site_id,
            "site_name": sites[order.site_id].name,
            "tz": sites[order.site_id].tz,
            "assets": [_asset(assets[f.asset_id]) for f in mine if f.asset_id in assets],
            "outcomes": [f.outcome for f in mine if f.outcome],
            "engineer_id": report.author_id,
            "engineer_name": users[report.author_id].name,
            "result": signature.result if signature else None,
            "rating": signature.rating if signature else None,
            "flags": sorted(flags.get(report.id, ())),
        }
        out.append(row)
    return out


_OWN = ("id", "number", "short_ref", "state", "version", "work_order_id", "created_at", "submitted_at", "received_at",
        "approved_at")  # fmt: skip


def _asset(asset: Asset) -> dict[str, Any]:
    label = " ".join(part for part in (asset.brand, asset.model) if part) or asset.category
    return {"id": asset.id, "label": label, "serial": asset.serial}


def _findings(session: Session, reports: Sequence[Report]) -> dict[str, list[Finding]]:
    out: dict[str, list[Finding]] = {}
    query = sa.select(Finding).where(Finding.report_id.in_([r.id for r in reports])).order_by(Finding.id)
    for finding in session.scalars(query):
        out.setdefault(finding.report_id, []).append(finding)
    return out


def _signatures(session: Session, reports: Sequence[Report]) -> dict[str, Signature]:
    """The last answer to each report."""
    query = sa.select(Signature).where(Signature.report_id.in_([r.id for r in reports]))
    return {row.report_id: row for row in session.scalars(query.order_by(Signature.corrected_at, Signature.id))}


def flags_of(
    session: Session, reports: Sequence[Report], orders: Mapping[str, WorkOrder], signatures: Mapping[str, Signature],
    now: datetime,
) -> dict[str, set[str]]:  # fmt: skip
    """What a reviewer should look at, per report: no_fix, off_site, late, late_visit, missed_clock, changed, …

    changed        the present version is not the one that was signed
    late           a check-in arrived more than a quarter of an hour after it was tapped
    same_strokes   the same ink as under another job; repeated_photo: the same bytes as in another job
    """
    out: dict[str, set[str]] = {report.id: set() for report in reports}
    by_visit: dict[str, list[str]] = {}
    for report in reports:
        if report.visit_id:
            by_visit.setdefault(report.visit_id, []).append(report.id)
        if _has_missed(orders[report.work_order_id], now):
            out[report.id].add("missed_clock")
        signature = signatures.get(report.id)
        if signature is None and report.visit_id and report.state in COUNTED:
            out[report.id].add("not_signed")
        if signature is not None:
            out[report.id].update(signature.flags or ())
            if signature.report_version != report.version:
                out[report.id].add("changed")
            if signature.result in ("rejected", "absent", "refused"):
                out[report.id].add(f"customer_{signature.result}")
    for row in session.scalars(sa.select(CheckIn).where(CheckIn.visit_id.in_(list(by_visit)))):
        for report_id in by_visit[row.visit_id]:
            out[report_id].update(_flags_of_check_in(row))
    gone = sa.select(Visit.id).where(Visit.id.in_(list(by_visit)), Visit.state.in_(("cancelled", "superseded")))
    for visit_id in session.scalars(gone):
        for report_id in by_visit[visit_id]:
            out[report_id].add("late_visit")
    for report_id in _with_repeated_photos(session, [r.id for r in reports]):
        out[report_id].add("repeated_photo")
    return out


def _has_missed(order: WorkOrder, now: datetime) -> bool:
    return order.has_missed_clock or (order.next_due_at is not None and order.next_due_at < now)


def _flags_of_check_in(row: CheckIn) -> set[str]:
    flags = set(row.flags or ())
    verdict = (row.server_verdict or {}).get("verdict")
    if row.direction == "in" and verdict in ("no_fix", "off_site"):
        flags.add(verdict)
    if row.received_at - row.corrected_at > LATE_AFTER:
        flags.add("late")
    said = (row.phone_verdict or {}).get("verdict")
    if said and verdict and said != verdict:
        flags.add("verdicts_differ")
    return flags


def _with_repeated_photos(session: Session, report_ids: Sequence[str]) -> set[str]:
    other = sa.orm.aliased(Photo)
    query = (
        sa.select(Photo.report_id)
        .join(other, sa.and_(other.sha256 == Photo.sha256, other.work_order_id != Photo.work_order_id))
        .where(Photo.report_id.in_(report_ids))
    )
    return set(session.scalars(query.distinct()))
