"""The audit chain: what anybody wrote, at the desk or on a phone, cannot be changed, removed or reordered unseen."""

from __future__ import annotations

import json
import os
import random
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import backup
from backend.core.db import UtcDateTime, db, write_transaction
from backend.sync_api import daily
from backend.sync_api.audit import anchor_now, read_anchor
from backend.sync_api.models import SyncAnchor, SyncAudit, SyncFeed, SyncHead, SyncHistory, SyncOperation, SyncRecord
from backend.sync_api.verify import verify
from tests.support import empty_tables, save

CHANGED_ROWS = 1_000
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture
def worked(phone: Any, cast: Any, session: Any) -> Any:
    """Notes made and edited by phones, a customer renamed at the desk."""
    for user in (cast.ana, cast.ben):
        one = phone(user)
        for _ in range(3):
            note = one.note()
            record_id = note["record"]["id"]
            one.results(note, one.edit(record_id, {"title": "x"}, {"title": "A"}))
            one.results(one.edit(record_id, {"title": "y"}, {"title": "x"}))
    session.rollback()
    return session


def findings(session: Any, anchor: str | None = None) -> list[str]:
    session.rollback()
    session.expire_all()
    return list(verify(session, anchor))


def test_what_was_only_written_verifies_with_any_anchor_of_before(worked: Any, phone: Any, cast: Any) -> None:
    before = anchor_now(worked)
    one = phone(cast.ana)
    one.results(one.note())
    assert findings(worked) == []
    assert findings(worked, before) == []
    assert findings(worked, anchor_now(worked)) == []


