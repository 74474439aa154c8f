"""The pull: M-39 to M-49. Rows go out as the text they were stored as; nothing is parsed or written anew.

Called by whoever serves GET /pull and POST /inventory. The head is read before the rows (M-44).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Protocol

from sync.server.clocks import instant_text
from sync.server.cursor import Cursor, Place, open_cursor, seal_cursor
from sync.server.problems import RequestRefused


class Change(NamedTuple):
    """One row of the feed, with the record's text. `why` is None for a put."""

    seq: int
    kind: str
    id: str
    why: str | None
    rev: int
    row: str | None


class FeedHead(NamedTuple):
    """Where the feed stands. Removals at or below `pruned` are no longer kept."""

    epoch: str
    seq: int
    pruned: int


def is_news(head: FeedHead, epoch: str | None, after: int, newest: int) -> bool:
    """Is there something new for whoever has what the feed held at `after` of `epoch` (M-70)?

    newest  the highest number above `after` in the asker's buckets, 0 without one
    """
    return epoch != head.epoch or after > head.seq or newest > after


class Feed(Protocol):
    """The server's feed, for reading."""

    def head(self) -> FeedHead: ...

    def changes(self, bucket: str, after: int, floor: int, limit: int) -> Sequence[Change]:
        """Changes of a bucket above `after` in order; removals only above `floor`."""

    def held(self, bucket: str) -> Iterable[tuple[str, str, int]]:
        """(kind, id, rev) of every row that the bucket holds."""

    def rows(self, bucket: str, keys: Sequence[tuple[str, str]]) -> Sequence[Change]: ...

    def acked(self, device_id: str) -> int: ...

    def new_epoch(self) -> str:
        """The server went back in time: from now on every cursor of before is a reset."""


@dataclass(frozen=True)
class PullRequest:
    """A pull, read. `buckets` are the server's decision for this user (M-41)."""

    device_id: str
    schema: int
    cursor: str | None
    limit: int
    digest: bool
    buckets: Sequence[str]


@dataclass(frozen=True)
class PullAnswer:
    """`text` is None when there is nothing new (204)."""

    text: str | None
    epoch: str
    feed_head: int
    acked_seq: int


def pull(request: PullRequest, feed: Feed, key: bytes, now: datetime) -> PullAnswer:
    """A page. Raises RequestRefused 410 for a reset, 400 for a cursor that cannot be read."""
    head = feed.head()
    before = open_cursor(request.cursor, key) if request.cursor else Cursor(head.epoch, request.schema)
    _require_same_world(before, request, head, feed)
    acked = feed.acked(request.device_id)
    added = [bucket for bucket in request.buckets if bucket not in before.places]
    removed = [bucket for bucket in before.places if bucket not in request.buckets]
    if not (added or removed or request.digest) and all(place.seq >= head.seq for place in before.places.values()):
        return PullAnswer(None, head.epoch, head.seq, acked)
    places, parts, more = _page(request, before, head, feed)
    # a first pull always answers with a cursor, even when it is empty
    if not (parts or added or removed or more or request.digest):
        return PullAnswer(None, head.epoch, head.seq, acked)
    cursor = seal_cursor(replace(before, epoch=head.epoch, places=places, at=instant_text(now)), key)
    digest = f'"digest":{_digests(request.buckets, feed)},' if request.digest and not more else ""
    text = (
        f'{{"epoch":{json.dumps(head.epoch)},"cursor":"{cursor}","more":{"true" if more else "false"},'
        f'"acked_seq":{acked},"feed_head":{head.seq},"buckets":{json.dumps({"added": added, "removed": removed})},'
        f'{digest}"server_time":"{instant_text(now)}","changes":[{",".join(parts)}]}}'
    )
    return PullAnswer(text, head.epoch, head.seq, acked)


def _require_same_world(before: Cursor, request: PullRequest, head: FeedHead, feed: Feed) -> None:
    """A cursor of another epoch or schema, beyond the head, or older than what is kept is a reset (M-46, M-49)."""
    if before.epoch != head.epoch:
        raise _reset("epoch", head.epoch)
    if any(place.seq > head.seq for place in before.places.values()):
        raise _reset("epoch", feed.new_epoch())
    if before.schema != request.schema:
        raise _reset("schema", head.epoch)
    if any(place.seq < head.pruned and place.floor < head.pruned for place in before.places.values()):
        raise _reset("retention", head.epoch)


def _reset(why: str, epoch: str) -> RequestRefused:
    return RequestRefused(410, "reset", "cursor", reset=why, epoch=epoch)


def _page(
    request: PullRequest, before: Cursor, head: FeedHead, feed: Feed
) -> tuple[dict[str, Place], list[str], bool]:
    """Up to `limit` changes, bucket after bucket; a bucket read to its end stands at the head."""
    places: dict[str, Place] = {}
    parts: list[str] = []
    more = False
    for bucket in request.buckets:
        place = before.places.get(bucket) or Place(0, head.seq)
        room = request.limit - len(parts)
        changes = feed.changes(bucket, place.seq, place.floor, room + 1) if place.seq < head.seq else ()
        if len(changes) > room:
            more = True
            changes = changes[:room]
            places[bucket] = Place(changes[-1].seq if changes else place.seq, place.floor)
        else:
            places[bucket] = Place(max(head.seq, changes[-1].seq if changes else 0), place.floor)
        prefix = f'{{"bucket":{json.dumps(bucket)},"kind":"'
        parts += [prefix + _text(change) for change in changes]
    return places, parts, more


def _text(change: Change) -> str:
    _, kind, record_id, why, rev, row = change
    if why is None:
        return f'{kind}","id":"{record_id}","rev":{rev},"op":"put","row":{row}}}'
    return f'{kind}","id":"{record_id}","rev":{rev},"op":"remove","why":"{why}"}}'


def digest_of(rows: Iterable[tuple[str, str, int]]) -> dict[str, object]:
    """count and xor of a bucket (M-47)."""
    count = total = 0
    for kind, record_id, rev in rows:
        count += 1
        total ^= int.from_bytes(hashlib.sha256(f"{kind}/{record_id}/{rev}".encode()).digest()[:8])
    return {"count": count, "xor": f"{total:016x}"}


def _digests(buckets: Sequence[str], feed: Feed) -> str:
    return json.dumps({bucket: digest_of(feed.held(bucket)) for bucket in buckets})


def inventory(bucket: str, have: Sequence[Sequence[object]], feed: Feed, limit: int = 500) -> str:
    """What must be put and removed so that a phone that has `have` holds what the bucket holds (M-47).

    have  [[kind, id, rev], ...]
    """
    head = feed.head()
    theirs = {(str(kind), str(record_id)): rev for kind, record_id, rev in have}
    ours = {(kind, record_id): rev for kind, record_id, rev in feed.held(bucket)}
    wrong = [key for key, rev in ours.items() if theirs.get(key) != rev]
    extra = [key for key in theirs if key not in ours]
    parts = [f'{{"bucket":{json.dumps(bucket)},"kind":"' + _text(row) for row in feed.rows(bucket, wrong[:limit])]
    for kind, record_id in extra[: max(0, limit - len(parts))]:
        gone = {
            "bucket": bucket,
            "kind": kind,
            "id": record_id,
            "rev": theirs[kind, record_id],
            "op": "remove",
            "why": "scope",
        }
        parts.append(json.dumps(gone))
    more = "true" if len(wrong) + len(extra) > limit else "false"
    return f'{{"epoch":{json.dumps(head.epoch)},"feed_head":{head.seq},"more":{more},"changes":[{",".join(parts)}]}}'
