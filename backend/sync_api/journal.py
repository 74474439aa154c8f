"""What one write transaction does to synced records: projection, rev, history, and at the end the feed.

Fed by the session's flushes, so that whatever a service writes through the ORM is published with the same commit.
Lives in `session.info`; forgotten at commit and rollback. The head row is taken last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from flask import g, has_request_context
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.db import IDS
from backend.core.sync import RecordKind, SyncRegistry, canonical
from backend.sync_api.models import SyncConflict, SyncHistory, SyncRecord
from sync.server.canonical import same

Key = tuple[str, str]
CHUNK = 400


_RECORDS = sa.select(SyncRecord.__table__).where(
    SyncRecord.kind == sa.bindparam("kind"), SyncRecord.record_id.in_(IDS)
)


@dataclass
class Entry:
    """A record as it stands inside the transaction. `rev` 0: not there yet."""

    rev: int = 0
    text: str = ""
    is_gone: bool = False
    made_by_id: str | None = None
    made_at: datetime | None = None
    row: dict[str, Any] | None = None

    def fields(self) -> dict[str, Any]:
        if self.row is None:
            self.row = orjson.loads(self.text) if self.text else {}
        return self.row


@dataclass
class Doer:
    """On whose behalf the transaction writes just now."""

    author_id: str | None
    device_id: str | None
    op_id: str | None
    now: datetime


@dataclass
class Journal:
    """The open transaction's notes."""

    session: Session
    registry: SyncRegistry
    touched: dict[int, tuple[Any, bool, bool]] = field(default_factory=dict)  # id(obj) -> (obj, is new, is deleted)
    entries: dict[Key, Entry] = field(default_factory=dict)
    changed: dict[Key, Any] = field(default_factory=dict)  # payload changed -> row (None: deleted), in order
    looked_at: dict[Key, Any] = field(default_factory=dict)  # buckets to be asked again -> row
    history: list[dict[str, Any]] = field(default_factory=list)
    rescopes: dict[str, tuple[set[Key], frozenset[str]]] = field(default_factory=dict)
    ledger: list[Any] = field(default_factory=list)
    awaited: dict[Key, Doer] = field(default_factory=dict)  # new rows not flushed yet, and who made them
    fresh: list[Any] = field(default_factory=list)  # rows added since the last settling, not flushed yet
    doer: Doer | None = None
    open_conflicts: set[Key] | None = None
    feed_seq: int | None = None

    # -- what the session tells ------------------------------------------------------------------------------------

    def note(self, obj: Any, *, is_new: bool = False, is_deleted: bool = False) -> None:
        if type(obj) in self.registry.of_model:
            before = self.touched.get(id(obj))
            self.touched[id(obj)] = (obj, is_new or bool(before and before[1]), is_deleted)

    def who(self) -> Doer:
        """The doer; by default the request's actor."""
        if self.doer is None:
            actor = g.get("actor") if has_request_context() else None
            now = g.get("now") if has_request_context() else None
            self.doer = Doer(getattr(actor, "user_id", None), None, None, now or clock.now())
        return self.doer

    # -- records ---------------------------------------------------------------------------------------------------

    def prepare(self, keys: Iterable[Key]) -> None:
        """Read these records together."""
        wanted: dict[str, list[str]] = {}
        for kind, record_id in keys:
            if (kind, record_id) not in self.entries:
                self.entries[kind, record_id] = Entry()
                wanted.setdefault(kind, []).append(record_id)
        for kind, ids in wanted.items():
            for start in range(0, len(ids), CHUNK):
                part = ids[start : start + CHUNK]
                for row in self.session.execute(_RECORDS, {"kind": kind, "ids": part}):
                    self.entries[kind, row.record_id] = Entry(
                        row.rev, row.row, row.is_gone, row.made_by_id, row.made_at
                    )

    def entry(self, key: Key) -> Entry:
        if key not in self.entries:
            self.prepare([key])
        return self.entries[key]

    def settle(self) -> None:
        """Flush, then turn what was touched into rows, revs and history; then the conflicts that this touched."""
        self.session.flush()
        self.fresh.clear()
        if not self.touched:
            return
        touched, self.touched = self.touched, {}
        found = []
        for obj, is_new, is_deleted in touched.values():
            kind = self.registry.of_model[type(obj)]
            key = (kind.kind, sa.inspect(obj).identity[0] if not is_deleted else _id_of(obj))
            if is_new and key not in self.entries:
                self.entries[key] = Entry()
            found.append((key, kind, obj, is_deleted))
        self.prepare([key for key, *_ in found])
        for key, kind, obj, is_deleted in found:
            self._settle_one(key, kind, obj, is_deleted)
        if self.session.dirty:
            self.settle()

    def settle_later(self) -> None:
        """As `settle`; but where there is nothing except new rows, their rev is known, and they are flushed with the next."""
        session = self.session
        if self.touched or session.dirty or session.deleted:
            self.settle()
            return
        fresh, self.fresh = self.fresh, []
        for obj in fresh:
            kind = self.registry.of_model.get(type(obj))
            if kind is None or obj not in session:
                continue
            key, doer = (kind.kind, _id_of(obj)), self.who()
            if key in self.entries and self.entries[key].rev:
                self.settle()
                return
            self.awaited[key] = doer
            self.entries[key] = Entry(1, "", False, doer.author_id, doer.now)

    def _settle_one(self, key: Key, kind: RecordKind, obj: Any, is_deleted: bool) -> None:
        entry, doer = self.entries[key], self.who()
        if key in self.awaited:
            entry, doer = Entry(), self.awaited.pop(key)
        self.looked_at[key] = None if is_deleted else obj
        if is_deleted:
            if entry.rev and not entry.is_gone:
                self.entries[key] = Entry(entry.rev + 1, entry.text, True, entry.made_by_id, entry.made_at)
                self.changed[key] = None
            return
        row = kind.project(obj)
        for name, value in row.items():
            if type(value) is float:
                raise TypeError(f"{kind.kind}.{name}: synced values hold no fractions (M-01)")
        text = canonical(row)
        if entry.rev and entry.text == text and not entry.is_gone:
            return
        made = (entry.made_by_id, entry.made_at) if entry.rev else (doer.author_id, doer.now)
        after = Entry(entry.rev + 1, text, False, *made, row)
        if entry.rev:
            self._remember(key, entry, row, after.rev, doer)
        self.entries[key] = after
        self.changed[key] = obj

    def _remember(self, key: Key, entry: Entry, row: dict[str, Any], rev: int, doer: Doer) -> None:
        """Keep every superseded value; an open conflict of the field shows the live value as it now is."""
        before = entry.fields()
        names = [name for name in {**before, **row} if not same(before.get(name), row.get(name))]
        for name in names:
            self.history.append(
                {
                    "kind": key[0], "record_id": key[1], "field": name, "rev": rev,
                    "old_value": canonical(before.get(name)), "author_id": doer.author_id,
                    "device_id": doer.device_id, "op_id": doer.op_id, "at": doer.now,
                }
            )  # fmt: skip
        if key[0] != "conflict" and key in self._keys_in_conflict():
            self._refresh_conflicts(key, row, names, doer)

    def _keys_in_conflict(self) -> set[Key]:
        if self.open_conflicts is None:
            query = sa.select(SyncConflict.record_kind, SyncConflict.record_id).where(SyncConflict.state == "open")
            self.open_conflicts = {(kind, record_id) for kind, record_id in self.session.execute(query)}
        return self.open_conflicts

    def _refresh_conflicts(self, key: Key, row: dict[str, Any], names: list[str], doer: Doer) -> None:
        query = sa.select(SyncConflict).where(
            SyncConflict.record_kind == key[0],
            SyncConflict.record_id == key[1],
            SyncConflict.state == "open",
            SyncConflict.field.in_(names),
        )
        for conflict in self.session.scalars(query):
            conflict.server_value = canonical(row.get(conflict.field))
            conflict.server_author_id, conflict.server_at = doer.author_id, doer.now

    # -- questions -------------------------------------------------------------------------------------------------

    def others_wrote(self, key: Key, base_rev: int, device_id: str) -> bool:
        """Has another device, or the office, written to the record above base_rev?"""
        for row in self.history:
            if (row["kind"], row["record_id"]) == key and row["rev"] > base_rev and row["device_id"] != device_id:
                return True
        query = sa.select(SyncHistory.id).where(
            SyncHistory.record_id == key[1],
            SyncHistory.kind == key[0],
            SyncHistory.rev > base_rev,
            sa.or_(SyncHistory.device_id.is_(None), SyncHistory.device_id != device_id),
        )
        return self.session.scalar(query.limit(1)) is not None

    def writer_of(self, key: Key, name: str) -> tuple[str | None, datetime | None]:
        """Who wrote the live value of a field, and when."""
        for row in reversed(self.history):
            if (row["kind"], row["record_id"], row["field"]) == (*key, name):
                return row["author_id"], row["at"]
        query = (
            sa.select(SyncHistory.author_id, SyncHistory.at)
            .where(SyncHistory.record_id == key[1], SyncHistory.kind == key[0], SyncHistory.field == name)
            .order_by(SyncHistory.rev.desc())
        )
        found = self.session.execute(query.limit(1)).first()
        entry = self.entry(key)
        return (found.author_id, found.at) if found else (entry.made_by_id, entry.made_at)

    # -- savepoints ------------------------------------------------------------------------------------------------

    def mark(self) -> tuple[Any, ...]:
        """Where the notes stand; `undo` goes back there."""
        lengths = (len(self.history), len(self.ledger))
        return dict(self.entries), dict(self.changed), dict(self.looked_at), dict(self.rescopes), lengths

    def undo(self, mark: tuple[Any, ...]) -> None:
        self.entries, self.changed, self.looked_at, self.rescopes, lengths = mark
        del self.history[lengths[0] :]
        del self.ledger[lengths[1] :]
        self.touched = {}
        self.open_conflicts = None