LINE, RECORD, OLD = SyncAudit.__table__, SyncRecord.__table__, SyncHistory.__table__
NOTE = sa.and_(RECORD.c.kind == "note")
CHANGES: dict[str, Callable[[], Any]] = {
    "a row's value": lambda: (
        sa.update(RECORD).where(NOTE).values(row=sa.func.replace(RECORD.c.row, '"title":"y"', '"title":"z"'))
    ),
    "who made a record": lambda: sa.update(RECORD).where(NOTE).values(made_by_id="0" * 36),
    "a record's rev": lambda: sa.update(RECORD).where(NOTE).values(rev=RECORD.c.rev + 1),
    "a record removed": lambda: sa.delete(RECORD).where(NOTE),
    "a superseded value": lambda: sa.update(OLD).where(OLD.c.kind == "note").values(old_value='"B"'),
    "who wrote over a value": lambda: sa.update(OLD).where(OLD.c.kind == "note").values(author_id="0" * 36),
    "a superseded value removed": lambda: sa.delete(OLD).where(OLD.c.kind == "note", OLD.c.rev == 2),
    "a superseded value invented": lambda: (
        sa.update(OLD).where(OLD.c.kind == "note", OLD.c.rev == 2).values(record_id="0" * 36)
    ),
    "a line's hash": lambda: sa.update(LINE).where(LINE.c.n == 2).values(row_hash="0" * 64),
    "a line removed": lambda: sa.delete(LINE).where(LINE.c.n == 2),
    "the last line removed": lambda: sa.delete(LINE).where(
        LINE.c.n == sa.select(sa.func.max(LINE.c.n)).scalar_subquery()
    ),
    "two lines reordered": lambda: sa.update(LINE).where(LINE.c.n.in_((2, 3))).values(n=1_000_005 - LINE.c.n),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_behind_the_programs_back_is_found(worked: Any, name: str) -> None:
    with write_transaction() as session:
        assert session.execute(CHANGES[name]()).rowcount > 0
    assert findings(worked), name


def test_any_of_a_thousand_changed_or_removed_rows_is_found(worked: Any) -> None:
    """TESTS.md Security: one row of ledger, lines, records or superseded values at a time, each time taken back."""
    seed = int(os.environ.get("SEED", "20261122"))
    dice, missed = random.Random(seed), []
    tables = (SyncOperation.__table__, LINE, RECORD, OLD)
    with db.engine.connect() as connection:
        for n in range(CHANGED_ROWS):
            with connection.begin() as transaction:
                what = _change_one(connection, dice.choice(tables), dice)
                if next(verify(Session(connection)), None) is None:
                    missed.append((n, what))
                transaction.rollback()
    assert missed == [], f"SEED={seed}"


def _change_one(connection: sa.Connection, table: sa.Table, dice: random.Random) -> str:
    keys = list(table.primary_key.columns)
    rows = connection.execute(sa.select(*keys)).all()
    one = sa.and_(*(column == value for column, value in zip(keys, dice.choice(rows), strict=True)))
    changed = {
        "sync_op": ["payload", "received_at", "author_id", "content_hash", "salt", "chain"],
        "sync_audit": ["row_hash", "trail_hash", "chain", "rev"],
        "sync_record": ["row", "rev", "made_by_id"],
        "sync_history": ["old_value", "author_id", "field"],
    }[table.name]
    column = table.c[dice.choice(changed)]
    if dice.random() < 0.3 and table.name != "sync_record":
        connection.execute(sa.delete(table).where(one))
        return f"a row of {table.name} removed"
    if isinstance(column.type, sa.BigInteger):
        value = column + 7
    elif isinstance(column.type, UtcDateTime):
        value = LONG_AGO
    else:
        value = "0" * (column.type.length or 9)
    connection.execute(sa.update(table).where(one).values({column.name: value}))
    return f"{column} of one row changed"


def test_erased_words_leave_the_chain_whole(worked: Any) -> None:
    """K-11: the words go with their salt, the line stays."""
    record_id = worked.scalars(sa.select(RECORD.c.record_id).where(NOTE)).first()
    with write_transaction() as session:
        of_it = LINE.c.record_id == record_id
        session.execute(sa.update(LINE).where(of_it).values(salt=None))
        session.execute(sa.update(OLD).where(OLD.c.record_id == record_id).values(old_value="null"))
    assert findings(worked) == []


# -- anchors -------------------------------------------------------------------------------------------------------


def test_a_receipt_names_the_ends_of_both_chains(worked: Any, phone: Any, cast: Any) -> None:
    one = phone(cast.ana)
    answer = one.push(one.note()).json
    worked.rollback()
    assert answer["anchor"] == anchor_now(worked)
    operations, lines, _ = read_anchor(answer["anchor"])
    assert operations == worked.scalar(sa.select(sa.func.max(SyncOperation.n)))
    assert lines == worked.scalar(sa.select(sa.func.max(SyncAudit.n)))


def test_a_cleanly_cut_end_is_found_beside_an_anchor_and_only_there(worked: Any) -> None:
    """Whoever owns the server can cut the end off and mend the head; the anchor outside knows better."""
    anchor = anchor_now(worked)
    with write_transaction() as session:
        operations = session.scalar(sa.select(sa.func.max(SyncOperation.n)))
        session.execute(sa.delete(SyncOperation).where(SyncOperation.n == operations))
        chain = session.scalar(sa.select(SyncOperation.chain).where(SyncOperation.n == operations - 1))
        session.execute(sa.update(SyncHead).values(ledger_n=operations - 1, ledger_chain=chain))
    assert findings(worked) == []
    assert ["cut off" in line for line in findings(worked, anchor)] == [True]


def test_a_chain_made_anew_is_found_beside_an_anchor(worked: Any) -> None:
    operations, lines, _ = read_anchor(anchor_now(worked))
    assert findings(worked, f"{operations}.{lines}.{'0' * 64}") == [
        "anchor: what stood when it was made is not what stands there now"
    ]


@pytest.mark.parametrize("text", ["", "x", "1.2", "1.2." + "g" * 64, "-1.2." + "0" * 64, "1.2." + "0" * 65])
def test_what_is_no_anchor_is_said_to_be_none(worked: Any, text: str) -> None:
    assert read_anchor(text) is None
    assert not text or "is no anchor" in findings(worked, text)[0]


def test_a_backup_names_its_anchor_and_what_comes_back_verifies_with_it(worked: Any, tmp_path: Any, now: Any) -> None:
    anchor = anchor_now(worked)
    said = backup.write(tmp_path / "b.zip", now)
    assert said.endswith(f"anchor: {anchor}.")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert json.loads(archive.read("manifest.json"))["anchor"] == anchor
    worked.rollback()
    empty_tables()
    backup.read(tmp_path / "b.zip", now)
    assert findings(worked, anchor) == []


def test_the_daily_log_gets_one_line_a_day(app: Any, worked: Any, now: Any) -> None:
    daily.log_path().unlink(missing_ok=True)
    for hours in (0, 1, 23, 24, 30, 48):
        with write_transaction() as session:
            daily.run(session, now + timedelta(hours=hours))
    lines = daily.log_path().read_text().splitlines()
    assert [line.split()[1] for line in lines] == [anchor_now(worked)] * 3
    assert worked.scalar(sa.select(sa.func.count()).select_from(SyncAnchor)) == 3


# -- retention -----------------------------------------------------------------------------------------------------


def test_removals_are_forgotten_after_their_time_and_an_older_cursor_starts_over(
    worked: Any, phone: Any, cast: Any, now: Any
) -> None:
    old, fresh = phone(cast.ana), phone(cast.ana)
    old.pull()
    head = worked.scalar(sa.select(SyncHead.feed_seq))
    worked.rollback()
    gone = [
        SyncFeed(bucket=f"engineer:{cast.ana.id}", kind="note", record_id=f"gone-{n}", seq=head + n, why="scope")
        for n in (1, 2)
    ]
    save(*gone)
    with write_transaction() as session:
        session.execute(sa.update(SyncHead).values(feed_seq=head + 2))
        session.add(SyncAnchor(at=now, epoch="e", feed_seq=head + 1, anchor="a"))
    with write_transaction() as session:
        daily.forget_removals(session, now + timedelta(days=daily.RETENTION_DAYS - 1))
    assert _removals() == 2
    with write_transaction() as session:
        assert daily.forget_removals(session, now + timedelta(days=daily.RETENTION_DAYS)) is False
    assert _removals() == 1
    answer = old.get(cursor=old.cursor)
    assert (answer.status_code, answer.json["reset"]) == (410, "retention")
    fresh.pull()
    assert fresh.get(cursor=fresh.cursor).status_code == 204


def _removals() -> int:
    db.session.rollback()
    return db.session.scalar(
        sa.select(sa.func.count()).select_from(SyncFeed).where(SyncFeed.record_id.like("gone-%"))
    )
