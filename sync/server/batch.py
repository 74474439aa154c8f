"""One run over a push inside one transaction: what is stored already, what is new, its ledger rows (M-15 to M-18).

Called by push.py, without savepoints first; also to run stuck operations again, then without a request.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sync.server.applying import Again, Applying, Done, Passing, parents_of
from sync.server.canonical import canonical, next_link
from sync.server.clocks import corrected_time
from sync.server.model import (
    DONE,
    Actor,
    Device,
    Envelope,
    LedgerRow,
    Operation,
    PushContext,
    Stored,
    Stuck,
    Unreadable,
)
from sync.server.ports import Key, Policy, Unit
from sync.server.problems import Refused, RequestRefused
from sync.server.reading import read_operation
from sync.server.registry import Registry
from sync.server.stuck import Shelf


@dataclass
class Batch:
    """A request's operations and what became of them, by number."""

    envelope: Envelope
    actor: Actor
    now: datetime
    registry: Registry
    policy: Policy
    unit: Unit
    stepwise: bool
    set_aside: Refused | None = None  # nothing is applied: what is new is kept as stuck with this
    rows: dict[int, LedgerRow] = field(default_factory=dict)
    results: dict[int, str] = field(default_factory=dict)
    replayed: set[int] = field(default_factory=set)
    known: dict[str, Stored] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shelf = Shelf(self.unit, self.policy)
        self.applying = Applying(self.registry, self.policy, self.unit, self.stepwise)

    # -- the request ---------------------------------------------------------------------------------------------

    def run(self) -> tuple[int, list[str]]:
        """How far the device is acked, and the results in order."""
        unit, envelope = self.unit, self.envelope
        device = unit.device(envelope.device_id, self.actor.id, self.now)
        if device.user_id != self.actor.id:
            raise RequestRefused(403, "device-of-another-user", "device_id")
        if device.is_revoked:
            raise RequestRefused(403, "device-revoked", "device_id")
        fresh = self._split(device.acked_seq)
        acked, link = device.acked_seq, device.link
        if fresh:
            self._follow_chain(link, fresh[0].seq, acked)
            self.known = unit.known([op.op_id for op in fresh if op.op_id])
            self.shelf.learn(unit.open_stuck(device.id))
            unit.prepare(self._keys(fresh))
            acked, link = self._take_all(fresh, device)
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
            self._note_security("operation-id-reused", op.op_id)
            members = {"rev": None, "problem": self.policy.render(Refused("operation-id-reused", "op_id"))}
            self.results[op.seq] = result_text(op.seq, op.op_id, Done("rejected", members))
        else:
            raise RequestRefused(409, "sequence-reused", "ops", seq=op.seq, acked_seq=acked)

    def _follow_chain(self, link: str, first: int, acked: int) -> None:
        """A prev_hash that does not follow ours weakens the evidence; the work is taken all the same (M-64)."""
        claimed = self.envelope.prev_hash
        if claimed is not None and self.envelope.ops[0].seq == first == acked + 1 and claimed != link:
            self._note_security("chain-broken", None)

    def _note_security(self, what: str, op_id: str | None) -> None:
        self.unit.note_security(what, self.envelope.device_id, self.actor, op_id, self.now)

    def _keys(self, ops: list[Operation | Unreadable]) -> list[Key]:
        """Every record that these operations name."""
        keys: list[Key] = []
        for op in ops:
            if isinstance(op, Operation):
                keys.append(op.key)
                type_ = self.registry.types.get(op.type, {}).get(op.v)
                keys += [key for _, key in parents_of(op, type_) if isinstance(key[1], str)] if type_ else []
        return keys

    def _take_all(self, ops: list[Operation | Unreadable], device: Device) -> tuple[int, str]:
        """One after the other, up to the first that is passing; how far, and the chain's link there."""
        acked, link = device.acked_seq, device.link
        try:
            with nullcontext() if self.stepwise else self.unit.together():
                for op in ops:
                    link = self._take(op, link)
                    acked = op.seq
        except Passing:
            op = ops[acked - device.acked_seq]
            self.results[op.seq] = result_text(op.seq, op.op_id, Done("retry", {"rev": None}))
        except Exception as error:
            if self.stepwise:
                raise
            raise Again() from error
        return acked, link

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
        context = self._context(op)
        if known and known.content_hash == op.content_hash and known.author_id == self.actor.id:
            stored = json.loads(known.result)
            self.replayed.add(op.seq)
            self._keep(op, context, link, stored["status"], canonical({**stored, "seq": op.seq}), alias_of=op.op_id)
            return link
        if known:
            self._note_security("operation-id-reused", op.op_id)
            problem = Refused("operation-id-reused", "op_id")
            done = self.shelf.put(op, self.policy.new_id(), "rejected", problem, context)
            self._keep(op, context, link, done.status, result_text(op.seq, op.op_id, done), op_id=None)
            return link
        if isinstance(op, Unreadable):
            done = self.shelf.put(op, op.op_id or self.policy.new_id(), op.status, op.problem, context)
        else:
            done = self._process(op, op.op_id, context)
        result = result_text(op.seq, op.op_id, done)
        self._keep(op, context, link, done.status, result)
        if op.op_id:
            device_id = self.envelope.device_id
            self.known[op.op_id] = Stored(device_id, op.seq, op.op_id, self.actor.id, op.content_hash, result, link)
        if isinstance(op, Operation) and op.mends and done.status in DONE:
            self._mended(op)
        return link

    def _context(self, op: Operation | Unreadable) -> PushContext:
        tapped = (op.occurred_at, op.clock) if isinstance(op, Operation) else (None, None)
        return PushContext(self.actor, self.envelope.device_id, self.now, self.now, corrected_time(*tapped, self.now))

    def _keep(
        self,
        op: Operation | Unreadable,
        context: PushContext,
        link: str,
        status: str,
        result: str,
        alias_of: str | None = None,
        **over: Any,
    ) -> None:
        is_read = isinstance(op, Operation)
        row = LedgerRow(
            device_id=context.device_id,
            seq=op.seq,
            op_id=None if alias_of else op.op_id,
            author_id=context.actor.id,
            content_hash=op.content_hash,
            link=link,
            status=status,
            result=result,
            received_at=self.now,
            payload=None if alias_of else canonical(op.raw) if is_read else op.text,
            type=op.type,
            v=op.v if is_read else None,
            key=op.key,
            time=context.time if is_read else None,
            alias_of=alias_of,
        )
        self.rows[op.seq] = replace(row, **over) if over else row
        self.results[op.seq] = result

    def _process(self, op: Operation, stuck_id: str, context: PushContext) -> Done:
        """Run one operation, first time or again; what does not work is set aside."""
        shelf = self.shelf
        versions = self.registry.types.get(op.type, {})
        type_ = versions.get(op.v)
        if type_ is None:
            problem = Refused("unsupported-version", "v" if versions else "type")
            return shelf.put(op, stuck_id, "unsupported_version", problem, context)
        if self.set_aside is not None:
            return shelf.put(op, stuck_id, *self._status_of(self.set_aside), context)
        try:
            spared = shelf.spared_by(op, context.actor)
            blocker = shelf.blocker(op, type_, context.device_id, {*spared, stuck_id})
            if blocker is None:
                return self.applying.attempt(op, type_, context)
        except Refused as problem:
            return shelf.put(op, stuck_id, *self._status_of(problem), context)
        return shelf.put(op, stuck_id, "blocked", Refused("blocked"), context, blocker)

    def _status_of(self, problem: Refused) -> tuple[str, Refused]:
        """A field that a newer phone knows and this server does not is for after the server's update."""
        if problem.slug == "unknown-field" and (self.envelope.schema or 0) > self.registry.schema:
            return "unsupported_version", Refused("unsupported-version", problem.field)
        return "parked" if problem.slug == "parked" else "rejected", problem

    # -- stuck ones again ----------------------------------------------------------------------------------------

    def _mended(self, op: Operation) -> None:
        target = self.shelf.by_op(op.mends or "")
        if target is None:
            return
        self.shelf.close(target, op.op_id)
        try:
            self.run_waiting(target.stuck_id, op.op_id)
        except Passing as passing:  # the mending one is done already: all or nothing, the phone tries again
            raise (passing.__cause__ or passing) from passing

    def run_waiting(self, root: str, mended_by: str | None) -> None:
        """Run what waited for a root, in order (M-30). One that fails becomes a root itself."""
        waiting = self.unit.waiting_for(root)
        self.shelf.kept |= {stuck.stuck_id: stuck for stuck in waiting}
        for stuck in waiting:
            self.rerun(stuck, mended_by)

    def rerun(self, stuck: Stuck, mended_by: str | None) -> bool:
        """Run a stuck operation again; True if it is done now."""
        op = read_operation({**(stuck.payload or {}), "seq": stuck.seq})
        actor = self.policy.actor(stuck.author_id)
        if not isinstance(op, Operation) or actor is None:
            return False
        self.shelf.learn([stuck, *self.unit.open_stuck(stuck.device_id)])
        received_at = stuck.received_at or self.now
        time = corrected_time(op.occurred_at, op.clock, received_at)
        context = PushContext(actor, stuck.device_id, self.now, received_at, time)
        done = self._process(op, stuck.stuck_id, context)
        is_done = done.status in DONE
        result = result_text(op.seq, stuck.op_id, done)
        if is_done:
            self.shelf.close(stuck, mended_by)
        if stuck.device_id == self.envelope.device_id and op.seq in self.rows:
            self.rows[op.seq] = replace(self.rows[op.seq], status=done.status, result=result)
            self.results[op.seq] = result
        else:
            self.unit.restate(stuck.device_id, op.seq, done.status, result)
        if is_done and op.mends:
            self._mended(op)
        return is_done


def result_text(seq: int, op_id: str | None, done: Done) -> str:
    """One result as it is stored and sent (M-25)."""
    return canonical({"seq": seq, "op_id": op_id, "status": done.status, **done.members})
