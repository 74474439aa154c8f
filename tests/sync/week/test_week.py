"""A week without network, sent while the server is killed again and again: everything arrives, once."""

from __future__ import annotations

from pathlib import Path

from tests.sync.week import week
from tests.sync.week.arrival import arrived

OPERATIONS, PHOTOS = 160, 3


def test_a_week_offline_arrives_whole_through_a_server_that_is_killed_again_and_again(tmp_path: Path) -> None:
    jobs = week.prepare(tmp_path / "var")
    with week.kept_alive(tmp_path / "var") as server:
        said = week.send(server, jobs, (300, 200), operations=OPERATIONS, photos=PHOTOS, kill_every=5)
    assert said["requests"] > 5 * 2, "it was hardly killed"
    assert arrived(server, said) == {}
