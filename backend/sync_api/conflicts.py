"""The unit's part for conflicts: both values kept, one open conflict per field and author (M-34)."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.ids import new_id
from backend.sync_api.journal import Journal, Key
from backend.sync_api.models import SyncConflict
from sync.server.canonical import canonical
from sync.server.model import Collision, OpenConflict, Operation, PushContext


class Conflicts:
    """Records of kind `conflict`."""

    session: Session
    journal: Journal

    def open_conflict(self, key: Key, field: str, author_id: str) -> OpenConflict | None:
        self.session.flush()
        query = sa.select(SyncConflict).where(
            SyncConflict.record_kind == key[0],
            SyncConflict.record_id == key[1],
            SyncConflict.field == field,
            SyncConflict.phone_author_id == author_id,
            SyncConflict.state == "open",
        )
        row = self.session.scalar(query.order_by(SyncConflict.id.desc()).limit(1))
        return OpenConflict(row.id, orjson.loads(row.phone_value)) if row else None

    def keep_conflict(self, key: Key, collision: Collision, operation: Operation, context: PushContext) -> str:
        author_id, at = self.journal.writer_of(key, collision.field)
        row = SyncConflict(
            id=new_id(),
            record_kind=key[0],
            record_id=key[1],
            field=collision.field,
            base_value=canonical(collision.base_value),
            server_value=canonical(collision.server_value),
            server_author_id=author_id,
            server_at=at,
            phone_value=canonical(collision.phone_value),
            phone_author_id=context.actor.id,
            phone_at=context.time.at,
            op_id=operation.op_id,
            state="open",
        )
        self.session.add(row)
        if self.journal.open_conflicts is not None:
            self.journal.open_conflicts.add(key)
        return row.id

    def extend_conflict(self, conflict_id: str, value: Any, operation: Operation, context: PushContext) -> None:
        self.journal.settle()  # one made by this very request: the value it kept first stays in history
        row = self.session.get(SyncConflict, conflict_id)
        row.phone_value, row.phone_at, row.op_id = canonical(value), context.time.at, operation.op_id
