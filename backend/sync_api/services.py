"""What slices and routes ask of sync beside push and pull: scope, conflicts, stuck operations.

Never commits, never reads the clock.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

import orjson
import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.db import db
from backend.core.ids import new_id
from backend.core.problems import Busy, NotAllowedNow, NotFound
from backend.core.sync import Operation, Outcome, PushContext, Refused, SyncRegistry, home_bucket, registry_of, same
from backend.sync_api import office
from backend.sync_api.feed import buckets_of
from backend.sync_api.journal import journal_of
from backend.sync_api.models import SyncConflict, SyncDevice, SyncFeed, SyncHistory, SyncRecord, SyncStuck
from backend.sync_api.policy import ProblemRefused, SqlPolicy, sync_actor
from backend.sync_api.unit import SqlTransactions
from sync.server.model import Envelope
from sync.server.problems import RequestRefused
from sync.server.push import push, release, replay
from sync.server.reading import read_operation
from sync.server.stuck import HOLDING

CHOICES = ("mine", "theirs", "edit")
REPLAYED = ("parked", "unsupported_version")


class NotYours(NotAllowedNow):
    slug = "not-yours"
    title: ClassVar[dict[str, str]] = {"zh": "这不是您的。", "en": "This is not yours."}


class SyncServices:
    """`app.extensions["sync"]`: what core/sync.py hands on to."""

    def __init__(self, registry: SyncRegistry) -> None:
        self.registry = registry

    def rescope(
        self, session: Session, bucket: str, wanted: set[tuple[str, str]], kinds: Iterable[str] | None
    ) -> None:
        """Remember the wanted content of a bucket; it is made so before the commit."""
        names = frozenset(kinds) if kinds is not None else self._leading_kinds()
        journal_of(session, self.registry).rescopes[bucket] = (wanted, names)

    def _leading_kinds(self) -> frozenset[str]:
        own = {"stuck_operation", "conflict", "file"}
        return frozenset(name for name in self.registry.records if name not in own)

    def touch(self, session: Session, rows: Iterable[Any]) -> None:
        journal = journal_of(session, self.registry)
        for row in rows:
            journal.note(row)


# -- conflicts -----------------------------------------------------------------------------------------------------


def settle_conflict(
    session: Session, conflict: SyncConflict, choice: str, value: Any, seen: Any, actor: Any, now: datetime
) -> bool:
    """Settle a conflict; False if the live value is not the one that was seen: it stays open.

    choice  mine · theirs · edit (with value). For the author of the kept value that one is mine, for others the live one
    seen    the live value that the person saw when she chose
    """
    if conflict.state != "open":
        return True  # somebody was quicker; both see how it was settled
    live, kept = orjson.loads(conflict.server_value), orjson.loads(conflict.phone_value)
    if not same(live, seen):
        return False
    is_hers = actor.id == conflict.phone_author_id
    wanted = value if choice == "edit" else kept if (choice == "mine") == is_hers else live
    journal = journal_of(session, registry_of())
    record = journal.registry.records[conflict.record_kind]
    row = session.get(record.model, conflict.record_id)
    if row is None:
        raise NotFound()
    conflict.state, conflict.settled_by_id, conflict.settled_at = "settled", actor.id, now
    conflict.choice = "edit" if choice == "edit" else "theirs" if same(wanted, live) else "mine"
    if not same(wanted, live):
        rule = journal.registry.kinds[conflict.record_kind].fields.get(conflict.field)
        if rule is not None and actor.side not in rule.writers:
            raise Refused("not-owner", conflict.field)
        record.apply(row, {conflict.field: wanted})
        journal.note(row)
    return True


def handle_settle(session: Session, op: Operation, context: PushContext) -> Outcome | None:
    """conflict.settle {choice, value?}, base {server_value} (M-68)."""
    choice, value = op.args.get("choice"), op.args.get("value")
    is_sound = choice in CHOICES and set(op.args) <= {"choice", "value"}
    if not is_sound or (choice == "edit" and "value" not in op.args) or (choice != "edit" and value is not None):
        words = {"zh": "请选 mine、theirs，或 edit 加 value。", "en": "Choose mine, theirs, or edit with a value."}
        raise Refused("invalid", "args.choice", words)
    conflict = session.get(SyncConflict, op.record_id)
    if conflict.state == "open" and "server_value" not in op.base:
        rev = journal_of(session, registry_of()).entry(op.key).rev
        if op.base_rev is not None and op.base_rev != rev:
            return Outcome(conflict_id=conflict.id)
    seen = op.base.get("server_value", orjson.loads(conflict.server_value))
    settled = settle_conflict(session, conflict, choice, value, seen, context.actor, context.now)
    return None if settled else Outcome(conflict_id=conflict.id)


# -- stuck operations ----------------------------------------------------------------------------------------------


def handle_hand_over(session: Session, op: Operation, context: PushContext) -> None:
    """stuck_operation.hand_over {}: the author gives it to the office."""
    row = session.get(SyncStuck, op.record_id)
    if row.author_id != context.actor.id and context.actor.side != "office":
        raise ProblemRefused(NotYours())
    if row.state == "open":
        row.state = "handed_over"


def stuck_for(session: Session, stuck_id: str, account: Any) -> SyncStuck:
    """A stuck operation that somebody of the office may act on. Raises NotFound."""
    row = session.get(SyncStuck, stuck_id)
    if row is None or not office.sees_stuck(session, account, row):
        raise NotFound()
    return row


def mend_for_office(
    stuck_id: str, account: Any, args: Mapping[str, Any] | None, base: Mapping[str, Any] | None, now: datetime
) -> dict[str, Any]:
    """The office does what a stuck operation wanted, as it was or with other values; returns the result.

    A new operation of the desk's own device, on the road of every push: it names the one it mends, and what waited is run.

    args  its arguments instead of the stuck one's
    base  for an edit: the values seen; by default those that are live now, which the office hereby overrules
    """
    desk = desk_device_id(account.user_id)
    stuck_for(db.session, stuck_id, account)
    for _ in range(3):
        seq = db.session.execute(sa.select(SyncDevice.acked_seq).where(SyncDevice.device_id == desk)).scalar() or 0
        operation = read_operation(_mending(stuck_id, seq + 1, args, base, now))
        db.session.rollback()
        envelope = Envelope(desk, None, None, "desk", None, None, None, (operation,))
        try:
            answer = push(envelope, sync_actor(account), now, registry_of(), SqlTransactions(), SqlPolicy())
        except RequestRefused:  # the same person at two desks: take the next number
            continue
        return dict(orjson.loads(answer.results[0]))
    raise Busy()


def _mending(
    stuck_id: str, seq: int, args: Mapping[str, Any] | None, base: Mapping[str, Any] | None, now: datetime
) -> dict[str, Any]:
    """The operation that does a stuck one's work anew."""
    stuck = db.session.get(SyncStuck, stuck_id)
    payload = orjson.loads(stuck.payload) if stuck and stuck.payload else {}
    if stuck is None or "args" not in payload or not stuck.record_id:
        raise NotFound()
    wanted = dict(payload["args"] if args is None else args)
    out = {name: payload[name] for name in ("type", "v", "record", "files") if payload.get(name) is not None}
    out |= {"op_id": new_id(), "seq": seq, "args": wanted, "occurred_at": clock.iso(now), "mends": stuck.op_id}
    if payload.get("base"):
        row = db.session.get(SyncRecord, (stuck.record_kind, stuck.record_id))
        live = orjson.loads(row.row) if row else {}
        out["base"] = dict(base) if base is not None else {name: live.get(name) for name in wanted}
    return out


