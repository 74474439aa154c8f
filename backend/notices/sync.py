"""Notices on the phone: an engineer's own, read only but for "read"; and the worker's tasks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from apiflask import Schema
from flask import Flask
from sqlalchemy.orm import Session

from backend.accounts.models import User
from backend.core.clock import iso
from backend.core.sync import Operation, PushContext, RecordKind, home_bucket, operation_type, record_kind
from backend.notices import clocks, services, unseen
from backend.notices.models import Notice
from backend.worker import every

NOTICE = ("kind", "work_order_id", "visit_id", "about")
KEPT = timedelta(days=90)
DAY_S = 24 * 3600
SLICE = 200


class NoArgs(Schema):
    """Nothing to say but the deed."""


def project(row: Notice) -> dict[str, Any]:
    out = {name: getattr(row, name) for name in NOTICE}
    return out | {"created_at": iso(row.created_at), "read_at": iso(row.read_at)}


def buckets_of(row: Notice, session: Session) -> Iterable[str]:
    """An engineer's phones hold hers; the office reads at the desk."""
    role = session.scalar(sa.select(User.role).where(User.id == row.user_id))
    return {home_bucket(row.user_id)} if role == "engineer" else set()


def read(session: Session, op: Operation, context: PushContext) -> None:
    at = min(context.time.at, context.received_at)
    services.mark_read(services.notice_of(session, context.actor.id, op.record_id), at)


def forget(session: Session, now: datetime) -> bool:
    """The worker's task: old notices go. True while there are more."""
    query = sa.select(Notice).where(Notice.created_at < now - KEPT).limit(SLICE)
    rows = list(session.scalars(query))
    for row in rows:
        session.delete(row)
    return len(rows) == SLICE


def register(app: Flask) -> None:
    owners = dict.fromkeys((*NOTICE, "created_at", "read_at"), "server")
    record_kind(app, RecordKind("notice", Notice, project, buckets_of, owners))
    operation_type(app, "notice.read", "act", read, schema=NoArgs)
    every(app, "clock_notices", clocks.EVERY_S, clocks.run)
    every(app, "unseen_visits", unseen.EVERY_S, unseen.run)
    every(app, "old_notices", DAY_S, forget)
