"""The letters as the phone is given them: copies of the files, one row per version. The files stay the truth."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.db import Id, Json, db


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
