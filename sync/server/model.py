"""The values that go through the engine: operation, context, outcome, result. All frozen; no database, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sync.server.clocks import Corrected

FINAL_STUCK = ("rejected", "blocked", "parked", "unsupported_version", "void")
DONE = ("applied", "merged", "conflict")


@dataclass(frozen=True)
class Actor:
    """Who pushes. `side` is the word that the `writers` of fields are compared with; `extra` is the adapter's own."""

    id: str
    side: str
    role: str = ""
    extra: Any = None


@dataclass(frozen=True)
class Operation:
    """One readable operation of M-08. `changes` is what an edit may write after the merge, `raw` the value as sent."""

    op_id: str
    seq: int
    type: str
    v: int
    kind: str
    record_id: str
    args: dict[str, Any]
    base: dict[str, Any]
    base_rev: int | None
    occurred_at: str
    mono_ms: int | None
    clock: dict[str, Any] | None
    files: tuple[str, ...]
    mends: str | None
    content_hash: str
    raw: dict[str, Any] = field(repr=False, compare=False, hash=False)
    changes: dict[str, Any] = field(default_factory=dict, compare=False, hash=False)

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.record_id


@dataclass(frozen=True)
class Unreadable:
    """An operation that could not be read, or a void: it has a number, a payload to keep, and a problem."""

    seq: int
    op_id: str | None
    content_hash: str
    status: str
    problem: Exception
    payload: dict[str, Any] | None
    text: str | None = None
    type: str | None = None
    key: tuple[str, str] | None = None


@dataclass(frozen=True)
class Envelope:
    """A push request, read: M-14."""

    device_id: str
    epoch: str | None
    schema: int | None
    app: str | None
    prev_hash: str | None
    key_id: str | None
    signature: str | None
    ops: tuple[Operation | Unreadable, ...]


@dataclass(frozen=True)
class PushContext:
    """What a handler is told beside the operation. `time` is the corrected time of the tap, with its quality."""

    actor: Actor
    device_id: str
    now: datetime
    received_at: datetime
    time: Corrected


@dataclass(frozen=True)
class Collision:
    """A field (or a state) that cannot be written: both values, for the record of the conflict."""

    field: str
    base_value: Any
    server_value: Any
    phone_value: Any


@dataclass(frozen=True)
class Outcome:
    """What a handler answers; None means done. `conflict_id` names a conflict that is open already and stays so."""

    collisions: tuple[Collision, ...] = ()
    conflict_id: str | None = None


@dataclass(frozen=True)
class OpenConflict:
    """A conflict that nobody settled yet, and the value that was kept beside the live one."""

    id: str
    phone_value: Any


@dataclass(frozen=True)
class Head:
    """Where the server stands after a commit. `anchor` names the ends of its own chains, if it keeps some (M-69)."""

    epoch: str
    feed_seq: int
    anchor: str | None = None


@dataclass(frozen=True)
class Record:
    """A record as it stands inside the running transaction."""

    rev: int
    row: dict[str, Any]
    gone: bool = False


@dataclass(frozen=True)
class Device:
    """One phone database as the server knows it. `link` is the chain's head at acked_seq."""

    id: str
    user_id: str
    acked_seq: int
    link: str
    is_revoked: bool = False


@dataclass(frozen=True)
class Stored:
    """A ledger row, as far as repeats need it."""

    device_id: str
    seq: int
    op_id: str | None
    author_id: str
    content_hash: str
    result: str
    link: str


@dataclass(frozen=True)
class Stuck:
    """A stuck operation. `root` is the stuck_id of the one it waits for, its own if it is a root."""

    stuck_id: str
    op_id: str | None
    device_id: str
    seq: int
    author_id: str
    status: str
    root: str
    state: str = "open"
    type: str | None = None
    key: tuple[str, str] | None = None
    is_insert: bool = False
    problem: dict[str, Any] = field(default_factory=dict, compare=False, hash=False)
    payload: dict[str, Any] | None = field(default=None, compare=False, hash=False)
    occurred_at: str | None = None
    received_at: datetime | None = None
    mended_by: str | None = None


@dataclass(frozen=True)
class LedgerRow:
    """One number of one device, for ever: the operation as sent, and what became of it."""

    device_id: str
    seq: int
    op_id: str | None
    author_id: str
    content_hash: str
    link: str
    status: str
    result: str
    received_at: datetime
    payload: str | None
    type: str | None = None
    v: int | None = None
    key: tuple[str, str] | None = None
    time: Corrected | None = None
    alias_of: str | None = None
