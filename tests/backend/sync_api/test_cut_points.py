"""Every cut point of an exchange (S3): each statement, before and after each commit, once and for ever; the next heals.

The day holds an insert, edits, a joined text, a collision, a refusal, what waits for it, a mending, files, a void. After
each cut it is sent again as a phone does, and everything must be as if nothing had happened.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa

from backend.core import clock
from backend.core.db import db, write_transaction
from backend.core.editing import Collision
from backend.sync_api.models import SyncConflict, SyncFile, SyncOperation, SyncRecord, SyncStuck
from backend.sync_api.policy import account_of
from backend.sync_api.services import replay_stuck
from backend.sync_api.verify import verify
from tests.backend.sync_api.test_files import KIB, Uploader, sha
from tests.backend.sync_api.toy import Note, edit_at_the_desk
from tests.faults.cuts import PowerCut, cut, passing

NOTE = "0198c0de-0000-7000-8000-0000000000a1"
OTHER = "0198c0de-0000-7000-8000-0000000000a2"
TAG = "0198c0de-0000-7000-8000-0000000000a3"


def the_day(ana: Any) -> list[list[dict[str, Any]]]:
    """What Ana's phone sends, request by request; the desk writes between the first and the second."""
    first = [
        ana.op("note.add", NOTE, {"title": "A", "body": "甲。乙。丙。", "count": 0}),
        ana.op("note.add", OTHER, {"title": "B"}),
    ]
    seen = {"title": "A", "body": "甲。乙。丙。"}
    second = [
        ana.edit(NOTE, {"title": "pen", "body": "甲1。乙。丙。"}, seen, base_rev=1),
        ana.op("tag.add", TAG, {"note_id": NOTE, "name": "x"}, files=["sha256:" + "a" * 64]),
        bad := ana.edit(NOTE, {"due": "x"}, {"due": None}),
        ana.edit(NOTE, {"count": 3}, {"count": 0}, base_rev=1),
        {"seq": 7, "void": "lost"},
    ]
    ana.seq = 7
    third = [ana.edit(NOTE, {"title": "pen 2"}, {"title": "pen"}, mends=bad["op_id"])]
    return [first, second, third]


def desk_writes(cleo: Any) -> None:
    """The desk's edit of the same note; once more, it finds its own words there."""
    with suppress(Collision), write_transaction() as session:
        base, fields = {"title": "A", "body": "甲。乙。丙。"}, {"title": "desk", "body": "甲。乙。丙3。"}
        edit_at_the_desk(session, NOTE, base, fields, cleo.user_id, clock.now())


def send(ana: Any, ops: Any) -> Any:
    return ana.push(*ops)


def state(session: Any) -> dict[str, Any]:
    """Everything that must not depend on the cut; without the ids that the server makes."""
    session.rollback()
    session.expire_all()
    rows = lambda *columns: sorted(map(str, session.execute(sa.select(*columns)).all()))  # noqa: E731
    return {
        "records": [
            row
            for row in rows(SyncRecord.kind, SyncRecord.record_id, SyncRecord.rev, SyncRecord.row)
            if "'note'" in row or "'tag'" in row
        ],
        "notes": rows(Note.id, Note.title, Note.body, Note.due, Note.count),
        "ledger": rows(SyncOperation.seq, SyncOperation.op_id, SyncOperation.status, SyncOperation.link),
        "stuck": rows(SyncStuck.seq, SyncStuck.status, SyncStuck.state),
        "conflicts": rows(
            SyncConflict.field, SyncConflict.server_value, SyncConflict.phone_value, SyncConflict.state
        ),
        "files": rows(SyncFile.sha256, SyncFile.state),
    }


def whole_day(ana: Any, cleo: Any, requests: Any) -> None:
    for place, ops in enumerate(requests):
        assert send(ana, ops).status_code == 200
        if place == 0:
            desk_writes(cleo)


@pytest.fixture
def plain(toys: None, phone: Any, cast: Any, session: Any) -> tuple[Any, Any, Any, dict[str, Any]]:
    """(phone, the desk, the phone's requests, the state after an uncut day); the tables are as after that day."""
    ana, cleo = phone(cast.ana), account_of(cast.cleo)
    requests = the_day(ana)
    whole_day(ana, cleo, requests)
    expected = state(session)
    assert expected["conflicts"] and expected["files"] and "'mended'" in str(expected["stuck"])
    return ana, cleo, requests, expected


