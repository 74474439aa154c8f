"""Tables of reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.db import Id, Json, UtcDateTime, db
from backend.core.search import keep_search

CAUSES = ("quality", "wear", "user_damage", "transit_damage", "counterfeit_part", "configuration", "environment",
          "other")  # fmt: skip
FIXES = ("replaced_part", "repaired", "adjusted", "configured", "cleaned", "software_update", "guidance", "loaner",
         "none", "other")  # fmt: skip
OUTCOMES = ("fixed", "workaround", "not_fixed", "no_fault_found", "refused")
RESULTS = ("accepted", "accepted_with_remarks", "rejected", "absent", "refused")


class Report(db.Model):
    """The fault report of one work order and one visit or none (K-2)."""

    __tablename__ = "report"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    visit_id: Mapped[str | None] = mapped_column(sa.ForeignKey("visit.id"), index=True)
    author_id: Mapped[str] = mapped_column(sa.ForeignKey("user_account.id"), index=True)
    entered_by_id: Mapped[str | None] = mapped_column(sa.String(36))
    number: Mapped[str | None] = mapped_column(sa.String(20), unique=True)
    short_ref: Mapped[str] = mapped_column(sa.String(20), index=True)
    language: Mapped[str] = mapped_column(sa.String(2), default="zh")
    state: Mapped[str] = mapped_column(sa.String(20), default="draft", index=True)
    version: Mapped[int] = mapped_column(default=1)
    form_version: Mapped[int] = mapped_column(default=1)
    guidance: Mapped[str] = mapped_column(sa.Text, default="")
    sent_for_repair_on: Mapped[date | None]
    repair_count: Mapped[int | None]
    handed_over_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by_id: Mapped[str | None] = mapped_column(sa.String(36))
    comments: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    signature_id: Mapped[str | None] = mapped_column(sa.String(36))
    search: Mapped[str] = mapped_column(sa.Text, default="")


class Finding(db.Model):
    """One asset's symptom, cause, fix and outcome in a report."""

    __tablename__ = "finding"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    report_id: Mapped[str] = mapped_column(sa.ForeignKey("report.id"), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    asset_id: Mapped[str | None] = mapped_column(sa.ForeignKey("asset.id"), index=True)
    position: Mapped[int] = mapped_column(default=1)
    symptom_found: Mapped[str] = mapped_column(sa.Text, default="")
    cause_category: Mapped[str | None] = mapped_column(sa.String(20))
    cause_text: Mapped[str] = mapped_column(sa.Text, default="")
    cause_unknown_until: Mapped[date | None]
    fix_category: Mapped[str | None] = mapped_column(sa.String(20))
    fix_text: Mapped[str] = mapped_column(sa.Text, default="")
    outcome: Mapped[str | None] = mapped_column(sa.String(20))
    not_fixed_reason: Mapped[str] = mapped_column(sa.Text, default="")
    next_step: Mapped[str] = mapped_column(sa.Text, default="")


class PartLine(db.Model):
    """A part used, both serials on one line; insert-only, voided rather than removed."""

    __tablename__ = "part_line"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    report_id: Mapped[str] = mapped_column(sa.ForeignKey("report.id"), index=True)
    finding_id: Mapped[str | None] = mapped_column(sa.ForeignKey("finding.id"))
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    part_no: Mapped[str] = mapped_column(sa.String(60), default="")
    quantity: Mapped[int] = mapped_column(default=1)
    old_serial: Mapped[str] = mapped_column(sa.String(80), default="")
    new_serial: Mapped[str] = mapped_column(sa.String(80), default="")
    origin: Mapped[str] = mapped_column(sa.String(20), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    void_reason: Mapped[str] = mapped_column(sa.Text, default="")


class Photo(db.Model):
    """A photo that a report or visit names; its bytes come by themselves under their SHA-256."""

    __tablename__ = "photo"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    visit_id: Mapped[str | None] = mapped_column(sa.String(36))
    report_id: Mapped[str | None] = mapped_column(sa.String(36), index=True)
    finding_id: Mapped[str | None] = mapped_column(sa.String(36))
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    size_bytes: Mapped[int]
    content_type: Mapped[str] = mapped_column(sa.String(60))
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    caption: Mapped[str] = mapped_column(sa.String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Signature(db.Model):
    """The customer's answer to one frozen document, named by its hash (K-8); insert-only."""

    __tablename__ = "signature"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    report_id: Mapped[str] = mapped_column(sa.ForeignKey("report.id"), index=True)
    work_order_id: Mapped[str] = mapped_column(sa.ForeignKey("work_order.id"), index=True)
    visit_id: Mapped[str | None] = mapped_column(sa.String(36))
    report_version: Mapped[int] = mapped_column(default=1)
    document_sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    strokes_sha256: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    result: Mapped[str] = mapped_column(sa.String(30))
    remarks: Mapped[str] = mapped_column(sa.Text, default="")
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    signer_name: Mapped[str] = mapped_column(sa.String(60), default="")
    signer_title: Mapped[str] = mapped_column(sa.String(60), default="")
    rating: Mapped[int | None]
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    corrected_at: Mapped[datetime] = mapped_column(UtcDateTime)
    photo_id: Mapped[str | None] = mapped_column(sa.String(36))
    flags: Mapped[list[str]] = mapped_column(Json, default=list)


class FormDefinition(db.Model):
    """One version of an installed form, as the phone is given it. The files in forms/ stay the truth (K-11)."""

    __tablename__ = "form_definition"
    __table_args__ = (sa.UniqueConstraint("form", "version"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    form: Mapped[str] = mapped_column(sa.String(40))
    version: Mapped[int]
    title: Mapped[dict[str, str]] = mapped_column(Json)
    fields: Mapped[list[dict[str, Any]]] = mapped_column(Json)


keep_search(Report, lambda row: (row.number, row.short_ref))
