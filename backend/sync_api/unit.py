"""The ports of sync/server with SQL: one open write transaction, and who opens it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import Device as PhoneDevice
from backend.core.db import db, write_transaction
from backend.core.ids import new_id
from backend.core.sync import SyncRegistry, registry_of
from backend.sync_api import audit
from backend.sync_api.journal import CHUNK, Doer, Journal, Key, journal_of
from backend.sync_api.kinds import home_bucket
from backend.sync_api.models import (
    SyncConflict,
    SyncDevice,
    SyncFeed,
    SyncFile,
    SyncFileRef,
    SyncOperation,
    SyncSecurityEvent,
    SyncSignature,
    SyncStuck,
)
from backend.sync_api.publish import read_head
from backend.sync_api.signatures import is_signed
from sync.server.canonical import canonical, first_link
from sync.server.model import (
    Actor,
    Collision,
    Device,
    Envelope,
    Head,
    LedgerRow,
    OpenConflict,
    Operation,
    PushContext,
    Record,
    Stored,
    Stuck,
)

T = TypeVar("T")
HOLDING = ("open", "handed_over")
_LEDGER = (
    SyncOperation.device_id,
    SyncOperation.seq,
    SyncOperation.op_id,
    SyncOperation.author_id,
    SyncOperation.content_hash,
    SyncOperation.result,
    SyncOperation.link,
)


class SqlUnit:
    """One write transaction, as sync/server/ports.py wants it."""

    def __init__(self, session: Session, registry: SyncRegistry) -> None:
        self.session, self.registry = session, registry
        self.journal: Journal = journal_of(session, registry)
        self.device_row: Any = None
        self.prepared: set[Key] = set()
        self.visible: dict[str, set[Key]] = {}
        self.rows: list[Any] = []  # keeps what `prepare` loaded alive in the identity map

    # -- devices and ledger ----------------------------------------------------------------------------------------

    def device(self, device_id: str, user_id: str, now: datetime) -> Device:
        phone = self.session.get(PhoneDevice, device_id)
        if phone is None:
            phone = PhoneDevice(id=device_id, user_id=user_id, created_at=now)
            self.session.add(phone)
            self.session.flush()
        phone.last_seen_at = now
        row = self.session.get(SyncDevice, device_id)
        if row is None:
            row = SyncDevice(device_id=device_id, acked_seq=0, link=first_link(device_id))
            self.session.add(row)
        self.device_row = row
        return Device(device_id, phone.user_id, row.acked_seq, row.link, phone.revoked_at is not None)

    def stored(self, device_id: str, first: int, last: int) -> dict[int, Stored]:
        query = sa.select(*_LEDGER).where(
            SyncOperation.device_id == device_id, SyncOperation.seq >= first, SyncOperation.seq <= last
        )
        return {row.seq: Stored(*row) for row in self.session.execute(query)}

    def known(self, op_ids: Iterable[str]) -> dict[str, Stored]:
        ids, out = list(op_ids), {}
        for start in range(0, len(ids), CHUNK):
            query = sa.select(*_LEDGER).where(SyncOperation.op_id.in_(ids[start : start + CHUNK]))
            out |= {row.op_id: Stored(*row) for row in self.session.execute(query)}
        return out

    def append(self, rows: list[LedgerRow]) -> None:
        self.journal.ledger += rows

    def restate(self, device_id: str, seq: int, status: str, result: str) -> None:
        self.session.execute(
            sa.update(SyncOperation)
            .where(SyncOperation.device_id == device_id, SyncOperation.seq == seq)
            .values(status=status, result=result)
        )

    def acknowledge(self, envelope: Envelope, seq: int, link: str, now: datetime) -> None:
        row = self.device_row
        row.acked_seq, row.link, row.last_push_at = seq, link, now
        row.epoch, row.schema, row.app = envelope.epoch, envelope.schema, envelope.app
        if envelope.signature and envelope.ops and envelope.ops[-1].seq == seq:
            self._keep_signature(envelope, seq, link, now)

    def _keep_signature(self, envelope: Envelope, seq: int, link: str, now: datetime) -> None:
        """The first signature over a link of the chain is kept, good or not."""
        if self.session.get(SyncSignature, (envelope.device_id, seq)) is not None:
            return
        phone = self.session.get(PhoneDevice, envelope.device_id)
        is_good = is_signed(link, envelope.signature or "", envelope.key_id, phone.public_key)
        key = canonical(phone.public_key) if phone.public_key else None
        row = SyncSignature(
            device_id=envelope.device_id,
            seq=seq,
            link=link,
            key_id=envelope.key_id,
            signature=envelope.signature,
            public_key=key,
            is_good=is_good,
            at=now,
        )
        self.session.add(row)
        if is_good is False:
            self.note_security("signature-wrong", envelope.device_id, Actor(phone.user_id, ""), None, now)

    def note_security(self, what: str, device_id: str, actor: Actor, op_id: str | None, now: datetime) -> None:
        event = SyncSecurityEvent(
            id=new_id(), at=now, what=what, device_id=device_id, user_id=actor.id or None, op_id=op_id
        )
        self.session.add(event)

    # -- records ---------------------------------------------------------------------------------------------------

    def prepare(self, keys: Iterable[Key]) -> None:
        keys = list(dict.fromkeys(keys))
        self.prepared.update(keys)
        self.journal.prepare(keys)
        by_kind: dict[str, list[str]] = {}
        for kind, record_id in keys:
            if kind in self.registry.records and self.journal.entry((kind, record_id)).rev:
                by_kind.setdefault(kind, []).append(record_id)
        for kind, ids in by_kind.items():
            model = self.registry.records[kind].model
            column = sa.inspect(model).primary_key[0]
            for start in range(0, len(ids), CHUNK):
                query = sa.select(model).where(column.in_(ids[start : start + CHUNK]))
                self.rows += self.session.scalars(query).unique().all()

    def record(self, key: Key) -> Record | None:
        entry = self.journal.entry(key)
        return Record(entry.rev, entry.fields(), entry.is_gone) if entry.rev else None

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
            query = sa.select(SyncFeed.kind, SyncFeed.record_id).where(
                SyncFeed.record_id.in_(ids[start : start + CHUNK]),
                SyncFeed.bucket.in_([home_bucket(actor.id), "reference"]),
            )
            out |= {(kind, record_id) for kind, record_id in self.session.execute(query)}
        return out

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

    def begin(self, actor: Actor, device_id: str, op_id: str | None, now: datetime) -> None:
        self.journal.doer = Doer(actor.id, device_id, op_id, now)

    def settle(self) -> None:
        self.journal.settle()

    # -- conflicts -------------------------------------------------------------------------------------------------

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
        row = self.session.get(SyncConflict, conflict_id)
        row.phone_value, row.phone_at, row.op_id = canonical(value), context.time.at, operation.op_id

    # -- stuck -----------------------------------------------------------------------------------------------------

    def open_stuck(self, device_id: str) -> list[Stuck]:
        self.session.flush()
        query = sa.select(SyncStuck).where(SyncStuck.device_id == device_id, SyncStuck.state.in_(HOLDING))
        return [_stuck(row) for row in self.session.scalars(query.order_by(SyncStuck.seq))]

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

    # -- files -----------------------------------------------------------------------------------------------------

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


def name_file(
    session: Session,
    sha256: str,
    key: Key,
    doer: Doer,
    size_bytes: int | None = None,
    content_type: str | None = None,
) -> SyncFile:
    """A record names a file: it exists from now on, `pending` until its bytes are there, and follows the record."""
    file = session.get(SyncFile, sha256)
    if file is None:
        file = SyncFile(sha256=sha256, state="pending", created_by_id=doer.author_id, created_at=doer.now)
        session.add(file)
    if file.state == "pending":
        file.size_bytes = file.size_bytes if file.size_bytes is not None else _size(size_bytes)
        file.content_type = file.content_type or (content_type if isinstance(content_type, str) else None)
    session.flush()
    if session.get(SyncFileRef, (sha256, *key)) is None:
        session.add(SyncFileRef(sha256=sha256, kind=key[0], record_id=key[1]))
        session.flush()
    return file


def _size(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


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


class SqlTransactions:
    """Opens units on `write_transaction()`, or works in one that is open already."""

    def __init__(self, session: Session | None = None) -> None:
        self.session = session

    def run(self, work: Callable[[Any], T]) -> T:
        if self.session is not None:
            return work(SqlUnit(self.session, registry_of()))
        with write_transaction() as session:
            return work(SqlUnit(session, registry_of()))

    def head(self) -> Head:
        head = read_head(db.session)
        anchor = audit.anchor_of(head.ledger_n, head.ledger_chain, head.audit_n, head.audit_chain)
        db.session.rollback()
        return Head(head.epoch, head.feed_seq, anchor)
