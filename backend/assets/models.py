"""Tables of assets."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.db import Id, Json, db
from backend.core.search import keep_search

CATEGORIES = (
    "desktop", "laptop", "server", "storage", "switch", "cable", "software",
    "desk", "cabinet", "chair", "clerk_desk", "sofa", "other",
)  # fmt: skip
MATERIALS = ("wood", "leather", "steel", "fabric")


class Asset(db.Model):
    __tablename__ = "asset"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    customer_id: Mapped[str] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    site_id: Mapped[str] = mapped_column(sa.ForeignKey("site.id"), index=True)
    contract_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    category: Mapped[str] = mapped_column(sa.String(20))
    brand: Mapped[str] = mapped_column(sa.String(60), default="")
    model: Mapped[str] = mapped_column(sa.String(80), default="")
    serial: Mapped[str] = mapped_column(sa.String(80), default="", index=True)
    place: Mapped[str] = mapped_column(sa.String(120), default="")
    material: Mapped[str | None] = mapped_column(sa.String(20))
    stores_data: Mapped[bool | None]
    is_genuine: Mapped[bool] = mapped_column(default=True)
    purchased_on: Mapped[date | None]
    invoiced_on: Mapped[date | None]
    accepted_on: Mapped[date | None]
    price: Mapped[Decimal | None] = mapped_column(sa.Numeric(14, 2))
    is_provisional: Mapped[bool] = mapped_column(default=False)  # made on a phone, not yet merged by the office
    replaced_by_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)  # given in exchange for it
    flag_notes: Mapped[dict[str, Any] | None] = mapped_column(Json)  # flag → why it stands: {reason, by_id, by, at}
    search: Mapped[str] = mapped_column(sa.Text, default="")


keep_search(Asset, lambda row: (row.serial, row.brand, row.model, row.place))


class OutOfService(db.Model):
    """A spell in which the asset could not be used: under repair, or waiting for parts (D-10)."""

    __tablename__ = "out_of_service"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    asset_id: Mapped[str] = mapped_column(sa.ForeignKey("asset.id"), index=True)
    from_on: Mapped[date]
    to_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(sa.String(10))
