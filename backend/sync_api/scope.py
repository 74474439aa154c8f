"""What an engineer's phone holds: `scope_of()`, and keeping her bucket equal to it.

A change of scope is a write (M-45): whatever moves it (an assignment, a state, an owner, a report that shifts an asset's
last five) marks the engineers concerned, and their buckets are made right last in the same transaction. The worker does
it hourly for everybody, because the window of days moves by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from backend.accounts.models import Branch, User
from backend.acknowledgements.models import Acknowledgement
from backend.assets.models import Asset
from backend.core import clock
from backend.core.db import before_commit, db
from backend.core.sync import home_bucket, registry_of, rescope
from backend.customers.models import Contact
from backend.reports.models import Finding, PartLine, Photo, Report, Signature
from backend.sync_api.models import SyncFeed
from backend.visits.models import CheckIn, CheckInFix, Visit, VisitEngineer
from backend.visits.rules.states import OPEN as OPEN_VISITS
from backend.worker import every
from backend.workorders.models import LogEntry, WorkOrder
from backend.workorders.rules.states import OPEN

Key = tuple[str, str]
DAYS_BACK, DAYS_AHEAD = 3, 14
LAST_REPORTS = 5
HOUR_S = 3600
CHUNK = 400
# kind → model of what hangs on a work order and goes wherever it goes
SUBTREE: dict[str, type[Any]] = {
    "visit": Visit,
    "log_entry": LogEntry,
    "check_in": CheckIn,
    "check_in_fix": CheckInFix,
    "acknowledgement": Acknowledgement,
    "report": Report,
    "finding": Finding,
    "part_line": PartLine,
    "photo": Photo,
    "signature": Signature,
}
# Whose change may move a scope, and which attributes of it do.
WATCHED: dict[type[Any], tuple[str, ...]] = {
    WorkOrder: ("state", "owner_id", "site_id", "customer_id", "contact_id", "asset_ids"),
    Visit: ("state", "planned_from", "engineers"),
    Report: ("state",),
    CheckIn: ("engineer_id",),
}
_MOVED = "scope_moved"
_NAMED = "scope_of_engineers"


def scope_of(session: Session, engineer_id: str, now: datetime) -> set[Key]:
    """Keys of everything the engineer's phone holds.

    Work orders with a visit of hers within −3…+14 local days or still open, or owned by her and open (or ended within
    three days), with their subtree, customer, site, contacts, assets; and of each asset the last five reports.
    """
    orders = _work_orders(session, engineer_id, now)
    out: set[Key] = {("work_order", row.id) for row in orders}
    out |= _places(session, orders)
    ids = [row.id for row in orders]
    for kind, model in SUBTREE.items():
        out |= {(kind, ident) for ident in _ids(session, model.id, model.work_order_id, ids)}
    assets = {asset_id for row in orders for asset_id in row.asset_ids or []}
    assets |= set(_ids(session, Finding.asset_id, Finding.work_order_id, ids)) - {None}
    out |= {("asset", ident) for ident in assets}
    reports = _last_reports(session, assets)
    out |= {("report", ident) for ident in reports}
    for kind in ("finding", "part_line"):
        model = SUBTREE[kind]
        out |= {(kind, ident) for ident in _ids(session, model.id, model.report_id, reports)}
    return out


def window_of(session: Session, engineer_id: str, now: datetime) -> tuple[datetime, datetime]:
    """From when to when visits are held: whole local days of the engineer's branch."""
    query = sa.select(Branch.tz).join(User, User.branch_id == Branch.id).where(User.id == engineer_id)
    zone = ZoneInfo(session.scalar(query) or "Asia/Shanghai")
    today = now.astimezone(zone).date()
    return (
        datetime.combine(today - timedelta(days=DAYS_BACK), time(), zone),
        datetime.combine(today + timedelta(days=DAYS_AHEAD + 1), time(), zone),
    )


def _work_orders(session: Session, engineer_id: str, now: datetime) -> list[WorkOrder]:
    since, until = window_of(session, engineer_id, now)
    visits = (
        sa.select(Visit.work_order_id)
        .join(VisitEngineer, VisitEngineer.visit_id == Visit.id)
        .where(
            VisitEngineer.engineer_id == engineer_id,
            # superseded is somebody else's now, unless she was there all the same: late work that both see
            sa.or_(Visit.state != "superseded", Visit.id.in_(_been(engineer_id))),
            sa.or_(Visit.state.in_(OPEN_VISITS), sa.and_(Visit.planned_from >= since, Visit.planned_from < until)),
        )
    )
    hers = sa.and_(WorkOrder.owner_id == engineer_id, sa.or_(WorkOrder.state.in_(OPEN), WorkOrder.closed_at >= since))
    return list(session.scalars(sa.select(WorkOrder).where(sa.or_(WorkOrder.id.in_(visits), hers))))


def _been(engineer_id: str) -> sa.Select[tuple[str]]:
    return sa.select(CheckIn.visit_id).where(CheckIn.engineer_id == engineer_id)


def _places(session: Session, orders: Iterable[WorkOrder]) -> set[Key]:
    """Customers, sites, contacts of these sites and of no site, and assets that somebody made there on a phone."""
    orders = list(orders)
    customers, sites = {row.customer_id for row in orders}, {row.site_id for row in orders}
    out: set[Key] = {("customer", ident) for ident in customers} | {("site", ident) for ident in sites}
    out |= {("contact", row.contact_id) for row in orders if row.contact_id}
    for part in _chunks(customers):
        query = sa.select(Contact.id, Contact.site_id).where(Contact.customer_id.in_(part))
        out |= {("contact", i) for i, site_id in session.execute(query) if site_id is None or site_id in sites}
    for part in _chunks(sites):
        query = sa.select(Asset.id).where(Asset.site_id.in_(part), Asset.is_provisional.is_(True))
        out |= {("asset", ident) for ident in session.scalars(query)}
    return out


