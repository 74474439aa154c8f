"""The table of the price list."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.db import Id, Json, UtcDateTime, db


class Price(db.Model):
    """One line of the price list: what a charge that a letter decided comes to.

    per      hour · visit · km · piece: `amount` for each; percent: of the market price of the part, for parts alone
    part_no  the part it is the price of, empty for everything else
    A line of a contract goes before one of a branch, that before one for all; of several the newest holds.
    """

    __tablename__ = "price"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    charge: Mapped[str] = mapped_column(sa.String(20))
    per: Mapped[str] = mapped_column(sa.String(10))
    amount: Mapped[Decimal] = mapped_column(sa.Numeric(14, 2))
    currency: Mapped[str] = mapped_column(sa.String(3))
    part_no: Mapped[str] = mapped_column(sa.String(60), default="")
    text: Mapped[dict[str, str]] = mapped_column(Json)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    branch_id: Mapped[str | None] = mapped_column(sa.ForeignKey("branch.id"))
    contract_id: Mapped[str | None] = mapped_column(sa.ForeignKey("contract.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by_id: Mapped[str | None] = mapped_column(sa.String(36))
