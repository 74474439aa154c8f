"""The push: M-14 to M-35. One transaction for a request, tried without savepoints first.

Called by whoever serves POST /push. A savepoint per operation costs a third of the throughput, so a batch is tried
without; only when an operation fails after it may have written something is the whole transaction rolled back and run
again with a savepoint each. The answer is built after the commit.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sync.server.canonical import canonical, next_link, same
from sync.server.clocks import corrected_time, instant_text
from sync.server.merge import merge_fields, require_base, require_writer
from sync.server.model import (
    DONE,
    Actor,
    Envelope,
    LedgerRow,
    Operation,
    Outcome,
    PushContext,
    Stored,
    Stuck,
    Unreadable,
)
from sync.server.ports import Key, Policy, Transactions, Unit
from sync.server.problems import Refused, RequestRefused
from sync.server.reading import read_operation
from sync.server.registry import OperationType, Registry

SECURITY_EVENTS = {"operation-id-reused"}


class _Again(Exception):
    """The batch must be run again with a savepoint per operation."""


class _Passing(Exception):
    """Processing stops at this operation; what came before it is kept."""


@dataclass(frozen=True)
class _Done:
    """What became of one operation: status, members of the result, the open stuck record if there is one."""

    status: str
    members: dict[str, Any]


@dataclass
class PushAnswer:
    """What is answered after the commit."""

    epoch: str
    acked_seq: int
    feed_head: int
    anchor: str | None
    results: list[str]

    def text(self, server_time: datetime) -> str:
        """The JSON of the answer; results go out as the stored bytes."""
        return (
            f'{{"epoch":{json.dumps(self.epoch)},"acked_seq":{self.acked_seq},"feed_head":{self.feed_head},'
            f'"anchor":{json.dumps(self.anchor)},"server_time":"{instant_text(server_time)}","results":[{",".join(self.results)}]}}'
        )


def push(
    envelope: Envelope, actor: Actor, now: datetime, registry: Registry, transactions: Transactions, policy: Policy
) -> PushAnswer:
    """Take a request. Raises RequestRefused (nothing was applied), or whatever the commit raised."""

    def work(stepwise: bool) -> tuple[int, list[str]]:
        return transactions.run(lambda unit: _Batch(envelope, actor, now, registry, policy, unit, stepwise).run())

    try:
        acked, results = work(stepwise=False)
    except _Again:
        results = None
    if results is None:
        acked, results = work(stepwise=True)
    head = transactions.head()
    return PushAnswer(head.epoch, acked, head.feed_seq, head.anchor, results)


def replay(
    statuses: tuple[str, ...],
    now: datetime,
    registry: Registry,
    transactions: Transactions,
    policy: Policy,
    unit_of: Any,
) -> int:
    """Run parked or unsupported operations again, after a bug was mended or the server updated. Returns how many.

    unit_of(unit) -> the Stuck ones to try, in order.
    """

    def work(unit: Unit) -> int:
        batch = _idle(now, registry, policy, unit)
        tried = [stuck for stuck in unit_of(unit) if stuck.status in statuses]
        for stuck in tried:
            if batch.rerun(stuck, None):
                batch.run_waiting(stuck.stuck_id, None)
        return len(tried)

    return transactions.run(work)


def release(
    root: str,
    now: datetime,
    registry: Registry,
    transactions: Transactions,
    policy: Policy,
    mended_by: str | None = None,
) -> None:
    """Run what waited for a stuck operation that was given up (M-30)."""
    transactions.run(lambda unit: _idle(now, registry, policy, unit).run_waiting(root, mended_by))


_NOBODY = Actor("", "")


def _idle(now: datetime, registry: Registry, policy: Policy, unit: Unit) -> _Batch:
    """A batch without a request: for running stuck operations again."""
    return _Batch(Envelope("", None, None, None, None, None, None, ()), _NOBODY, now, registry, policy, unit, True)


class _Batch:
    """One run over a request inside one transaction."""

    def __init__(
        self,
        envelope: Envelope,
        actor: Actor,
        now: datetime,
        registry: Registry,
        policy: Policy,
        unit: Unit,
        stepwise: bool,
    ) -> None:
        self.envelope, self.actor, self.now, self.registry = envelope, actor, now, registry
        self.policy, self.unit, self.stepwise = policy, unit, stepwise
        self.rows: dict[int, LedgerRow] = {}
        self.results: dict[int, str] = {}
        self.replayed: set[int] = set()
        self.known: dict[str, Stored] = {}
        self.stuck: dict[str, Stuck] = {}

    # -- the request ---------------------------------------------------------------------------------------------

    def run(self) -> tuple[int, list[str]]:
        """Results in order, and how far the device is acked."""
        unit, envelope = self.unit, self.envelope
        device = unit.device(envelope.device_id, self.actor.id, self.now)
        if device.user_id != self.actor.id:
            raise RequestRefused(403, "device-of-another-user", "device_id")
        if device.is_revoked:
            raise RequestRefused(403, "device-revoked", "device_id")
        fresh = self._split(device.acked_seq)
        if not fresh:
            unit.acknowledge(envelope, device.acked_seq, device.link, self.now)
            return device.acked_seq, self._texts()
        self._follow_chain(device.link, fresh[0].seq, device.acked_seq)
        self.known = unit.known([op.op_id for op in fresh if op.op_id])
        self.stuck = {stuck.stuck_id: stuck for stuck in unit.open_stuck(device.id)}
        unit.prepare(self._keys(fresh))
        acked, link = device.acked_seq, device.link
        for op in fresh:
            try:
                link = self._take(op, link)
            except _Passing:
                self.results[op.seq] = _result(op.seq, op.op_id, "retry", {"rev": None})
                break
            acked = op.seq
        unit.append([row for seq, row in self.rows.items() if seq <= acked])
        unit.acknowledge(envelope, acked, link, self.now)
        return acked, self._texts()

    def _split(self, acked: int) -> list[Operation | Unreadable]:
        """Answer what is stored already, refuse a gap, return what is new (M-15 to M-18)."""
        ops = self.envelope.ops
        numbers = {op.seq for op in ops}
        if ops and (ops[0].seq > acked + 1 or len(ops) != ops[-1].seq - ops[0].seq + 1):
            expected = acked + 1
            while expected in numbers:
                expected += 1
            raise RequestRefused(409, "sequence-gap", "ops", expected_seq=expected, acked_seq=acked)
        repeats = [op for op in ops if op.seq <= acked]
        if repeats:
            stored = self.unit.stored(self.envelope.device_id, repeats[0].seq, repeats[-1].seq)
            for op in repeats:
                self._repeat(op, stored[op.seq], acked)
        return [op for op in ops if op.seq > acked]

    def _repeat(self, op: Operation | Unreadable, stored: Stored, acked: int) -> None:
        is_void = isinstance(op, Unreadable) and op.status == "void"
        if stored.content_hash == op.content_hash or is_void:
            self.results[op.seq] = stored.result
            self.replayed.add(op.seq)
        elif stored.op_id is not None and stored.op_id == op.op_id:
            self.unit.note_security("operation-id-reused", self.envelope.device_id, self.actor, op.op_id, self.now)
            members = {"rev": None, "problem": self.policy.render(Refused("operation-id-reused", "op_id"))}
            self.results[op.seq] = _result(op.seq, op.op_id, "rejected", members)
        else:
            raise RequestRefused(409, "sequence-reused", "ops", seq=op.seq, acked_seq=acked)

    def _follow_chain(self, link: str, first: int, acked: int) -> None:
        """A prev_hash that does not follow ours weakens the evidence; the work is taken all the same (M-64)."""
        claimed = self.envelope.prev_hash
        if claimed is not None and self.envelope.ops[0].seq == first == acked + 1 and claimed != link:
            self.unit.note_security("chain-broken", self.envelope.device_id, self.actor, None, self.now)

    def _keys(self, ops: list[Operation | Unreadable]) -> list[Key]:
        keys = []
        for op in ops:
            if isinstance(op, Operation):
                keys.append(op.key)
                type_ = self.registry.types.get(op.type, {}).get(op.v)
                if type_:
                    keys += [
                        (kind, op.args[name])
                        for name, kind in type_.refs.items()
                        if isinstance(op.args.get(name), str)
                    ]
        return keys

    def _texts(self) -> list[str]:
        return [
            text[:-1] + ',"replayed":true}' if seq in self.replayed else text
            for seq, text in sorted(self.results.items())
        ]

    # -- one operation -------------------------------------------------------------------------------------------

    def _take(self, op: Operation | Unreadable, previous: str) -> str:
        """Process one new operation and keep its ledger row; returns the chain's new link."""
        link = next_link(previous, op.content_hash, op.seq)
        known = self.known.get(op.op_id) if op.op_id else None
        if known and known.content_hash == op.content_hash and known.author_id == self.actor.id:
            result = canonical({**json.loads(known.result), "seq": op.seq})
            self.replayed.add(op.seq)
            self._keep(op, link, json.loads(result)["status"], result, alias_of=op.op_id)
            return link
        if known:
            self.unit.note_security("operation-id-reused", self.envelope.device_id, self.actor, op.op_id, self.now)
            stuck_id = self.policy.new_id()
            done = self._set_aside(op, stuck_id, "rejected", Refused("operation-id-reused", "op_id"))
            self._keep(op, link, done.status, _result(op.seq, op.op_id, done.status, done.members), op_id=None)
            return link
        if isinstance(op, Unreadable):
            done = self._set_aside(op, op.op_id or self.policy.new_id(), op.status, op.problem)
        else:
            done = self._process(op, self.actor, self.envelope.device_id, self.now)
        result = _result(op.seq, op.op_id, done.status, done.members)
        self._keep(op, link, done.status, result)
        if op.op_id:
            device = self.envelope.device_id
            self.known[op.op_id] = Stored(device, op.seq, op.op_id, self.actor.id, op.content_hash, result, link)
        if isinstance(op, Operation) and op.mends and done.status in DONE:
            self._mended(op)
        return link

    def _keep(
        self,
        op: Operation | Unreadable,
        link: str,
        status: str,
        result: str,
        alias_of: str | None = None,
        **over: Any,
    ) -> None:
        is_read = isinstance(op, Operation)
        row = LedgerRow(
            device_id=self.envelope.device_id,
            seq=op.seq,
            op_id=None if alias_of else op.op_id,
            author_id=self.actor.id,
            content_hash=op.content_hash,
            link=link,
            status=status,
            result=result,
            received_at=self.now,
            payload=None if alias_of else canonical(op.raw) if is_read else op.text,
            type=op.type,
            v=op.v if is_read else None,
            key=op.key,
            time=corrected_time(op.occurred_at, op.clock, self.now) if is_read else None,
            alias_of=alias_of,
        )
        self.rows[op.seq] = replace(row, **over)
        self.results[op.seq] = result

    def _process(
        self, op: Operation, actor: Actor, device_id: str, received_at: datetime, stuck_id: str = ""
    ) -> _Done:
        """Run one operation, first time or again; what does not work is set aside."""
        stuck_id = stuck_id or op.op_id
        versions = self.registry.types.get(op.type)
        type_ = (versions or {}).get(op.v)
        if type_ is None:
            problem = Refused("unsupported-version", "v" if versions else "type")
            return self._set_aside(op, stuck_id, "unsupported_version", problem, actor, device_id, received_at)
        context = PushContext(
            actor, device_id, self.now, received_at, corrected_time(op.occurred_at, op.clock, received_at)
        )
        try:
            spared = self._mending(op, actor)
            blocker = self._blocker(op, type_, device_id, {*spared, stuck_id})
            if blocker is None:
                return self._attempt(op, type_, context)
        except Refused as problem:
            status = "parked" if problem.slug == "parked" else "rejected"
            if problem.slug == "unknown-field" and (self.envelope.schema or 0) > self.registry.schema:
                status, problem = "unsupported_version", Refused("unsupported-version", problem.field)
            return self._set_aside(op, stuck_id, status, problem, actor, device_id, received_at)
        return self._set_aside(op, stuck_id, "blocked", Refused("blocked"), actor, device_id, received_at, blocker)

    def _mending(self, op: Operation, actor: Actor) -> set[str]:
        """The stuck ones that do not hold up a mending operation: the named one and what waits for it (M-30)."""
        if op.mends is None:
            return set()
        target = self._stuck_by_op(op.mends)
        if target is None or target.state not in ("open", "handed_over"):
            raise Refused("not-stuck", "mends")
        if target.author_id != actor.id and not self.policy.may_act_for(actor, target):
            raise Refused("not-yours-to-mend", "mends")
        return {target.stuck_id, target.root}

    def _stuck_by_op(self, op_id: str) -> Stuck | None:
        return self.stuck.get(op_id) or self.unit.stuck(op_id)

    def _blocker(self, op: Operation, type_: OperationType, device_id: str, spared: set[str]) -> Stuck | None:
        """The root that this operation waits for, M-29."""
        parents = {(kind, op.args.get(name)) for name, kind in type_.refs.items()}
        for stuck in self.stuck.values():
            if stuck.state not in ("open", "handed_over") or stuck.key is None:
                continue
            if stuck.device_id != device_id or stuck.seq >= op.seq:
                continue
            if stuck.stuck_id in spared or stuck.root in spared:
                continue
            if stuck.key == op.key or (stuck.is_insert and stuck.key in parents):
                return self.stuck.get(stuck.root, stuck)
        return None

    def _attempt(self, op: Operation, type_: OperationType, context: PushContext) -> _Done:
        """Validate, merge, handle, settle. Raises Refused, with everything it wrote undone."""
        calls: list[str] = []
        try:
            with self.unit.step() if self.stepwise else nullcontext():
                self.unit.begin(context.actor, context.device_id, op.op_id, context.now)
                return self._apply(op, type_, context, calls)
        except Exception as error:
            refusal = error if isinstance(error, Refused) else self.policy.refusal_of(error)
            if calls and not self.stepwise:
                raise _Again() from error
            if refusal is not None:
                raise refusal from error
            if self.policy.is_passing(error):
                raise (_Passing() if self.stepwise else _Again()) from error
            if not self.stepwise:
                raise _Again() from error
            self.policy.report_crash(op, error)
            raise Refused("parked") from error

    def _apply(self, op: Operation, type_: OperationType, context: PushContext, calls: list[str]) -> _Done:
        unit = self.unit
        record = unit.record(op.key)
        status, collisions = "applied", ()
        self._require_record(op, type_, record, context.actor)
        if type_.mode == "insert":
            require_writer(self.registry.kinds[op.kind].fields, op.args, context.actor.side, inserting=True)
        elif type_.mode == "edit":
            require_base(op.args, op.base)
            require_writer(self.registry.kinds[op.kind].fields, op.args, context.actor.side, inserting=False)
        self._validate(op, type_)
        if type_.mode == "edit":
            others = op.base_rev is not None and op.base_rev < record.rev
            others = others and unit.others_wrote(op.key, op.base_rev, context.device_id)
            merged = merge_fields(self.registry.kinds[op.kind].fields, record.row, op.base, op.args, others)
            status, collisions, op = merged.status, merged.collisions, replace(op, changes=merged.changes)
        calls.append(op.op_id)
        outcome = type_.handle(unit.session, op, context) or Outcome()
        conflicts = [self._conflict(op, collision, context) for collision in (*collisions, *outcome.collisions)]
        if outcome.conflict_id:
            conflicts.append(outcome.conflict_id)
        if op.files:
            unit.name_files(op)
        unit.settle()
        after = unit.record(op.key)
        members: dict[str, Any] = {"rev": after.rev if after else None}
        if conflicts:
            members |= {"conflict_id": conflicts[0], "conflict_ids": conflicts}
        return _Done("conflict" if conflicts else status, members)

    def _require_record(self, op: Operation, type_: OperationType, record: Any, actor: Actor) -> None:
        if op.kind != type_.kind:
            raise Refused("invalid-operation", "record.kind")
        if type_.mode == "insert":
            if record is not None:
                raise Refused("record-exists", "record.id")
        elif record is None or not self.policy.may_touch(self.unit, actor, op.key):
            raise Refused("record-not-found", "record.id")
        elif record.gone:
            raise Refused("record-gone", "record.id")
        for name, kind in type_.refs.items():
            parent = op.args.get(name)
            if parent is None:
                continue
            key = (kind, parent)
            if (
                not isinstance(parent, str)
                or not self.unit.record(key)
                or not self.policy.may_touch(self.unit, actor, key)
            ):
                raise Refused("record-not-found", f"args.{name}")

    def _validate(self, op: Operation, type_: OperationType) -> None:
        found = list(type_.validate(op.args)) if type_.validate else []
        if found:
            path, words = found[0]
            raise Refused(
                "invalid", f"args.{path}", words, invalid=[(f"args.{path}", words) for path, words in found]
            )

    def _conflict(self, op: Operation, collision: Any, context: PushContext) -> str:
        """One open conflict per field and author: a later edit on top of the kept value takes it further (M-34)."""
        existing = self.unit.open_conflict(op.key, collision.field, context.actor.id)
        if existing and same(existing.phone_value, collision.base_value):
            self.unit.extend_conflict(existing.id, collision.phone_value, op, context)
            return existing.id
        return self.unit.keep_conflict(op.key, collision, op, context)

    # -- stuck ---------------------------------------------------------------------------------------------------

    def _set_aside(
        self,
        op: Operation | Unreadable,
        stuck_id: str,
        status: str,
        problem: Refused,
        actor: Actor | None = None,
        device_id: str | None = None,
        received_at: datetime | None = None,
        blocker: Stuck | None = None,
    ) -> _Done:
        """Keep an operation that was not done as a stuck record (M-28)."""
        is_read = isinstance(op, Operation)
        rendered = self.policy.render(problem)
        stuck = Stuck(
            stuck_id=stuck_id,
            op_id=op.op_id,
            device_id=device_id or self.envelope.device_id,
            seq=op.seq,
            author_id=(actor or self.actor).id,
            status=status,
            root=blocker.stuck_id if blocker else stuck_id,
            state="dropped_by_void" if status == "void" else "open",
            type=op.type,
            key=op.key,
            is_insert=op.key is not None and self.unit.record(op.key) is None,
            problem=rendered,
            payload=op.raw if is_read else op.payload,
            occurred_at=op.occurred_at if is_read else None,
            received_at=received_at or self.now,
        )
        self.stuck[stuck_id] = stuck
        self.unit.begin(actor or self.actor, stuck.device_id, op.op_id, self.now)
        self.unit.keep_stuck(stuck)
        members = {"rev": None, "stuck_id": stuck_id, "problem": rendered}
        if blocker:
            members["blocked_by"] = blocker.stuck_id
        return _Done(status, members)

    def _mended(self, op: Operation) -> None:
        target = self._stuck_by_op(op.mends or "")
        if target is None:
            return
        self._close(target, op.op_id)
        try:
            self.run_waiting(target.stuck_id, op.op_id)
        except _Passing as passing:  # the mending one is done already: all or nothing, the phone tries again
            raise (passing.__cause__ or passing) from passing

    def _close(self, stuck: Stuck, mended_by: str | None) -> None:
        closed = replace(stuck, state="mended", mended_by=mended_by)
        self.stuck[stuck.stuck_id] = closed
        self.unit.keep_stuck(closed)

    def run_waiting(self, root: str, mended_by: str | None) -> None:
        """Run what waited for a root, in order (M-30). One that fails becomes a root itself."""
        for stuck in self.unit.waiting_for(root):
            self.stuck[stuck.stuck_id] = stuck
        for stuck in self.unit.waiting_for(root):
            self.rerun(stuck, mended_by)

    def rerun(self, stuck: Stuck, mended_by: str | None) -> bool:
        """Run a stuck operation again; True if it is done now."""
        op = read_operation({**(stuck.payload or {}), "seq": stuck.seq})
        actor = self.policy.actor(stuck.author_id)
        if not isinstance(op, Operation) or actor is None:
            return False
        self.stuck.setdefault(stuck.stuck_id, stuck)
        for other in self.unit.open_stuck(stuck.device_id):
            self.stuck.setdefault(other.stuck_id, other)
        done = self._process(op, actor, stuck.device_id, stuck.received_at or self.now, stuck.stuck_id)
        result = _result(op.seq, stuck.op_id, done.status, done.members)
        if done.status in DONE:
            self._close(stuck, mended_by)
        if stuck.device_id == self.envelope.device_id and op.seq in self.rows:
            self.rows[op.seq] = replace(self.rows[op.seq], status=done.status, result=result)
            self.results[op.seq] = result
        else:
            self.unit.restate(stuck.device_id, op.seq, done.status, result)
        if done.status in DONE and op.mends:
            self._mended(op)
        return done.status in DONE


def _result(seq: int, op_id: str | None, status: str, members: dict[str, Any]) -> str:
    return canonical({"seq": seq, "op_id": op_id, "status": status, **members})
