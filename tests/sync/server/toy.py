"""The ports of sync/server with dictionaries, and the toy kinds of sync/vectors/protocol.json.

A transaction works on a copy of the state; committing puts it in place of the old one.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sync.server import Actor, FieldRule, Kind, OperationType, Refused, Registry
from sync.server.canonical import canonical
from sync.server.clocks import instant_text
from sync.server.model import Device, Head, OpenConflict, Record, Stored
from sync.server.pull import Change, FeedHead

VECTORS = Path(__file__).resolve().parents[3] / "sync" / "vectors"


class Passing(Exception):
    """A lock, say."""


def vectors(name: str) -> dict[str, Any]:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def rules(kind: dict[str, Any]) -> dict[str, FieldRule]:
    return {
        name: FieldRule(frozenset(rule["writers"]), rule.get("on_insert", False), rule.get("merge", "value"))
        for name, rule in kind.items()
    }


@dataclass
class State:
    """Everything that a commit keeps."""

    records: dict[tuple[str, str], Record] = field(default_factory=dict)
    writes: list[tuple[tuple[str, str], int, str, str, str]] = field(
        default_factory=list
    )  # key, rev, field, author, device
    feed: dict[tuple[str, str, str], tuple[int, str | None]] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    ledger: dict[tuple[str, int], Any] = field(default_factory=dict)
    stuck: dict[str, Any] = field(default_factory=dict)
    events: list[tuple[str, str]] = field(default_factory=list)
    head: int = 0
    epoch: str = "epoch-1"

    def copy(self) -> State:
        """Another state with the same values; none of them is changed in place."""
        parts = {name: part.copy() for name, part in self.__dict__.items() if isinstance(part, (dict, list))}
        return replace(self, **parts)


class ToyUnit:
    """One transaction on a state. Handlers get it as their session."""

    def __init__(self, state: State, now: Any, new_id: Any) -> None:
        self.state, self.now, self.new_id = state, now, new_id
        self.touched: dict[tuple[str, str], dict[str, Any]] = {}
        self.doer = ("", "", None)
        self.moved: list[tuple[str, str]] = []

    @property
    def session(self) -> ToyUnit:
        return self

    def write(self, key: tuple[str, str], row: dict[str, Any]) -> None:
        self.touched[key] = row

    def device(self, device_id: str, user_id: str, now: Any) -> Device:
        from sync.server.canonical import first_link

        return self.state.devices.setdefault(device_id, Device(device_id, user_id, 0, first_link(device_id)))

    def stored(self, device_id: str, first: int, last: int) -> dict[int, Stored]:
        return {seq: self._stored(self.state.ledger[device_id, seq]) for seq in range(first, last + 1)}

    def _stored(self, row: Any) -> Stored:
        return Stored(row.device_id, row.seq, row.op_id, row.author_id, row.content_hash, row.result, row.link)

    def known(self, op_ids: Any) -> dict[str, Stored]:
        wanted = set(op_ids)
        return {row.op_id: self._stored(row) for row in self.state.ledger.values() if row.op_id in wanted}

    def prepare(self, keys: Any) -> None:
        pass

    def record(self, key: tuple[str, str]) -> Record | None:
        return self.state.records.get(key)

    def rev(self, key: tuple[str, str]) -> int | None:
        record = self.record(key)
        return record.rev if record else None

    def others_wrote(self, key: tuple[str, str], base_rev: int, device_id: str) -> bool:
        return any(k == key and rev > base_rev and by != device_id for k, rev, _, _, by in self.state.writes)

    @contextmanager
    def step(self) -> Iterator[None]:
        kept, touched = self.state.copy(), dict(self.touched)
        try:
            yield
        except BaseException:
            self.state.__dict__.update(kept.__dict__)
            self.touched = touched
            raise

    def together(self) -> Any:
        return nullcontext()

    def begin(self, actor: Actor, device_id: str, op_id: str | None, now: Any) -> None:
        self.doer = (actor.id, device_id, op_id)

    def settle(self) -> None:
        for key, row in self.touched.items():
            before = self.state.records.get(key)
            row = json.loads(canonical(row))
            if before and canonical(before.row) == canonical(row):
                continue
            rev = before.rev + 1 if before else 1
            self.state.records[key] = Record(rev, row)
            for name in row:
                if before and canonical(before.row.get(name)) != canonical(row[name]):
                    self.state.writes.append((key, rev, name, self.doer[0], self.doer[1]))
            self.moved.append(key)
        self.touched = {}

    def open_conflict(self, key: tuple[str, str], field: str, author_id: str) -> OpenConflict | None:
        for (kind, record_id), record in self.state.records.items():
            row = record.row
            is_open = kind == "conflict" and row["state"] == "open" and row["phone_author_id"] == author_id
            if is_open and (row["record_kind"], row["record_id"], row["field"]) == (*key, field):
                return OpenConflict(record_id, row["phone_value"])
        return None

    def keep_conflict(self, key: Any, collision: Any, operation: Any, context: Any) -> str:
        who = [author for k, _, name, author, _ in self.state.writes if (k, name) == (key, collision.field)]
        conflict_id = self.new_id()
        self.write(("conflict", conflict_id), {
            "record_kind": key[0], "record_id": key[1], "field": collision.field, "base_value": collision.base_value,
            "server_value": collision.server_value, "server_author_id": who[-1] if who else None,
            "server_at": instant_text(context.now), "phone_value": collision.phone_value,
            "phone_author_id": context.actor.id, "phone_at": instant_text(context.time.at), "op_id": operation.op_id,
            "state": "open", "choice": None, "settled_by_id": None, "settled_at": None,
        })  # fmt: skip
        return conflict_id

    def extend_conflict(self, conflict_id: str, value: Any, operation: Any, context: Any) -> None:
        row = dict(self.state.records["conflict", conflict_id].row)
        row |= {"phone_value": value, "op_id": operation.op_id, "phone_at": instant_text(context.time.at)}
        self.write(("conflict", conflict_id), row)

    def open_stuck(self, device_id: str) -> list[Any]:
        rows = [
            s for s in self.state.stuck.values() if s.device_id == device_id and s.state in ("open", "handed_over")
        ]
        return sorted(rows, key=lambda s: s.seq)

    def stuck(self, op_id: str) -> Any:
        return next((s for s in self.state.stuck.values() if s.op_id == op_id), None)

    def waiting_for(self, root: str) -> list[Any]:
        rows = [s for s in self.state.stuck.values() if s.root == root != s.stuck_id and s.state == "open"]
        return sorted(rows, key=lambda s: (s.device_id, s.seq))

    def keep_stuck(self, stuck: Any) -> None:
        self.state.stuck[stuck.stuck_id] = stuck
        names = (
            "op_id",
            "device_id",
            "seq",
            "author_id",
            "type",
            "status",
            "problem",
            "payload",
            "state",
            "mended_by",
        )
        row = {name: getattr(stuck, name) for name in names}
        self.write(("stuck_operation", stuck.stuck_id), row)
        self.settle()

    def name_files(self, operation: Any) -> None:
        for name in operation.files:
            sha256 = name.removeprefix("sha256:")
            self.touched.setdefault(("file", sha256), {"sha256": sha256, "state": "pending"})

    def append(self, rows: Any) -> None:
        for row in rows:
            assert (row.device_id, row.seq) not in self.state.ledger
            assert row.op_id is None or row.op_id not in {other.op_id for other in self.state.ledger.values()}
            self.state.ledger[row.device_id, row.seq] = row

    def restate(self, device_id: str, seq: int, status: str, result: str) -> None:
        row = self.state.ledger[device_id, seq]
        self.state.ledger[device_id, seq] = replace(row, status=status, result=result)

    def acknowledge(self, envelope: Any, seq: int, link: str, now: Any) -> None:
        device = self.state.devices[envelope.device_id]
        self.state.devices[envelope.device_id] = replace(device, acked_seq=seq, link=link)

    def note_security(self, what: str, device_id: str, actor: Any, op_id: Any, now: Any) -> None:
        self.state.events.append((what, device_id))

    def publish(self) -> None:
        """Move the feed rows of what changed: stuck ones to their author's bucket, all else to the shared one."""
        self.settle()
        for kind, record_id in dict.fromkeys(self.moved):
            bucket = "shared"
            if kind == "stuck_operation":
                bucket = f"home:{self.state.records[kind, record_id].row['author_id']}"
            self.state.head += 1
            self.state.feed[bucket, kind, record_id] = (self.state.head, None)


