"""Push, pull, bell, inventory. What these routes answer is ../../sync/PROTOCOL.md.

A push opens its own transaction: the answer is built after the commit. Files are in file_routes.py, what the console asks
in desk_routes.py.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

import orjson
from apiflask import APIBlueprint
from flask import Response, g, request

from backend.accounts.models import Device
from backend.core import clock, sync
from backend.core.db import DatabaseBusy, db, write_transaction
from backend.core.http import current_actor, needs, request_now
from backend.core.sync import registry_of
from backend.sync_api import delivered, restores
from backend.sync_api.bell import HOLDS, Wish, newest_of
from backend.sync_api.feed import SqlFeed, buckets_of
from backend.sync_api.policy import SqlPolicy, problem_json, sync_actor
from backend.sync_api.unit import SqlTransactions
from sync.server import RequestRefused
from sync.server.operations import is_uuid
from sync.server.pull import FeedHead, PullRequest, inventory, is_news, pull
from sync.server.push import push
from sync.server.reading import inflate, read_push

bp = APIBlueprint("sync_api", __name__, url_prefix="/api", tag="sync")
JSON_TYPE = "application/json"
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
def require_own_session() -> None:
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
    if request.args.get("ahead") != "1":
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
    head, buckets = SqlFeed(db.session).head(), tuple(buckets_of(g.actor))
    after = _number("after", 0, 2**53, default=0)
    return ring_or_hold(head, buckets, max(newest_of(db.session, buckets, after).values(), default=0))


def ring_or_hold(head: FeedHead, buckets: tuple[str, ...] | None, newest: int) -> Response:
    """200 when there is something new for the asker, else a wish for the gateway to hold, or 204 and when to come again."""
    if is_news(head, request.args.get("epoch"), _number("after", 0, 2**53, default=0), newest):
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
