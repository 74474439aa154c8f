"""A record names a file: it exists from then on, and goes wherever the record goes (M-55)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from backend.sync_api.journal import Doer, Key
from backend.sync_api.models import SyncFile, SyncFileRef


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
    if file.state == "erased":  # somebody takes the same picture anew: it begins a life of its own
        file.state = "pending"
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
