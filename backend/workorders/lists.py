"""Reading work orders: the list with its filters, one page with everything, the board's counts, search.

Opening any of these decides nothing and costs the same number of queries however many rows there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import Device, User
from backend.assets.models import Asset
from backend.assets.services import label_of
from backend.contracts.models import Contract
from backend.core import clock, paging
from backend.core.search import matches, matches_any
from backend.customers import services as customers
from backend.customers.models import Contact, Customer, Site
from backend.workorders import ports
from backend.workorders.models import LogEntry, WorkOrder, WorkOrderAsset
from backend.workorders.rules.states import OPEN
from backend.workorders.schemas import WorkOrderOut
from backend.workorders.services import visible
from backend.workorders.settling import clocks_at
from backend.workorders.spells import log_spells_of

OFFLINE_AFTER_S = 2 * 60 * 60


def listed(
    session: Session, actor: Any, wanted: Mapping[str, Any], now: datetime
) -> tuple[list[dict[str, Any]], str | None]:
    """Rows of the list and the cursor of the next page. `wanted` as WorkOrderQuery."""
    query = sa.select(WorkOrder).where(visible(actor), *_filters(wanted, now))
    if wanted.get("sort") == "due":
        column, descending = WorkOrder.urgent_at, False
    else:
        column, descending = WorkOrder.reported_at, True
    rows, next_cursor = paging.page(
        session, query, column, WorkOrder.id, limit=wanted["limit"], cursor=wanted.get("cursor"),
        read=clock.parse, descending=descending,
    )  # fmt: skip
    return rows_of(session, rows, now), next_cursor


def _filters(wanted: Mapping[str, Any], now: datetime) -> list[sa.ColumnElement[bool]]:
    out: list[sa.ColumnElement[bool]] = []
    state = wanted.get("state", "all")
    if state == "open":
        out.append(WorkOrder.state.in_(OPEN))
    elif state != "all":
        out.append(WorkOrder.state == state)
    for name in ("branch_id", "customer_id", "site_id", "priority", "kind", "owner_id"):
        if name in wanted:
            out.append(getattr(WorkOrder, name) == wanted[name])
    if "asset_id" in wanted:
        pairs = sa.select(WorkOrderAsset.work_order_id).where(WorkOrderAsset.asset_id == wanted["asset_id"])
        out.append(WorkOrder.id.in_(pairs))
    if "engineer_id" in wanted:
        mine = [WorkOrder.id.in_(answer(wanted["engineer_id"])) for answer in ports.work_of_engineer.answers]
        out.append(sa.or_(WorkOrder.owner_id == wanted["engineer_id"], *mine))
    if "since" in wanted:
        out.append(WorkOrder.reported_at >= wanted["since"])
    if "until" in wanted:
        out.append(WorkOrder.reported_at < wanted["until"])
    if "clock" in wanted:
        out.append(missed(now) if wanted["clock"] == "missed" else near(now))
    if wanted.get("q"):
        out.append(found_by(wanted["q"]))
    return out


def missed(now: datetime) -> sa.ColumnElement[bool]:
    """A clock was missed, or runs past its due at this moment."""
    return sa.or_(WorkOrder.has_missed_clock.is_(True), WorkOrder.next_due_at < now)


def near(now: datetime) -> sa.ColumnElement[bool]:
    """A clock runs in its last quarter, none is past due."""
    return sa.and_(WorkOrder.next_near_at <= now, WorkOrder.next_due_at >= now)


def found_by(query: str) -> sa.ColumnElement[bool]:
    """Work orders found by number, symptom, caller, customer, site or serial: each word anywhere among them."""

    def related(model: Any, column: Any) -> Any:
        return lambda pattern: column.in_(sa.select(model.id).where(model.search.like(pattern)))

    def assets(pattern: str) -> sa.ColumnElement[bool]:
        pairs = sa.select(WorkOrderAsset.work_order_id).join(Asset, Asset.id == WorkOrderAsset.asset_id)
        return WorkOrder.id.in_(pairs.where(Asset.search.like(pattern)))

    return matches_any(
        query,
        lambda pattern: WorkOrder.search.like(pattern),
        related(Customer, WorkOrder.customer_id),
        related(Site, WorkOrder.site_id),
        assets,
    )


def rows_of(session: Session, work_orders: Sequence[WorkOrder], now: datetime) -> list[dict[str, Any]]:
    """List rows with names; a fixed number of queries."""
    names = _names(session, work_orders)
    ids = [row.id for row in work_orders]
    columns: dict[str, dict[str, Any]] = {ident: {} for ident in ids}
    for answer in ports.columns_of.answers:
        for ident, more in answer(session, ids).items():
            columns[ident] |= more
    shape = WorkOrderOut()
    return [
        shape.dump(row)
        | {
            "clocks": clocks_at(row.clocks, now),
            "customer_name": names["customers"].get(row.customer_id, ""),
            "site_name": names["sites"].get(row.site_id, ""),
            "owner_name": names["users"].get(row.owner_id, ""),
            "assets": [{"id": i, "label": names["assets"].get(i, "")} for i in row.asset_ids or []],
            "engineers": [],
        }
        | columns[row.id]
        for row in work_orders
    ]


def _names(session: Session, work_orders: Sequence[WorkOrder]) -> dict[str, dict[str, str]]:
    def column(model: Any, ids: set[str | None]) -> dict[str, str]:
        query = sa.select(model.id, model.name).where(model.id.in_(ids - {None}))
        return {row.id: row.name for row in session.execute(query)}

    asset_ids = {ident for row in work_orders for ident in row.asset_ids or []}
    found = session.scalars(sa.select(Asset).where(Asset.id.in_(asset_ids)))
    return {
        "customers": column(Customer, {row.customer_id for row in work_orders}),
        "sites": column(Site, {row.site_id for row in work_orders}),
        "users": column(User, {row.owner_id for row in work_orders}),
        "assets": {row.id: label_of(row) for row in found},
    }


def page_of(session: Session, actor: Any, work_order: WorkOrder, now: datetime) -> dict[str, Any]:
    """Everything about one work order: itself, its log, where and for whom, visits and reports."""
    assets = {a.id: a for a in session.scalars(sa.select(Asset).where(Asset.id.in_(work_order.asset_ids or [])))}
    contracts = {a.contract_id for a in assets.values()} | {work_order.contract_id}
    log = list(session.scalars(
        sa.select(LogEntry).where(LogEntry.work_order_id == work_order.id).order_by(LogEntry.corrected_at, LogEntry.id)
    ))  # fmt: skip
    people = {entry.author_id for entry in log} | {entry.entered_by_id for entry in log} | {work_order.owner_id}
    contact = session.get(Contact, work_order.contact_id) if work_order.contact_id else None
    out = rows_of(session, [work_order], now)[0] | {
        "log": log,
        "customer": session.get_one(Customer, work_order.customer_id),
        "site": session.get_one(Site, work_order.site_id),
        "contact": contact,
        "assets": [assets[i] for i in work_order.asset_ids if i in assets],
        "contracts": list(session.scalars(sa.select(Contract).where(Contract.id.in_(contracts - {None})))),
        "people": _people(session, people - {None}),
        "visits": [], "check_ins": [], "acknowledgements": [], "reports": [], "conflicts": [],
    }  # fmt: skip
    for answer in ports.details_of.answers:
        out |= answer(session, work_order.id, actor)
    return out


def _people(session: Session, ids: set[str]) -> dict[str, dict[str, str]]:
    query = sa.select(User.id, User.name, User.phone, User.role).where(User.id.in_(ids))
    return {row.id: {"name": row.name, "phone": row.phone, "role": row.role} for row in session.execute(query)}


def board(session: Session, actor: Any, now: datetime) -> dict[str, int]:
    """The counts above the board, over what the actor sees, in one query and those of the other slices."""

    def count(condition: sa.ColumnElement[bool]) -> Any:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    query = sa.select(
        sa.func.count(),
        count(missed(now)),
        count(near(now)),
        count(WorkOrder.state.in_(("in_progress", "resolved"))),
        count(WorkOrder.state == "waiting"),
        count(WorkOrder.state == "new"),
    ).where(visible(actor), WorkOrder.state.in_(OPEN))
    names = ("open", "missed", "near", "running", "paused", "unassigned")
    out = {name: int(value) for name, value in zip(names, session.execute(query).one(), strict=True)}
    out |= {"needs_person": 0, "offline_engineers": _offline(session, actor, now)}
    for answer in ports.counts_of.answers:
        for name, value in answer(session, actor, now).items():
            out[name] = out.get(name, 0) + value
    return out


def _offline(session: Session, actor: Any, now: datetime) -> int:
    """Engineers of the actor's branches whose phone has not been heard of for two hours."""
    query = (
        sa.select(User.id, User.branch_id, sa.func.max(Device.last_seen_at))
        .join(Device, Device.user_id == User.id)
        .where(User.role == "engineer", User.disabled_at.is_(None), Device.revoked_at.is_(None))
        .group_by(User.id, User.branch_id)
    )
    return sum(
        actor.sees_branch(branch_id) and (seen is None or (now - seen).total_seconds() > OFFLINE_AFTER_S)
        for _, branch_id, seen in session.execute(query)
    )


