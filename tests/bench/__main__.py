"""`make bench`: every figure, its bound, the yardstick; fails when one does not hold; noted in docs/evidence.md."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import live, paper, phone, sync
from tests.bench.measure import Figure, yardstick

ROOT = Path(__file__).resolve().parents[2]
EVIDENCE = ROOT / "docs" / "evidence.md"
START, END = "<!-- bench -->", "<!-- /bench -->"


def main() -> int:
    wanted = set(sys.argv[1:])
    stick = yardstick()
    print(f"yardstick: SHA-256 of 64 MiB {stick['sha256_64mib_ms']} ms, write and fsync {stick['fsync_4kib_ms']} ms")
    figures: list[Figure] = []
    for part in (paper, sync, phone, live):
        if wanted and part.__name__.rsplit(".", 1)[-1] not in wanted:
            continue
        for figure in part.figures():
            figures.append(figure)
            print(_line(figure), flush=True)
    if not wanted:
        _note(figures, stick)
    failed = [figure for figure in figures if not figure.holds]
    print(f"{len(figures) - len(failed)} hold, {len(failed)} do not")
    return 1 if failed else 0


def _line(figure: Figure) -> str:
    mark = "ok    " if figure.holds else "FAILED"
    note = f"  ({figure.note})" if figure.note else ""
    return f"{mark} {figure.name:<52} {figure.value:9.1f} {figure.unit:<5} bound {figure.bound:g}{note}"


def _note(figures: list[Figure], stick: dict[str, float]) -> None:
    """Put the run into docs/evidence.md between its marks."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = [START, f"Last run {at} at {commit}; SHA-256 of 64 MiB {stick['sha256_64mib_ms']} ms, "
             f"write and fsync {stick['fsync_4kib_ms']} ms, 2 cores.", "", "| figure | measured | bound | holds |", "|---|---|---|---|"]  # fmt: skip
    lines += [
        f"| {f.name}{f' ({f.note})' if f.note else ''} | {f.value:.1f} {f.unit} | {f.bound:g} {f.unit} | {'yes' if f.holds else 'no'} |"
        for f in figures
    ]
    text = EVIDENCE.read_text() if EVIDENCE.exists() else f"# Evidence\n\n## Bounds\n\n{START}\n{END}\n"
    before, rest = text.split(START, 1)
    EVIDENCE.write_text(before + "\n".join([*lines, END]) + rest.split(END, 1)[1])


if __name__ == "__main__":
    sys.exit(main())
