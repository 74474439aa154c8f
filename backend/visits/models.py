"""Tables of visits and check-ins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.core.db import Id, Json, UtcDateTime, db

_UNDELIVERED = sa.text("sent_at IS NOT NULL AND delivered_at IS NULL")


class VisitEngineer(db.Model):
    """One engineer of a visit, and how far word of it has come: sent by the office, on one of her phones, seen, accepted.

    call_at  when the dispatcher is to be told to call her, if she has not looked by then; null once that was decided
    """

    __tablename__ = "visit_engineer"
    visit_id: Mapped[str] = mapped_column(sa.ForeignKey("visit.id"), primary_key=True)
    engineer_id: Mapped[str] = mapped_column(sa.ForeignKey("user_account.id"), primary_key=True, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    call_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    __table_args__ = (
        sa.Index("ix_visit_engineer_undelivered", "engineer_id", sqlite_where=_UNDELIVERED, postgresql_where=_UNDELIVERED),
    )  # fmt: skip


class Visit(db.Model):
    """One planned or made journey to a site: one work order, 1–n engineers, one leads (K-2)."""

    __tablename__ = "visit"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    state: Mapped[str] = mapped_column(sa.String(20), default="planned", index=True)
    planned_from: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    planned_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lead_id: Mapped[str] = mapped_column(sa.ForeignKey("user_account.id"))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    engineers: Mapped[list[VisitEngineer]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    @property
    def engineer_ids(self) -> list[str]:
        """The lead first, the others in the order of their ids."""
        return [one.engineer_id for one in self.sending]

    @property
    def sending(self) -> list[VisitEngineer]:
        """How far word has come with each, in the same order."""
        return sorted(self.engineers, key=lambda e: (e.engineer_id != self.lead_id, e.engineer_id))

    @property
    def seen_by(self) -> list[str]:
        return [one.engineer_id for one in self.sending if one.seen_at]


class CheckIn(db.Model):
    """A recorded arrival (`in`) or departure (`out`): the time of the tap; the position may follow (K-7)."""

    __tablename__ = "check_in"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    visit_id: Mapped[str] = mapped_column(sa.ForeignKey("visit.id"), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    engineer_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    direction: Mapped[str] = mapped_column(sa.String(3))
    tapped_at: Mapped[datetime] = mapped_column(UtcDateTime)
    corrected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    quality: Mapped[str] = mapped_column(sa.String(20))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason_code: Mapped[str | None] = mapped_column(sa.String(30))
    reason_text: Mapped[str] = mapped_column(sa.Text, default="")
    phone_verdict: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    server_verdict: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    flags: Mapped[list[str]] = mapped_column(Json, default=list)
    clock_offset_ms: Mapped[int | None]
    is_accepted_by_office: Mapped[bool] = mapped_column(default=False)


class CheckInFix(db.Model):
    """The position that followed a tap; insert-only, names its check-in."""

    __tablename__ = "check_in_fix"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    check_in_id: Mapped[str] = mapped_column(sa.ForeignKey("check_in.id"), index=True)
    visit_id: Mapped[str] = mapped_column(sa.String(36))
    work_order_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    engineer_id: Mapped[str] = mapped_column(sa.String(36), index=True)
    lat_e7: Mapped[int | None]
    lng_e7: Mapped[int | None]
    accuracy_m: Mapped[int | None] = mapped_column(sa.BigInteger)
    fix_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    age_s: Mapped[int | None] = mapped_column(sa.BigInteger)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    phone_verdict: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    server_verdict: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    flags: Mapped[list[str]] = mapped_column(Json, default=list)
    raw: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
