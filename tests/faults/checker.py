"""What must hold after anything: the safe state S of the sync tests, with its faults kept apart by name.

Every random and every crash test ends here, in both languages: a phone says what it made, what it was told, and what it
holds; the server's own tables say the rest. *Not yet visible* is a fault at rest only.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.sync import SyncRegistry, canonical
from backend.sync_api.models import (
    SyncConflict,
    SyncFeed,
    SyncFile,
    SyncFileRef,
    SyncHistory,
    SyncOperation,
    SyncRecord,
    SyncStuck,
)
from backend.sync_api.verify import verify

DONE, FINAL = ("applied", "merged", "conflict"), ("applied", "merged", "conflict", "rejected", "void")


@dataclass(frozen=True)
class Seen:
    """What one phone knows.

    made    op_id -> content hash, of all that was said to be saved
    acked   op_id -> status of its receipt
    unsent  op_ids that wait
    rows    "kind/id" -> (rev, row) as pulled; None: this phone does not look
    """

    user_id: str
    made: Mapping[str, str] = field(default_factory=dict)
    acked: Mapping[str, str] = field(default_factory=dict)
    unsent: Iterable[str] = ()
    rows: Mapping[str, Any] | None = None


class Verdict(dict[str, list[str]]):
    """Fault -> where. Kinds: lost doubled invented changed unreachable leaked not_yet_visible broken."""

    def add(self, fault: str, where: object) -> None:
        self.setdefault(fault, []).append(str(where))


def judge(session: Session, registry: SyncRegistry, phones: list[Seen], *, strangers: bool = False) -> Verdict:
    """Everything that is wrong. strangers: other phones wrote too, so what nobody here made is not invented."""
    out = Verdict()
    session.rollback()
    session.expire_all()
    ledger = list(session.execute(sa.select(SyncOperation.__table__)))
    _operations(out, ledger, phones, strangers)
    _effects(out, session, ledger)
    _overwrites(out, session, registry, ledger)
    for phone in phones:
        if phone.rows is not None:
            _rows(out, phone, scope_of(session, registry, phone.user_id))
    for line in verify(session):
        out.add("broken", line)
    _sound(out, session)
    return out


def _operations(out: Verdict, ledger: list[Any], phones: list[Seen], strangers: bool) -> None:
    """Conservation: what was made is in an outbox or once in the ledger, unchanged; what was acked is in the ledger."""
    kept = {row.op_id: row for row in ledger if row.op_id}
    for op_id, count in Counter(row.op_id for row in ledger if row.op_id).items():
        if count > 1:
            out.add("doubled", op_id)
    made = {op_id: content for phone in phones for op_id, content in phone.made.items()}
    for phone in phones:
        for op_id in phone.acked:
            if op_id not in kept:
                out.add("lost", f"{op_id} was acked")
            elif phone.acked[op_id] in FINAL and kept[op_id].status != phone.acked[op_id]:
                out.add("changed", f"{op_id}: told {phone.acked[op_id]}, kept {kept[op_id].status}")
        for op_id in set(phone.made) - set(kept) - set(phone.acked):
            if op_id not in set(phone.unsent):
                out.add("lost", f"{op_id} is neither kept nor waiting")
    for op_id, row in kept.items():
        if op_id in made and row.content_hash != made[op_id]:
            out.add("changed", op_id)
        if op_id not in made and not strangers and json.loads(row.payload or "{}").get("mends") is None:
            out.add("invented", op_id)
    seqs: dict[str, list[int]] = {}
    for row in ledger:
        seqs.setdefault(row.device_id, []).append(row.seq)
    for device_id, numbers in seqs.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            out.add("lost", f"numbers of {device_id}: {sorted(numbers)}")


def _effects(out: Verdict, session: Session, ledger: list[Any]) -> None:
    """An operation wrote once, and nothing that it brought is out of reach: live, in history, in a conflict, stuck."""
    wrote = sa.select(SyncHistory.op_id, SyncHistory.kind, SyncHistory.record_id, SyncHistory.field)
    for place, count in Counter(map(tuple, session.execute(wrote.where(SyncHistory.op_id.is_not(None))))).items():
        if count > 1:
            out.add("doubled", f"{place[0]} wrote {place[3]} of {place[1]} {count} times")
    undone = {row.op_id: row.status for row in ledger if row.status not in DONE}
    for op_id, kind, _, name in session.execute(wrote.where(SyncHistory.op_id.in_(undone))):
        if kind not in ("stuck_operation", "conflict", "file"):
            out.add("invented", f"{op_id} is {undone[op_id]} and wrote {name} of {kind}")
    conflicts = {row.id: row for row in session.scalars(sa.select(SyncConflict))}
    stuck = {row.id: row for row in session.scalars(sa.select(SyncStuck))}
    rows = {
        (kind, i): json.loads(text)
        for kind, i, text in session.execute(sa.select(SyncRecord.kind, SyncRecord.record_id, SyncRecord.row))
    }
    old = sa.select(SyncHistory.kind, SyncHistory.record_id, SyncHistory.field, SyncHistory.old_value)
    past = set(map(tuple, session.execute(old)))
    named = set(session.scalars(sa.select(SyncFileRef.sha256)))
    for row in ledger:
        result, payload = json.loads(row.result), json.loads(row.payload or "{}")
        if row.alias_of:
            continue
        if row.status not in DONE:
            if result.get("stuck_id") not in stuck:
                out.add("unreachable", f"{row.op_id} is {row.status} and no stuck operation")
            continue
        if row.op_id in stuck and stuck[row.op_id].state in ("open", "handed_over"):
            out.add("doubled", f"{row.op_id} is {row.status} and stuck")
        for sha256 in payload.get("files") or ():
            if sha256.removeprefix("sha256:") not in named:
                out.add("unreachable", f"file {sha256} of {row.op_id}")
        if any(i not in conflicts for i in result.get("conflict_ids", ())):
            out.add("unreachable", f"a conflict of {row.op_id}")
        if not (row.type or "").endswith(".edit") or row.status == "merged":
            continue
        key = (row.record_kind, row.record_id)
        beside = [conflicts[i] for i in result.get("conflict_ids", ()) if i in conflicts]
        for name, value in payload["args"].items():
            text = canonical(value)
            is_there = canonical(rows.get(key, {}).get(name)) == text or (*key, name, text) in past
            is_kept = any(c.phone_value == text or ("conflict", c.id, "phone_value", text) in past for c in beside)
            if not is_there and not is_kept:
                out.add("unreachable", f"{name} of {row.op_id}: {text}")


def _overwrites(out: Verdict, session: Session, registry: SyncRegistry, ledger: list[Any]) -> None:
    """No edit wrote over a value that its author had not seen; long texts may be joined."""
    edits = {
        row.op_id: json.loads(row.payload) for row in ledger if row.payload and (row.type or "").endswith(".edit")
    }
    wrote = sa.select(SyncHistory.op_id, SyncHistory.kind, SyncHistory.field, SyncHistory.old_value)
    for op_id, kind, name, old in session.execute(wrote.where(SyncHistory.op_id.in_(edits))):
        base = edits[op_id].get("base") or {}
        rule = registry.kinds[kind].fields.get(name) if kind in registry.kinds else None
        is_hers = kind == edits[op_id]["record"]["kind"] and name in base and rule is not None
        if is_hers and rule.merge == "value" and canonical(base[name]) != old:
            out.add("changed", f"{op_id} wrote over {name}: {old}, seen was {canonical(base[name])}")


def scope_of(session: Session, registry: SyncRegistry, user_id: str) -> dict[str, tuple[int, Any]]:
    """What her phones must hold, asked of the records themselves; the feed only where a kind leaves it to the feed."""
    hers = {"reference", f"engineer:{user_id}"}
    feed = sa.select(SyncFeed.kind, SyncFeed.record_id).where(SyncFeed.bucket.in_(hers), SyncFeed.why.is_(None))
    fed = {tuple(row) for row in session.execute(feed)}
    found: dict[tuple[str, str], bool] = {}

    def holds(key: tuple[str, str]) -> bool:
        if key not in found:
            found[key] = False
            kind = registry.records[key[0]]
            row = session.get(kind.model, key[1])
            said = None if row is None else kind.buckets(row, session)
            mine = key in fed if said is None and row is not None else bool(hers & set(said or ()))
            leaders = kind.follows(row, session) if kind.follows and row is not None else ()
            found[key] = mine or any(holds(tuple(leader)) for leader in leaders)
        return found[key]

    query = sa.select(SyncRecord.kind, SyncRecord.record_id, SyncRecord.rev, SyncRecord.row).where(
        SyncRecord.is_gone.is_(False), SyncRecord.kind.in_(registry.records)
    )
    return {
        f"{kind}/{i}": (rev, json.loads(text)) for kind, i, rev, text in session.execute(query) if holds((kind, i))
    }


def _rows(out: Verdict, phone: Seen, scope: Mapping[str, Any]) -> None:
    for key in set(phone.rows or ()) - set(scope):
        out.add("leaked", f"{phone.user_id} holds {key}")
    for key, (rev, row) in scope.items():
        held = (phone.rows or {}).get(key)
        if held is None or held[0] < rev:
            out.add("not_yet_visible", f"{key} rev {rev} for {phone.user_id}")
        elif held[0] > rev or canonical(held[1]) != canonical(row):
            out.add("changed", f"{key}: {phone.user_id} holds rev {held[0]}, the server has {rev}")


def _sound(out: Verdict, session: Session) -> None:
    """The database's own checks, and every file named by a record is known."""
    if session.get_bind().dialect.name == "sqlite":
        for line in session.execute(sa.text("PRAGMA integrity_check")).scalars():
            if line != "ok":
                out.add("broken", line)
        for line in session.execute(sa.text("PRAGMA foreign_key_check")):
            out.add("broken", line)
    known = sa.select(SyncFileRef.sha256).where(SyncFileRef.sha256.not_in(sa.select(SyncFile.sha256)))
    for sha256 in session.scalars(known):
        out.add("unreachable", f"file {sha256}")
    session.rollback()
