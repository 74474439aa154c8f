"""What tests of visits share: a work order with a visit of Ana's, and taps as phones make them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from backend.accounts.services import Actor
from backend.visits.taps import Tap
from backend.workorders.models import LogEntry
from tests.factories.customers import make_asset
from tests.factories.work import make_log_entry, make_visit, make_work_order


def actor(user: Any) -> Actor:
    """The user as services see her."""
    branches = frozenset(b.branch_id for b in user.branches)
    return Actor(user.id, user.name, user.role, "zh", user.branch_id, branches, "-")


def phone_tap(now: Any, *, minutes_ago: float = 0, offset_ms: int | None = 0, quality: str = "good") -> Tap:
    """A tap on a phone, received now."""
    true_at = now - timedelta(minutes=minutes_ago)
    return Tap(
        at=true_at + timedelta(milliseconds=offset_ms or 0),
        corrected_at=true_at,
        quality=quality,
        received_at=now,
        offset_ms=offset_ms,
        source="phone",
    )


def log_of(session: Any, work_order: Any, what: str | None = None) -> list[LogEntry]:
    session.expire_all()
    query = sa.select(LogEntry).where(LogEntry.work_order_id == work_order.id).order_by(LogEntry.id)
    return [entry for entry in session.scalars(query) if what in (None, entry.what)]


@pytest.fixture
def asset(cast: Any) -> Any:
    return make_asset(cast.site)


@pytest.fixture
def work_order(cast: Any, asset: Any) -> Any:
    return make_work_order(cast.site, [asset])


@pytest.fixture
def visit(cast: Any, work_order: Any) -> Any:
    """Ana's, sent by Cleo."""
    row = make_visit(work_order, [cast.ana])
    make_log_entry(work_order, "sent", visit_id=row.id, data={"engineer_ids": [cast.ana.id]})
    return row