def desk_device_id(user_id: str) -> str:
    """What a person writes at the desk on the road of operations is numbered under this device of hers."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"desk:{user_id}"))


def drop_for_office(session: Session, stuck_id: str, account: Any, now: datetime) -> SyncStuck:
    """The office decides that a stuck operation is not to be done: it stays readable, what waited for it is run."""
    row = stuck_for(session, stuck_id, account)
    if row.state in HOLDING:
        row.state = "dropped_by_void"
        release(stuck_id, now, registry_of(), SqlTransactions(session), SqlPolicy())
    return row


def history_of(session: Session, kind: str, record_id: str, account: Any) -> list[dict[str, Any]]:
    """Every superseded value of a record, the newest first. Raises NotFound for whoever may not see the record."""
    held = is_visible(session, kind, record_id, buckets_of(account))
    if not (held if account.role == "engineer" else office.sees(session, account, kind, record_id)):
        raise NotFound()
    query = sa.select(SyncHistory).where(SyncHistory.record_id == record_id, SyncHistory.kind == kind)
    return [
        {
            "field": row.field,
            "old_value": orjson.loads(row.old_value),
            "rev": row.rev,
            "author_id": row.author_id,
            "op_id": row.op_id,
            "at": clock.iso(row.at),
        }
        for row in session.scalars(query.order_by(SyncHistory.rev.desc(), SyncHistory.field))
    ]


def open_conflicts(session: Session, account: Any) -> list[SyncConflict]:
    """Open conflicts, the oldest first: for the office its branches', for an engineer those that reached her."""
    query = sa.select(SyncConflict).where(SyncConflict.state == "open")
    if account.role == "engineer":
        query = query.join(
            SyncFeed, sa.and_(SyncFeed.record_id == SyncConflict.id, SyncFeed.kind == "conflict")
        ).where(SyncFeed.bucket == home_bucket(account.user_id), SyncFeed.why.is_(None))
    rows = session.scalars(query.order_by(SyncConflict.phone_at, SyncConflict.id)).all()
    if account.role != "engineer":
        rows = [row for row in rows if office.sees(session, account, row.record_kind, row.record_id)]
    return list(rows)


