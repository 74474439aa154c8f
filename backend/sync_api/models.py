"""Tables of sync: ledger, records as text, feed, history, conflicts, stuck operations, files, the one head row.

Values that synced JSON may hold are kept as canonical text, not as a JSON column: PostgreSQL's would refuse and reorder
what M-02 compares byte for byte.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.db import Id, UtcDateTime, db

RecordId = sa.String(64)
Sha256 = sa.String(64)
_REMOVED = sa.text("why IS NOT NULL")


class SyncHead(db.Model):
    """One row: where feed and ledger stand. Updated last in a transaction, so that numbers become visible in order."""

    __tablename__ = "sync_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[str] = mapped_column(sa.String(36))
    feed_seq: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    pruned_seq: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    ledger_n: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    ledger_chain: Mapped[str] = mapped_column(Sha256)
    audit_n: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    audit_chain: Mapped[str] = mapped_column(Sha256)
    cursor_key: Mapped[str] = mapped_column(sa.String(64))


class SyncDevice(db.Model):
    """How far a phone database is acked, and the head of its chain there."""

    __tablename__ = "sync_device"
    device_id: Mapped[str] = mapped_column(sa.ForeignKey("device.id"), primary_key=True)
    acked_seq: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    link: Mapped[str] = mapped_column(Sha256)
    epoch: Mapped[str | None] = mapped_column(sa.String(1024))
    schema: Mapped[int | None] = mapped_column(sa.BigInteger)
    app: Mapped[str | None] = mapped_column(sa.String(64))
    last_push_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SyncOperation(db.Model):
    """The ledger: one number of one device for ever. `chain` runs over salted payload hashes in the server's order."""

    __tablename__ = "sync_op"
    device_id: Mapped[str] = mapped_column(sa.ForeignKey("device.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(sa.BigInteger, unique=True)
    op_id: Mapped[str | None] = mapped_column(Id, unique=True)
    alias_of: Mapped[str | None] = mapped_column(Id)
    author_id: Mapped[str] = mapped_column(Id, index=True)
    entered_by_id: Mapped[str | None] = mapped_column(Id)  # who brought it in from a rescue file
    type: Mapped[str | None] = mapped_column(sa.String(81))
    v: Mapped[int | None] = mapped_column(sa.BigInteger)
    record_kind: Mapped[str | None] = mapped_column(sa.String(81))
    record_id: Mapped[str | None] = mapped_column(RecordId, index=True)
    content_hash: Mapped[str] = mapped_column(Sha256)
    link: Mapped[str] = mapped_column(Sha256)
    status: Mapped[str] = mapped_column(sa.String(20))
    result: Mapped[str] = mapped_column(sa.Text)
    payload: Mapped[str | None] = mapped_column(sa.Text)
    occurred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    quality: Mapped[str | None] = mapped_column(sa.String(8))
    clock_off: Mapped[bool | None]
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    salt: Mapped[str] = mapped_column(sa.String(32))
    payload_hash: Mapped[str] = mapped_column(Sha256)
    chain: Mapped[str] = mapped_column(Sha256)


class SyncSignature(db.Model):
    """A request's signature over the phone's chain up to `seq` (M-64). `is_good` null: its key is not registered."""

    __tablename__ = "sync_signature"
    device_id: Mapped[str] = mapped_column(sa.ForeignKey("device.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    link: Mapped[str] = mapped_column(Sha256)
    key_id: Mapped[str | None] = mapped_column(sa.String(1024))
    signature: Mapped[str] = mapped_column(sa.String(1024))
    public_key: Mapped[str | None] = mapped_column(sa.Text)
    is_good: Mapped[bool | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SyncRecord(db.Model):
    """A synced record as phones get it: canonical JSON text and its rev."""

    __tablename__ = "sync_record"
    kind: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    record_id: Mapped[str] = mapped_column(RecordId, primary_key=True)
    rev: Mapped[int] = mapped_column(sa.BigInteger)
    row: Mapped[str] = mapped_column(sa.Text)
    is_gone: Mapped[bool] = mapped_column(default=False)
    made_by_id: Mapped[str | None] = mapped_column(Id)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SyncFeed(db.Model):
    """One row per (bucket, kind, id), moved to a new number when the record changes. `why` is null while it is held."""

    __tablename__ = "sync_feed"
    bucket: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    record_id: Mapped[str] = mapped_column(RecordId, primary_key=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    why: Mapped[str | None] = mapped_column(sa.String(10))
    __table_args__ = (
        sa.Index("ix_sync_feed_bucket_seq", "bucket", "seq"),
        sa.Index("ix_sync_feed_record", "record_id", "kind"),
        sa.Index("ix_sync_feed_removed", "seq", sqlite_where=_REMOVED, postgresql_where=_REMOVED),
    )


class SyncHistory(db.Model):
    """Every superseded value of a field, with who wrote over it."""

    __tablename__ = "sync_history"
    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    record_id: Mapped[str] = mapped_column(RecordId)
    field: Mapped[str] = mapped_column(sa.String(60))
    rev: Mapped[int] = mapped_column(sa.BigInteger)
    old_value: Mapped[str] = mapped_column(sa.Text)
    author_id: Mapped[str | None] = mapped_column(Id)
    device_id: Mapped[str | None] = mapped_column(Id)
    op_id: Mapped[str | None] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    __table_args__ = (sa.Index("ix_sync_history_record", "record_id", "kind", "rev"),)


class SyncAudit(db.Model):
    """A line of the audit chain: a record's new rev, as salted hashes (audit.py). `salt` is null once words were erased."""

    __tablename__ = "sync_audit"
    n: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(sa.String(40))
    record_id: Mapped[str] = mapped_column(RecordId)
    rev: Mapped[int] = mapped_column(sa.BigInteger)
    salt: Mapped[str | None] = mapped_column(sa.String(32))
    row_hash: Mapped[str] = mapped_column(Sha256)
    trail_hash: Mapped[str] = mapped_column(Sha256)
    chain: Mapped[str] = mapped_column(Sha256)
    __table_args__ = (sa.Index("ix_sync_audit_record", "record_id", "kind", "rev"),)


class SyncAnchor(db.Model):
    """Where the chains and the feed stood at the end of a day: the daily log, and how far removals may be forgotten."""

    __tablename__ = "sync_anchor"
    at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    epoch: Mapped[str] = mapped_column(sa.String(36))
    feed_seq: Mapped[int] = mapped_column(sa.BigInteger)
    anchor: Mapped[str] = mapped_column(sa.String(100))


class SyncShape(db.Model):
    """The fields with which a kind's rows were last projected, and how far: see shapes.py. `upto` null: all of them."""

    __tablename__ = "sync_shape"
    kind: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    fields: Mapped[str] = mapped_column(sa.Text)
    upto: Mapped[str | None] = mapped_column(RecordId)


class SyncConflict(db.Model):
    """A field that two people wrote: the live value, the kept one, and how it was settled (M-34)."""

    __tablename__ = "sync_conflict"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    record_kind: Mapped[str] = mapped_column(sa.String(40))
    record_id: Mapped[str] = mapped_column(RecordId, index=True)
    field: Mapped[str] = mapped_column(sa.String(60))
    base_value: Mapped[str] = mapped_column(sa.Text)
    server_value: Mapped[str] = mapped_column(sa.Text)
    server_author_id: Mapped[str | None] = mapped_column(Id)
    server_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    phone_value: Mapped[str] = mapped_column(sa.Text)
    phone_author_id: Mapped[str] = mapped_column(Id)
    phone_at: Mapped[datetime] = mapped_column(UtcDateTime)
    op_id: Mapped[str] = mapped_column(Id)
    state: Mapped[str] = mapped_column(sa.String(10), default="open", index=True)
    choice: Mapped[str | None] = mapped_column(sa.String(10))
    settled_by_id: Mapped[str | None] = mapped_column(Id)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SyncStuck(db.Model):
    """An operation that was not done, kept whole, for its author and the office (M-28)."""

    __tablename__ = "sync_stuck"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    op_id: Mapped[str | None] = mapped_column(Id, index=True)
    device_id: Mapped[str] = mapped_column(Id, index=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    author_id: Mapped[str] = mapped_column(Id, index=True)
    type: Mapped[str | None] = mapped_column(sa.String(81))
    record_kind: Mapped[str | None] = mapped_column(sa.String(81))
    record_id: Mapped[str | None] = mapped_column(RecordId)
    is_insert: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(sa.String(20))
    root: Mapped[str] = mapped_column(Id, index=True)
    state: Mapped[str] = mapped_column(sa.String(20), default="open", index=True)
    problem: Mapped[str] = mapped_column(sa.Text)
    payload: Mapped[str | None] = mapped_column(sa.Text)
    occurred_at: Mapped[str | None] = mapped_column(sa.String(40))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    mended_by: Mapped[str | None] = mapped_column(Id)


class SyncSecurityEvent(db.Model):
    """Something that only a copied, broken or hostile phone does. Looked at by an admin, never refused work for."""

    __tablename__ = "sync_security_event"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    what: Mapped[str] = mapped_column(sa.String(40))
    device_id: Mapped[str | None] = mapped_column(Id)
    user_id: Mapped[str | None] = mapped_column(Id)
    op_id: Mapped[str | None] = mapped_column(Id)


class SyncRestore(db.Model):
    """The database went back in time: what the office did from `from_at` on is gone, by what phones know until `seen_at`."""

    __tablename__ = "sync_restore"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    from_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    old_epoch: Mapped[str] = mapped_column(sa.String(36), index=True)
    feed_seq: Mapped[int] = mapped_column(sa.BigInteger)
    seen_seq: Mapped[int | None] = mapped_column(sa.BigInteger)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    phones: Mapped[int] = mapped_column(default=0)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SyncFile(db.Model):
    """Bytes by their hash: named by an operation or announced by an upload (`pending`), then `stored` (M-55 to M-58);
    `erased` when nothing names them any more (M-76)."""

    __tablename__ = "sync_file"
    sha256: Mapped[str] = mapped_column(Sha256, primary_key=True)
    size_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    content_type: Mapped[str | None] = mapped_column(sa.String(60))
    state: Mapped[str] = mapped_column(sa.String(10), default="pending", index=True)
    created_by_id: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SyncFileRef(db.Model):
    """Which record names which file: who may see it, and when it may go. Erased ones no longer count (erase.py)."""

    __tablename__ = "sync_file_ref"
    sha256: Mapped[str] = mapped_column(sa.ForeignKey("sync_file.sha256"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    record_id: Mapped[str] = mapped_column(RecordId, primary_key=True)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (sa.Index("ix_sync_file_ref_record", "record_id"),)
