"""What sync answers to work orders: conflicts on a work order's page, and how much waits for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backend.customers.models import Contact
from backend.sync_api import services
from backend.sync_api.kinds import conflict_json
from backend.sync_api.models import SyncConflict
from backend.sync_api.scope import SUBTREE
from backend.workorders import ports as work_orders
from backend.workorders.models import WorkOrder


def register(_app: Flask) -> None:
    work_orders.details_of.answer_with(conflicts_of)
    work_orders.counts_of.answer_with(waiting_for_a_person)


def conflicts_of(session: Session, work_order_id: str, _actor: Any) -> dict[str, Any]:
    """Open conflicts about the work order, what hangs on it, its place, contacts and assets."""
    work_order = session.get_one(WorkOrder, work_order_id)
    around = [work_order.id, work_order.customer_id, work_order.site_id, *(work_order.asset_ids or [])]
    contacts = sa.select(Contact.id).where(
        Contact.customer_id == work_order.customer_id,
        sa.or_(Contact.site_id.is_(None), Contact.site_id == work_order.site_id),
    )
    hanging = [
        sa.and_(
            SyncConflict.record_kind == kind,
            SyncConflict.record_id.in_(sa.select(model.id).where(model.work_order_id == work_order.id)),
        )
        for kind, model in SUBTREE.items()
    ]
    query = sa.select(SyncConflict).where(
        SyncConflict.state == "open",
        sa.or_(SyncConflict.record_id.in_(around), SyncConflict.record_id.in_(contacts), *hanging),
    )
    rows = session.scalars(query.order_by(SyncConflict.phone_at, SyncConflict.id))
    return {"conflicts": [{"id": row.id, **conflict_json(row)} for row in rows]}


def waiting_for_a_person(session: Session, actor: Any, _now: datetime) -> dict[str, int]:
    """Conflicts and stuck operations that the actor is shown."""
    waiting = len(services.open_conflicts(session, actor)) + len(services.stuck_operations(session, actor))
    return {"needs_person": waiting}