class Toy:
    """A server with people Pia and Dora, transactions, policy and feed."""

    def __init__(self) -> None:
        self.state = State()
        self.numbers = itertools.count(1)
        self.crashes: list[str] = []
        self.fail_commit: Exception | None = None
        self.registry = Registry()
        self.people = {name: Actor(name, who["side"]) for name, who in vectors("protocol")["people"].items()}
        self._register()

    def _register(self) -> None:
        world = vectors("protocol")
        for name, kind in world["kinds"].items():
            self.registry.add_kind(Kind(name, rules(kind)))
        defaults = world["defaults"]

        def insert(unit: ToyUnit, op: Any, ctx: Any) -> None:
            unit.write(op.key, {**defaults[op.kind], **op.args})

        def edit(unit: ToyUnit, op: Any, ctx: Any) -> None:
            unit.write(op.key, {**unit.record(op.key).row, **op.changes})

        def close(unit: ToyUnit, op: Any, ctx: Any) -> None:
            row = unit.record(op.key).row
            unit.write(op.key, {**row, "closed": True})
            if row["closed"]:
                raise Refused("closed-already", "record.id", {"zh": "已经关闭。", "en": "Closed already."})

        def broken(unit: ToyUnit, op: Any, ctx: Any) -> None:
            unit.write(op.key, {**unit.record(op.key).row, "title": "half done"})
            raise ZeroDivisionError("a bug of ours")

        handlers = {
            "note.add": insert,
            "tag.add": insert,
            "note.edit": edit,
            "note.close": close,
            "note.break": broken,
        }
        for name, type_ in world["types"].items():
            refs = type_.get("refs", {})
            self.registry.add_type(OperationType(name, type_["kind"], type_["mode"], handlers[name], refs=refs))

    # transactions
    def run(self, work: Any) -> Any:
        kept = self.state
        self.state = kept.copy()
        unit = ToyUnit(self.state, None, self.new_id)
        try:
            out = work(unit)
            unit.publish()
            if self.fail_commit:
                raise self.fail_commit
        except BaseException:
            self.state = kept
            raise
        return out

    def head(self) -> Head:
        return Head(self.state.epoch, self.state.head)

    # policy
    def actor(self, user_id: str) -> Actor | None:
        return self.people.get(user_id)

    def may_act_for(self, actor: Actor, stuck: Any) -> bool:
        return actor.side == "desk"

    def may_touch(self, unit: Any, actor: Actor, key: Any) -> bool:
        return True

    def refusal_of(self, error: Exception) -> None:
        return None

    def is_passing(self, error: Exception) -> bool:
        return isinstance(error, Passing)

    def render(self, problem: Refused) -> dict[str, Any]:
        return problem.as_json()

    def report_crash(self, operation: Any, error: Exception) -> None:
        self.crashes.append(operation.op_id)

    def new_id(self) -> str:
        return f"0198c0de-0000-7000-9000-{next(self.numbers):012d}"

    # feed
    def feed(self) -> ToyFeed:
        return ToyFeed(self)

    def buckets_of(self, actor: Actor) -> list[str]:
        return ["shared", f"home:{actor.id}"]


