"""Push, pull, inventory, files; and for the console: conflicts and stuck operations.

What these routes answer is ../../sync/PROTOCOL.md. Push and uploads open their own transactions: the answer is built
after the commit.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

import orjson
from apiflask import APIBlueprint
from flask import Response, g, request, send_file

from backend.accounts.models import Device
from backend.core import clock, storage, sync
from backend.core.db import DatabaseBusy, db, write_transaction
from backend.core.http import current_actor, needs, request_now
from backend.core.problems import Fault, Invalid, NotFound, Stale
from backend.core.sync import registry_of
from backend.sync_api import delivered, erase, files, office, restores, schemas, services
from backend.sync_api.bell import HOLDS, Wish, newest_of
from backend.sync_api.feed import SqlFeed, buckets_of
from backend.sync_api.kinds import conflict_json, stuck_json
from backend.sync_api.models import SyncConflict, SyncFile
from backend.sync_api.policy import SqlPolicy, problem_json, sync_actor
from backend.sync_api.unit import SqlTransactions
from sync.server import RequestRefused
from sync.server.pull import PullRequest, inventory, is_news, pull
from sync.server.push import push
from sync.server.reading import inflate, is_uuid, read_push

bp = APIBlueprint("sync_api", __name__, url_prefix="/api", tag="sync")
JSON_TYPE = "application/json"
TUS = {"Tus-Resumable": "1.0.0", "Tus-Version": "1.0.0", "Tus-Extension": "creation,checksum"}
MAX_LIMIT, MAX_INVENTORY = 1_000, 20_000
ASK_AGAIN_S = 300  # where a bell is not held, the phone polls by its timer and asks for the bell again after this
_NUMBER = re.compile(r"\d{1,16}\Z")


@bp.app_errorhandler(RequestRefused)
def refused(problem: RequestRefused) -> Response:
    """A request of the protocol that was not taken: nothing was applied."""
    body = {"status": problem.status} | problem_json(problem)
    response = Response(orjson.dumps(body), problem.status, content_type="application/problem+json")
    if problem.status == 410:
        response.headers["Sync-Epoch"] = str(problem.more.get("epoch", ""))
    return response


@bp.before_request
def _is_hers() -> None:
    """A phone names whose database it is (M-74): its work never goes out under another person's session."""
    named, actor = request.headers.get("Sync-User"), current_actor()
    if named is not None and actor is not None and named != actor.user_id:
        raise RequestRefused(403, "device-of-another-user", "Sync-User")


# -- push and pull -------------------------------------------------------------------------------------------------


@bp.post("/sync/v1/push")
@needs("sync", own_transaction=True)
@bp.doc(summary="Push operations (sync/PROTOCOL.md M-14 to M-31)", responses=[200, 400, 403, 409, 413, 415, 503])
def push_operations() -> Response:
    if request.mimetype != JSON_TYPE:
        raise RequestRefused(415, "unsupported-encoding", "Content-Type")
    envelope = read_push(inflate(request.get_data(cache=False), request.headers.get("Content-Encoding")))
    db.session.rollback()
    actor, now = sync_actor(g.actor), request_now()
    answer = push(envelope, actor, now, registry_of(), SqlTransactions(), SqlPolicy())
    return Response(answer.text(clock.now()), 200, content_type=JSON_TYPE)


