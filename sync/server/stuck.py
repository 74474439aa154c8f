"""What was not done: put aside as stuck records, who waits for whom, who may mend (M-28 to M-31).

Called by batch.py, one shelf for one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sync.server.applying import Done, parents_of
from sync.server.model import Actor, Operation, PushContext, Stuck, Unreadable
from sync.server.ports import Policy, Unit
from sync.server.problems import Refused
from sync.server.registry import OperationType

HOLDING = ("open", "handed_over")  # states in which a stuck operation holds others up


@dataclass
class Shelf:
    """The stuck operations that this transaction knows, by stuck_id."""

    unit: Unit
    policy: Policy
    kept: dict[str, Stuck] = field(default_factory=dict)

    def learn(self, found: Iterable[Stuck]) -> None:
        """Stored ones; what this transaction made of them stays."""
        for stuck in found:
            self.kept.setdefault(stuck.stuck_id, stuck)

    def by_op(self, op_id: str) -> Stuck | None:
        return self.kept.get(op_id) or self.unit.stuck(op_id)

    def put(
        self,
        op: Operation | Unreadable,
        stuck_id: str,
        status: str,
        problem: Refused,
        context: PushContext,
        blocker: Stuck | None = None,
    ) -> Done:
        """Keep an operation that was not done (M-28)."""
        is_read = isinstance(op, Operation)
        rendered = self.policy.render(problem)
        stuck = Stuck(
            stuck_id=stuck_id,
            op_id=op.op_id,
            device_id=context.device_id,
            seq=op.seq,
            author_id=context.actor.id,
            status=status,
            root=blocker.stuck_id if blocker else stuck_id,
            state="dropped_by_void" if status == "void" else "open",
            type=op.type,
            key=op.key,
            is_insert=op.key is not None and self.unit.rev(op.key) is None,
            problem=rendered,
            payload=op.raw if is_read else op.payload,
            occurred_at=op.occurred_at if is_read else None,
            received_at=context.received_at,
        )
        self.kept[stuck_id] = stuck
        self.unit.begin(context.actor, context.device_id, op.op_id, context.now)
        self.unit.keep_stuck(stuck)
        members = {"rev": None, "stuck_id": stuck_id, "problem": rendered}
        if blocker:
            members["blocked_by"] = blocker.stuck_id
        return Done(status, members)

    def close(self, stuck: Stuck, mended_by: str | None) -> None:
        closed = replace(stuck, state="mended", mended_by=mended_by)
        self.kept[stuck.stuck_id] = closed
        self.unit.keep_stuck(closed)

    def spared_by(self, op: Operation, actor: Actor) -> set[str]:
        """The ones that do not hold up a mending operation: the named one and what waits for it (M-30, M-31)."""
        if op.mends is None:
            return set()
        target = self.by_op(op.mends)
        if target is None or target.state not in HOLDING:
            raise Refused("not-stuck", "mends")
        if target.author_id != actor.id and not self.policy.may_act_for(actor, target):
            raise Refused("not-yours-to-mend", "mends")
        return {target.stuck_id, target.root}

    def blocker(self, op: Operation, type_: OperationType, device_id: str, spared: set[str]) -> Stuck | None:
        """The root that this operation waits for, M-29."""
        if not self.kept:
            return None
        parents = [key for _, key in parents_of(op, type_)]
        for stuck in self.kept.values():
            if stuck.state not in HOLDING or stuck.device_id != device_id or stuck.seq >= op.seq:
                continue
            if stuck.key is None or stuck.stuck_id in spared or stuck.root in spared:
                continue
            if stuck.key == op.key or (stuck.is_insert and stuck.key in parents):
                return self.kept.get(stuck.root, stuck)
        return None
