"""Full weeks of 500 operations and 200 photos of 300 KB through many deaths: `make test-long ONLY=week FROM=1 COUNT=3`."""

from __future__ import annotations

from typing import Any

from tests.faults.seeds import seeds
from tests.sync.week import week
from tests.sync.week.test_week import EVERY_DEATH, send_through_kills


def test_full_weeks_arrive_whole_through_dying_pages_and_a_killed_server(house: Any, database_kind: str) -> None:
    for seed in seeds(3):
        said = send_through_kills(house, seed, week.PHOTO, operations=500, photos=200, rounds=6, kills=8)
        assert set(said["died"]) == EVERY_DEATH
        print(
            f"week on {database_kind}, seed {seed}: {said['took_ms'] / 1000:.0f} s, {sum(said['died'].values())} deaths of"
            f" the page, {said['kills']} of the server; {said['pushed']} operations sent for 500, {said['chunks']} chunks"
            f" for 200 photos, {said['resumed']} resumed in their middle, {said['requests']} requests"
        )
