"""A week without network, sent while the phone's page dies at any point and the server is killed: everything arrives, once,
in her order, and nothing travels again that the phone knew to be there.

`make test-long ONLY=week FROM=1 COUNT=3` sends full weeks (full_weeks.py).
"""

from __future__ import annotations

from typing import Any

from tests.faults.seeds import seeds, told
from tests.sync.week import week
from tests.sync.week.arrival import arrived

EVERY_DEATH = {
    *(f"{when} a {what}" for when in ("before", "during", "after") for what in ("push", "chunk", "request")),
    "before a write", "after a write",
}  # fmt: skip


LARGE_PHOTO = (1400, 1060)  # 1 MB goes in three chunks or more


def send_through_kills(house: Any, seed: int, picture: tuple[int, int], **size: int) -> dict[str, Any]:
    """One week; what the client reports. size: operations, photos, rounds of deaths, kills of the server."""
    folder, url = house(seed)
    with told("week", seed):
        jobs = week.prepare(folder, url)
        with week.kept_alive(folder, url) as server:
            said = week.send(server, jobs, picture, "killed", seed=seed, **size)
        assert arrived(server, said) == {}
        assert said["kills"] == size["kills"], "the server was not killed as often as it was to be"
        assert said["resumed"] > 0, "no photo went on from its middle"
    return said


def test_a_week_offline_arrives_whole_through_dying_pages_and_a_killed_server(house: Any) -> None:
    said = send_through_kills(house, seeds(1)[0], LARGE_PHOTO, operations=260, photos=8, rounds=1, kills=2)
    assert set(said["died"]) == EVERY_DEATH
