"""The ports of sync/server with SQL: one open write transaction, and who opens it.

Its parts: ledger.py (phones, numbers), conflicts.py, stuck.py; here the records and how what is done to them is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.db import IDS, by_key, db, is_passing, run_before_commit, write_transaction
from backend.core.sync import SyncRegistry, home_bucket, registry_of
from backend.sync_api import audit
from backend.sync_api.conflicts import Conflicts
from backend.sync_api.journal import CHUNK, Doer, Journal, Key, journal_of
from backend.sync_api.ledger import Ledger
from backend.sync_api.models import SyncFeed
from backend.sync_api.naming import name_file
from backend.sync_api.publish import read_head
from backend.sync_api.stuck import StuckOperations
from sync.server.model import Actor, Head, Operation, Record
from sync.server.ports import Unpublished

T = TypeVar("T")


_HELD_ONCE = sa.select(SyncFeed.kind, SyncFeed.record_id).where(
    SyncFeed.record_id.in_(IDS), sa.or_(SyncFeed.bucket == sa.bindparam("home"), SyncFeed.bucket == "reference")
)


class SqlUnit(Ledger, Conflicts, StuckOperations):
    """One write transaction, as sync/server/ports.py wants it."""

    def __init__(self, session: Session, registry: SyncRegistry) -> None:
        self.session, self.registry = session, registry
        self.journal: Journal = journal_of(session, registry)
        self.is_together = False
        self.prepared: set[Key] = set()
        self.visible: dict[str, set[Key]] = {}
        self.rows: list[Any] = []  # keeps what `prepare` loaded alive in the identity map

    def prepare(self, keys: Iterable[Key]) -> None:
        keys = list(dict.fromkeys(keys))
        self.prepared.update(keys)
        self.journal.prepare(keys)
        by_kind: dict[str, list[str]] = {}
        for kind, record_id in keys:
            if kind in self.registry.records and self.journal.entry((kind, record_id)).rev:
                by_kind.setdefault(kind, []).append(record_id)
        for kind, ids in by_kind.items():
            query = by_key(self.registry.records[kind].model)
            for start in range(0, len(ids), CHUNK):
                self.rows += self.session.scalars(query, {"ids": ids[start : start + CHUNK]}).unique().all()

    def record(self, key: Key) -> Record | None:
        if key in self.journal.awaited:
            self.journal.settle()
        entry = self.journal.entry(key)
        return Record(entry.rev, entry.fields(), entry.is_gone) if entry.rev else None

    def rev(self, key: Key) -> int | None:
        return self.journal.entry(key).rev or None

    def others_wrote(self, key: Key, base_rev: int, device_id: str) -> bool:
        return self.journal.others_wrote(key, base_rev, device_id)

    def was_visible(self, actor: Actor, key: Key) -> bool:
        """Did she make it, or was it ever in a bucket of hers? Work on what was reassigned meanwhile is late work."""
        if self.journal.entry(key).made_by_id == actor.id:
            return True
        if actor.id not in self.visible:
            self.visible[actor.id] = self._held_once(actor, [record_id for _, record_id in self.prepared])
        if key not in self.visible[actor.id] and key not in self.prepared:
            self.visible[actor.id] |= self._held_once(actor, [key[1]])
        return key in self.visible[actor.id]

    def _held_once(self, actor: Actor, ids: list[str]) -> set[Key]:
        """Which of these records a bucket of hers holds or held."""
        out: set[Key] = set()
        for start in range(0, len(ids), CHUNK):
            asked = {"ids": ids[start : start + CHUNK], "home": home_bucket(actor.id)}
            out |= {(kind, record_id) for kind, record_id in self.session.execute(_HELD_ONCE, asked)}
        return out

    # -- writing ---------------------------------------------------------------------------------------------------

    @contextmanager
    def step(self) -> Iterator[None]:
        mark = self.journal.mark()
        savepoint = self.session.begin_nested()
        try:
            yield
        except BaseException:
            savepoint.rollback()
            self.journal.undo(mark)
            raise
        savepoint.commit()

    @contextmanager
    def together(self) -> Iterator[None]:
        """New rows wait for each other, up to whatever question might see them (the session's autoflush)."""
        self.session.autoflush = self.is_together = True
        try:
            yield
            self.journal.settle()
        finally:
            self.session.autoflush = self.is_together = False

    def begin(self, actor: Actor, device_id: str, op_id: str | None, now: datetime) -> None:
        self.journal.doer = Doer(actor.id, device_id, op_id, now)

    def settle(self) -> None:
        if self.is_together:
            self.journal.settle_later()
        else:
            self.journal.settle()

    def name_files(self, operation: Operation) -> None:
        args = operation.args
        for name in operation.files:
            sha256 = name.removeprefix("sha256:")
            described = args if args.get("sha256") == sha256 or len(operation.files) == 1 else {}
            name_file(
                self.session,
                sha256,
                operation.key,
                self.journal.who(),
                described.get("size_bytes"),
                described.get("content_type"),
            )


def publish_all(session: Session) -> None:
    """What runs before every commit; where a slice's function breaks here, an operation can still be set aside."""
    try:
        run_before_commit(session)
    except Exception as error:
        if is_passing(error):
            raise
        raise Unpublished() from error


class SqlTransactions:
    """Opens units on `write_transaction()`, or works in one that is open already."""

    unit: type[SqlUnit] = SqlUnit

    def __init__(self, session: Session | None = None) -> None:
        self.session = session

    def run(self, work: Callable[[Any], T]) -> T:
        if self.session is not None:
            return work(self.unit(self.session, registry_of()))
        with write_transaction(publish_all) as session:
            unit = self.unit(session, registry_of())  # holds what it read until the commit, which settles by it
            return work(unit)

    def head(self) -> Head:
        head = read_head(db.session)
        anchor = audit.anchor_of(head.ledger_n, head.ledger_chain, head.audit_n, head.audit_chain)
        db.session.rollback()
        return Head(head.epoch, head.feed_seq, anchor)
