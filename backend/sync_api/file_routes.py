"""Files by tus 1.0 (sync/PROTOCOL.md M-56 to M-59), their bytes, and their erasure. Uploads open their own transactions."""

from __future__ import annotations

from typing import Any

import orjson
from apiflask import APIBlueprint
from flask import Response, g, request, send_file

from backend.core import storage
from backend.core.db import db, write_transaction
from backend.core.http import needs, request_now
from backend.core.problems import Fault, Invalid, NotFound
from backend.sync_api import erase, files, schemas
from backend.sync_api.models import SyncFile
from backend.sync_api.routes import require_own_session
from sync.server import RequestRefused

bp = APIBlueprint("files", __name__, url_prefix="/api", tag="sync")
bp.before_request(require_own_session)
TUS = {"Tus-Resumable": "1.0.0", "Tus-Version": "1.0.0", "Tus-Extension": "creation,checksum"}


@bp.post("/files/uploads")
@needs("sync", own_transaction=True)
@bp.doc(summary="Announce a file (tus 1.0 creation, M-56)", responses=[200, 201, 409, 413, 422])
def announce_file() -> Response:
    metadata = files.read_metadata(request.headers.get("Upload-Metadata"))
    file, is_new = files.announce(request.headers.get("Upload-Length"), metadata, g.actor.user_id, request_now())
    headers = TUS | {
        "Location": f"/api/files/uploads/{file.sha256}",
        "Upload-Offset": str(storage.offset_of(file.sha256)),
    }
    return Response(status=201 if is_new else 200, headers=headers)


@bp.route("/files/uploads/<sha256>", methods=["HEAD"])
@needs("sync")
@bp.doc(summary="How far an upload is (tus 1.0, M-56)", responses=[200, 404])
def upload_offset(sha256: str) -> Response:
    file = _announced(sha256)
    headers = TUS | {
        "Upload-Offset": str(storage.offset_of(sha256)),
        "Upload-Length": str(file.size_bytes),
        "Cache-Control": "no-store",
    }
    return Response(status=200, headers=headers)


@bp.patch("/files/uploads/<sha256>")
@needs("sync", own_transaction=True)
@bp.doc(summary="A chunk of a file (tus 1.0, M-56)", responses=[204, 404, 409, 413, 422])
def upload_chunk(sha256: str) -> Response:
    _announced(sha256)
    if request.mimetype != "application/offset+octet-stream":
        raise RequestRefused(415, "unsupported-encoding", "Content-Type")
    offset = request.headers.get("Upload-Offset", "")
    if not (offset.isdigit() and len(offset) < 16):
        raise Invalid(faults=[Fault("Upload-Offset", {"zh": "要字节数。", "en": "A number of bytes is needed."})])
    data = request.get_data(cache=False)
    try:
        after = files.receive(sha256, int(offset), data, request.headers.get("Upload-Checksum"), request_now())
    except files.WrongOffset as problem:
        response = Response(orjson.dumps(problem.as_json()), 409, content_type="application/problem+json")
        response.headers["Upload-Offset"] = str(problem.extra["offset"])
        return response
    return Response(status=204, headers=TUS | {"Upload-Offset": str(after)})


def _announced(sha256: str) -> SyncFile:
    file = db.session.get(SyncFile, sha256) if files.SHA256.match(sha256) else None
    if file is None or file.size_bytes is None:
        raise NotFound()
    return file


@bp.get("/files/<sha256>")
@needs("files.read")
@bp.doc(summary="The bytes of a stored file (M-59)", responses=[200, 404])
def file_bytes(sha256: str) -> Response:
    if not files.SHA256.match(sha256) or not files.may_read(db.session, g.actor, sha256):
        raise NotFound()
    file = db.session.get(SyncFile, sha256)
    if file is None or file.state != "stored" or not storage.is_stored(sha256):
        raise NotFound()
    response = send_file(storage.path_of(sha256), mimetype=file.content_type, conditional=True, etag=sha256)
    response.headers["Content-Disposition"] = f'inline; filename="{sha256[:12]}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@bp.post("/photos/<photo_id>/erase")
@needs("erase", own_transaction=True)
@bp.input(schemas.EraseIn)
@bp.output(schemas.ErasedOut)
@bp.doc(
    summary="Erase a photo for good: its words, and its bytes when nothing else names them", responses=[200, 404, 422]
)
def erase_photo(photo_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    now = request_now()
    with write_transaction() as session:
        sha256 = erase.erase_photo(session, g.actor, photo_id, json_data["reason"], now).sha256
    with write_transaction() as session:
        erase.finish(session, now)
    return {"id": photo_id, "sha256": sha256, "is_gone": not storage.is_stored(sha256)}
