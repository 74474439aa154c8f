"""Tables of letters: files that an admin installed, days she corrected, and the copies that phones are given."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.db import Id, Json, UtcDateTime, db


class LetterCopy(db.Model):
    """One version of an installed letter: title, clauses with quotes, contacts."""

    __tablename__ = "letter"
    __table_args__ = (sa.UniqueConstraint("letter", "version"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    letter: Mapped[str] = mapped_column(sa.String(40))
    version: Mapped[int]
    title: Mapped[dict[str, str]] = mapped_column(Json)
    clauses: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    contacts: Mapped[list[dict[str, Any]]] = mapped_column(Json)


class LetterFile(db.Model):
    """One version of a letter that an admin installed: its file as it was given, never changed afterwards."""

    __tablename__ = "letter_file"
    __table_args__ = (sa.UniqueConstraint("letter", "version"),)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    letter: Mapped[str] = mapped_column(sa.String(40))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(sa.Text)
    installed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    installed_by_id: Mapped[str] = mapped_column(sa.String(36))


class LetterWithdrawal(db.Model):
    """From when to when no new contract may name this version, shipped or installed; those that have it keep it."""

    __tablename__ = "letter_withdrawal"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    ref: Mapped[str] = mapped_column(sa.String(50), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[str] = mapped_column(sa.String(36))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[str | None] = mapped_column(sa.String(36))


class CalendarDay(db.Model):
    """What an admin says of a day, over the holidays library; `notice`: the whole notice of the day's year is entered.

    what  rest · work · notice (then `day` is the first of January)
    """

    __tablename__ = "calendar_day"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    what: Mapped[str] = mapped_column(sa.String(10))
    label: Mapped[dict[str, str]] = mapped_column(Json)
    source: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[str] = mapped_column(sa.String(36))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by_id: Mapped[str | None] = mapped_column(sa.String(36))
