"""Notices: telling each person once, reading them, marking them as read. Never commits, never reads the clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import User
from backend.core import clock, paging
from backend.core.db import rows_by_id
from backend.core.ids import new_id
from backend.core.problems import NotFound
from backend.customers.models import Customer, Site
from backend.notices.models import ABOUT, Notice
from backend.visits.models import Visit
from backend.workorders.models import WorkOrder
from backend.workorders.settling import clocks_at


def tell(
    session: Session, user_ids: Iterable[str], *, kind: str, subject: str, work_order_id: str, now: datetime,
    visit_id: str | None = None, about: Mapping[str, Any] | None = None,
) -> list[Notice]:  # fmt: skip
    """One notice for each of these people, who were not told of this subject before. Returns the new ones."""
    wanted = set(user_ids)
    query = sa.select(Notice.user_id).where(Notice.subject == subject, Notice.user_id.in_(wanted))
    fresh = sorted(wanted - set(session.scalars(query))) if wanted else []
    rows = [
        Notice(
            id=new_id(), user_id=user_id, kind=kind, subject=subject, work_order_id=work_order_id, visit_id=visit_id,
            about=dict.fromkeys(ABOUT) | dict(about or {}), created_at=now,
        )
        for user_id in fresh
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    return rows


def listed(
    session: Session, user_id: str, *, is_unread: bool, limit: int, cursor: str | None, now: datetime
) -> tuple[list[dict[str, Any]], str | None]:
    """A person's notices, the newest first, each with its work order as it stands now."""
    query = sa.select(Notice).where(Notice.user_id == user_id)
    if is_unread:
        query = query.where(Notice.read_at.is_(None))
    rows, next_cursor = paging.page(
        session, query, Notice.created_at, Notice.id, limit=limit, cursor=cursor, read=clock.parse, descending=True
    )
    return _with_orders(session, rows, now), next_cursor


def unread(session: Session, user_id: str) -> int:
    query = sa.select(sa.func.count()).select_from(Notice)
    return session.scalar(query.where(Notice.user_id == user_id, Notice.read_at.is_(None))) or 0


def notice_of(session: Session, user_id: str, notice_id: str) -> Notice:
    """A person's own notice. Raises NotFound."""
    row = session.get(Notice, notice_id)
    if row is None or row.user_id != user_id:
        raise NotFound()
    return row


def mark_read(notice: Notice, at: datetime) -> Notice:
    """Read is read: the first time stays."""
    notice.read_at = notice.read_at or at
    return notice


def mark_all_read(session: Session, user_id: str, until: datetime, now: datetime) -> None:
    """What she had before her when she said so; what came since stays unread."""
    query = sa.select(Notice).where(Notice.user_id == user_id, Notice.read_at.is_(None), Notice.created_at <= until)
    for row in session.scalars(query):
        mark_read(row, now)


def clock_now(clocks: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The clock that a notice is about as it stands now; None when its term has moved since."""
    same = ("clock", "name"), ("clause", "clause"), ("starts", "starts"), ("due", "due")
    return next((one for one in clocks if all(about.get(mine) == one[its] for mine, its in same)), None)


def _with_orders(session: Session, notices: Sequence[Notice], now: datetime) -> list[dict[str, Any]]:
    orders = rows_by_id(session, WorkOrder, [row.work_order_id for row in notices])
    customers = rows_by_id(session, Customer, [row.customer_id for row in orders.values()])
    sites = rows_by_id(session, Site, [row.site_id for row in orders.values()])
    visits = rows_by_id(session, Visit, [row.visit_id for row in notices if row.visit_id])
    people = rows_by_id(session, User, [row.about.get("engineer_id") for row in notices])
    out = []
    for row in notices:
        order = orders[row.work_order_id]
        engineer = people.get(row.about.get("engineer_id"))
        visit = visits.get(row.visit_id or "")
        standing = clock_now(clocks_at(order.clocks, now), row.about)
        out.append(
            {
                "id": row.id, "kind": row.kind, "work_order_id": row.work_order_id, "visit_id": row.visit_id,
                "created_at": row.created_at, "read_at": row.read_at, "number": order.number or order.short_ref,
                "customer_name": customers[order.customer_id].name, "site_name": sites[order.site_id].name,
                "tz": sites[order.site_id].tz, "about": row.about, "clock_state": standing and standing["state"],
                "met_at": standing and standing["met_at"], "visit_state": visit and visit.state,
                "engineer_name": engineer.name if engineer else "", "engineer_phone": engineer.phone if engineer else "",
                "seen_at": visit and next((s.seen_at for s in visit.sending if engineer and s.engineer_id == engineer.id), None),
            }
        )  # fmt: skip
    return out
