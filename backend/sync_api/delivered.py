"""Delivered: a visit is on one of her phones once a pull's cursor stands behind it, which the phone sends with its next; not of a
page that it is still storing (M-77).

Nothing is written for a poll that confirms nothing; whether there is anything to confirm is one look into an index that
holds only what was sent and is not there yet.
"""

from __future__ import annotations

import contextlib
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.db import DatabaseBusy, write_transaction
from backend.core.sync import home_bucket
from backend.visits.services import note_delivered
from sync.server.cursor import open_cursor

_SENT = sa.text(
    "SELECT v.visit_id, f.seq FROM visit_engineer v JOIN sync_feed f"
    " ON f.bucket = :bucket AND f.kind = 'visit' AND f.record_id = v.visit_id AND f.why IS NULL"
    " WHERE v.engineer_id = :user_id AND v.sent_at IS NOT NULL AND v.delivered_at IS NULL"
)


def confirm(session: Session, user_id: str, cursor: str | None, key: bytes, now: datetime) -> None:
    """What this cursor stands behind was delivered. A busy database is no reason to refuse the pull: the next one says it."""
    if cursor is None:
        return
    bucket = home_bucket(user_id)
    sent = session.execute(_SENT, {"bucket": bucket, "user_id": user_id}).all()
    if not sent:
        return
    place = open_cursor(cursor, key).places.get(bucket)
    there = [visit_id for visit_id, seq in sent if place is not None and seq <= place.seq]
    if there:
        with contextlib.suppress(DatabaseBusy), write_transaction() as writing:
            note_delivered(writing, user_id, there, now)
