"""What every peer is asked to do, and what is measured of it.

A peer has: `name`; `start()`, `stop()`; `place()` → a Place: somewhere empty, with a pushing and a pulling client.
"""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

RECORDS = 1_000
BATCHES = (100, 200)
REPEATS = 5
IDLE_POLLS = 200
ROUNDS = 24
SLOW_BATCH = 200
QUICK_WRITES = 4
BEHIND = (1_000, 100_000, 1_000_000)
NEW = 10


class Place(Protocol):
    """An empty place of a peer with its clients."""

    def requests(self, count: int, batch: int) -> Sequence[Any]:
        """`count` new records as ready requests of `batch` each; made before the clock runs."""

    def push(self, request: Any) -> set[str]:
        """Send one; ids of the records that the answer says are stored."""

    def quick(self) -> Any:
        """A ready request of one record, for a client of its own."""

    def pull(self, cursor: Any) -> tuple[list[str], Any]:
        """Ids of what is new since the cursor (None: everything), and the cursor behind it."""

    def fill(self, count: int) -> Any:
        """Put so many changes behind, by whatever is quickest; the cursor behind them. None: not done for so many."""


class Peer(Protocol):
    name: str

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def place(self) -> Place: ...


@dataclass
class Measured:
    """Of one peer: seconds per run, by name of the figure."""

    push_s: dict[int, list[float]] = field(default_factory=lambda: {batch: [] for batch in BATCHES})
    pull_s: list[float] = field(default_factory=list)
    idle_ms: list[float] = field(default_factory=list)
    behind_ms: dict[int, float] = field(default_factory=dict)
    missed: int = 0
    rounds_with_missed: int = 0
    gone: int = 0
    acked: int = 0

    def push_per_s(self, batch: int) -> float:
        return RECORDS / statistics.median(self.push_s[batch])

    def pull_per_s(self) -> float:
        return RECORDS / statistics.median(self.pull_s)

    def idle(self, hundredth: int) -> float:
        return statistics.quantiles(self.idle_ms, n=100)[hundredth - 1]


def measure(peers: Sequence[Peer], say: Callable[[str], None]) -> dict[str, Measured]:
    """Alternating: each repeat asks every peer before the next begins."""
    out = {peer.name: Measured() for peer in peers}
    for repeat in range(REPEATS):
        for peer in peers:
            _exchange(peer, out[peer.name])
            say(f"{peer.name}: exchange {repeat + 1} of {REPEATS}")
    for peer in peers:
        _race(peer.place(), out[peer.name])
        say(f"{peer.name}: race, {out[peer.name].missed} missed, {out[peer.name].gone} acked and gone")
    for peer in peers:
        _history(peer.place(), out[peer.name])
        say(f"{peer.name}: {NEW} changes behind {list(out[peer.name].behind_ms)}")
    return out


def _exchange(peer: Peer, into: Measured) -> None:
    """Push in batches of 100 and of 200, each into an empty place; a second client pulls the first; idle polls."""
    for batch in BATCHES:
        place = peer.place()
        _, cursor = _pull_all(place, None)
        requests = place.requests(RECORDS, batch)
        started = time.perf_counter()
        stored = [len(place.push(request)) for request in requests]
        into.push_s[batch].append(time.perf_counter() - started)
        assert sum(stored) == RECORDS, f"{peer.name} stored {sum(stored)}"
        if batch == BATCHES[0]:
            started = time.perf_counter()
            seen, cursor = _pull_all(place, cursor)
            into.pull_s.append(time.perf_counter() - started)
            assert len(set(seen)) >= RECORDS, f"{peer.name} gave {len(set(seen))}"
            into.idle_ms += [_ms(lambda p=place, c=cursor: p.pull(c)) for _ in range(IDLE_POLLS)]


def _pull_all(place: Place, cursor: Any) -> tuple[list[str], Any]:
    """Until there is nothing new."""
    seen: list[str] = []
    while True:
        new, cursor = place.pull(cursor)
        seen += new
        if not new:
            return seen, cursor


def _ms(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return (time.perf_counter() - started) * 1000


def _race(place: Place, into: Measured) -> None:
    """One slow batch and one quick writer while a reader follows with its cursor: does the cursor pass anything by?"""
    rng, (_, cursor) = random.Random(1122), _pull_all(place, None)
    seen: set[str] = set()
    rounds: list[set[str]] = []
    started = time.perf_counter()
    rounds.append(place.push(place.requests(SLOW_BATCH, SLOW_BATCH)[0]))
    usual_s = time.perf_counter() - started
    for _ in range(ROUNDS):
        slow, quick = place.requests(SLOW_BATCH, SLOW_BATCH)[0], [place.quick() for _ in range(QUICK_WRITES)]
        pause_s = rng.uniform(0, usual_s / QUICK_WRITES)
        stored: list[set[str]] = []
        writers = [
            threading.Thread(target=lambda s=slow, o=stored: o.append(place.push(s))),
            threading.Thread(target=_write_quickly, args=(place, quick, pause_s, stored)),
        ]
        for writer in writers:
            writer.start()
        while any(writer.is_alive() for writer in writers):
            new, cursor = place.pull(cursor)
            seen.update(new)
        new, cursor = _pull_all(place, cursor)
        seen.update(new)
        rounds.append(set().union(*stored))
    present = set(_pull_all(place, None)[0])
    missed = [len((acked & present) - seen) for acked in rounds]
    into.missed, into.rounds_with_missed = sum(missed), sum(map(bool, missed))
    into.acked, into.gone = sum(map(len, rounds)), sum(len(acked - present) for acked in rounds)


def _write_quickly(place: Place, quick: Sequence[Any], pause_s: float, stored: list[set[str]]) -> None:
    for request in quick:
        time.sleep(pause_s)
        stored.append(place.push(request))


def _history(place: Place, into: Measured) -> None:
    """Ten new changes, with so many behind the cursor."""
    for count in BEHIND:
        cursor = place.fill(count)
        if cursor is None:
            continue
        place.push(place.requests(NEW, NEW)[0])
        assert len(place.pull(cursor)[0]) >= NEW
        times = [_ms(lambda c=cursor: place.pull(c)) for _ in range(60)]
        into.behind_ms[count] = statistics.median(times[10:])
