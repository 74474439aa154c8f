"""What the office sees of sync: everything for an admin, her branches' records for a dispatcher (K-10)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import User
from backend.assets.models import Asset
from backend.customers.models import Contact, Customer, Site
from backend.sync_api.models import SyncConflict, SyncStuck
from backend.sync_api.scope import SUBTREE
from backend.workorders.models import WorkOrder

OF_CUSTOMER: dict[str, Any] = {"contact": Contact, "site": Site, "asset": Asset}


def branch_of(session: Session, kind: str | None, record_id: str | None) -> str | None:
    """The branch that a record belongs to; None for what belongs to all (letters, users, forms)."""
    if kind == "customer":
        query = sa.select(Customer.branch_id).where(Customer.id == record_id)
    elif kind in OF_CUSTOMER:
        model = OF_CUSTOMER[kind]
        query = (
            sa.select(Customer.branch_id).join(model, model.customer_id == Customer.id).where(model.id == record_id)
        )
    elif kind == "work_order":
        query = sa.select(WorkOrder.branch_id).where(WorkOrder.id == record_id)
    elif kind in SUBTREE:
        model = SUBTREE[kind]
        query = (
            sa.select(WorkOrder.branch_id)
            .join(model, model.work_order_id == WorkOrder.id)
            .where(model.id == record_id)
        )
    else:
        return None
    return session.scalar(query)


def sees(session: Session, account: Any, kind: str | None, record_id: str | None) -> bool:
    """May somebody of the office know of this record? What belongs to no branch she may."""
    if account.role == "admin":
        return True
    if kind == "conflict":
        row = session.get(SyncConflict, record_id)
        return row is not None and sees(session, account, row.record_kind, row.record_id)
    if kind == "stuck_operation":
        stuck = session.get(SyncStuck, record_id)
        return stuck is not None and sees_stuck(session, account, stuck)
    branch = branch_of(session, kind, record_id)
    return branch is None or account.sees_branch(branch)


def sees_stuck(session: Session, account: Any, row: SyncStuck) -> bool:
    """By the record that it is about; where that was never made, by its author's branch."""
    if account.role == "admin":
        return True
    branch = branch_of(session, row.record_kind, row.record_id)
    if branch is None:
        author = session.get(User, row.author_id)
        branch = author.branch_id if author else None
    return branch is None or account.sees_branch(branch)
