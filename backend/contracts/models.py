"""Tables of contracts: what was signed with a customer, kept as signed."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.db import Id, Json, db


class Contract(db.Model):
    """A customer's contract. `letters` are letter versions as signed (`"B@1"`); assets name their contract."""

    __tablename__ = "contract"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    customer_id: Mapped[str] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    number: Mapped[str] = mapped_column(sa.String(60), default="")
    letters: Mapped[list[str]] = mapped_column(Json)
    signed_on: Mapped[date]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    report_due_s: Mapped[int | None]
    visit_every_months: Mapped[int | None]
