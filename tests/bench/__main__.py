"""`make bench`: every figure, its bound, the yardstick; fails when one does not hold; noted in docs/evidence.md."""

from __future__ import annotations

import sys

from tests.bench import letters, live, notes, paper, phone, sync
from tests.bench.measure import Figure, yardstick


def main() -> int:
    wanted = set(sys.argv[1:])
    stick = yardstick()
    print(f"yardstick: SHA-256 of 64 MiB {stick['sha256_64mib_ms']} ms, write and fsync {stick['fsync_4kib_ms']} ms")
    figures: list[Figure] = []
    for part in (letters, paper, sync, phone, live):
        if wanted and part.__name__.rsplit(".", 1)[-1] not in wanted:
            continue
        for figure in part.figures():
            figures.append(figure)
            print(notes.said(figure), flush=True)
    if not wanted:
        notes.keep("bench", stick, notes.table(figures))
    failed = [figure for figure in figures if not figure.holds]
    print(f"{len(figures) - len(failed)} hold, {len(failed)} do not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
