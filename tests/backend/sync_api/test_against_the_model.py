"""Whatever two phones send, the tables answer and hold what the dictionaries of tests/sync/server/toy.py do (Hypothesis).

The dictionaries are the model of the server half; what they say is what the SQL must say, on both databases. SEED and RUNS
choose the histories; a history that fails is printed step by step, as short as it can be made.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from backend.core.ids import new_id
from backend.sync_api.models import SyncFeed, SyncOperation, SyncRecord
from sync.server.push import push
from sync.server.reading import read_push
from tests.conftest import NOW
from tests.faults.backups import Backup
from tests.faults.seeds import seeds, told
from tests.sync.server.toy import Toy

HISTORIES = seeds(20)  # one seed makes them all
WHO = ("pia", "dora")
who = st.sampled_from(WHO)
at = st.integers(0, 50)  # which of those there are
field = st.sampled_from(["title", "body", "due", "count", "number"])
value = st.sampled_from(["A", "B", "甲。乙。", "甲。丙。", 1, None])
KEPT = ("seq", "op_id", "status", "rev", "blocked_by", "replayed")


def plain(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Results without the ids that each server makes for itself."""
    return [{name: result.get(name) for name in KEPT} for result in results]


class Both(RuleBasedStateMachine):
    """One history, done twice. What is made waits on its phone until it is sent, one by one or together."""

    def __init__(self, phones: dict[str, Any], session: Any) -> None:
        super().__init__()
        self.toy, self.session = Toy(), session
        self.phones = phones
        self.made: dict[str, list[dict[str, Any]]] = {name: [] for name in WHO}
        self.sent: list[tuple[str, list[dict[str, Any]]]] = []
        self.notes: list[str] = []

    def both_answer(self, name: str, ops: list[dict[str, Any]]) -> None:
        phone, toy = self.phones[name], self.toy
        body = json.dumps({"device_id": phone.device_id, "ops": ops}).encode()
        answer = push(read_push(body), toy.people[name], NOW, toy.registry, toy, toy)
        assert plain(phone.results(*ops)) == plain(json.loads(answer.text(NOW))["results"])

    @rule(name=who, title=value)
    def add(self, name: str, title: Any) -> None:
        self.made[name].append(op := self.phones[name].note(title=title))
        self.notes.append(op["record"]["id"])

    @precondition(lambda self: self.notes)
    @rule(name=who, n=at, changed=field, new=value, seen=value, base_rev=st.integers(1, 3))
    def edit(self, name: str, n: int, changed: str, new: Any, seen: Any, base_rev: int) -> None:
        note = self.notes[n % len(self.notes)]
        self.made[name].append(self.phones[name].edit(note, {changed: new}, {changed: seen}, base_rev=base_rev))

    @precondition(lambda self: self.notes)
    @rule(name=who, n=at, changed=field, new=value)
    def edit_what_is_there(self, name: str, n: int, changed: str, new: Any) -> None:
        note = self.notes[n % len(self.notes)]
        record = self.toy.state.records.get(("note", note))
        if record:
            seen = {changed: record.row[changed]}
            self.made[name].append(self.phones[name].edit(note, {changed: new}, seen, base_rev=record.rev))

    @precondition(lambda self: self.notes)
    @rule(name=who, n=at, type_=st.sampled_from(["note.close", "note.break", "note.unheard_of"]))
    def act(self, name: str, n: int, type_: str) -> None:
        self.made[name].append(self.phones[name].op(type_, self.notes[n % len(self.notes)], {}))

    @rule(name=who)
    def lose_one(self, name: str) -> None:
        phone = self.phones[name]
        phone.seq += 1
        self.made[name].append({"seq": phone.seq, "void": "lost"})

    @rule(name=who, count=st.integers(1, 6))
    def send(self, name: str, count: int) -> None:
        ops, self.made[name] = self.made[name][:count], self.made[name][count:]
        if ops:
            self.both_answer(name, ops)
            self.sent.append((name, ops))

    @precondition(lambda self: self.sent)
    @rule(n=at)
    def send_again(self, n: int) -> None:
        self.both_answer(*self.sent[n % len(self.sent)])

    @precondition(lambda self: self.sent)
    @rule(n=at)
    def reuse_a_name(self, n: int) -> None:
        """Another content under an id that the server has."""
        name, ops = self.sent[n % len(self.sent)]
        if "op_id" in ops[0]:
            self.both_answer(name, [ops[0] | {"record": ops[0]["record"] | {"id": new_id()}}])

    @precondition(lambda self: self.sent)
    @rule(name=who, limit=st.integers(1, 9))
    def pull(self, name: str, limit: int) -> None:
        """Page by page she has what the feed puts into her buckets, at the rev that it has."""
        phone = self.phones[name]
        phone.pull(limit=limit)
        held = {key[1]: rev for key, (rev, _) in phone.rows.items() if key[0] == "note"}
        assert held == {key[1]: record.rev for key, record in self.records().items()}
        query = sa.select(SyncFeed.record_id).where(
            SyncFeed.kind == "stuck_operation", SyncFeed.bucket == f"engineer:{phone.user.id}", SyncFeed.why.is_(None)
        )
        self.session.rollback()
        assert {key[1] for key in phone.rows if key[0] == "stuck_operation"} == set(self.session.scalars(query))

    def records(self) -> dict[tuple[str, str], Any]:
        return {key: record for key, record in self.toy.state.records.items() if key[0] == "note"}

    @invariant()
    def tables_hold_what_dictionaries_hold(self) -> None:
        self.session.rollback()
        rows = self.session.execute(
            sa.select(SyncRecord.record_id, SyncRecord.rev, SyncRecord.row).where(SyncRecord.kind == "note")
        )
        held = {record_id: (rev, json.loads(row)) for record_id, rev, row in rows}
        assert held == {key[1]: (record.rev, record.row) for key, record in self.records().items()}
        ledger = self.session.execute(
            sa.select(SyncOperation.device_id, SyncOperation.seq, SyncOperation.status, SyncOperation.link)
        )
        assert {(device_id, seq): (status, link) for device_id, seq, status, link in ledger} == {
            key: (row.status, row.link) for key, row in self.toy.state.ledger.items()
        }


def test_whatever_two_phones_send_tables_and_dictionaries_agree(
    app: Any, phone: Any, cast: Any, session: Any, tmp_path: Path
) -> None:
    empty = Backup(tmp_path / "empty.zip")

    @seed(HISTORIES[0])
    def history() -> Both:
        empty.put_back(app)
        return Both({"pia": phone(cast.ana), "dora": phone(cast.cleo)}, session)

    with told("model", HISTORIES[0]):
        run_state_machine_as_test(
            history,
            settings=settings(
                max_examples=len(HISTORIES), stateful_step_count=30, deadline=None, database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