class ToyFeed:
    """Reading a toy's feed."""

    def __init__(self, toy: Toy) -> None:
        self.toy = toy

    def head(self) -> FeedHead:
        return FeedHead(self.toy.state.epoch, self.toy.state.head, 0)

    def changes(self, bucket: str, after: int, floor: int, limit: int) -> list[Change]:
        rows = [
            self._change(seq, kind, record_id, why)
            for (b, kind, record_id), (seq, why) in self.toy.state.feed.items()
            if b == bucket and seq > after and (why is None or seq > floor)
        ]
        return sorted(rows)[:limit]

    def _change(self, seq: int, kind: str, record_id: str, why: str | None) -> Change:
        record = self.toy.state.records[kind, record_id]
        return Change(seq, kind, record_id, why, record.rev, canonical(record.row))

    def held(self, bucket: str) -> list[tuple[str, str, int]]:
        rows = self.toy.state.feed.items()
        return [
            (k, i, self.toy.state.records[k, i].rev) for (b, k, i), (_, why) in rows if b == bucket and why is None
        ]

    def rows(self, bucket: str, keys: Any) -> list[Change]:
        return [self._change(0, kind, record_id, None) for kind, record_id in keys]

    def acked(self, device_id: str) -> int:
        device = self.toy.state.devices.get(device_id)
        return device.acked_seq if device else 0

    def new_epoch(self) -> str:
        self.toy.state.epoch += "+"
        return self.toy.state.epoch
