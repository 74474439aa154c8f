"""Proving that nothing inside was changed: the ledger's chain, the audit chain, the records, the stored files.

Called by `python -m backend verify`. It finds what was altered, removed or reordered; that the end was cut off shows
only beside an anchor from outside (of a receipt, a backup, or the daily log).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import storage
from backend.sync_api import audit
from backend.sync_api.models import (
    SyncAudit,
    SyncFeed,
    SyncFile,
    SyncHead,
    SyncHistory,
    SyncOperation,
    SyncRecord,
    SyncSignature,
)
from backend.sync_api.publish import FIRST_CHAIN, link_of
from backend.sync_api.signatures import is_signed
from sync.server.canonical import canonical, content_hash, first_link, hash_text, next_link

BLOCK = 1024 * 1024


def verify(session: Session, anchor: str | None = None) -> Iterator[str]:
    """One line per thing that is not as it was written; none means that all is well.

    anchor  what a receipt, a backup or the daily log said: nothing that stood then may be missing now
    """
    yield from verify_ledger(session)
    yield from verify_audit(session)
    yield from verify_records(session)
    yield from verify_trails(session)
    if anchor:
        yield from verify_anchor(session, anchor)
    yield from verify_phones(session)
    yield from verify_signatures(session)
    yield from verify_feed(session)
    yield from verify_files(session)


def verify_ledger(session: Session) -> Iterator[str]:
    """The server's chain over all operations in the order of their receipt, up to the head."""
    head = session.scalar(sa.select(SyncHead).where(SyncHead.id == 1))
    if head is None:
        return
    n, chain = 0, FIRST_CHAIN
    for row in session.execute(sa.select(SyncOperation.__table__).order_by(SyncOperation.n)).yield_per(500):
        n += 1
        where = f"ledger {row.n} (phone {row.device_id}, seq {row.seq})"
        if row.n != n:
            yield f"{where}: ledger {n} to {row.n - 1} are missing"
            n = row.n
        elif row.chain != link_of(chain, row.n, row, row.payload_hash):
            yield f"{where}: does not follow the one before"
        if row.payload is not None and row.payload_hash != hash_text(row.salt + row.payload):
            yield f"{where}: the payload is not the one that was received"
        chain = row.chain
    if (n, chain) != (head.ledger_n, head.ledger_chain):
        yield f"ledger: ends at {n}, the head says {head.ledger_n}"


def verify_audit(session: Session) -> Iterator[str]:
    """The chain over every rev of every record, up to the head."""
    head = session.scalar(sa.select(SyncHead).where(SyncHead.id == 1))
    if head is None:
        return
    n, chain = 0, audit.FIRST_LINE
    for row in session.execute(sa.select(SyncAudit.__table__).order_by(SyncAudit.n)).yield_per(500):
        n += 1
        hashes = (row.row_hash, row.trail_hash)
        if row.n != n:
            yield f"audit {row.n}: lines {n} to {row.n - 1} are missing"
            n = row.n
        elif row.chain != audit.line_of(chain, row.n, row.kind, row.record_id, row.rev, hashes):
            yield f"audit {row.n} ({row.kind} {row.record_id}, rev {row.rev}): does not follow the one before"
        chain = row.chain
    if (n, chain) != (head.audit_n, head.audit_chain):
        yield f"audit: ends at {n}, the head says {head.audit_n}"


def verify_records(session: Session) -> Iterator[str]:
    """Every record is the one of its last audit line, and no line has lost its record."""
    line = SyncAudit.__table__
    last = sa.select(line.c.kind, line.c.record_id, sa.func.max(line.c.n).label("n")).group_by(
        line.c.kind, line.c.record_id
    )
    newest = sa.select(line).where(line.c.n.in_(sa.select(last.subquery().c.n))).subquery()
    record = SyncRecord.__table__
    same = sa.and_(newest.c.kind == record.c.kind, newest.c.record_id == record.c.record_id)
    columns = (newest.c.rev.label("audit_rev"), newest.c.salt, newest.c.row_hash)
    for row in session.execute(sa.select(record, *columns).outerjoin(newest, same)).yield_per(500):
        where = f"{row.kind} {row.record_id}"
        if row.audit_rev is None:
            yield f"{where}: is in no audit line"
        elif row.rev != row.audit_rev:
            yield f"{where}: stands at rev {row.rev}, the audit says {row.audit_rev}"
        elif row.salt and row.row_hash != audit.row_hash(row.salt, row.row, row.is_gone, row.made_by_id, row.made_at):
            yield f"{where}: rev {row.rev} is not what was written"
    missing = sa.select(newest.c.kind, newest.c.record_id).outerjoin(record, same).where(record.c.rev.is_(None))
    for kind, record_id in session.execute(missing):
        yield f"{kind} {record_id}: the record of an audit line is missing"


