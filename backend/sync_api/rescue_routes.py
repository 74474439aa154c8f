"""The console's road for a rescue file: sent, looked at, then imported. The file waits beside the database meanwhile."""

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

from backend.core.http import needs, request_now
from backend.core.problems import NotFound, TooLarge
from backend.core.schemas import Both
from backend.sync_api import rescue, rescue_file
from backend.sync_api.files import SHA256

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
