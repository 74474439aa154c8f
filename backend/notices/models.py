"""The table of in-app notices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.db import Id, Json, UtcDateTime, db

KINDS = ("clock_near", "clock_missed", "call_her", "loaner_owed", "customer_rejected", "not_acknowledged",
         "charges_changed")  # fmt: skip

# What was so when it was told: the clock and its threshold, who goes, when she was sent, who was nearest instead; what
# was charged before, what is now.
ABOUT = (
    "clock", "clause", "starts", "due", "threshold", "engineer_id", "sent_at", "offline_since", "nearest_id",
    "nearest_name", "nearest_m", "status_was", "total_was", "status", "total",
)  # fmt: skip


class Notice(db.Model):
    """One thing told to one person. `subject` names what it is about so exactly that nobody is told it twice."""

    __tablename__ = "notice"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("user_account.id"))
    kind: Mapped[str] = mapped_column(sa.String(20))
    subject: Mapped[str] = mapped_column(sa.String(200))
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    visit_id: Mapped[str | None] = mapped_column(Id)
    about: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        sa.UniqueConstraint("user_id", "subject"),
        sa.Index("ix_notice_user_id_created_at", "user_id", "created_at"),
        sa.Index(
            "ix_notice_unread", "user_id",
            sqlite_where=sa.text("read_at IS NULL"), postgresql_where=sa.text("read_at IS NULL"),
        ),
    )  # fmt: skip