def _id_of(obj: Any) -> str:
    return sa.inspect(obj).mapper.primary_key_from_instance(obj)[0]


def journal_of(session: Session, registry: SyncRegistry) -> Journal:
    """The open transaction's journal."""
    journal = session.info.get("sync_journal")
    if journal is None:
        journal = session.info["sync_journal"] = Journal(session, registry)
    return journal


def listen(session_class: Any) -> None:
    """Follow the flushes of every session of this class."""

    def before_flush(session: Session, _context: Any, _instances: Any) -> None:
        registry = _registry()
        if registry is None:
            return
        new, dirty, deleted = session.new, session.dirty, session.deleted
        if not any(type(obj) in registry.of_model for obj in (*new, *dirty, *deleted)):
            return
        journal = journal_of(session, registry)
        for obj in new:
            journal.note(obj, is_new=True)
        for obj in dirty:
            journal.note(obj)
        for obj in deleted:
            journal.note(obj, is_deleted=True)

    def added(session: Session, obj: Any) -> None:
        journal = session.info.get("sync_journal")
        if journal is not None:
            journal.fresh.append(obj)

    def after_commit(session: Session) -> None:
        if not session.in_nested_transaction():
            session.info.pop("sync_journal", None)

    def after_rollback(session: Session, previous: Any) -> None:
        if previous.parent is None:  # of a savepoint only: see `undo`
            session.info.pop("sync_journal", None)

    sa.event.listen(session_class, "before_flush", before_flush)
    sa.event.listen(session_class, "transient_to_pending", added)
    sa.event.listen(session_class, "after_commit", after_commit)
    sa.event.listen(session_class, "after_soft_rollback", after_rollback)


def _registry() -> SyncRegistry | None:
    from flask import current_app, has_app_context

    return current_app.extensions.get("sync_registry") if has_app_context() else None
