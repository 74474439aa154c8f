"""What must hold of sync in particular: S4 to S13 and C5 of the list in docs/evidence.md, on the database of the run.

In `make test` each database has seeds of its own, so that both together run twice the counts below.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy as sa
from flask import has_app_context

from backend.core import backup, clock, storage
from backend.core.db import db, write_transaction
from backend.core.ids import new_id
from backend.core.sync import registry_of
from backend.sync_api import publish, unit
from backend.sync_api.models import SyncFile, SyncHead, SyncOperation, SyncSecurityEvent, SyncStuck
from backend.sync_api.verify import verify
from tests.backend.sync_api.conftest import Phone as Hand
from tests.backend.sync_api.test_files import KIB, Uploader, sha
from tests.backend.sync_api.toy import Note, ToyBase
from tests.faults.checker import judge
from tests.faults.person import Person
from tests.faults.seeds import seeds, told
from tests.support import empty_tables, signed_in


@pytest.fixture
def hand(toys: None, app: Any) -> Any:
    """`hand(user)`: a phone that sends what the test says."""
    return lambda user: Hand(signed_in(app, user), user)


def at_once(*runs: Any) -> None:
    """Run these at the same time, to their end; what one of them raises is raised."""
    failed: list[BaseException] = []

    def guarded(run: Any) -> None:
        try:
            run()
        except BaseException as error:
            failed.append(error)

    if has_app_context():
        db.session.remove()
    threads = [threading.Thread(target=guarded, args=(run,), daemon=True) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert failed == []


# -- S4: the same operation 50 times at once ------------------------------------------------------------------------


def test_s4_the_same_operation_fifty_times_at_once_is_done_once(app: Any, hand: Any, cast: Any, session: Any) -> None:
    clients = [signed_in(app, cast.ana) for _ in range(50)]
    for seed in seeds(10):
        with told("S4", seed):
            chance, ana, answers = Random(seed), hand(cast.ana), []
            ana.results(op := ana.note())
            note = op["record"]["id"]
            many = [ana.note(), ana.op("note.tally", note, {}), ana.edit(note, {"title": "B"}, {"title": "A"})]
            body = json.dumps(ana.envelope(*many[: chance.randint(1, 3)])).encode()
            head = {"Content-Type": "application/json"}

            def send(client: Any, body: bytes = body, head: Any = head, answers: list[Any] = answers) -> None:
                answers.append(client.post("/api/sync/v1/push", data=body, headers=head))

            at_once(*(lambda c=client: send(c) for client in clients))
            assert {answer.status_code for answer in answers} == {200}
            plain = {json.dumps([r | {"replayed": True} for r in answer.json["results"]]) for answer in answers}
            assert (len(answers), len(plain)) == (50, 1)
            assert sum("replayed" not in answer.json["results"][0] for answer in answers) == 1
            assert session.get(Note, note).count == (1 if b"tally" in body else 0)
            assert judge(session, registry_of(app), [], strangers=True) == {}


def test_s4_phones_that_write_one_record_at_once_all_count(hand: Any, cast: Any, session: Any) -> None:
    """Each reads the tally, adds one, writes it: whoever does not wait for the others loses some."""
    for seed in seeds(5):
        with told("S4", seed):
            chance, phones = Random(seed), [hand(cast.ana) for _ in range(6)]
            phones[0].results(made := phones[0].note())
            note = made["record"]["id"]
            tallies = [[phone.op("note.tally", note, {}) for _ in range(chance.randint(1, 4))] for phone in phones]
            at_once(*(lambda p=p, ops=ops: p.results(*ops) for p, ops in zip(phones, tallies, strict=True)))
            session.rollback()
            assert session.get(Note, note).count == sum(map(len, tallies))


# -- S5: the same id with other content, every type of the product ---------------------------------------------------


def test_s5_the_same_id_with_other_content_is_refused_for_every_type(app: Any, cast: Any, session: Any) -> None:
    ana = Hand(signed_in(app, cast.ana), cast.ana)
    types = [(name, versions[1]) for name, versions in sorted(registry_of(app).types.items())]
    assert len(types) > 20
    for name, type_ in types:
        base = {"base": {}} if type_.mode == "edit" else {}
        first = ana.op(name, new_id(), {}, kind=type_.kind, **base)
        kept = ana.results(first)[0]
        for other in ({"record": {"kind": type_.kind, "id": new_id()}}, {"occurred_at": "2026-11-20T02:00:00.000Z"}):
            ana.seq += 1
            result = ana.results(first | other | {"seq": ana.seq})[0]
            assert (result["status"], result["problem"]["type"]) == ("rejected", "/problems/operation-id-reused"), (
                name
            )
            again = ana.push(first | other).json["results"][0]  # under its old number as well
            assert again["problem"]["type"] == "/problems/operation-id-reused"
        assert ana.push(first).json["results"][0] == kept | {"replayed": True}, "the original is as it was"
    events = session.scalars(sa.select(SyncSecurityEvent.what)).all()
    assert events == ["operation-id-reused"] * 4 * len(types)


# -- S6: one bad among a hundred -------------------------------------------------------------------------------------

NOTE_62 = {"title": "x" * 62, "body": "甲。乙。丙。", "count": 0}
BAD = {
    "not the owner": ("rejected", lambda a, n: a.edit(n, {"due": "x"}, {"due": None})),
    "no such field": ("rejected", lambda a, n: a.op("note.add", new_id(), {"colour": "red"})),
    "no such record": ("rejected", lambda a, n: a.edit(new_id(), {"title": "x"}, {"title": None})),
    "a crash of ours": ("parked", lambda a, n: a.op("note.break", n, {})),
    "unknown type": ("unsupported_version", lambda a, n: a.op("note.shut", n, {})),
    "unreadable": ("rejected", lambda a, n: a.op("note.add", "not an id", {})),
    "too large": ("rejected", lambda a, n: a.op("note.add", new_id(), {"title": "x" * 70_000})),
    "a void": ("void", lambda a, n: {"seq": (a.op("x.y", n, {}))["seq"], "void": "lost"}),
}


def test_s6_one_bad_among_a_hundred_is_set_aside_at_every_position(
    hand: Any, cast: Any, session: Any, database_kind: str
) -> None:
    """Even positions on SQLite, odd ones on PostgreSQL, the kinds in turn; all with all by `make test-long ONLY=S6`."""
    ana, is_long = hand(cast.ana), "RUNS" in os.environ
    ana.results(first := ana.note())
    kinds = list(BAD)
    for place in range(100) if is_long else range(0 if database_kind == "sqlite" else 1, 100, 2):
        for kind in kinds if is_long else [kinds[(place // 2) % len(kinds)]]:
            status, make = BAD[kind]
            ops = [ana.op("note.add", new_id(), NOTE_62) for _ in range(place)]
            ops += [make(ana, first["record"]["id"])]
            ops += [ana.op("note.add", new_id(), NOTE_62) for _ in range(99 - place)]
            found = [result["status"] for result in ana.results(*ops)]
            assert found == ["applied"] * place + [status] + ["applied"] * (99 - place), f"{kind} at {place}"
            if kind == "a void":
                session.rollback()
                assert set(session.scalars(sa.select(SyncStuck.state).where(SyncStuck.status == "void"))) == {
                    "dropped_by_void"
                }
            ana.device_id, ana.seq = new_id(), 0  # what is stuck holds up this phone's later ones on the same note


# -- S7: a server put back --------------------------------------------------------------------------------------------


def test_s7_a_server_put_back_is_noticed_and_everything_is_offered_again(day: Any) -> None:
    seen: set[str] = set()
    for seed in seeds(5):
        with told("S7", seed):
            one = day(seed, weights={"backup": 4, "restore": 4}).run()
            assert one.verdict() == {}
            seen |= one.seen
    assert {"epoch change", "offered again after a restore"} <= seen


# -- S9: clocks -------------------------------------------------------------------------------------------------------


def test_s9_no_clock_decides_anything_and_a_wrong_one_is_flagged(day: Any, session: Any) -> None:
    """The same day with two sets of clocks, ten years apart and jumping: the same records, feed, conflicts, statuses."""
    flagged = 0
    for seed in seeds(25):
        with told("S9", seed):
            found = []
            for name in ("one", "other"):
                one = day(seed, steps=40, clocks=Random(f"{seed} {name}"), weights={"time": 12}).run()
                assert one.verdict() == {}
                found.append(one.dump(times=False))
                rows = session.execute(
                    sa.select(SyncOperation.payload, SyncOperation.clock_off, SyncOperation.quality)
                )
                for payload, clock_off, quality in rows:
                    offset = ((json.loads(payload or "{}").get("clock")) or {}).get("offset_ms")
                    assert bool(clock_off) == (abs(offset or 0) > 600_000)
                    assert offset is not None or quality in ("poor", None)
                    flagged += bool(clock_off)
                session.rollback()
            assert found[0] == found[1]
    assert flagged


# -- S11: late commits ------------------------------------------------------------------------------------------------


def race(app: Any, hand: Any, cast: Any, seed: int) -> set[str]:
    """Two writers that commit when they like, one reader who pulls all the time; the notes she missed."""
    chance = Random(seed)
    writers, reader = [hand(cast.ana), hand(cast.ben)], hand(cast.cleo)
    naps, over, made = [chance.random() / 100 for _ in range(64)], threading.Event(), []
    reader.pull()

    def late(_session: Any) -> None:
        time.sleep(naps[len(made) % 64])

    def write(writer: Any) -> None:
        for _ in range(4):
            ops = [writer.note() for _ in range(chance.randint(1, 3))]
            answer = writer.push(*ops)
            assert answer.status_code == 200, answer.text
            made.extend(op["record"]["id"] for op in ops)

    def read() -> None:
        while not over.is_set():
            reader.pull(limit=chance.randint(1, 4))
        reader.pull()

    def write_all() -> None:
        try:
            at_once(*(lambda w=writer: write(w) for writer in writers))
        finally:
            over.set()

    hooks = app.extensions["before_commit"]
    hooks.append(late)
    try:
        at_once(read, write_all)
    finally:
        hooks.remove(late)
    return set(made) - {note_id for kind, note_id in reader.rows if kind == "note"}


@contextmanager
def numbers_given_early() -> Iterator[None]:
    """An allocator as a sequence is: the number is taken when the writer begins, and the head is the highest there is."""
    own, lock, last = threading.local(), threading.Lock(), [10_000]
    real_head, real_write = publish.take_head, unit.write_transaction
    highest = sa.text(
        str(publish._HEAD).replace("feed_seq", "(SELECT coalesce(max(seq), 0) FROM sync_feed) AS feed_seq", 1)
    )

    @contextmanager
    def write(*at_the_end: Any) -> Iterator[Any]:
        with lock:
            last[0] += 50
            own.number = last[0]
        time.sleep(Random(own.number).random() / 50)
        with real_write(*at_the_end) as session:
            yield session

    def head(session: Any) -> Any:
        row = real_head(session)
        return SimpleNamespace(**dict(row._mapping) | {"feed_seq": getattr(own, "number", row.feed_seq)})

    with (
        patch.object(unit, "write_transaction", write),
        patch.object(publish, "take_head", head),
        patch.object(publish, "_HEAD", highest),
    ):
        yield


def test_s11_no_pull_misses_a_late_commit(app: Any, hand: Any, cast: Any) -> None:
    for seed in seeds(25):
        with told("S11", seed):
            assert race(app, hand, cast, seed) == set()


def test_s11_with_numbers_given_early_pulls_do_miss_rows(app: Any, hand: Any, cast: Any) -> None:
    with numbers_given_early():
        assert any(race(app, hand, cast, seed) for seed in range(50)), "else the race above proves nothing"


# -- S13: files -------------------------------------------------------------------------------------------------------


def test_s13_a_file_is_stored_when_all_its_bytes_are_there_and_not_before(hand: Any, cast: Any, session: Any) -> None:
    phones = [hand(cast.ana), hand(cast.ben)]
    phones[0].results(note := phones[0].note())
    for seed in seeds(25):
        with told("S13", seed):
            a_file(phones, note["record"]["id"], Random(seed), session)
    session.rollback()
    assert list(verify(session)) == []


def a_file(phones: list[Any], note: str, chance: Random, session: Any) -> None:
    """Bytes and operations in any order, twice, half, wrong; then what is missing is sent."""
    data = chance.randbytes(chance.randint(1, 600) * KIB // 2).hex().encode()
    sha256 = sha(data)
    for step in chance.choices(["name", "announce", "half", "rest", "damaged", "elsewhere", "other bytes"], k=12):
        phone = chance.choice(phones)
        up = Uploader(phone.client)
        at = storage.offset_of(sha256)
        chunk = data[at : at + 256 * KIB]
        if step == "name":
            op = phone.op("tag.add", new_id(), {"note_id": note, "name": "x"}, files=[f"sha256:{sha256}"])
            assert phone.results(op)[0]["status"] == "applied"
        elif step == "announce":
            assert up.announce(sha256, len(data), "text/plain").status_code in (200, 201)
        elif step == "half":
            up.chunk(sha256, at, chunk[: max(1, len(chunk) // 2)])
        elif step == "rest":
            up.chunk(sha256, at, chunk)
        elif step == "damaged":
            assert up.chunk(sha256, at, chunk, **{"Upload-Checksum": "sha256 " + "A" * 43 + "="}).status_code in (
                404,
                460,
            )
        elif step == "elsewhere":
            assert up.chunk(sha256, at + 1, chunk[:1]).status_code in (204, 404, 409)
        elif at + len(chunk) < len(data):
            continue
        else:  # the last chunk with other bytes: the whole is dropped
            up.chunk(sha256, at, bytes(len(chunk)))
        assert_sound(session, sha256, data)
    up = Uploader(phones[0].client)
    up.announce(sha256, len(data), "text/plain")
    while (at := up.offset(sha256)) < len(data):
        assert up.chunk(sha256, at, data[at : at + 256 * KIB]).status_code == 204
    assert assert_sound(session, sha256, data) == "stored"
    op = phones[0].op("tag.add", new_id(), {"note_id": note, "name": "last"}, files=[f"sha256:{sha256}"])
    assert phones[0].results(op)[0]["status"] == "applied"
    assert [phone.client.get(f"/api/files/{sha256}").data for phone in phones] == [data, data]


def assert_sound(session: Any, sha256: str, data: bytes) -> str:
    session.rollback()
    row = session.get(SyncFile, sha256)
    state = row.state if row else "unknown"
    session.rollback()
    is_there = storage.is_stored(sha256)
    assert (state == "stored") <= is_there
    assert not is_there or storage.read(sha256) == data
    return str(state)


# -- C5: a backup under load --------------------------------------------------------------------------------------------


def test_c5_a_backup_made_under_load_holds_what_was_acked_before_it(
    app: Any, toys: None, cast: Any, session: Any, tmp_path: Path
) -> None:
    copies = [
        table.to_metadata(db.metadata) for table in ToyBase.metadata.sorted_tables
    ]  # as if they were the product's
    try:
        for seed in seeds(3):
            with told("C5", seed):
                under_load(app, cast, session, tmp_path / f"{seed}.zip", seed)
    finally:
        for table in copies:
            db.metadata.remove(table)


def under_load(app: Any, cast: Any, session: Any, path: Path, seed: int) -> None:
    clients = {user.id: signed_in(app, user) for user in (cast.ana, cast.ben)}

    def send_as(user_id: str) -> Any:
        def send(method: str, url: str, headers: dict[str, str], body: bytes) -> Any:
            answer = clients[user_id].open(url, method=method, headers=headers, data=body)
            return answer.status_code, dict(answer.headers), answer.data

        return send

    phones = [Person(send_as(user.id), user.id, Random(f"{seed} {user.id}")) for user in (cast.ana, cast.ben)]
    over, before = threading.Event(), set()

    def work(phone: Person) -> None:
        while not over.is_set():
            phone.perform("note.add", "note", phone.new_id(), {"title": "load", "body": "甲。" * 50, "count": 0})
            phone.send_all()

    def back_up() -> None:
        try:
            time.sleep(0.1 + Random(seed).random() / 3)
            before.update(op_id for phone in phones for op_id in phone.told)
            with app.app_context(), clock.fixed(clock.now()):
                backup.write(path, clock.now())
        finally:
            over.set()

    at_once(back_up, *(lambda p=phone: work(p) for phone in phones))
    db.session.remove()
    empty_tables()
    with write_transaction() as writing:
        for table in reversed(ToyBase.metadata.sorted_tables):
            writing.execute(sa.delete(table))
    backup.read(path, clock.now())
    session.rollback()
    kept = set(session.scalars(sa.select(SyncOperation.op_id)))
    assert before and before <= kept
    assert session.scalar(sa.select(SyncHead.ledger_n)) == len(kept)
    assert list(verify(session)) == []
    for phone in phones * 3:  # and what came later is offered again
        phone.round()
    assert judge(session, registry_of(app), [phone.seen() for phone in phones], strangers=True) == {}
