"""The push: M-14 to M-31. One transaction for a request, tried without savepoints first.

Called by whoever serves POST /push. A savepoint per operation costs a third of the throughput, so a batch is tried
without (what it writes is then also written together, see ports.Unit.together); only when an operation fails after it
may have written something is the whole transaction rolled back and run again with a savepoint each. Where what was done
cannot be published, the operations are taken one by one, each in a transaction of its own, and the one that breaks it is
set aside. The answer is built after the commit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sync.server.applying import Again
from sync.server.batch import Batch
from sync.server.clocks import instant_text
from sync.server.model import Actor, Envelope, Operation, Stuck, Unreadable
from sync.server.ports import Policy, Transactions, Unit, Unpublished
from sync.server.problems import Refused
from sync.server.registry import Registry

Taken = tuple[int, list[str]]  # how far the device is acked, and the results


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

    def work(part: Envelope, stepwise: bool, set_aside: Refused | None = None) -> Taken:
        return transactions.run(
            lambda unit: Batch(part, actor, now, registry, policy, unit, stepwise, set_aside).run()
        )

    try:
        done = None
        with suppress(Again):
            done = work(envelope, False)
        acked, results = done or work(envelope, True)
    except Unpublished:
        acked, results = _one_by_one(envelope, work, policy)
    head = transactions.head()
    return PushAnswer(head.epoch, acked, head.feed_seq, head.anchor, results)


def _one_by_one(envelope: Envelope, work: Callable[..., Taken], policy: Policy) -> Taken:
    """As far as it goes; what was done is then answered as a repeat, for one of them may have changed another's result."""
    done: list[Operation | Unreadable] = []
    last: list[str] = []
    for op in envelope.ops:
        alone = replace(envelope, ops=(op,), prev_hash=None if done else envelope.prev_hash, signature=None)
        try:
            acked, results = work(alone, True)
        except Unpublished as broken:
            acked, results = work(alone, True, _blamed(op, broken, policy))
        if acked < op.seq:
            last = results
            break
        done.append(op)
    acked, results = work(replace(envelope, ops=tuple(done)), True)
    return acked, results + last


def _blamed(op: Operation | Unreadable, broken: Unpublished, policy: Policy) -> Refused:
    error = broken.__cause__
    if not isinstance(op, Operation) or not isinstance(error, Exception):
        raise broken
    refusal = policy.refusal_of(error)
    if refusal is None:
        policy.report_crash(op, error)
    return refusal or Refused("parked")


def replay(
    statuses: tuple[str, ...],
    now: datetime,
    registry: Registry,
    transactions: Transactions,
    policy: Policy,
    unit_of: Callable[[Unit], Iterable[Stuck]],
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


def _idle(now: datetime, registry: Registry, policy: Policy, unit: Unit) -> Batch:
    """A batch without a request: for running stuck operations again."""
    return Batch(Envelope("", None, None, None, None, None, None, ()), _NOBODY, now, registry, policy, unit, True)
