"""A database that went back in time is noticed at start: its feed stands lower than this server has already said.

Phones would keep what the database no longer knows and never ask for it. A restore by `python -m backend restore` starts
a new epoch by itself; a database file put back by hand must be said: `python -m backend new-epoch`.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.db import db
from backend.sync_api.models import SyncRestore
from backend.sync_api.publish import start_epoch, stored_head
from backend.sync_api.restores import known_until

EVERY_S = 30


def mark_path() -> Path:
    return Path(current_app.config["VAR_DIR"]) / "sync-high-water.json"


def is_behind(session: Session) -> tuple[int, int] | None:
    """(head, mark) when the database is behind its own mark, else None."""
    try:
        mark = json.loads(mark_path().read_text())
        epoch, seq = str(mark["epoch"]), int(mark["feed_seq"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    head = stored_head(session)
    return (head.feed_seq, seq) if head and head.epoch == epoch and head.feed_seq < seq else None


def begin_anew(session: Session, now: datetime) -> str:
    """An admin says that the database was put back by hand: a new epoch. Returns the words for her."""
    behind = is_behind(session)
    at = json.loads(mark_path().read_text()).get("at") if behind else None
    start_epoch(session, now)
    row = session.scalars(sa.select(SyncRestore).order_by(SyncRestore.at.desc(), SyncRestore.id.desc())).first()
    if behind and row:
        known_until(row, behind[1], clock.parse(at) if at else None)
    since, until = clock.iso(row.from_at) if row else None, clock.iso(row.seen_at) if row else None
    return (
        "A new epoch has begun: phones fetch their data anew and offer again what the server does not know. What was done at "
        f"desks from {since or 'the beginning'} until {until or 'a time that phones will tell (see the console)'} is gone."
    )


def note(session: Session, now: datetime | None = None) -> None:
    """Write down how far the feed has come; never lower within one epoch."""
    head = stored_head(session)
    if head is None or is_behind(session):
        return
    path = mark_path()
    partial = path.with_suffix(".new")
    with partial.open("w") as file:
        file.write(json.dumps({"epoch": head.epoch, "feed_seq": head.feed_seq, "at": clock.iso(now or clock.now())}))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def check() -> str | None:
    """Words for whoever starts the server, if it must not start; else None."""
    behind = is_behind(db.session)
    db.session.rollback()
    if behind is None:
        return None
    return (
        f"this database is older than what phones were told (feed {behind[0]}, told {behind[1]}). "
        "If it was put back on purpose: python -m backend new-epoch, then start again."
    )