def verify_trails(session: Session) -> Iterator[str]:
    """The superseded values of each record, with their authors and times, are those that its lines saw."""
    record = (SyncAudit.kind, SyncAudit.record_id)
    before = sa.func.coalesce(sa.func.lag(SyncAudit.rev).over(partition_by=record, order_by=SyncAudit.rev), 0)
    lines = sa.select(
        SyncAudit.n, SyncAudit.salt, SyncAudit.trail_hash, *record, SyncAudit.rev, before.label("before")
    )
    line, old = lines.subquery(), SyncHistory.__table__
    same = sa.and_(old.c.kind == line.c.kind, old.c.record_id == line.c.record_id)
    seen = sa.and_(same, old.c.rev > line.c.before, old.c.rev <= line.c.rev)
    joined = sa.select(
        *(line.c[name].label(f"line_{name}") for name in ("n", "salt", "trail_hash", "kind", "record_id")), old
    ).outerjoin_from(line, old, seen)
    rows = session.execute(joined.order_by(line.c.n, old.c.rev, old.c.id)).mappings().yield_per(500)
    for _, group in groupby(rows, key=itemgetter("line_n")):
        trail = list(group)
        first = trail[0]
        found = audit.trail_hash(first["line_salt"], [row for row in trail if row["id"] is not None])
        if first["line_salt"] and found != first["line_trail_hash"]:
            yield f"{first['line_kind']} {first['line_record_id']}: its superseded values are not those that were kept"
    unseen = sa.select(old.c.kind, old.c.record_id, old.c.rev).where(
        ~sa.exists().where(same, line.c.rev >= old.c.rev).correlate(old)
    )
    for kind, record_id, rev in session.execute(unseen):
        yield f"{kind} {record_id}, rev {rev}: a superseded value that no audit line saw"


def verify_anchor(session: Session, anchor: str) -> Iterator[str]:
    """What stood when the anchor was made stands still, at the same places of both chains."""
    said = audit.read_anchor(anchor)
    if said is None:
        yield f"{anchor!r} is no anchor: two numbers and 64 hex digits with points between are needed"
        return
    operations, lines, _ = said
    ledger = session.scalar(sa.select(SyncOperation.chain).where(SyncOperation.n == operations))
    audited = session.scalar(sa.select(SyncAudit.chain).where(SyncAudit.n == lines))
    ends = (ledger if operations else FIRST_CHAIN, audited if lines else audit.FIRST_LINE)
    if ends[0] is None or ends[1] is None:
        yield f"anchor: it saw {operations} operations and {lines} audit lines, some of them were cut off"
    elif audit.anchor_of(operations, ends[0], lines, ends[1]) != anchor.strip():
        yield "anchor: what stood when it was made is not what stands there now"


def verify_phones(session: Session) -> Iterator[str]:
    """Each phone's own chain, from the content that it sent (M-63)."""
    device, link, seq = None, "", 0
    query = sa.select(SyncOperation.__table__).order_by(SyncOperation.device_id, SyncOperation.seq)
    for row in session.execute(query).yield_per(500):
        if row.device_id != device:
            device, link, seq = row.device_id, first_link(row.device_id), 0
        seq += 1
        where = f"phone {row.device_id}, seq {row.seq}"
        if row.seq != seq:
            yield f"{where}: seq {seq} to {row.seq - 1} are missing"
            seq = row.seq
        elif row.link != next_link(link, row.content_hash, row.seq):
            yield f"{where}: does not follow the one before"
        link = row.link
        is_read = row.v is not None and row.payload is not None
        if is_read and row.content_hash != content_hash(orjson.loads(row.payload)):
            yield f"{where}: the operation is not the one that was sent"


def verify_signatures(session: Session) -> Iterator[str]:
    """Every signature that held when it came still holds, over the link that the ledger has."""
    query = sa.select(SyncSignature.__table__, SyncOperation.link.label("stored")).outerjoin(
        SyncOperation,
        sa.and_(SyncOperation.device_id == SyncSignature.device_id, SyncOperation.seq == SyncSignature.seq),
    )
    for row in session.execute(query.order_by(SyncSignature.device_id, SyncSignature.seq)).yield_per(500):
        key = orjson.loads(row.public_key) if row.public_key else None
        if row.link != row.stored or is_signed(row.link, row.signature, row.key_id, key) != row.is_good:
            yield f"phone {row.device_id}, seq {row.seq}: the signature is not over what the ledger holds"


def verify_feed(session: Session) -> Iterator[str]:
    """Every row of the feed has its record, written in canonical JSON."""
    missing = (
        sa.select(SyncFeed.bucket, SyncFeed.kind, SyncFeed.record_id)
        .outerjoin(SyncRecord, sa.and_(SyncRecord.kind == SyncFeed.kind, SyncRecord.record_id == SyncFeed.record_id))
        .where(SyncRecord.rev.is_(None))
    )
    for bucket, kind, record_id in session.execute(missing):
        yield f"feed {bucket}: {kind} {record_id} has no record"
    for kind, record_id, text in session.execute(
        sa.select(SyncRecord.kind, SyncRecord.record_id, SyncRecord.row)
    ).yield_per(500):
        try:
            sound = canonical(orjson.loads(text)) == text
        except ValueError:
            sound = False
        if not sound:
            yield f"{kind} {record_id}: the stored row is not canonical JSON"


def verify_files(session: Session) -> Iterator[str]:
    """Every stored file is there, and is what its name says."""
    query = (
        sa.select(SyncFile.sha256, SyncFile.size_bytes).where(SyncFile.state == "stored").order_by(SyncFile.sha256)
    )
    for sha256, size_bytes in session.execute(query):
        path = storage.path_of(sha256)
        if not path.is_file():
            yield f"file {sha256}: is missing"
            continue
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
        if digest.hexdigest() != sha256 or path.stat().st_size != size_bytes:
            yield f"file {sha256}: its bytes were changed"
