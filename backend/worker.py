"""Work that comes due by itself: a few named tasks, each run by one process at a time.

A task takes a lease in the database before it runs; another process takes over when the lease runs out, so a killed
worker loses nothing. Slices register with `every()`. On SQLite the worker is a thread of the one server process
(K-12); on PostgreSQL each process has one and the lease decides.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Flask, current_app
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.core import clock
from backend.core.db import DatabaseBusy, UtcDateTime, db, write_transaction

LEASE_S = 120
LOOK_EVERY_S = 5
GIVE_WAY_S = 0.005  # between two slices: the writer's lock is not fair, and a request that waits for it goes first


class TaskLease(db.Model):
    """Who runs a task until when, and when it is next due."""

    __tablename__ = "task_lease"
    name: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(40), default="")
    leased_until: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True)
class Task:
    """name, seconds between runs, run(session, now) → True when there is more to do at once (work in slices)."""

    name: str
    every_s: int
    run: Callable[[Session, datetime], bool | None]


def every(app: Flask, name: str, seconds: int, run: Callable[[Session, datetime], bool | None]) -> None:
    """Register a task. Each call of `run` is one write transaction and should stay under 250 ms."""
    app.extensions.setdefault("tasks", {})[name] = Task(name, seconds, run)


def run_due(now: datetime, owner: str) -> int:
    """Run every task that is due; returns how many ran. Needs an app context.

    One that fails is logged and stays due: the next look tries it again, and the others run meanwhile.
    """
    ran = 0
    for task in current_app.extensions.get("tasks", {}).values():
        try:
            if _take(task, now, owner):
                _run_and_release(task, owner)
                ran += 1
        except Exception as error:
            if not isinstance(error, DatabaseBusy):
                current_app.logger.exception("worker: %s", task.name)
            db.session.remove()  # with what it had noted to be done before its commit
    return ran


def _take(task: Task, now: datetime, owner: str) -> bool:
    row = db.session.get(TaskLease, task.name)
    busy = row is not None and (row.due_at > now or (row.leased_until > now and row.owner != owner))
    db.session.rollback()
    if busy:
        return False
    with write_transaction() as session:
        row = session.get(TaskLease, task.name, with_for_update=True)
        if row is None:
            row = TaskLease(name=task.name, leased_until=now, due_at=now)
            session.add(row)
        if row.due_at > now or (row.leased_until > now and row.owner != owner):
            return False
        row.owner, row.leased_until = owner, now + timedelta(seconds=LEASE_S)
        return True


def _run_and_release(task: Task, owner: str) -> None:
    more = True
    while more:
        with write_transaction() as session:
            lease = session.get(TaskLease, task.name, with_for_update=True)
            if lease is None or lease.owner != owner:
                return  # another process took over
            now = clock.now()
            lease.leased_until = now + timedelta(seconds=LEASE_S)
            more = bool(task.run(session, now))
            if not more:
                lease.due_at, lease.leased_until = now + timedelta(seconds=task.every_s), now
        if more:
            threading.Event().wait(GIVE_WAY_S)


def start(app: Flask) -> threading.Thread:
    """Start the worker thread of this process."""
    owner = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"

    def loop() -> None:
        while True:
            try:
                with app.app_context():
                    run_due(clock.now(), owner)
            except Exception:
                app.logger.exception("worker")
            threading.Event().wait(LOOK_EVERY_S)

    thread = threading.Thread(target=loop, daemon=True, name="worker")
    thread.start()
    return thread
