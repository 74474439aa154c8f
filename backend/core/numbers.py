"""Numbers that people quote: `WO-2026-000123`. Given by the server, per local year, unique, gaps allowed (K-9)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.core.db import db


class NumberSeries(db.Model):
    """The last number given of one series in one year."""

    __tablename__ = "number_series"
    series: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


def next_number(session: Session, series: str, year: int) -> str:
    """The next number of a series (`WO`, `FR`) in a local year; the row lock makes it unique."""
    row = session.get(NumberSeries, (series, year), with_for_update=True)
    if row is None:
        row = NumberSeries(series=series, year=year, last=0)
        session.add(row)
    row.last += 1
    session.flush()
    return f"{series}-{year}-{row.last:06d}"
