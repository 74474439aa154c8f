"""Erasing a photo for good: its words, and its bytes when nothing else names them (K-10: an admin's, with a reason).

The record stays, empty and void, and so do the ledger's and the audit's lines: they hold salted hashes, the salt goes
(K-11). Bytes are counted by references: the same picture in another job keeps them. What a customer signed names the
photo by its hash and is not changed. Backups of before still have what was erased.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.acknowledgements.models import Acknowledgement
from backend.core import storage
from backend.core.problems import Fault, Invalid, NotFound
from backend.reports.models import Photo, Signature
from backend.sync_api.models import SyncAudit, SyncFile, SyncFileRef, SyncHistory, SyncOperation
from backend.workorders import services as work_orders
from backend.workorders.models import WorkOrder

EVERY_S = 600


def erase_photo(session: Session, actor: Any, photo_id: str, reason: str, now: datetime) -> Photo:
    """Raises NotFound, Invalid (no reason; the photo shows why nobody could sign). Erased twice is erased once."""
    photo = session.get(Photo, photo_id)
    if photo is None:
        raise NotFound()
    if not reason.strip():
        words = {"zh": "请写明为什么删除。", "en": "Say why it is erased."}
        raise Invalid(faults=[Fault("$.reason", words)])
    if any(
        session.scalar(sa.select(model.id).where(model.photo_id == photo_id).limit(1))
        for model in (Signature, Acknowledgement)
    ):
        words = {
            "zh": "这张照片证明了为什么没有签名，不能删除。",
            "en": "This photo shows why nobody signed; it cannot be erased.",
        }
        raise Invalid(faults=[Fault("$.photo_id", words)])
    if _drop_reference(session, photo, now):
        photo.caption, photo.voided_at = "", photo.voided_at or now
        order = session.get_one(WorkOrder, photo.work_order_id)
        work_orders.add_log_entry(
            session, order, what="note", at=now, now=now, author_id=actor.user_id, visit_id=photo.visit_id,
            note=reason.strip(), data={"erased_photo_id": photo_id},
        )  # fmt: skip
    return photo


def _drop_reference(session: Session, photo: Photo, now: datetime) -> bool:
    """The photo's name for its file no longer counts; the last one that did takes the bytes along. False: it was gone.

    The reference stays as a line: by it the file's row still goes to the phones that hold the photo, and says `erased`.
    """
    reference = session.get(SyncFileRef, (photo.sha256, "photo", photo.id))
    if reference is None or reference.erased_at is not None:
        return False
    reference.erased_at = now
    session.flush()
    counting = sa.select(SyncFileRef.kind).where(SyncFileRef.sha256 == photo.sha256, SyncFileRef.erased_at.is_(None))
    others = session.scalar(counting.limit(1))
    file = session.get(SyncFile, photo.sha256)
    if others is None and file is not None:
        file.state, file.stored_at = "erased", None
    return True


def _erase_words(session: Session, kind: str, record_id: str) -> None:
    """What was sent and what stood there before: gone, with the salts that would let it be guessed."""
    of_it = {"kind": kind, "record_id": record_id}
    for table in (SyncHistory, SyncAudit):
        values = {"old_value": '""'} if table is SyncHistory else {"salt": None}
        session.execute(
            sa.update(table).filter_by(**of_it).values(**values), execution_options={"synchronize_session": False}
        )
    session.execute(
        sa.update(SyncOperation)
        .where(SyncOperation.record_kind == kind, SyncOperation.record_id == record_id)
        .values(payload=None, salt=""),
        execution_options={"synchronize_session": False},
    )


def finish(session: Session, _now: datetime) -> None:
    """In a transaction after that one: what was erased leaves the books, also what its erasing wrote there, and the disk.

    Done at once, and by the worker after a crash between the two.
    """
    unfinished = (
        sa.select(SyncFileRef.kind, SyncFileRef.record_id)
        .join(SyncAudit, sa.and_(SyncAudit.kind == SyncFileRef.kind, SyncAudit.record_id == SyncFileRef.record_id))
        .where(SyncFileRef.erased_at.is_not(None), SyncAudit.salt.is_not(None))
    )
    for kind, record_id in session.execute(unfinished.distinct()).all():
        _erase_words(session, kind, record_id)
    for sha256 in session.scalars(sa.select(SyncFile.sha256).where(SyncFile.state == "erased")):
        storage.remove(sha256)
