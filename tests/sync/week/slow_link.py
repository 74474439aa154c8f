"""S12 in real time: 500 operations and 20 photos of 60 KB over 512 kbit/s where three of ten exchanges are lost.

Real client, real connections, real server, real clock: most of an hour, nearly all of it waiting. Not in `make test`; run
by `make test-long ONLY=S12`.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.faults.seeds import seeds, told
from tests.sync.week import week
from tests.sync.week.arrival import arrived
from tests.sync.week.link import BYTES_PER_S, slow_link

OPERATIONS, PHOTOS = 500, 20
SIXTY_KB = (350, 260)


def test_s12_a_week_comes_through_a_slow_lossy_link_in_real_time(tmp_path: Path) -> None:
    [seed] = seeds(1)[:1]
    jobs = week.prepare(tmp_path / "var")
    texts_there: list[int] = []

    def count_texts() -> None:
        with closing(sqlite3.connect(tmp_path / "var" / "fieldpledge.db")) as database:
            texts_there.append(*database.execute("SELECT count(*) FROM sync_op").fetchone())

    with (
        told("S12", seed),
        week.kept_alive(tmp_path / "var") as server,
        slow_link(server.port, seed, count_texts) as link,
    ):
        said = week.send(
            server, jobs, SIXTY_KB, "slow-link", operations=OPERATIONS, photos=PHOTOS, seed=seed, far_url=link.url
        )
        sends, seconds = sum(link.chunks.values()) / len(link.chunks), said["took_ms"] / 1000
        print(
            f"S12 in real time, seed {seed}: {seconds:.0f} s, {sends:.2f} sends a chunk, {link.seen['exchanges']} exchanges,"
            f" {link.seen['lost there']} lost there and {link.seen['lost back']} on the way back, {link.seen['silent']}"
            f" of them in silence; {link.there.bytes} bytes there, {link.back.bytes} back"
        )
        assert sends <= 2
        assert set(texts_there) == {OPERATIONS}, "no photo before a text"
        assert link.seen["lost there"] and link.seen["lost back"], "nothing was lost"
        assert link.taken_bytes == said["photo_bytes"], "no byte of a photo was taken twice"
        assert seconds > link.there.bytes / BYTES_PER_S, "it was no slow link"
    assert arrived(server, said) == {}
