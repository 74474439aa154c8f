"""Out-of-service spells of assets out of the logs of all their work orders, beside the imported ones.

Read by ground.py for deciding, by the asset's page and by the proof sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core import clock
from backend.core.db import IDS
from backend.customers.models import Site
from backend.workorders.models import LogEntry, WorkOrder, WorkOrderAsset
from backend.workorders.rules import spells as rules
from backend.workorders.rules.entries import Entry


@dataclass(frozen=True)
class LogSpell:
    """A spell as facts take it, with the entries and the work order it comes from."""

    asset_id: str
    from_on: date
    to_on: date | None
    reason: str
    work_order_id: str
    number: str
    from_entry_id: str
    to_entry_id: str | None


_OUT_OF_USE = (
    sa.select(WorkOrderAsset.asset_id, WorkOrder.id, WorkOrder.number, WorkOrder.short_ref, Site.tz)
    .join(WorkOrder, WorkOrder.id == WorkOrderAsset.work_order_id)
    .join(Site, Site.id == WorkOrder.site_id)
    .where(
        WorkOrderAsset.asset_id.in_(IDS),
        WorkOrder.id.in_(
            sa.select(LogEntry.work_order_id).where(LogEntry.what.in_(rules.OUT), LogEntry.voided_at.is_(None))
        ),
    )
)
_LOG: Any = LogEntry.__table__.c
_ENTRIES = sa.select(_LOG.work_order_id, _LOG.id, _LOG.what, _LOG.corrected_at, _LOG.data).where(
    _LOG.work_order_id.in_(IDS), _LOG.voided_at.is_(None), _LOG.what.in_(rules.WHATS)
)


def log_spells_of(session: Session, asset_ids: Sequence[str]) -> list[LogSpell]:
    """Every spell that the logs of these assets' work orders tell, in order."""
    wanted = sorted(set(asset_ids))
    if not wanted:
        return []
    pairs = session.execute(_OUT_OF_USE, {"ids": wanted}).all()
    entries = _entries(session, sorted({pair[1] for pair in pairs}))
    found = [
        LogSpell(
            asset_id, _day(one.first.at, tz), _day(one.last.at, tz) if one.last else None, one.reason, order_id,
            number or short_ref or "", one.first.id, one.last.id if one.last else None,
        )
        for asset_id, order_id, number, short_ref, tz in pairs
        for one in rules.spells_of(entries[order_id], asset_id)
    ]  # fmt: skip
    return sorted(found, key=lambda spell: (spell.from_on, spell.from_entry_id, spell.asset_id))


def _day(at: datetime, tz: str) -> date:
    return clock.local_date(at, tz)


def _entries(session: Session, work_order_ids: Sequence[str]) -> dict[str, list[Entry]]:
    out: dict[str, list[Entry]] = {ident: [] for ident in work_order_ids}
    for order_id, ident, what, at, data in (
        session.execute(_ENTRIES, {"ids": work_order_ids}) if work_order_ids else ()
    ):
        out[order_id].append(Entry(ident, what, at, data=data or {}))
    return out
