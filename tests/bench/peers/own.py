"""What only ours is measured by: server time of an idle poll, bytes per operation, a week offline, a first sync."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.measure import Figure


def figures() -> Iterator[Figure]:
    return iter(())