def undo_day(session: Any) -> None:
    """Back to a server that never heard of the day."""
    tables = [t for t in db.metadata.sorted_tables if t.name.startswith("sync_")]
    with db.engine.begin() as connection:
        for table in [*reversed(tables), Note.__table__, *Note.metadata.tables.values()]:
            connection.execute(sa.delete(table))
    session.remove()


@pytest.mark.parametrize(("kind", "for_ever"), [("passing", False), ("passing", True), ("crash", False)])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_each_point_of_a_push_fails_and_the_next_push_heals(
    plain: Any, session: Any, kind: str, place: int, for_ever: bool
) -> None:
    ana, cleo, requests, expected = plain
    # All of them on SQLite; on PostgreSQL, four times slower, every third, all with `make test-long ONLY=S3`.
    step = 1 if db.engine.dialect.name == "sqlite" or "RUNS" in os.environ else 3
    number, was_cut = 1 - step, True
    while was_cut:
        number += step
        undo_day(session)
        for earlier, ops in enumerate(requests[:place]):
            send(ana, ops)
            if earlier == 0:
                desk_writes(cleo)
        with cut(db.engine, number, passing() if kind == "passing" else PowerCut(), for_ever=for_ever) as cuts:
            answer = send(ana, requests[place])
        was_cut = cuts.dead
        assert answer.status_code in (200, 500, 503), answer.text
        results = answer.json.get("results") or [] if answer.status_code == 200 else []
        session.rollback()
        held = {row.seq: json.loads(row.result) for row in session.execute(sa.select(SyncOperation)).scalars()}
        for result in results:
            if result["status"] != "retry":
                assert held[result["seq"]]["status"] == result["status"], "what was acked is in the ledger"
        for again, ops in enumerate(requests[place:], place):
            assert send(ana, ops).status_code == 200
            if again == 0:
                desk_writes(cleo)
        where = f"cut at {number}: {cuts[-1][:60]}"
        if kind == "crash":
            session.remove()
            replay_stuck(clock.now())
            healed = state(session)
            assert (healed["notes"], healed["ledger"]) == (expected["notes"], expected["ledger"]), where
            continue
        assert state(session) == expected, where
        assert list(verify(session)) == [], where


@pytest.mark.parametrize("for_ever", [False, True])
def test_each_point_of_a_pull_fails_and_the_next_pull_gives_all(plain: Any, session: Any, for_ever: bool) -> None:
    ana = plain[0]
    ana.pull()
    whole, number, was_cut = dict(ana.rows), 0, True
    while was_cut:
        number += 1
        ana.rows, ana.held, ana.cursor = {}, {}, None
        with cut(db.engine, number, passing(), for_ever=for_ever) as cuts:
            assert ana.get().status_code in (200, 500, 503)
        was_cut = cuts.dead
        ana.pull()
        assert ana.rows == whole, f"cut at {number}: {cuts[-1][:60]}"


@pytest.mark.parametrize("for_ever", [False, True])
def test_each_point_of_an_upload_fails_and_the_next_try_stores_it(plain: Any, session: Any, for_ever: bool) -> None:
    ana, up, number, was_cut = plain[0], Uploader(plain[0].client), 0, True
    while was_cut:
        number += 1
        data = f"{for_ever} {number} ".encode() * 30_000
        with cut(db.engine, number, passing(), for_ever=for_ever) as cuts:
            answers = [up.announce(sha(data), len(data), "text/plain")]
            for offset in range(0, len(data), 256 * KIB):
                answers.append(up.chunk(sha(data), offset, data[offset : offset + 256 * KIB]))
        was_cut = cuts.dead
        assert {answer.status_code for answer in answers} <= {200, 201, 204, 404, 409, 500, 503}
        up.announce(sha(data), len(data), "text/plain")
        while (at := up.offset(sha(data))) < len(data):
            assert up.chunk(sha(data), at, data[at : at + 256 * KIB]).status_code == 204
        up.announce(sha(data), len(data), "text/plain")
        session.rollback()
        assert session.get(SyncFile, sha(data)).state == "stored", f"cut at {number}: {cuts[-1][:60]}"
    session.rollback()
    assert list(verify(session)) == []
    assert ana.client.get(f"/api/files/{sha(data)}").data == data