@bp.get("/sync/v1/pull")
@needs("sync")
@bp.doc(summary="Pull changes (sync/PROTOCOL.md M-39 to M-51)", responses=[200, 204, 400, 410, 426])
def pull_changes() -> Response:
    device_id = _device_id(request.args.get("device_id"))
    if "unsent" in request.args:
        _note_unsent(device_id, _number("unsent", 0, 10**6, default=0))
    feed = SqlFeed(db.session)
    asked = PullRequest(
        device_id,
        _number("schema", 1, 2**31, default=1),
        request.args.get("cursor") or None,
        _number("limit", 1, MAX_LIMIT, default=500),
        request.args.get("digest") == "1",
        buckets_of(g.actor),
    )
    if asked.schema < sync.OLDEST_SCHEMA:
        raise RequestRefused(426, "update-needed", "schema")
    try:
        answer = pull(asked, feed, feed.key(), clock.now())
    except RequestRefused as problem:
        if problem.more.get("reset") == "epoch":
            restores.heard(asked.cursor, feed.key())
        raise
    delivered.confirm(db.session, g.actor.user_id, asked.cursor, feed.key(), request_now())
    if answer.text is None:
        headers = {
            "Sync-Epoch": answer.epoch,
            "Sync-Acked-Seq": str(answer.acked_seq),
            "Sync-Feed-Head": str(answer.feed_head),
            "Sync-Server-Time": clock.iso(clock.now()) or "",
        }
        return Response(status=204, headers=headers)
    return Response(answer.text, 200, content_type=JSON_TYPE)


def _note_unsent(device_id: str, unsent: int) -> None:
    """What a phone still holds (M-75), for whoever moves to a new one; a busy database is no reason to refuse the pull."""
    with contextlib.suppress(DatabaseBusy), write_transaction() as session:
        device = session.get(Device, device_id)
        if device is not None and device.user_id == g.actor.user_id:
            device.unsent, device.last_seen_at = unsent, request_now()


@bp.get("/sync/v1/bell")
@needs("sync")
@bp.doc(summary="Wait until there is something new (M-70 to M-73)", responses=[200, 204, 400, 403])
def wait_for_news() -> Response:
    """Says at once whether there is something new; a server that can hold the answer back does so (backend/gateway.py)."""
    device = db.session.get(Device, _device_id(request.args.get("device_id")))
    if device is not None and device.user_id != g.actor.user_id:
        raise RequestRefused(403, "device-of-another-user", "device_id")
    if device is not None and device.revoked_at is not None:
        raise RequestRefused(403, "device-revoked", "device_id")
    epoch, after = request.args.get("epoch"), _number("after", 0, 2**53, default=0)
    head, buckets = SqlFeed(db.session).head(), tuple(buckets_of(g.actor))
    if is_news(head, epoch, after, max(newest_of(db.session, buckets, after).values(), default=0)):
        return Response(orjson.dumps({"epoch": head.epoch, "feed_head": head.seq}), 200, content_type=JSON_TYPE)
    request.environ.get(HOLDS, []).append(Wish(buckets, head.epoch, head.seq))
    return Response(status=204, headers={"Retry-After": str(ASK_AGAIN_S)})


@bp.post("/sync/v1/inventory")
@needs("sync", own_transaction=True)
@bp.doc(summary="What a bucket holds beside what the phone has (M-47)", responses=[200, 400])
def compare_inventory() -> Response:
    asked = _body()
    bucket, have = asked.get("bucket"), asked.get("have")
    if bucket not in buckets_of(g.actor):
        raise RequestRefused(400, "invalid-parameter", "bucket")
    if not isinstance(have, list) or len(have) > MAX_INVENTORY or not all(map(_is_held, have)):
        raise RequestRefused(400, "invalid-parameter", "have")
    return Response(inventory(bucket, have, SqlFeed(db.session)), 200, content_type=JSON_TYPE)


def _is_held(item: Any) -> bool:
    return (
        isinstance(item, list)
        and len(item) == 3
        and all(isinstance(part, str) and len(part) <= 64 for part in item[:2])
        and type(item[2]) is int
    )


def _body() -> dict[str, Any]:
    try:
        value = orjson.loads(inflate(request.get_data(cache=False), request.headers.get("Content-Encoding")))
    except ValueError as error:
        raise RequestRefused(400, "unreadable-request", "body") from error
    if not isinstance(value, dict):
        raise RequestRefused(400, "unreadable-request", "body")
    return value


