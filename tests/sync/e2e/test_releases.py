"""What every release left behind is read by this version: its backup, and a phone of its time with a full outbox (K-11)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from backend.core.ids import new_id
from tests.e2e.house import Server
from tests.sync.e2e.product import ROOT, npx, signed_in_engineer

RELEASES = sorted((ROOT / "tests" / "releases").iterdir(), key=lambda folder: int(folder.name))
ENGINEER = "jiangtao"


@pytest.fixture
def empty_database(database_kind: str, database_url: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Settings of an installation without a table: a folder, or a PostgreSQL database of its own."""
    settings = {"FIELDPLEDGE_VAR_DIR": str(tmp_path / "var")}
    (tmp_path / "var").mkdir()
    if database_kind == "sqlite":
        yield settings
        return
    name = f"release_{new_id()[-12:]}"
    engine = sa.create_engine(database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    url = sa.make_url(database_url).set(database=name).render_as_string(hide_password=False)
    yield settings | {"DATABASE_URL": url}
    with engine.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def command(settings: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "backend", *words], cwd=ROOT, env=os.environ | settings, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("release", RELEASES, ids=lambda folder: folder.name)
def test_an_older_server_comes_back_and_an_older_phone_sends_everything(
    release: Path, empty_database: dict[str, str]
) -> None:
    command(empty_database, "restore", str(release / "server.zip"))
    command(empty_database, "verify")
    folder = Path(empty_database["FIELDPLEDGE_VAR_DIR"])
    server = Server(folder, database_url=empty_database.get("DATABASE_URL", ""), demo=False).start()
    try:
        given = signed_in_engineer(server.url, ENGINEER) | {"phone": str(release / "phone.json")}
        done = npx("release", SYNC_RELEASE=json.dumps(given))
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    finally:
        server.stop()
    fates: list[Any] = json.loads(re.search(r"^SENT (.*)$", done.stdout, re.M)[1])  # type: ignore[index]
    assert len(fates) >= 5 and {status for _, status in fates} <= {"applied", "merged"}
    command(empty_database, "verify")
