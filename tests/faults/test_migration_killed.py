"""C6: a migration killed at any statement leaves the old schema or the new one, never half, and the next one finishes.

A database of every released schema, full of rows, is migrated by a process of its own that ends itself, without a word,
right before its n-th statement.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from backend.core.ids import new_id
from tests.sync.e2e.product import ROOT
from tests.sync.e2e.test_releases import RELEASES, command

CUTS = int(os.environ.get("CUTS", "3"))  # of some dozens; make test-long cuts at each
KILLED = 9

DIES = """
import os, sys
import sqlalchemy as sa
from backend import create_app
from backend.commands import migrate
from backend.core.db import db

left = int(sys.argv[1])
def count(connection, cursor, statement, parameters, context, executemany):
    global left
    left -= 1
    if left == 0:
        os._exit(9)
app = create_app()
with app.app_context():
    sa.event.listen(db.engine, "before_cursor_execute", count)
    migrate(app)
print(int(sys.argv[1]) - left)  # how many statements there were
"""

OLD = """
import sys
from backend import create_app
from backend.core import backup
app = create_app()
with app.app_context():
    backup._stand_on(sys.argv[1])
"""


def python(settings: dict[str, str], program: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *words], cwd=ROOT, env=os.environ | settings, capture_output=True, text=True
    )


@pytest.fixture(scope="module", params=RELEASES, ids=lambda folder: folder.name)
def older(
    request: pytest.FixtureRequest, database_kind: str, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], dict[str, str]]]:
    """Makes copies of a database that stands, with all its rows, on the schema of a release."""
    place = tmp_path_factory.mktemp("older")
    names: list[str] = []

    def empty(name: str) -> dict[str, str]:
        folder = place / name
        if database_kind == "sqlite":
            folder.mkdir()
            return {"FIELDPLEDGE_VAR_DIR": str(folder)}
        names.append(name)
        return {"FIELDPLEDGE_VAR_DIR": str(place), "DATABASE_URL": url.set(database=name).render_as_string(False)}

    def copy() -> dict[str, str]:
        if database_kind == "sqlite":
            made = empty(new_id())
            shutil.copy(place / "old" / "fieldpledge.db", made["FIELDPLEDGE_VAR_DIR"])
            return made
        made = empty(f"older_{new_id()[-12:]}")
        server(f"CREATE DATABASE {names[-1]} TEMPLATE {names[0]}")
        return made

    def server(statement: str) -> None:
        engine = sa.create_engine(database_url, isolation_level="AUTOCOMMIT")
        with closing(engine.connect()) as connection:
            connection.execute(sa.text(statement))
        engine.dispose()

    url = sa.make_url(database_url)
    old = empty("old" if database_kind == "sqlite" else f"older_{new_id()[-12:]}")
    if names:
        server(f"CREATE DATABASE {names[0]}")
    command(old, "restore", str(request.param / "server.zip"))
    stood = python(old, OLD, revision_of(request.param))
    assert stood.returncode == 0, stood.stderr
    yield copy
    for name in names:
        server(f"DROP DATABASE {name} WITH (FORCE)")


def revision_of(release: Path) -> str:
    with zipfile.ZipFile(release / "server.zip") as archive:
        return str(json.loads(archive.read("manifest.json"))["revision"])


def schema_of(settings: dict[str, str]) -> tuple[str, frozenset[tuple[str, str]]]:
    """(revision, every table's columns)."""
    url = settings.get("DATABASE_URL") or f"sqlite:///{settings['FIELDPLEDGE_VAR_DIR']}/fieldpledge.db"
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        look = sa.inspect(engine)
        columns = frozenset((t, c["name"]) for t in look.get_table_names() for c in look.get_columns(t))
        with engine.connect() as connection:
            return str(connection.scalar(sa.text("SELECT version_num FROM alembic_version"))), columns
    finally:
        engine.dispose()


def test_a_migration_that_dies_leaves_the_old_schema_or_the_new_one(older: Callable[[], dict[str, str]]) -> None:
    whole = older()
    before = schema_of(whole)
    ran = python(whole, DIES, "0")
    assert ran.returncode == 0, ran.stderr
    after, statements = schema_of(whole), int(ran.stdout)
    if before == after:
        return  # a release of the newest schema has nothing to migrate
    for nth in sorted({1 + (statements - 1) * cut // (CUTS - 1) for cut in range(CUTS)}):
        settings = older()
        assert python(settings, DIES, str(nth)).returncode == KILLED, nth
        revision, columns = schema_of(settings)
        assert dict([before, after])[revision] == columns, f"half migrated, killed before statement {nth}"
        assert python(settings, DIES, "0").returncode == 0
        assert schema_of(settings) == after
