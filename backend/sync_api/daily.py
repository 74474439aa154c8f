"""Once a day: where the books stand goes into the daily log, and removals that no phone waits for are forgotten.

The log lies beside the database (`anchors.log`, one line a day). Copied elsewhere, by mail or by a log collector, a line
proves what stood that day, also against whoever owns this server (docs/operate.md).
"""

from __future__ import annotations

import logging
import os
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from backend.core import clock
from backend.sync_api.audit import anchor_now
from backend.sync_api.models import SyncAnchor, SyncFeed, SyncHead
from backend.sync_api.publish import stored_head

EVERY_S = 24 * 3600
RETENTION_DAYS = 180  # a phone away for longer fetches its data anew (M-49); what it made itself is never forgotten
SLICE = 2_000  # rows forgotten in one transaction (K-12: none over 250 ms)
log = logging.getLogger(__name__)


def log_path() -> Path:
    return Path(current_app.config["VAR_DIR"]) / "anchors.log"


def run(session: Session, now: datetime) -> bool:
    """The worker's task. True while there is more to forget."""
    last = session.scalar(sa.select(sa.func.max(SyncAnchor.at)))
    if last is None or now - last >= timedelta(seconds=EVERY_S):
        keep_anchor(session, now)
    return forget_removals(session, now)


def keep_anchor(session: Session, now: datetime) -> None:
    """One line into the log, strictly on disk, and one row that remembers where the feed stood."""
    head, anchor = stored_head(session), anchor_now(session)
    if head is None or anchor is None:
        return
    session.add(SyncAnchor(at=now, epoch=head.epoch, feed_seq=head.feed_seq, anchor=anchor))
    line = f"{clock.iso(now)} {anchor}\n"
    with log_path().open("a") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    log.info("anchor %s", line.strip())


def forget_removals(session: Session, now: datetime) -> bool:
    """Rows of the feed that only say "no longer yours", older than the retention; True if there were too many at once."""
    upto = session.scalar(
        sa.select(sa.func.max(SyncAnchor.feed_seq)).where(SyncAnchor.at <= now - timedelta(days=RETENTION_DAYS))
    )
    head = session.scalar(sa.select(SyncHead).where(SyncHead.id == 1).with_for_update())
    if upto is None or head is None:
        return False
    head.pruned_seq = max(head.pruned_seq, upto)
    old = sa.select(SyncFeed.seq).where(SyncFeed.why.is_not(None), SyncFeed.seq <= upto).order_by(SyncFeed.seq)
    seqs = session.scalars(old.limit(SLICE)).all()
    if seqs:
        session.execute(
            sa.delete(SyncFeed).where(SyncFeed.why.is_not(None), SyncFeed.seq <= seqs[-1]),
            execution_options={"synchronize_session": False},
        )
    return len(seqs) == SLICE
