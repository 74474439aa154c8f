"""The console's road for a rescue file (sent, looked at, then imported), and what a restore lost."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint, Schema
from flask import current_app, g, request
from marshmallow import fields, validate

from backend.core.db import db
from backend.core.http import needs, request_now
from backend.core.problems import NotFound, TooLarge
from backend.core.schemas import Both, Instant
from backend.sync_api import rescue, rescue_file, restores
from backend.sync_api.files import SHA256
from backend.sync_api.models import SyncRestore

bp = APIBlueprint("rescue", __name__, url_prefix="/api", tag="sync")
KEPT_S = 24 * 3600
OUTCOMES = ("new", "there", "applied", "conflict", "person", "refused", "missing")
BODY = {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


class RescueLine(Schema):
    """One thing of the file and what became of it."""

    what = fields.String(validate=validate.OneOf(("operation", "set_aside", "draft", "file")))
    about = fields.String()
    record_kind = fields.String(allow_none=True)
    record_id = fields.String(allow_none=True)
    at = fields.String(allow_none=True)
    outcome = fields.String(validate=validate.OneOf(OUTCOMES))
    detail = fields.Nested(Both, allow_none=True)


class RescueOut(Schema):
    """A rescue file that was sent: whose, from when to when, and each line as it stands."""

    id = fields.String()
    user_id = fields.String()
    user_name = fields.String()
    device_id = fields.String()
    device_label = fields.String()
    made_at = fields.String()
    first_at = fields.String(allow_none=True)
    last_at = fields.String(allow_none=True)
    lines = fields.List(fields.Nested(RescueLine))


class RescueDone(Schema):
    lines = fields.List(fields.Nested(RescueLine))


@bp.post("/rescues")
@needs("rescue.import", own_transaction=True)
@bp.output(RescueOut, status_code=201)
@bp.doc(summary="Send a rescue file and see what is in it; nothing is changed", responses=[413, 422],
        extensions={"requestBody": BODY})  # fmt: skip
def send() -> dict[str, Any]:
    request.max_content_length = current_app.config["MAX_RESCUE_BYTES"]
    if (request.content_length or 0) > current_app.config["MAX_RESCUE_BYTES"]:
        raise TooLarge()
    with _received() as path:
        file = rescue_file.read(path, current_app.config["MAX_FILE_BYTES"])
        found = rescue.contents(file)
        sha256 = _hash_of(path)
        path.replace(_folder() / f"{sha256}.zip")
    return {"id": sha256, **asdict(found)}


@bp.post("/rescues/<sha256>/import")
@needs("rescue.import", own_transaction=True)
@bp.output(RescueDone)
@bp.doc(summary="Import a rescue file that was sent: what became of each line", responses=[404, 422])
def bring_in(sha256: str) -> dict[str, Any]:
    path = _folder() / f"{sha256}.zip"
    if not SHA256.match(sha256) or not path.is_file():
        raise NotFound()
    file = rescue_file.read(path, current_app.config["MAX_FILE_BYTES"])
    lines = rescue.bring_in(file, g.actor.user_id, request_now())
    return {"lines": [asdict(line) for line in lines]}


class RestoreOut(Schema):
    """The office's work from `from_at` until at least `seen_at` is gone."""

    id = fields.String()
    at = Instant()
    from_at = Instant(allow_none=True)
    seen_at = Instant(allow_none=True)
    lost_changes = fields.Integer(metadata={"description": "changes that phones know of, at least"})
    phones = fields.Integer(metadata={"description": "phones that have come back since"})


class RestoresOut(Schema):
    restores = fields.List(fields.Nested(RestoreOut))


@bp.get("/restores")
@needs("rescue.import")
@bp.output(RestoresOut)
@bp.doc(summary="From when to when the office's work is gone, until an admin has taken note")
def list_restores() -> dict[str, Any]:
    return {"restores": [_restore(row) for row in restores.untold(db.session, request_now())]}


@bp.post("/restores/<restore_id>/noted")
@needs("rescue.import")
@bp.output(RestoresOut)
@bp.doc(summary="An admin has taken note of what a restore lost", responses=[200, 404])
def note_restore(restore_id: str) -> dict[str, Any]:
    row = db.session.get(SyncRestore, restore_id)
    if row is None:
        raise NotFound()
    row.told_at = row.told_at or request_now()
    return {"restores": []}


def _restore(row: SyncRestore) -> dict[str, Any]:
    lost = max(0, (row.seen_seq or row.feed_seq) - row.feed_seq)
    return {name: getattr(row, name) for name in ("id", "at", "from_at", "seen_at", "phones")} | {
        "lost_changes": lost
    }


def _folder() -> Path:
    folder = Path(current_app.config["VAR_DIR"]) / "rescues"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _received() -> Iterator[Path]:
    """The body as a file; what was sent more than a day ago goes."""
    now = request_now().timestamp()
    for old in _folder().glob("*"):
        if now - old.stat().st_mtime > KEPT_S:
            old.unlink(missing_ok=True)
    path = _folder() / f"{secrets.token_hex(16)}.new"
    try:
        with path.open("wb") as out:
            while piece := request.stream.read(rescue_file.PIECE):
                out.write(piece)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
