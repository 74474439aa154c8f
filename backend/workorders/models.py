"""Tables of work orders and their log."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.db import Id, Json, UtcDateTime, db
from backend.core.search import keep_search

KINDS = ("repair", "advice", "upgrade", "relocation", "reupholstery", "design", "delivery", "installation",
         "inspection", "training", "callback")  # fmt: skip
CHANNELS = ("phone", "remote", "onsite", "walk_in", "mail", "fax", "network")
PRIORITIES = ("critical", "important", "normal")


NOT_URGENT = datetime(
    9999, 1, 1, tzinfo=UTC
)  # no clock of it is open: behind everything else in the order of urgency
UNDECIDED: dict[str, Any] = {
    "status": "undecided",
    "warranty_end": None,
    "warranty_end_provisional": False,
    "charges": {"labour": None, "parts": None, "call_out": None, "travel": None},
    "remedies": [],
    "refund": None,
    "upgrade_ceiling": None,
    "reasons": [],
}


class WorkOrder(db.Model):
    """The job for a customer. Clocks, entitlement, gates, owed are derived from facts and log, kept for reading."""

    __tablename__ = "work_order"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    number: Mapped[str | None] = mapped_column(sa.String(20), unique=True)
    short_ref: Mapped[str | None] = mapped_column(sa.String(20), index=True)
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id"), index=True)
    customer_id: Mapped[str] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    site_id: Mapped[str] = mapped_column(sa.ForeignKey("site.id"), index=True)
    contact_id: Mapped[str | None] = mapped_column(sa.ForeignKey("contact.id"))
    contract_id: Mapped[str | None] = mapped_column(sa.ForeignKey("contract.id"))
    asset_ids: Mapped[list[str]] = mapped_column(Json, default=list)
    letters: Mapped[list[str]] = mapped_column(Json, default=list)
    kind: Mapped[str] = mapped_column(sa.String(20), default="repair")
    channel: Mapped[str] = mapped_column(sa.String(20))
    priority: Mapped[str | None] = mapped_column(sa.String(20))
    symptom: Mapped[str] = mapped_column(sa.Text, default="")
    fault: Mapped[str | None] = mapped_column(sa.String(60))
    caller_name: Mapped[str] = mapped_column(sa.String(60), default="")
    caller_phone: Mapped[str] = mapped_column(sa.String(40), default="")
    owner_id: Mapped[str | None] = mapped_column(sa.ForeignKey("user_account.id"))
    phone_reason: Mapped[str] = mapped_column(sa.Text, default="")
    product_price: Mapped[Decimal | None] = mapped_column(sa.Numeric(14, 2))
    upgrade_quote: Mapped[Decimal | None] = mapped_column(sa.Numeric(14, 2))
    unrepairable: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    state: Mapped[str] = mapped_column(sa.String(20), default="new", index=True)
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by_id: Mapped[str | None] = mapped_column(sa.String(36))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    clocks: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    entitlement: Mapped[dict[str, Any]] = mapped_column(Json, default=lambda: UNDECIDED)
    quote: Mapped[dict[str, Any] | None] = mapped_column(Json)
    remedy: Mapped[dict[str, Any] | None] = mapped_column(Json)
    gates: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    owed: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    missing: Mapped[list[str]] = mapped_column(Json, default=list)
    next_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    urgent_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True, default=NOT_URGENT)
    next_near_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    warned: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, server_default="{}")
    next_warning_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    has_missed_clock: Mapped[bool] = mapped_column(default=False)
    last_contact_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    search: Mapped[str] = mapped_column(sa.Text, default="")


keep_search(WorkOrder, lambda row: (row.number, row.short_ref, row.symptom, row.caller_name, row.caller_phone))


class WorkOrderAsset(db.Model):
    """Which work orders an asset had: the same pairs as WorkOrder.asset_ids, for asking by asset."""

    __tablename__ = "work_order_asset"
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), primary_key=True)
    asset_id: Mapped[str] = mapped_column(sa.ForeignKey("asset.id"), primary_key=True, index=True)


class LogEntry(db.Model):
    """A line of the work-order log: append-only; a wrong one is voided with a reason (K-3)."""

    __tablename__ = "log_entry"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    visit_id: Mapped[str | None] = mapped_column(sa.String(36))
    what: Mapped[str] = mapped_column(sa.String(30))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    corrected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    quality: Mapped[str] = mapped_column(sa.String(20), default="server")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    author_id: Mapped[str | None] = mapped_column(sa.String(36))
    entered_by_id: Mapped[str | None] = mapped_column(sa.String(36))
    source: Mapped[str] = mapped_column(sa.String(10), default="office")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    void_reason: Mapped[str] = mapped_column(sa.Text, default="")


class DecideAgain(db.Model):
    """A change that touched many open work orders: those after `after_id` are still to be decided again (again.py)."""

    __tablename__ = "decide_again"
    what: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    ref: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    after_id: Mapped[str] = mapped_column(sa.String(36), default="")
