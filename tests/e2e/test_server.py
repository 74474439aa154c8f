"""The server as people start it: a clear line when it cannot, nothing left over after a kill, a backup that comes back."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.e2e.house import ROOT, Server, free_port


def command(folder: Path, *words: str, port: int = 0) -> subprocess.CompletedProcess[str]:
    """One command as a person types it, on a folder of its own."""
    env = os.environ | {"FIELDPLEDGE_VAR_DIR": str(folder), "FIELDPLEDGE_PORT": str(port or free_port())}
    return subprocess.run(
        [sys.executable, "-m", "backend", *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )  # fmt: skip


def answers(port: int, host: str = "127.0.0.1") -> bool:
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/healthz", timeout=2):
            return True
    except OSError:
        return False


def epoch_of(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "fieldpledge.db")) as database:
        return str(database.execute("SELECT epoch FROM sync_head").fetchone()[0])


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = command(tmp_path, "serve", "--demo=0", port=port)
    assert said.returncode != 0
    assert str(port) in said.stderr
    assert len(said.stderr.strip().splitlines()) == 1


def test_a_var_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where the folder should be")
    said = command(tmp_path / "var", "serve", "--demo=0")
    assert said.returncode != 0
    assert str(tmp_path / "var") in said.stderr
    assert len(said.stderr.strip().splitlines()) == 1


def test_without_the_demo_it_starts_empty_and_the_first_admin_can_sign_in(tmp_path: Path) -> None:
    made = command(tmp_path, "user", "chengli", "--password", "a-first-password")
    assert made.returncode == 0, made.stderr
    server = Server(tmp_path, demo=False).start()
    try:
        request = urllib.request.Request(
            f"{server.url}/api/sign-in", data=b'{"name": "chengli", "password": "a-first-password"}',
            headers={"Content-Type": "application/json", "X-Fieldpledge": "1"},
        )  # fmt: skip
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200
        with closing(sqlite3.connect(tmp_path / "fieldpledge.db")) as database:
            assert database.execute("SELECT count(*) FROM customer").fetchone() == (0,)
    finally:
        server.stop()


def test_the_demo_is_loaded_once_and_listened_for_at_home_only(server: Server) -> None:
    def customers() -> int:
        with closing(sqlite3.connect(server.folder / "fieldpledge.db")) as database:
            return int(database.execute("SELECT count(*) FROM customer").fetchone()[0])

    before = customers()
    assert server.process is not None
    listening = {
        one.laddr.ip
        for process in [
            psutil.Process(server.process.pid),
            *psutil.Process(server.process.pid).children(recursive=True),
        ]
        for one in process.net_connections("tcp")
        if one.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}
    server.stop()
    server.start()
    assert customers() == before == 4
    assert (server.folder / "server.log").read_text().count("loading the demo company") == 0


def test_after_a_kill_nothing_of_the_old_one_answers_and_it_comes_up_without_repair(server: Server) -> None:
    assert server.process is not None
    old = psutil.Process(server.process.pid).children(recursive=True)
    server.kill()
    assert psutil.wait_procs(old, timeout=10)[1] == []
    assert not answers(server.port)
    server.start()
    assert answers(server.port)
    with closing(sqlite3.connect(server.folder / "fieldpledge.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_backup_comes_back_with_its_records_and_files_and_begins_a_new_epoch(
    server: Server, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.zip"
    assert command(server.folder, "backup", str(kept)).returncode == 0  # while it runs
    before, files = (
        epoch_of(server.folder),
        sorted(p.name for p in (server.folder / "files").rglob("*") if p.is_file()),
    )
    other = tmp_path / "other"
    said = command(other, "restore", str(kept))
    assert said.returncode == 0, said.stderr
    assert sorted(p.name for p in (other / "files").rglob("*") if p.is_file()) == files
    assert epoch_of(other) != before
    with closing(sqlite3.connect(other / "fieldpledge.db")) as database:
        assert database.execute("SELECT count(*) FROM customer").fetchone() == (4,)


@pytest.mark.parametrize("name", ["FIELDPLEDGE_PORT", "FIELDPLEDGE_THREADS"])
def test_a_bad_setting_is_named(tmp_path: Path, name: str) -> None:
    env = os.environ | {"FIELDPLEDGE_VAR_DIR": str(tmp_path), name: "many"}
    said = subprocess.run(
        [sys.executable, "-m", "backend", "serve"], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert said.returncode != 0
    assert name.removeprefix("FIELDPLEDGE_") in said.stderr
