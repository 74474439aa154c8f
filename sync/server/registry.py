"""What the owner of the records tells the engine: kinds with their fields, types of operations with their handlers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Mode = Literal["insert", "edit", "act"]
Invalidity = tuple[str, dict[str, str]]


@dataclass(frozen=True)
class FieldRule:
    """Who writes a field, and how it merges.

    writers    sides that may write it in an edit or an insert
    on_insert  whoever makes the record may give it, once
    merge      "value": equal or collided; "text": three-way by segments (M-36)
    """

    writers: frozenset[str] = frozenset()
    on_insert: bool = False
    merge: Literal["value", "text"] = "value"


@dataclass(frozen=True)
class Kind:
    """A kind of record: its name and the rule of each of its fields (M-32)."""

    name: str
    fields: Mapping[str, FieldRule]


@dataclass(frozen=True)
class OperationType:
    """A type of operation.

    handle    handle(session, operation, context) -> Outcome | None; refuses by raising
    validate  validate(args) -> [(path below args, {zh, en}), ...]; runs before anything is touched
    refs      argument -> kind: records this one hangs on; while their insert is stuck it waits (M-29)
    """

    type: str
    kind: str
    mode: Mode
    handle: Callable[..., Any]
    v: int = 1
    validate: Callable[[dict[str, Any]], Iterable[Invalidity]] | None = None
    refs: Mapping[str, str] = field(default_factory=dict)


class Registry:
    """The kinds and types of one server. Names are unique; a second one is an error at start.

    schema  version of the kinds and fields; a phone of a newer one may write fields that are not known here yet
    """

    def __init__(self, schema: int = 1) -> None:
        self.schema = schema
        self.kinds: dict[str, Kind] = {}
        self.types: dict[str, dict[int, OperationType]] = {}

    def add_kind(self, kind: Kind) -> None:
        if kind.name in self.kinds:
            raise ValueError(f"record kind {kind.name!r} is registered twice")
        self.kinds[kind.name] = kind

    def add_type(self, operation_type: OperationType) -> None:
        versions = self.types.setdefault(operation_type.type, {})
        if operation_type.v in versions:
            raise ValueError(f"operation type {operation_type.type!r} v{operation_type.v} is registered twice")
        versions[operation_type.v] = operation_type