def recent_of_customer(session: Session, customer_id: str, actor: Any) -> dict[str, Any]:
    """The customer's latest work orders for its page."""
    query = sa.select(WorkOrder).where(WorkOrder.customer_id == customer_id, visible(actor))
    rows = session.scalars(query.order_by(WorkOrder.reported_at.desc(), WorkOrder.id.desc()).limit(20))
    return {"work_orders": [_brief(row) for row in rows]}


def history_of_asset(session: Session, asset_id: str, actor: Any) -> dict[str, Any]:
    """The asset's work orders for its page, newest first."""
    pairs = sa.select(WorkOrderAsset.work_order_id).where(WorkOrderAsset.asset_id == asset_id)
    query = sa.select(WorkOrder).where(WorkOrder.id.in_(pairs), visible(actor))
    rows = session.scalars(query.order_by(WorkOrder.reported_at.desc(), WorkOrder.id.desc()).limit(50))
    spells = [asdict(spell) for spell in log_spells_of(session, [asset_id])]
    return {"work_orders": [_brief(row) for row in rows], "log_spells": spells}


def _brief(row: WorkOrder) -> dict[str, Any]:
    return {
        "id": row.id,
        "number": row.number,
        "short_ref": row.short_ref,
        "state": row.state,
        "kind": row.kind,
        "priority": row.priority,
        "symptom": row.symptom,
        "reported_at": clock.iso(row.reported_at),
    }


