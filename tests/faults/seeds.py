"""Which seeds a random test runs, and how a failing one is told: SEED and RUNS choose, commit and seed are printed.

`make test-long ONLY=S7 FROM=1 COUNT=500` sets both. A seed that failed is written to var/failed-seeds, so that it can be
run again with the same words.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRST = 20_261_122


def seeds(count: int) -> range:
    """`count` seeds, or as SEED and RUNS say."""
    first = int(os.environ.get("SEED") or FIRST)
    return range(first, first + int(os.environ.get("RUNS") or count))


@cache
def commit() -> str:
    said = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return said.stdout.strip() or "no commit"


@contextmanager
def told(test: str, seed: int) -> Iterator[None]:
    """Whatever fails inside is told with test, seed and commit, and kept as a file."""
    try:
        yield
    except BaseException as error:
        again = f"make test-long ONLY={test} FROM={seed} COUNT=1"
        folder = ROOT / "var" / "failed-seeds"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{test}-{seed}.txt").write_text(f"{again}   # at {commit()}\n{error!r}\n")
        error.add_note(f"{test}, seed {seed}, commit {commit()}: {again}")
        raise
