"""A database that was put back: from when to when the office's work is gone.

From: the time of the backup, or of the newest thing in a database put back by hand. Until: nobody here remembers, but phones
do. Each brings the cursor that it was given last, sealed by this server with number and time; the latest of them, and the
high-water mark beside the database, say until when the lost server had told of changes at least. What phones themselves did
comes again by itself (M-23, M-51).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.db import db, write_transaction
from backend.core.ids import new_id
from backend.sync_api.models import SyncHistory, SyncOperation, SyncRecord, SyncRestore
from sync.server.cursor import open_cursor
from sync.server.problems import RequestRefused

NEWEST = (SyncOperation.received_at, SyncHistory.at, SyncRecord.made_at)


def begin(
    session: Session, old_epoch: str, feed_seq: int, now: datetime, from_at: datetime | None = None
) -> SyncRestore:
    """Remember that the database went back; a new epoch begins in the same transaction."""
    if from_at is None:
        times = [session.scalar(sa.select(sa.func.max(column))) for column in NEWEST]
        from_at = max((at for at in times if at is not None), default=None)
    row = SyncRestore(id=new_id(), at=now, from_at=from_at, old_epoch=old_epoch, feed_seq=feed_seq, phones=0)
    session.add(row)
    session.flush()
    return row


def known_until(row: SyncRestore, seq: int, at: datetime | None) -> None:
    """Somebody remembers the lost server at this number and time."""
    if seq <= row.feed_seq:
        return
    row.seen_seq = max(seq, row.seen_seq or 0)
    if at is not None:
        row.seen_at = max(at, row.seen_at or at)


def heard(cursor: str | None, key: bytes) -> None:
    """A phone came with a cursor of before: what it knows of the time that is lost."""
    try:
        known = open_cursor(cursor or "", key)
    except RequestRefused:
        return
    seq = max((place.seq for place in known.places.values()), default=0)
    at = clock.parse(known.at) if known.at else None
    db.session.rollback()
    query = (
        sa.select(SyncRestore).where(SyncRestore.old_epoch == known.epoch).order_by(SyncRestore.at.desc()).limit(1)
    )
    if db.session.scalar(query) is None:
        return
    with write_transaction() as session:
        row = session.scalar(query)
        if row is not None:
            row.phones += 1
            known_until(row, seq, at)


def untold(session: Session, now: datetime) -> list[SyncRestore]:
    """Restores that an admin did not confirm yet, of the last ninety days."""
    query = sa.select(SyncRestore).where(SyncRestore.told_at.is_(None), SyncRestore.at > now - timedelta(days=90))
    return list(session.scalars(query.order_by(SyncRestore.at)))
