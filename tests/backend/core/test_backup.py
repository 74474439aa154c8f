"""Backup and restore on the database of this run: every row and every file back, a new epoch, nothing taken from outside."""

from __future__ import annotations

import json
import zipfile

import pytest
import sqlalchemy as sa

from backend.core import backup, storage
from backend.core.db import db
from backend.core.problems import Invalid
from tests.support import empty_tables

SHA = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"  # of b"hello"


def rows_of_everything():
    """Every row of every table but the epoch's, as plain values."""
    with db.engine.connect() as connection:
        return {
            table.name: sorted(json.dumps(list(row), default=str) for row in connection.execute(sa.select(table)))
            for table in db.metadata.sorted_tables
            if table.name not in ("sync_head", "sync_restore", "user_session", "task_lease")
        }


def test_what_was_backed_up_comes_back_row_by_row_with_a_new_epoch(app, cast, session, tmp_path, now):
    path = storage.path_of(SHA)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"hello")
    before, epoch = rows_of_everything(), epoch_of()
    said = backup.write(tmp_path / "b.zip", now)
    assert "1 files" in said and not list(tmp_path.glob("*.partial"))
    session.rollback()
    empty_tables()
    path.unlink()
    backup.read(tmp_path / "b.zip", now)
    assert rows_of_everything() == before
    assert path.read_bytes() == b"hello"
    assert epoch_of() != epoch


def test_a_changed_backup_is_refused_and_changes_nothing(app, cast, session, tmp_path, now):
    backup.write(tmp_path / "b.zip", now)
    with zipfile.ZipFile(tmp_path / "b.zip", "a") as archive:
        archive.writestr("files/../../escaped", b"x")
    session.rollback()
    empty_tables()
    empty = rows_of_everything()
    with pytest.raises(Invalid) as refused:
        backup.read(tmp_path / "b.zip", now)
    assert "outside the file store" in refused.value.faults[0].message["en"]
    assert rows_of_everything() == empty


@pytest.mark.parametrize("content", [b"", b"not a zip", None])
def test_what_is_no_backup_is_said_to_be_none(app, tmp_path, now, content, session):
    path = tmp_path / "b.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Invalid) as refused:
        backup.read(path, now)
    assert refused.value.faults[0].path == "$.file"


def epoch_of():
    from backend.sync_api.models import SyncHead

    db.session.rollback()
    head = db.session.scalar(sa.select(SyncHead))
    return head.epoch if head else None
