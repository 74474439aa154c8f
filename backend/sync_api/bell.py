"""The bell: phones that wait for something new, and the one look at the feed that tells them (M-70 to M-74).

One mechanism for both databases and any number of processes: while somebody waits, the head row is read a few times a
second, and only when it moved are the buckets of those who wait looked at. PostgreSQL's NOTIFY would save these reads and
cost every writer a call, a connection per process that must be kept alive, and a second way for SQLite.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backend.core.db import db
from backend.sync_api.journal import CHUNK
from backend.sync_api.models import SyncFeed
from backend.sync_api.publish import read_head
from sync.server.pull import FeedHead, is_news

HOLDS = "fieldpledge.holds"  # in the WSGI environment of a server that can hold an answer: the list for a Wish
LOOK_EVERY_S = 0.4
HOLD_S = (40.0, 50.0)  # by chance between these: below the minute after which proxies and radios let go
APART_S = 0.005  # what many hear is told one after the other, so that they do not all pull at once


@dataclass(frozen=True)
class Wish:
    """Somebody to be told once these buckets hold more than they did when the feed stood at `since`.

    buckets  None: a desk, which is told of every change of a record, as the audit chain counts them
    """

    buckets: tuple[str, ...] | None
    epoch: str
    since: int


@dataclass
class Seat:
    wish: Wish
    since: int
    told: asyncio.Future[FeedHead | None]
    head: FeedHead | None = None  # what she is told


def desk_head(row: Any) -> FeedHead:
    """Where a desk stands: records of no phone change too, and have no number in the feed."""
    return FeedHead(row.epoch, row.audit_n, 0)


def newest_of(session: Session, buckets: Iterable[str], after: int) -> dict[str, int]:
    """Bucket → its highest number above `after`; buckets without one are missing."""
    names, out = sorted(set(buckets)), {}
    for start in range(0, len(names), CHUNK):
        query = (
            sa.select(SyncFeed.bucket, sa.func.max(SyncFeed.seq))
            .where(SyncFeed.bucket.in_(names[start : start + CHUNK]), SyncFeed.seq > after)
            .group_by(SyncFeed.bucket)
        )
        out |= dict(session.execute(query).all())
    return out


class Bell:
    """Seats are taken and left on the loop; a thread of its own looks at the feed while one is taken."""

    def __init__(self, app: Flask, chance: random.Random | None = None) -> None:
        self.app, self.chance = app, chance or random.Random()
        self.seats: dict[int, Seat] = {}
        self.is_wanted = threading.Event()
        self.is_over = False
        self.loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        threading.Thread(target=self._watch, daemon=True, name="bell").start()

    def wait(self, wish: Wish) -> asyncio.Future[FeedHead | None] | None:
        """Where the feed stands once there is something new, None when the time is over; no future when no seat is free."""
        assert self.loop is not None
        if self.is_over or len(self.seats) >= self.app.config["BELL_SEATS"]:
            return None
        told: asyncio.Future[FeedHead | None] = self.loop.create_future()
        self.seats[id(told)] = Seat(wish, wish.since, told)
        self.loop.call_later(self.chance.uniform(*HOLD_S), _tell, told, None)
        self.is_wanted.set()
        return told

    def leave(self, told: asyncio.Future[Any]) -> None:
        self.seats.pop(id(told), None)
        told.cancel()
        if not self.seats:
            self.is_wanted.clear()

    def dismiss(self) -> None:
        """Everybody is sent away without news: this process ends."""
        self.is_over = True
        for seat in self.seats.values():
            _tell(seat.told, None)

    def _watch(self) -> None:
        while True:
            self.is_wanted.wait()
            try:
                with self.app.app_context():
                    self._look(list(self.seats.values()))
            except Exception:  # a database that is away comes back; phones have their timers
                self.app.logger.exception("bell")
            threading.Event().wait(LOOK_EVERY_S)

    def _look(self, seats: Sequence[Seat]) -> None:
        rung, _ = look(db.session, seats)
        db.session.rollback()
        if rung and self.loop is not None:
            self.loop.call_soon_threadsafe(self._ring, rung)

    def _ring(self, rung: Sequence[Seat]) -> None:
        assert self.loop is not None
        for place, seat in enumerate(rung):
            self.loop.call_later(place * APART_S, _tell, seat.told, seat.head)


def look(session: Session, seats: Sequence[Seat]) -> tuple[list[Seat], FeedHead]:
    """Whom to tell, and where the feed stands. The head is read before the rows: nobody's `since` passes a change."""
    row = read_head(session)
    feed, desk = FeedHead(row.epoch, row.feed_seq, row.pruned_seq), desk_head(row)
    moved = []
    for seat in seats:
        seat.head = desk if seat.wish.buckets is None else feed
        if seat.wish.epoch != seat.head.epoch or seat.since != seat.head.seq:
            moved.append(seat)
    phones = [seat for seat in moved if seat.wish.buckets is not None]
    names = (name for seat in phones for name in seat.wish.buckets or ())
    newest = newest_of(session, names, min(seat.since for seat in phones)) if phones else {}
    rung = []
    for seat in moved:
        assert seat.head is not None
        hers = [seat.head.seq] if seat.wish.buckets is None else [newest.get(name, 0) for name in seat.wish.buckets]
        if is_news(seat.head, seat.wish.epoch, seat.since, max(hers)):
            rung.append(seat)
        else:
            seat.since = seat.head.seq
    return rung, feed


def _tell(told: asyncio.Future[FeedHead | None], what: FeedHead | None) -> None:
    if not told.done():
        told.set_result(what)
