"""The record kinds that sync owns itself: conflict, stuck_operation, file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backend.core.clock import iso
from backend.core.db import IDS
from backend.core.sync import RecordKind, home_bucket, record_kind
from backend.sync_api.models import SyncConflict, SyncFile, SyncFileRef, SyncStuck

Key = tuple[str, str]
CHUNK = 400
# What is about, or named by, any other record: looked at when everything else has its place.
FOLLOW_LAST = ("conflict", "file")


def conflict_json(row: SyncConflict) -> dict[str, Any]:
    """The payload of a conflict (M-34)."""
    return {
        "record_kind": row.record_kind,
        "record_id": row.record_id,
        "field": row.field,
        "base_value": orjson.loads(row.base_value),
        "server_value": orjson.loads(row.server_value),
        "server_author_id": row.server_author_id,
        "server_at": iso(row.server_at),
        "phone_value": orjson.loads(row.phone_value),
        "phone_author_id": row.phone_author_id,
        "phone_at": iso(row.phone_at),
        "op_id": row.op_id,
        "state": row.state,
        "choice": row.choice,
        "settled_by_id": row.settled_by_id,
        "settled_at": iso(row.settled_at),
    }


def stuck_json(row: SyncStuck) -> dict[str, Any]:
    """The payload of a stuck operation (M-28)."""
    return {
        "op_id": row.op_id,
        "device_id": row.device_id,
        "seq": row.seq,
        "author_id": row.author_id,
        "type": row.type,
        "record_kind": row.record_kind,
        "record_id": row.record_id,
        "status": row.status,
        "problem": orjson.loads(row.problem),
        "payload": orjson.loads(row.payload) if row.payload else None,
        "blocked_by": row.root if row.root != row.id else None,
        "occurred_at": row.occurred_at,
        "received_at": iso(row.received_at),
        "state": row.state,
        "mended_by": row.mended_by,
    }


def file_json(row: SyncFile) -> dict[str, Any]:
    """The payload of a file (M-55)."""
    return {
        "sha256": row.sha256,
        "size_bytes": row.size_bytes,
        "content_type": row.content_type,
        "state": row.state,
    }


def _refs_of(row: SyncFile, session: Session) -> list[Key]:
    query = sa.select(SyncFileRef.kind, SyncFileRef.record_id).where(SyncFileRef.sha256 == row.sha256)
    return [(kind, record_id) for kind, record_id in session.execute(query)]


_CONFLICTS = sa.select(SyncConflict).where(SyncConflict.record_id.in_(IDS)).order_by(SyncConflict.id)
_FILES = (
    sa.select(SyncFile)
    .join(SyncFileRef, SyncFileRef.sha256 == SyncFile.sha256)
    .where(SyncFileRef.record_id.in_(IDS))
    .distinct()
    .order_by(SyncFile.sha256)
)


def followers_of(session: Session, moved: Iterable[Key]) -> dict[Key, Any]:
    """Conflicts about, and files named by, records that came into or left a bucket."""
    out: dict[Key, Any] = {}
    ids = sorted({record_id for _, record_id in moved})
    for start in range(0, len(ids), CHUNK):
        part = {"ids": ids[start : start + CHUNK]}
        for conflict in session.scalars(_CONFLICTS, part):
            out["conflict", conflict.id] = conflict
        for file in session.scalars(_FILES, part):
            out["file", file.sha256] = file
    return out


def register(app: Flask) -> None:
    """Register the three kinds; all their fields are the server's."""
    record_kind(
        app,
        RecordKind(
            "conflict",
            SyncConflict,
            conflict_json,
            lambda row, _: {home_bucket(row.phone_author_id)},
            {},
            follows=lambda row, _: [(row.record_kind, row.record_id)],
        ),
    )
    record_kind(
        app,
        RecordKind("stuck_operation", SyncStuck, stuck_json, lambda row, _: {home_bucket(row.author_id)}, {}),
    )
    record_kind(app, RecordKind("file", SyncFile, file_json, lambda row, _: set(), {}, follows=_refs_of))
