"""A week without network, sent while the server is killed again and again: everything arrives, once."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.house import Server
from tests.sync.week import week

OPERATIONS, PHOTOS = 160, 3


@contextmanager
def kept_alive(server: Server) -> Iterator[None]:
    """Whenever the server's master dies it is started again, as a supervisor does; `pid` says which one is alive."""
    over = threading.Event()

    def start() -> None:
        server.start()
        assert server.process is not None
        (server.folder / "pid").write_text(str(server.process.pid))

    def watch() -> None:
        while not over.wait(0.05):
            if server.process is not None and server.process.poll() is not None:
                start()

    start()
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        server.stop()


def test_a_week_offline_arrives_whole_through_a_server_that_is_killed_again_and_again(tmp_path: Path) -> None:
    jobs = week.prepare(tmp_path / "var")
    server = Server(tmp_path / "var", demo=False)
    server.env["SECRET_KEY"] = week.SECRET
    with kept_alive(server):
        told = week.send(server, jobs, (300, 200), operations=OPERATIONS, photos=PHOTOS, kill_every=5)
    assert told["requests"] > 5 * 2, "it was hardly killed"
    with sqlite3.connect(tmp_path / "var" / "fieldpledge.db") as database:
        count = database.execute("SELECT count(*), count(DISTINCT op_id), max(seq) FROM sync_op").fetchone()
        statuses = {row[0] for row in database.execute("SELECT DISTINCT status FROM sync_op")}
        [(stored,)] = database.execute("SELECT count(*) FROM sync_file WHERE state = 'stored'")
        [(photos,)] = database.execute("SELECT count(*) FROM photo")
    assert count == (OPERATIONS, OPERATIONS, OPERATIONS)
    assert statuses <= {"applied", "merged"}
    assert stored == photos == PHOTOS
