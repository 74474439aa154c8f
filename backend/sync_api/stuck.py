"""The unit's part for stuck operations (M-28 to M-31): rows as the engine's values and back."""

from __future__ import annotations

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.sync_api.journal import Journal
from backend.sync_api.models import SyncStuck
from sync.server.canonical import canonical
from sync.server.model import Stuck
from sync.server.stuck import HOLDING

_OPEN = (
    sa.select(SyncStuck)
    .where(SyncStuck.device_id == sa.bindparam("device"), SyncStuck.state.in_(HOLDING))
    .order_by(SyncStuck.seq)
)


class StuckOperations:
    """Records of kind `stuck_operation`."""

    session: Session
    journal: Journal

    def open_stuck(self, device_id: str) -> list[Stuck]:
        self.session.flush()
        return [_stuck(row) for row in self.session.scalars(_OPEN, {"device": device_id})]

    def stuck(self, op_id: str) -> Stuck | None:
        self.session.flush()
        row = self.session.get(SyncStuck, op_id)  # its id is the op_id of every operation that could be read
        return _stuck(row) if row else None

    def waiting_for(self, root: str) -> list[Stuck]:
        self.session.flush()
        query = sa.select(SyncStuck).where(SyncStuck.root == root, SyncStuck.id != root, SyncStuck.state.in_(HOLDING))
        return [_stuck(row) for row in self.session.scalars(query.order_by(SyncStuck.device_id, SyncStuck.seq))]

    def keep_stuck(self, stuck: Stuck) -> None:
        row = self.session.get(SyncStuck, stuck.stuck_id)
        if row is None:
            row = SyncStuck(
                id=stuck.stuck_id,
                op_id=stuck.op_id,
                device_id=stuck.device_id,
                seq=stuck.seq,
                author_id=stuck.author_id,
                type=stuck.type,
                record_kind=stuck.key[0] if stuck.key else None,
                record_id=stuck.key[1] if stuck.key else None,
                payload=canonical(stuck.payload) if stuck.payload is not None else None,
                occurred_at=stuck.occurred_at,
                received_at=stuck.received_at,
            )
            self.session.add(row)
        row.status, row.root, row.state = stuck.status, stuck.root, stuck.state
        row.problem, row.is_insert, row.mended_by = canonical(stuck.problem), stuck.is_insert, stuck.mended_by
        self.journal.settle()


def _stuck(row: SyncStuck) -> Stuck:
    return Stuck(
        stuck_id=row.id,
        op_id=row.op_id,
        device_id=row.device_id,
        seq=row.seq,
        author_id=row.author_id,
        status=row.status,
        root=row.root,
        state=row.state,
        type=row.type,
        key=(row.record_kind, row.record_id) if row.record_kind and row.record_id else None,
        is_insert=row.is_insert,
        problem=orjson.loads(row.problem),
        payload=orjson.loads(row.payload) if row.payload else None,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        mended_by=row.mended_by,
    )
