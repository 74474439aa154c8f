"""What a slice says about its synced records, and how it asks for what sync does. The answers live in sync_api.

A slice's `sync.py` has `register(app)`, which registers its record kinds and operation types here; whatever it then
writes through the ORM inside a write transaction is projected, given a rev and put into the feed before the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

from flask import Flask, current_app
from sqlalchemy.orm import Session

from sync.server.canonical import canonical, same
from sync.server.model import Actor, Collision, Operation, Outcome, PushContext
from sync.server.problems import Refused
from sync.server.registry import FieldRule, Kind, OperationType, Registry

__all__ = [
    "Actor",
    "Collision",
    "Operation",
    "OperationType",
    "Outcome",
    "PushContext",
    "RecordKind",
    "Refused",
    "canonical",
    "entered_by",
    "home_bucket",
    "operation_type",
    "record_kind",
    "registry_of",
    "rescope",
    "same",
    "side_of",
    "touch",
    "who_entered",
]

SCHEMA = 2  # version of kinds and fields, raised with SCHEMA in pwa/src/app/definitions.ts when either changes
OLDEST_SCHEMA = max(
    1, SCHEMA - 2
)  # n, n−1, n−2 are spoken; an older phone is told to update, its work is taken (M-46)

Owner = Literal["office", "engineer", "both", "server", "insert"]
SIDES = {"office": {"office"}, "engineer": {"engineer"}, "both": {"office", "engineer"}}


def _set_fields(row: Any, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        setattr(row, name, value)


@dataclass(frozen=True)
class RecordKind:
    """A kind of synced record (K-6).

    kind     the name in operations and in the feed
    model    its ORM class; the record's id is the row's primary key
    project  row -> payload: JSON values without floats, without id, kind, rev
    buckets  (row, session) -> buckets that hold it; None leaves them as they are (see `rescope`)
    owners   field -> office | engineer | both | server | insert
    texts    fields that merge as long texts
    apply    (row, {field: JSON value}) writes merged values; the default sets attributes
    follows  row -> keys of records: whoever sees one of them sees this one too (with buckets None it also stays
             where it is: a new line goes where its work order is, and leaves with a rescope)
    inserts  fields that whoever makes the record gives it, whoever owns them later
    """

    kind: str
    model: type[Any]
    project: Callable[[Any], dict[str, Any]]
    buckets: Callable[[Any, Session], Iterable[str] | None]
    owners: Mapping[str, Owner]
    texts: frozenset[str] = frozenset()
    apply: Callable[[Any, Mapping[str, Any]], None] = _set_fields
    follows: Callable[[Any, Session], Iterable[tuple[str, str]]] | None = None
    inserts: frozenset[str] = frozenset()


class SyncRegistry(Registry):
    """The engine's registry with what the adapter needs beside it."""

    def __init__(self) -> None:
        super().__init__(SCHEMA)
        self.records: dict[str, RecordKind] = {}
        self.of_model: dict[type[Any], RecordKind] = {}

    def add_record(self, record: RecordKind) -> None:
        rules = {
            name: FieldRule(
                frozenset(SIDES.get(owner, ())),
                owner == "insert" or name in record.inserts,
                "text" if name in record.texts else "value",
            )
            for name, owner in record.owners.items()
        }
        self.add_kind(Kind(record.kind, rules))
        self.records[record.kind] = record
        self.of_model[record.model] = record


def registry_of(app: Flask | None = None) -> SyncRegistry:
    """The app's registry; made when first asked for."""
    extensions = (app or current_app).extensions
    if "sync_registry" not in extensions:
        extensions["sync_registry"] = SyncRegistry()
    return extensions["sync_registry"]


def record_kind(app: Flask, record: RecordKind) -> RecordKind:
    """Register a kind of record. A second one of the same name is an error at start."""
    registry_of(app).add_record(record)
    return record


def operation_type(
    app: Flask,
    type_: str,
    mode: Literal["insert", "edit", "act"],
    handle: Callable[[Session, Operation, PushContext], Outcome | None] | None = None,
    *,
    kind: str | None = None,
    schema: Any = None,
    refs: Mapping[str, str] | None = None,
    v: int = 1,
) -> None:
    """Register a type of operation.

    handle  None for an edit: the merged values are written by the kind's `apply`
    kind    the record's kind; by default the part of the type before the dot
    schema  a marshmallow schema for args: unknown fields refused, all faults named
    refs    argument -> kind: what this one hangs on; while that insert is stuck it waits (M-29), and it must be there
    """
    registry = registry_of(app)
    kind = kind or type_.split(".")[0]
    if handle is None and mode != "edit":
        raise ValueError(f"operation type {type_!r} needs a handler")

    def write(session: Session, op: Operation, context: PushContext) -> None:
        record = registry.records[op.kind]
        record.apply(session.get(record.model, op.record_id), op.changes)

    check = _validator(schema, partial=mode == "edit") if schema is not None else None
    registry.add_type(OperationType(type_, kind, mode, handle or write, v, check, dict(refs or {})))


def _validator(schema: Any, partial: bool) -> Callable[[dict[str, Any]], list[tuple[str, dict[str, str]]]]:
    from backend.core.http import faults_of

    made = schema(partial=partial) if isinstance(schema, type) else schema

    def check(args: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
        return [(fault.path.removeprefix("$."), fault.message) for fault in faults_of(made.validate(args))]

    return check


_entering: ContextVar[str | None] = ContextVar("entered_by", default=None)


@contextmanager
def entered_by(user_id: str) -> Iterator[None]:
    """What is pushed inside was brought in by somebody else than its author (K-10): a rescue file."""
    token = _entering.set(user_id)
    try:
        yield
    finally:
        _entering.reset(token)


def who_entered(author_id: str | None = None) -> str | None:
    """Who brings in what is written now, where that is not its author."""
    user_id = _entering.get()
    return user_id if user_id != author_id else None


def home_bucket(user_id: str) -> str:
    """The bucket of one person's own."""
    return f"engineer:{user_id}"


def side_of(role: str) -> str:
    """Which side of field ownership a role writes on."""
    return "engineer" if role == "engineer" else "office"


def rescope(
    session: Session, bucket: str, wanted: Iterable[tuple[str, str]], kinds: Iterable[str] | None = None
) -> None:
    """A change of scope is a write: from this transaction on the bucket holds exactly `wanted` (M-45).

    wanted  {(kind, id)}; records that do not exist are left out
    kinds   only these kinds are looked at; by default every kind that does not follow others
    """
    current_app.extensions["sync"].rescope(session, bucket, set(wanted), kinds)


def touch(session: Session, *rows: Any) -> None:
    """These rows' payload or buckets changed through something else (a child row, another table): look again."""
    current_app.extensions["sync"].touch(session, rows)