def search(session: Session, actor: Any, query: str, limit: int) -> list[dict[str, Any]]:
    """What a search finds among everything the actor sees: name, serial, number, phone."""
    mine = customers.visible_ids(actor)
    rows: list[dict[str, Any]] = []

    def add(model: Any, kind: str, condition: Any, shown: Any, order: Any) -> None:
        for row in session.scalars(sa.select(model).where(condition).order_by(order, model.id).limit(limit)):
            title, subtitle, customer_id, site_id = shown(row)
            rows.append({"kind": kind, "id": row.id, "title": title, "subtitle": subtitle,
                         "customer_id": customer_id, "site_id": site_id})  # fmt: skip

    add(WorkOrder, "work_order", sa.and_(visible(actor), found_by(query)),
        lambda r: (r.number or r.short_ref or "", r.symptom, r.customer_id, r.site_id),
        WorkOrder.reported_at.desc())  # fmt: skip
    add(Customer, "customer", sa.and_(customers.visible(actor), matches(Customer.search, query)),
        lambda r: (r.name, r.short_name, r.id, None), Customer.name)  # fmt: skip
    add(Site, "site", sa.and_(Site.customer_id.in_(mine), matches(Site.search, query)),
        lambda r: (r.name, r.address, r.customer_id, r.id), Site.name)  # fmt: skip
    add(Contact, "contact", sa.and_(Contact.customer_id.in_(mine), matches(Contact.search, query)),
        lambda r: (r.name, r.phone, r.customer_id, r.site_id), Contact.name)  # fmt: skip
    add(Asset, "asset", sa.and_(Asset.customer_id.in_(mine), matches(Asset.search, query)),
        lambda r: (label_of(r), r.place, r.customer_id, r.site_id), Asset.serial)  # fmt: skip
    for answer in ports.found.answers:
        rows += answer(session, actor, query, limit)
    return rows