def _device_id(value: str | None) -> str:
    if not is_uuid(value):
        words = {"zh": "要 36 位小写的 UUID。", "en": "A UUID of 36 lower-case characters is needed."}
        raise RequestRefused(400, "invalid-parameter", "device_id", words)
    return str(value)


def _number(name: str, low: int, high: int, default: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not _NUMBER.match(text) or not low <= int(text) <= high:
        words = {"zh": f"要 {low} 到 {high} 的整数。", "en": f"An integer from {low} to {high} is needed."}
        raise RequestRefused(400, "invalid-parameter", name, words)
    return int(text)


# -- files ---------------------------------------------------------------------------------------------------------


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


# -- for the console -----------------------------------------------------------------------------------------------


@bp.get("/conflicts")
@needs("stuck.read")
@bp.output(schemas.ConflictsOut)
@bp.doc(summary="Open conflicts")
def list_conflicts() -> dict[str, Any]:
    return {
        "conflicts": [{"id": row.id, **conflict_json(row)} for row in services.open_conflicts(db.session, g.actor)]
    }


@bp.post("/conflicts/<conflict_id>/settle")
@needs("conflicts.settle")
@bp.input(schemas.SettleIn)
@bp.output(schemas.ConflictsOut)
@bp.doc(summary="Settle a conflict: mine, theirs, or a new value", responses=[200, 404, 409, 422])
def settle(conflict_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    conflict = db.session.get(SyncConflict, conflict_id)
    if conflict is None or not _may_settle(conflict):
        raise NotFound()
    if (json_data["choice"] == "edit") != ("value" in json_data):
        words = {"zh": "选 edit 时要给 value。", "en": "The choice edit comes with a value, the others without."}
        raise Invalid(faults=[Fault("$.value", words)])
    settled = services.settle_conflict(
        db.session,
        conflict,
        json_data["choice"],
        json_data.get("value"),
        json_data["seen"],
        sync_actor(g.actor),
        request_now(),
    )
    if not settled:
        raise Stale(extra={"current": conflict_json(conflict)})
    return {"conflicts": [{"id": conflict.id, **conflict_json(conflict)}]}


def _may_settle(conflict: SyncConflict) -> bool:
    if conflict.phone_author_id == g.actor.user_id:
        return True
    if g.actor.role != "engineer":
        return office.sees(db.session, g.actor, "conflict", conflict.id)
    return services.is_visible(db.session, "conflict", conflict.id, buckets_of(g.actor))


@bp.get("/stuck-operations")
@needs("stuck.read")
@bp.output(schemas.StuckOut)
@bp.doc(summary="Operations that wait for somebody")
def list_stuck() -> dict[str, Any]:
    rows = services.stuck_operations(db.session, g.actor)
    return {"stuck_operations": [{"id": row.id, **stuck_json(row)} for row in rows]}


@bp.post("/stuck-operations/<op_id>/mend")
@needs("stuck.mend", own_transaction=True)
@bp.input(schemas.MendIn)
@bp.output(schemas.ResultOut)
@bp.doc(summary="Do what a stuck operation wanted, as it was or with other values", responses=[200, 404, 422])
def mend(op_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    result = services.mend_for_office(op_id, g.actor, json_data.get("args"), json_data.get("base"), request_now())
    return {"result": result}


@bp.post("/stuck-operations/<op_id>/drop")
@needs("stuck.mend")
@bp.output(schemas.StuckOut)
@bp.doc(summary="Decide that a stuck operation is not to be done; it stays readable", responses=[200, 404])
def drop(op_id: str) -> dict[str, Any]:
    row = services.drop_for_office(db.session, op_id, g.actor, request_now())
    return {"stuck_operations": [{"id": row.id, **stuck_json(row)}]}


@bp.get("/records/<kind>/<record_id>/history")
@needs("self")
@bp.output(schemas.HistoryOut)
@bp.doc(summary="Every superseded value of a record", responses=[200, 404])
def history(kind: str, record_id: str) -> dict[str, Any]:
    return {"history": services.history_of(db.session, kind, record_id, g.actor)}
