"""What the engine needs from outside: one open transaction, and the policy of whoever owns the records.

backend/sync_api implements both with SQL; tests/sync/server/toy.py with dictionaries. Neither is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sync.server.model import (
    Actor,
    Collision,
    Device,
    Envelope,
    Head,
    LedgerRow,
    OpenConflict,
    Operation,
    PushContext,
    Record,
    Stored,
    Stuck,
)
from sync.server.problems import Refused

Key = tuple[str, str]
T = TypeVar("T")


class Unit(Protocol):
    """One open write transaction. What was done in it so far is seen by every question asked of it."""

    @property
    def session(self) -> Any:
        """Handed to handlers as it is."""

    def device(self, device_id: str, user_id: str, now: datetime) -> Device:
        """The device, made for this user if it is new; nobody else pushes for it until the transaction ends."""

    def stored(self, device_id: str, first: int, last: int) -> dict[int, Stored]:
        """Ledger rows of a device by number."""

    def known(self, op_ids: Iterable[str]) -> dict[str, Stored]:
        """Ledger rows by op_id, whatever device they came from."""

    def prepare(self, keys: Iterable[Key]) -> None:
        """These records will be asked for: read them together."""

    def record(self, key: Key) -> Record | None: ...

    def rev(self, key: Key) -> int | None:
        """The record's rev, of a deleted one too; None if it was never there. Cheaper than `record`."""

    def others_wrote(self, key: Key, base_rev: int, device_id: str) -> bool:
        """True if a write above base_rev came from somewhere else than this device."""

    def step(self) -> AbstractContextManager[Any]:
        """A savepoint: what happens inside is undone if it raises."""

    def together(self) -> AbstractContextManager[Any]:
        """What happens inside may be written together, at the latest on leaving; whatever then fails is raised."""

    def begin(self, actor: Actor, device_id: str, op_id: str | None, now: datetime) -> None:
        """Whatever is written from here on is this operation's (history, conflicts)."""

    def settle(self) -> None:
        """The effects so far are one operation's: from here on every rev counts them."""

    def open_conflict(self, key: Key, field: str, author_id: str) -> OpenConflict | None: ...

    def keep_conflict(self, key: Key, collision: Collision, operation: Operation, context: PushContext) -> str:
        """Make the record of a conflict (M-34) and return its id."""

    def extend_conflict(self, conflict_id: str, value: Any, operation: Operation, context: PushContext) -> None:
        """Take the kept value of an open conflict further."""

    def open_stuck(self, device_id: str) -> list[Stuck]:
        """Stuck operations of a device that hold others up (open or handed over)."""

    def stuck(self, op_id: str) -> Stuck | None: ...

    def waiting_for(self, root: str) -> list[Stuck]:
        """Open ones that are blocked by a root, in (device, seq) order."""

    def keep_stuck(self, stuck: Stuck) -> None:
        """Store a stuck operation, or what became of it (same stuck_id)."""

    def name_files(self, operation: Operation) -> None:
        """The files an applied operation names exist from now on (M-55)."""

    def append(self, rows: list[LedgerRow]) -> None: ...

    def restate(self, device_id: str, seq: int, status: str, result: str) -> None:
        """Replace the stored result of a stuck operation that was run again (M-30)."""

    def acknowledge(self, envelope: Envelope, seq: int, link: str, now: datetime) -> None: ...

    def note_security(self, what: str, device_id: str, actor: Actor, op_id: str | None, now: datetime) -> None: ...


class Unpublished(Exception):
    """What was done holds, but publishing it crashed (its cause); everything is rolled back."""


class Transactions(Protocol):
    """Opens units."""

    def run(self, work: Callable[[Unit], T]) -> T:
        """Run work in one write transaction and commit; what it raises rolls everything back and goes on.

        raises  Unpublished when an owner's function broke between the work and the commit
        """

    def head(self) -> Head:
        """Where the server stands, as committed."""


class Policy(Protocol):
    """What the owner of the records decides."""

    def actor(self, user_id: str) -> Actor | None:
        """The author of an operation that is run again."""

    def may_act_for(self, actor: Actor, stuck: Stuck) -> bool:
        """May somebody else mend it (M-31)?"""

    def may_touch(self, unit: Unit, actor: Actor, key: Key) -> bool:
        """May this actor know of the record at all? If not it is not there for her."""

    def refusal_of(self, error: Exception) -> Refused | None:
        """A problem raised by a handler, as a refusal; None if it is a crash."""

    def is_passing(self, error: Exception) -> bool:
        """Lock, serialisation, database away: trying again may succeed."""

    def render(self, problem: Refused) -> dict[str, Any]:
        """The problem object of M-67."""

    def report_crash(self, operation: Operation, error: Exception) -> None:
        """A handler broke: raise the alarm."""

    def new_id(self) -> str: ...
