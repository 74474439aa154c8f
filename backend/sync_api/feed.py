"""Reading the feed with SQL: the port of sync/server/pull.py, and which buckets are whose."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.db import write_transaction
from backend.core.sync import home_bucket
from backend.sync_api.journal import CHUNK
from backend.sync_api.models import SyncFeed, SyncRecord
from backend.sync_api.publish import read_head, start_epoch
from sync.server.pull import Change, FeedHead

REFERENCE = "reference"
_CHANGES = sa.text(
    "SELECT f.seq, f.kind, f.record_id, f.why, r.rev, r.row FROM sync_feed f"
    " JOIN sync_record r ON r.kind = f.kind AND r.record_id = f.record_id"
    " WHERE f.bucket = :bucket AND f.seq > :after AND (f.why IS NULL OR f.seq > :floor) ORDER BY f.seq LIMIT :limit"
)
_ACKED = sa.text("SELECT acked_seq FROM sync_device WHERE device_id = :device_id")


def buckets_of(actor: Any) -> list[str]:
    """What a person's phones hold: the reference data and her own (M-41)."""
    return [REFERENCE, home_bucket(actor.user_id)]


class SqlFeed:
    """The feed as committed, for one request."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._head: Any = None

    def _row(self) -> Any:
        if self._head is None:
            self._head = read_head(self.session)
        return self._head

    def head(self) -> FeedHead:
        row = self._row()
        return FeedHead(row.epoch, row.feed_seq, row.pruned_seq)

    def key(self) -> bytes:
        return bytes.fromhex(self._row().cursor_key)

    def changes(self, bucket: str, after: int, floor: int, limit: int) -> Sequence[Change]:
        values = {"bucket": bucket, "after": after, "floor": floor, "limit": limit}
        return self.session.execute(_CHANGES, values).all()

    def held(self, bucket: str) -> Iterable[tuple[str, str, int]]:
        query = (
            sa.select(SyncFeed.kind, SyncFeed.record_id, SyncRecord.rev)
            .join(SyncRecord, sa.and_(SyncRecord.kind == SyncFeed.kind, SyncRecord.record_id == SyncFeed.record_id))
            .where(SyncFeed.bucket == bucket, SyncFeed.why.is_(None))
        )
        return [tuple(row) for row in self.session.execute(query)]

    def rows(self, bucket: str, keys: Sequence[tuple[str, str]]) -> Sequence[Change]:
        out = []
        for start in range(0, len(keys), CHUNK):
            part = keys[start : start + CHUNK]
            query = sa.select(SyncRecord.kind, SyncRecord.record_id, SyncRecord.rev, SyncRecord.row).where(
                SyncRecord.record_id.in_([record_id for _, record_id in part])
            )
            found = {(row.kind, row.record_id): row for row in self.session.execute(query)}
            out += [Change(0, *key, None, found[key].rev, found[key].row) for key in part if key in found]
        return out

    def acked(self, device_id: str) -> int:
        return self.session.execute(_ACKED, {"device_id": device_id}).scalar() or 0

    def new_epoch(self) -> str:
        with write_transaction() as session:
            return start_epoch(session)
