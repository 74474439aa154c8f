"""One operation against the records: require, validate, merge, handle, settle (M-08, M-09, M-32 to M-35).

Called by batch.py. What it cannot do it raises, with everything it wrote undone: `Refused` for ever, `Again` when the
whole batch must be run once more with a savepoint per operation, `Passing` when processing stops here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

from sync.server.canonical import same
from sync.server.merge import merge_fields, require_base, require_writer
from sync.server.model import Actor, Collision, Operation, Outcome, PushContext, Record
from sync.server.ports import Key, Policy, Unit
from sync.server.problems import Refused
from sync.server.registry import OperationType, Registry


class Again(Exception):
    """The batch must be run again with a savepoint per operation."""


class Passing(Exception):
    """Processing stops at this operation; what came before it is kept."""


@dataclass(frozen=True)
class Done:
    """What became of one operation: status, and members of the result beside it."""

    status: str
    members: dict[str, Any]


@dataclass(frozen=True)
class Applying:
    """Applies operations inside one unit. `stepwise`: each in a savepoint of its own."""

    registry: Registry
    policy: Policy
    unit: Unit
    stepwise: bool

    def attempt(self, op: Operation, type_: OperationType, context: PushContext) -> Done:
        """Apply it, or raise with everything it wrote undone."""
        touched: list[str] = []
        try:
            with self.unit.step() if self.stepwise else nullcontext():
                self.unit.begin(context.actor, context.device_id, op.op_id, context.now)
                return self._apply(op, type_, context, touched)
        except Exception as error:
            refusal = error if isinstance(error, Refused) else self.policy.refusal_of(error)
            if touched and not self.stepwise:
                raise Again() from error
            if refusal is not None:
                raise refusal from error
            if not self.stepwise:
                raise Again() from error
            if self.policy.is_passing(error):
                raise Passing() from error
            self.policy.report_crash(op, error)
            raise Refused("parked") from error

    def _apply(self, op: Operation, type_: OperationType, context: PushContext, touched: list[str]) -> Done:
        """`touched` says from when on something may have been written."""
        unit = self.unit
        record = unit.record(op.key)
        self._require_records(op, type_, record, context.actor)
        self._require_fields(op, type_, context.actor)
        status, collisions, op = self._merge(op, type_, record, context.device_id)
        touched.append(op.op_id)
        outcome = type_.handle(unit.session, op, context) or Outcome()
        conflicts = [self._conflict(op, collision, context) for collision in (*collisions, *outcome.collisions)]
        if outcome.conflict_id:
            conflicts.append(outcome.conflict_id)
        if op.files:
            unit.name_files(op)
        unit.settle()
        members: dict[str, Any] = {"rev": unit.rev(op.key)}
        if conflicts:
            members |= {"conflict_id": conflicts[0], "conflict_ids": conflicts}
        return Done("conflict" if conflicts else status, members)

    def _require_records(self, op: Operation, type_: OperationType, record: Record | None, actor: Actor) -> None:
        """The record is there (or, of an insert, is not), and so is what it hangs on."""
        if op.kind != type_.kind:
            raise Refused("invalid-operation", "record.kind")
        if type_.mode == "insert":
            if record is not None:
                raise Refused("record-exists", "record.id")
        elif record is None or not self.policy.may_touch(self.unit, actor, op.key):
            raise Refused("record-not-found", "record.id")
        elif record.gone:
            raise Refused("record-gone", "record.id")
        for name, key in parents_of(op, type_):
            if (
                not isinstance(key[1], str)
                or not self.unit.rev(key)
                or not self.policy.may_touch(self.unit, actor, key)
            ):
                raise Refused("record-not-found", f"args.{name}")

    def _require_fields(self, op: Operation, type_: OperationType, actor: Actor) -> None:
        """They exist, are hers to write, have a base where they need one, and hold what they may hold."""
        if type_.mode == "edit":
            require_base(op.args, op.base)
        if type_.mode != "act":
            fields = self.registry.kinds[op.kind].fields
            require_writer(fields, op.args, actor.side, inserting=type_.mode == "insert")
        found = list(type_.validate(op.args)) if type_.validate else []
        if found:
            invalid = [(f"args.{path}", words) for path, words in found]
            raise Refused("invalid", *invalid[0], invalid=invalid)

    def _merge(
        self, op: Operation, type_: OperationType, record: Record | None, device_id: str
    ) -> tuple[str, tuple[Collision, ...], Operation]:
        """Status, collisions, and the operation with what it may write."""
        if type_.mode != "edit" or record is None:
            return "applied", (), op
        others = op.base_rev is not None and op.base_rev < record.rev
        others = others and self.unit.others_wrote(op.key, op.base_rev or 0, device_id)
        merged = merge_fields(self.registry.kinds[op.kind].fields, record.row, op.base, op.args, others)
        return merged.status, merged.collisions, replace(op, changes=merged.changes)

    def _conflict(self, op: Operation, collision: Collision, context: PushContext) -> str:
        """One open conflict per field and author: a later edit on top of the kept value takes it further (M-34)."""
        existing = self.unit.open_conflict(op.key, collision.field, context.actor.id)
        if existing and same(existing.phone_value, collision.base_value):
            self.unit.extend_conflict(existing.id, collision.phone_value, op, context)
            return existing.id
        return self.unit.keep_conflict(op.key, collision, op, context)


def parents_of(op: Operation, type_: OperationType) -> Iterator[tuple[str, Key]]:
    """(argument, key) of what an operation hangs on; the key's id may be anything that was sent."""
    for name, kind in type_.refs.items():
        parent = op.args.get(name)
        if parent is not None:
            yield name, (kind, parent)
