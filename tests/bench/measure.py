"""How a figure is taken: warmed up, repeated in groups, the quietest group's median told, the machine's speed beside it.

Other tenants of a shared machine only ever add time, for seconds at a stretch: the quietest group is nearest to what
the code itself costs.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured thing: it holds when value ≤ bound (`at_least`: ≥). `note` says over how many runs and what was in it."""

    name: str
    value: float
    unit: str
    bound: float
    note: str = ""
    at_least: bool = False

    @property
    def holds(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound


GROUPS = 5


def median_ms(run: Callable[[], object], times: int = 15, warm: int = 3) -> float:
    """Wall time of `run` in milliseconds: of five groups of `times` runs the smallest median."""
    for _ in range(warm):
        run()
    return min(statistics.median([_one_ms(run) for _ in range(times)]) for _ in range(GROUPS))


def _one_ms(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1000


def yardstick() -> dict[str, float]:
    """This machine: SHA-256 over 64 MiB and one 4 KiB write with fsync, in milliseconds (medians)."""
    block = os.urandom(64 * 1024 * 1024)

    def sync_write() -> None:
        handle.write(block[:4096])
        handle.flush()
        os.fsync(handle.fileno())

    with tempfile.TemporaryFile() as handle:
        return {
            "sha256_64mib_ms": round(median_ms(lambda: hashlib.sha256(block).digest(), 5, 1), 1),
            "fsync_4kib_ms": round(median_ms(sync_write, 15, 3), 2),
        }
