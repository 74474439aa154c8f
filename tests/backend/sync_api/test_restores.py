"""A server put back: the admin reads from when to when the office's work is gone; phones bring the rest again."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.core import backup, clock
from backend.core.db import db, write_transaction
from backend.sync_api import high_water
from backend.sync_api.publish import start_epoch
from tests.backend.sync_api.conftest import Phone
from tests.conftest import NOW
from tests.support import empty_tables, signed_in

HOUR = timedelta(hours=1)


@pytest.fixture
def ana(phone: Any, cast: Any, now: Any) -> Phone:
    one = phone(cast.ana)
    one.results(one.note())
    one.pull()
    return one


def restores(app: Any, cast: Any) -> list[dict[str, Any]]:
    return signed_in(app, cast.adam).get("/api/restores").json["restores"]


def test_from_the_backup_until_the_last_thing_a_phone_was_told(app: Any, ana: Phone, cast: Any, tmp_path: Path, session: Any) -> None:  # fmt: skip
    """Backup at ten, the phone last told of a change at half past twelve, restored at two."""
    backup.write(tmp_path / "b.zip", NOW)
    with clock.fixed(NOW + 2.5 * HOUR):
        lost = ana.note()
        ana.results(lost)
        ana.pull()
    db.session.rollback()
    empty_tables()
    with clock.fixed(NOW + 4 * HOUR):
        assert "gone" in backup.read(tmp_path / "b.zip", clock.now())
        before = restores(app, cast)
        assert [(row["from_at"], row["seen_at"], row["lost_changes"]) for row in before] == [
            (clock.iso(NOW), None, 0)
        ]
        ana.client = signed_in(app, cast.ana)
        assert ana.get(cursor=ana.cursor).status_code == 410
        [row] = restores(app, cast)
        assert (row["from_at"], row["seen_at"]) == (clock.iso(NOW), clock.iso(NOW + 2.5 * HOUR))
        assert row["lost_changes"] >= 1 and row["phones"] == 1
        assert ana.results(lost)[0]["status"] == "applied"  # and hers is offered again
        adam = signed_in(app, cast.adam)
        assert adam.post(f"/api/restores/{row['id']}/noted").status_code == 200
        assert restores(app, cast) == []


def test_a_phone_that_knew_nothing_later_tells_no_time(app: Any, ana: Phone, cast: Any, session: Any) -> None:
    db.session.rollback()
    with write_transaction() as writing:
        start_epoch(writing, NOW + HOUR)
    assert ana.get(cursor=ana.cursor).status_code == 410
    [row] = restores(app, cast)
    assert (row["seen_at"], row["lost_changes"], row["phones"]) == (None, 0, 1)


def test_a_cursor_beyond_the_head_is_itself_the_witness(app: Any, ana: Phone, cast: Any, session: Any) -> None:
    """A database file of yesterday, put back while nobody looked: the first phone shows it, and says until when."""
    from backend.sync_api.models import SyncHead

    db.session.rollback()
    with write_transaction() as writing:
        writing.get_one(SyncHead, 1).feed_seq -= 1
    assert ana.get(cursor=ana.cursor).json["reset"] == "epoch"
    [row] = restores(app, cast)
    assert (row["lost_changes"], row["seen_at"]) == (1, clock.iso(NOW))


def test_the_mark_beside_the_database_says_until_when_too(app: Any, ana: Phone, cast: Any, session: Any) -> None:
    with clock.fixed(NOW + 3 * HOUR):
        high_water.note(db.session)
    mark = json.loads(high_water.mark_path().read_text())
    high_water.mark_path().write_text(json.dumps(mark | {"feed_seq": mark["feed_seq"] + 7}))
    db.session.rollback()
    assert high_water.check() is not None
    with write_transaction() as writing:
        words = high_water.begin_anew(writing, NOW + 4 * HOUR)
    assert clock.iso(NOW + 3 * HOUR) in words and clock.iso(NOW) in words
    [row] = restores(app, cast)
    assert (row["lost_changes"], row["seen_at"]) == (7, clock.iso(NOW + 3 * HOUR))


@pytest.mark.parametrize("who", ["ana", "cleo"])
def test_only_an_admin_is_told(app: Any, cast: Any, as_: Any, who: str, session: Any) -> None:
    assert as_(getattr(cast, who)).get("/api/restores").status_code == 403
    assert as_(cast.adam).post("/api/restores/none/noted").status_code == 404
