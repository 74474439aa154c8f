"""Tables of customers: who they are, whom to call, where to go."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.db import Id, Json, UtcDateTime, db
from backend.core.search import keep_search
from backend.customers.rules.points import SitePoint

DEFAULT_RADIUS_M = 150


class Customer(db.Model):
    __tablename__ = "customer"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    short_name: Mapped[str] = mapped_column(sa.String(60), default="")
    code: Mapped[str | None] = mapped_column(sa.String(40), unique=True)
    province: Mapped[str | None] = mapped_column(sa.String(20))
    branch_id: Mapped[str] = mapped_column(sa.ForeignKey("branch.id"), index=True)
    account_manager_id: Mapped[str | None] = mapped_column(sa.ForeignKey("user_account.id"))
    payment_breach: Mapped[bool] = mapped_column(default=False)
    confidentiality_breach: Mapped[bool] = mapped_column(default=False)
    training_completed: Mapped[bool | None]
    flag_notes: Mapped[dict[str, Any] | None] = mapped_column(Json)  # flag → why it stands: {reason, by_id, by, at}
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    search: Mapped[str] = mapped_column(sa.Text, default="")


class Site(db.Model):
    """A customer place. The point is WGS-84 whatever datum it was picked in; `datum_entered` says which (K-7)."""

    __tablename__ = "site"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    customer_id: Mapped[str] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    address: Mapped[str] = mapped_column(sa.String(200), default="")
    province: Mapped[str | None] = mapped_column(sa.String(20))
    lat_e7: Mapped[int | None]
    lng_e7: Mapped[int | None]
    radius_m: Mapped[int] = mapped_column(default=DEFAULT_RADIUS_M)
    datum_entered: Mapped[str] = mapped_column(sa.String(10), default="WGS-84")
    tz: Mapped[str] = mapped_column(sa.String(40), default="Asia/Shanghai")
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    search: Mapped[str] = mapped_column(sa.Text, default="")

    @property
    def point(self) -> SitePoint | None:
        """Where it is, or None while nobody knows."""
        if self.lat_e7 is None or self.lng_e7 is None:
            return None
        return SitePoint(self.lat_e7, self.lng_e7, self.datum_entered)

    @point.setter
    def point(self, point: SitePoint | None) -> None:
        self.lat_e7 = point.lat_e7 if point else None
        self.lng_e7 = point.lng_e7 if point else None
        self.datum_entered = point.datum_entered if point else "WGS-84"


class Contact(db.Model):
    __tablename__ = "contact"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    customer_id: Mapped[str] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    site_id: Mapped[str | None] = mapped_column(sa.ForeignKey("site.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    phone: Mapped[str] = mapped_column(sa.String(40), default="", index=True)
    title: Mapped[str] = mapped_column(sa.String(60), default="")
    is_main: Mapped[bool] = mapped_column(default=False)
    search: Mapped[str] = mapped_column(sa.Text, default="")


keep_search(Customer, lambda row: (row.name, row.short_name, row.code))
keep_search(Site, lambda row: (row.name, row.address))
keep_search(Contact, lambda row: (row.name, row.phone, row.title))
