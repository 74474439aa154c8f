"""The cursor of a pull: opaque to the phone, M-39. It holds the epoch, the phone's schema and one number per bucket.

Sealed with a key of the server, so that a cursor beyond the head can be believed: it means that the server went back in
time (M-49), not that somebody typed a number. `floor` is the head at which a bucket was first read: what was removed
before that was never sent, so its removal need not be sent either.
"""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass, field

from sync.server.problems import RequestRefused

MAX_CURSOR = 4_000


@dataclass(frozen=True)
class Place:
    """How far a bucket was read: the last number sent, and the head when reading it began."""

    seq: int
    floor: int


@dataclass(frozen=True)
class Cursor:
    epoch: str
    schema: int
    places: dict[str, Place] = field(default_factory=dict)
    at: str | None = (
        None  # the server's time when it was given: what a phone knows of a server that was put back since
    )


def seal_cursor(cursor: Cursor, key: bytes) -> str:
    """The cursor as text."""
    places = {bucket: [place.seq, place.floor] for bucket, place in cursor.places.items()}
    body = json.dumps([cursor.epoch, cursor.schema, places, cursor.at], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_mac(body, key) + body).decode().rstrip("=")


def open_cursor(text: str, key: bytes) -> Cursor:
    """The cursor of a text. Raises RequestRefused `cursor-invalid` for anything we did not seal."""
    try:
        if len(text) > MAX_CURSOR:
            raise ValueError("too long")
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        mac, body = sealed[:8], sealed[8:]
        if not hmac.compare_digest(mac, _mac(body, key)):
            raise ValueError("not ours")
        epoch, schema, places, *at = json.loads(body)  # cursors of release 1 have no time
    except (ValueError, TypeError) as error:
        raise RequestRefused(400, "cursor-invalid", "cursor") from error
    return Cursor(epoch, schema, {bucket: Place(*place) for bucket, place in places.items()}, *at)


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, body, "sha256")[:8]
