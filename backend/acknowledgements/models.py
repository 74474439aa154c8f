"""The table of acknowledgements."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.db import Id, Json, UtcDateTime, db

ABOUTS = ("user_damage_notice", "backup_notice", "fee", "remedy")
ANSWERS = ("accepted", "declined", "absent", "refused")


class Acknowledgement(db.Model):
    """What a customer was told before work, and her answer to that frozen text (K-8); insert-only.

    told     what she was told of charges: [{kind, charge, per, amount: {amount, currency} | None, clause}]
    decided  what the letters and prices made of it when it arrived: {told, remedies}; kept beside what was told
    flags    where the two differ, for the office (rules/told.py)
    """

    __tablename__ = "acknowledgement"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    visit_id: Mapped[str | None] = mapped_column(sa.ForeignKey("visit.id"))
    about: Mapped[str] = mapped_column(sa.String(30))
    answer: Mapped[str] = mapped_column(sa.String(20))
    document_sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    strokes_sha256: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    photo_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    photo_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    signer_name: Mapped[str] = mapped_column(sa.String(60), default="")
    signer_title: Mapped[str] = mapped_column(sa.String(60), default="")
    remedy: Mapped[str | None] = mapped_column(sa.String(20))
    told: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    decided: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    flags: Mapped[list[str]] = mapped_column(Json, default=list)
    author_id: Mapped[str | None] = mapped_column(sa.String(36))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    corrected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
