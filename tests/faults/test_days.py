"""Random days with the phone of tests/sync/stranger.py: what must hold at rest, the same twice, and a canary that dies."""

from __future__ import annotations

from typing import Any

from tests.faults.canary import without_deduplication
from tests.faults.day import SITUATIONS
from tests.faults.seeds import seeds, told


def test_random_days_are_safe_at_rest_and_the_same_again(day: Any) -> None:
    seen: set[str] = set()
    for seed in seeds(6):
        with told("S1", seed):
            first = day(seed).run()
            assert first.verdict() == {}
            if seed == seeds(6)[0]:
                assert day(seed).run().dump() == first.dump()
            seen |= first.seen
    assert len(seeds(6)) < 40 or seen >= SITUATIONS, "a long run meets everything at least once"


def test_a_server_without_deduplication_is_found_within_fifty_days(day: Any) -> None:
    found = ""
    with without_deduplication():
        for seed in range(1, 51):
            try:
                found = ", ".join(day(seed).run().verdict())
            except AssertionError as error:  # it never came to rest, or its results were out of order
                found = str(error)
            if found:
                break
    assert found
    print(f"found on day {seed}: {found}")
