"""A database that went back in time is noticed at start: its feed stands lower than this server has already said.

Phones would keep what the database no longer knows and never ask for it. A restore by `python -m backend restore` starts
a new epoch by itself; a database file put back by hand must be said: `python -m backend new-epoch`.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy.orm import Session

from backend.core.db import db
from backend.sync_api.publish import stored_head

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


def note(session: Session, _now: datetime | None = None) -> None:
    """Write down how far the feed has come; never lower within one epoch."""
    head = stored_head(session)
    if head is None or is_behind(session):
        return
    path = mark_path()
    partial = path.with_suffix(".new")
    with partial.open("w") as file:
        file.write(json.dumps({"epoch": head.epoch, "feed_seq": head.feed_seq}))
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
