"""The same days on SQLite and on PostgreSQL leave the same records, ledger, feed and conflicts (S10), row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.core import clock
from tests.backend.sync_api.toy import only_toys
from tests.conftest import NOW
from tests.factories.people import make_cast, make_user
from tests.faults.backups import Backup
from tests.faults.crash.postgresql import Postgresql
from tests.faults.day import Day
from tests.faults.seeds import seeds, told


def made_app(url: str, folder: Path) -> Any:
    """An app of its own on a database of its own, migrated."""
    from backend import create_app
    from backend.commands import migrate
    from backend.core.db import db
    from tests.support import ApiClient, make_fast

    app = create_app({"TESTING": True, "PROPAGATE_EXCEPTIONS": False, "DATABASE_URL": url, "VAR_DIR": str(folder),
                      "SECRET_KEY": "only-for-tests-0123456789-abcdefghij"})  # fmt: skip
    app.test_client_class = ApiClient
    with app.app_context():
        make_fast(db.engine)
        migrate(app)
    return app


@pytest.fixture
def apps(tmp_path: Path) -> Iterator[list[Any]]:
    server = Postgresql(tmp_path / "pg")
    try:
        yield [made_app(f"sqlite:///{tmp_path}/one.db", tmp_path / "one"), made_app(server.url, tmp_path / "other")]
    finally:
        server.end()


def dumps_of(app: Any, folder: Path) -> Iterator[dict[str, list[str]]]:
    """What each day leaves."""
    folder.mkdir()
    with app.app_context(), clock.fixed(NOW), only_toys(app):
        cast = make_cast()
        people = {"ana": cast.ana, "ben": cast.ben, "cai": make_user("Cai", cast.chengdu)}
        empty = Backup(folder / "empty.zip")
        for seed in seeds(20):
            with told("S10", seed):
                empty.put_back(app)
                # dying at a statement's number would be another place on the other database
                day = Day(app, people, cast.cleo, seed, folder, steps=40, fates={"server dies": 0}).run()
                assert day.verdict() == {}
                yield day.dump()


def test_the_same_days_leave_the_same_on_both_databases(apps: list[Any], tmp_path: Path) -> None:
    first = list(dumps_of(apps[0], tmp_path / "days-1"))
    for seed, one, other in zip(seeds(20), first, dumps_of(apps[1], tmp_path / "days-2"), strict=True):
        for part in one:
            assert one[part] == other[part], f"S10, seed {seed}: {part}"