def stuck_operations(session: Session, account: Any = None) -> list[SyncStuck]:
    """Stuck operations that still wait for somebody, the oldest first; an engineer's own."""
    query = sa.select(SyncStuck).where(SyncStuck.state.in_(("open", "handed_over")))
    if account is not None and account.role == "engineer":
        query = query.where(SyncStuck.author_id == account.user_id)
    rows = session.scalars(query.order_by(SyncStuck.received_at, SyncStuck.id)).all()
    if account is not None and account.role != "engineer":
        rows = [row for row in rows if office.sees_stuck(session, account, row)]
    return list(rows)


def is_visible(session: Session, kind: str, record_id: str, buckets: Iterable[str]) -> bool:
    """Does one of these buckets hold the record now?"""
    query = sa.select(SyncFeed.kind).where(
        SyncFeed.record_id == record_id,
        SyncFeed.kind == kind,
        SyncFeed.bucket.in_(list(buckets)),
        SyncFeed.why.is_(None),
    )
    return session.scalar(query.limit(1)) is not None


def replayed(session: Session) -> list[str]:
    """Parked and unsupported operations, in the order in which they are run again (after an update)."""
    rows = [row for row in stuck_operations(session) if row.status in REPLAYED]
    return [row.id for row in sorted(rows, key=lambda row: (row.device_id, row.seq))]


def replay_stuck(now: datetime, session: Session | None = None, only: list[str] | None = None) -> int:
    """Run them again. Returns how many were tried.

    session  an open write transaction to do it in; without one it opens its own
    """

    def waiting(unit: Any) -> list[Any]:
        return [unit.stuck(op_id) for op_id in (replayed(unit.session) if only is None else only)]

    return replay(REPLAYED, now, registry_of(), SqlTransactions(session), SqlPolicy(), waiting)


def replay_next(session: Session, now: datetime) -> bool:
    """The worker's turn: one a transaction, so that one that still breaks keeps no other; True while there are more."""
    waiting: list[str] = current_app.extensions.setdefault("stuck_waiting", [])
    if not waiting:
        waiting += replayed(session)
    if waiting:
        replay_stuck(now, session, [waiting.pop(0)])
    return bool(waiting)