def _last_reports(session: Session, assets: Iterable[str]) -> list[str]:
    """Ids of the last five submitted or approved reports of each asset."""
    out: set[str] = set()
    for part in _chunks(assets):
        pairs = (
            sa.select(Finding.asset_id, Report.id.label("id"), Report.submitted_at)
            .join(Report, Report.id == Finding.report_id)
            .where(Finding.asset_id.in_(part), Report.state.in_(("submitted", "approved")))
            .distinct()
            .subquery()
        )
        place = sa.func.row_number().over(
            partition_by=pairs.c.asset_id, order_by=(pairs.c.submitted_at.desc(), pairs.c.id.desc())
        )
        ranked = sa.select(pairs.c.id, place.label("place")).subquery()
        out |= set(session.scalars(sa.select(ranked.c.id).where(ranked.c.place <= LAST_REPORTS)))
    return sorted(out)


def _ids(session: Session, column: Any, by: Any, values: Iterable[str]) -> list[Any]:
    return [ident for part in _chunks(values) for ident in session.scalars(sa.select(column).where(by.in_(part)))]


def _chunks(values: Iterable[str]) -> Iterable[list[str]]:
    ordered = sorted(values)
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))


# ---------------------------------------------------------------- keeping it so


def mark_engineers(session: Session, engineer_ids: Iterable[str]) -> None:
    """These engineers' buckets are to be made right before the transaction ends."""
    session.info.setdefault(_NAMED, set()).update(engineer_ids)


def follow_scope(session: Session, now: datetime | None = None) -> None:
    """Make the buckets of everybody concerned right; runs before the feed is written."""
    session.flush()
    moved: dict[str, set[str]] = session.info.pop(_MOVED, {})
    engineers: set[str] = session.info.pop(_NAMED, set())
    if moved:
        engineers |= _concerned(session, moved)
    if not engineers:
        return
    now = now or clock.now()
    known = registry_of().records.keys() & {"work_order", "customer", "site", "contact", "asset", *SUBTREE}
    for engineer_id in sorted(engineers):
        wanted = {key for key in scope_of(session, engineer_id, now) if key[0] in known}
        rescope(session, home_bucket(engineer_id), wanted, known)


def _concerned(session: Session, moved: dict[str, set[str]]) -> set[str]:
    """Engineers who hold, own or visit one of the work orders, or hold an asset of one of the reports."""
    orders = moved.get("work_order", set())
    out: set[str] = set()
    reports = moved.get("report", set())
    assets = set(_ids(session, Finding.asset_id, Finding.report_id, reports)) - {None}
    for part in _chunks(orders | assets):
        held = sa.select(SyncFeed.bucket).where(SyncFeed.record_id.in_(part), SyncFeed.why.is_(None)).distinct()
        out |= {
            bucket.removeprefix("engineer:") for bucket in session.scalars(held) if bucket.startswith("engineer:")
        }
    for part in _chunks(orders):
        out |= set(session.scalars(sa.select(WorkOrder.owner_id).where(WorkOrder.id.in_(part))))
        visiting = sa.select(VisitEngineer.engineer_id).join(Visit, Visit.id == VisitEngineer.visit_id)
        out |= set(session.scalars(visiting.where(Visit.work_order_id.in_(part))))
    owners = sa.select(User.id).where(User.id.in_(out - {None}), User.role == "engineer")
    return set(session.scalars(owners))


def _note(session: Session, _context: Any, _instances: Any) -> None:
    """Before a flush: which work orders and reports does it move into or out of a scope?"""
    for row in (*session.new, *session.dirty, *session.deleted):
        watched = WATCHED.get(type(row))
        if watched is None:
            continue
        is_new = row in session.new
        if not is_new and not any(get_history(row, name).has_changes() for name in watched):
            continue
        moved = session.info.setdefault(_MOVED, {})
        if isinstance(row, Report):
            if not is_new:
                moved.setdefault("report", set()).add(row.id)
        else:
            moved.setdefault("work_order", set()).add(row.id if isinstance(row, WorkOrder) else row.work_order_id)


def _forget(session: Session) -> None:
    session.info.pop(_MOVED, None)
    session.info.pop(_NAMED, None)


def _forget_committed(session: Session) -> None:
    if not session.in_nested_transaction():
        _forget(session)


def _forget_rolled_back(session: Session, previous: Any) -> None:
    """A savepoint's rollback keeps the marks of what was done before it."""
    if previous.parent is None:
        _forget(session)


def follow_everybody(session: Session, now: datetime) -> bool:
    """The worker's turn: one engineer a transaction; True while there are more."""
    waiting: list[str] = current_app.extensions.setdefault("scopes_waiting", [])
    if not waiting:
        query = sa.select(User.id).where(User.role == "engineer", User.disabled_at.is_(None)).order_by(User.id)
        waiting += session.scalars(query)
    if waiting:
        mark_engineers(session, [waiting.pop()])
        follow_scope(session, now)
    return bool(waiting)


_listening: list[bool] = []


def register(app: Flask) -> None:
    """Called by sync_api.sync before the feed's own hook is registered."""
    if not _listening:
        session_class = db.session.session_factory.class_
        sa.event.listen(session_class, "before_flush", _note)
        sa.event.listen(session_class, "after_commit", _forget_committed)
        sa.event.listen(session_class, "after_soft_rollback", _forget_rolled_back)
        _listening.append(True)
    before_commit(follow_scope)
    every(app, "scopes", HOUR_S, follow_everybody)
