"""The table of customer links."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.db import Id, Json, UtcDateTime, db

SCOPES = ("progress", "accept", "rate", "sign", "report")


class CustomerLink(db.Model):
    """A key to one work order's customer view. The token itself is kept nowhere: whoever reads this table opens nothing."""

    __tablename__ = "customer_link"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    scope: Mapped[list[str]] = mapped_column(Json)
    created_by_id: Mapped[str] = mapped_column(sa.ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_by_id: Mapped[str | None] = mapped_column(sa.ForeignKey("user_account.id"))
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    uses: Mapped[int] = mapped_column(default=0)

    def state_at(self, now: datetime) -> str:
        """active · expired · revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if now < self.expires_at else "expired"
