"""Proving that nothing inside was changed: the ledger's chain, the records behind the feed, the stored files.

Called by `python -m backend verify`. It finds what was altered, removed or reordered; that the end was cut off shows
only beside an anchor from outside (the head that a receipt or a backup named).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import storage
from backend.sync_api.models import SyncFeed, SyncFile, SyncHead, SyncOperation, SyncRecord, SyncSignature
from backend.sync_api.publish import FIRST_CHAIN, link_of
from backend.sync_api.signatures import is_signed
from sync.server.canonical import canonical, content_hash, first_link, hash_text, next_link

BLOCK = 1024 * 1024


def verify(session: Session) -> Iterator[str]:
    """One line per thing that is not as it was written; none means that all is well."""
    yield from verify_ledger(session)
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
        elif row.chain != link_of(
            chain, row.n, row.device_id, row.seq, row.author_id, row.content_hash, row.payload_hash
        ):
            yield f"{where}: does not follow the one before"
        if row.payload is not None and row.payload_hash != hash_text(row.salt + row.payload):
            yield f"{where}: the payload is not the one that was received"
        chain = row.chain
    if (n, chain) != (head.ledger_n, head.ledger_chain):
        yield f"ledger: ends at {n}, the head says {head.ledger_n}"


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
