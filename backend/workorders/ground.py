"""What deciding work orders reads, read together: a batch asks each table once, however many work orders it moved.

Called by settling (those a transaction marked) and by the intake (one that is about to be).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.assets import services as assets
from backend.assets.models import Asset
from backend.contracts.models import Contract
from backend.core import clock
from backend.core.db import IDS, rows_by_id
from backend.customers.models import Customer, Site
from backend.workorders import ports
from backend.workorders.decision import Case
from backend.workorders.models import LogEntry, WorkOrder
from backend.workorders.quoting import Job, PriceGround, price_ground
from backend.workorders.rules import clocks as clock_rules
from backend.workorders.rules.counted import counted_of
from backend.workorders.rules.entries import Entry
from backend.workorders.rules.spells import waits_of
from backend.workorders.spells import log_spells_of


@dataclass
class Ground:
    """Rows by id, and by work order what hangs on it. Holds what it read, so that the session does not let it go."""

    entries: dict[str, list[Entry]]
    customers: dict[str, Customer]
    sites: dict[str, Site]
    assets: dict[str, Asset]
    contracts: dict[str, Contract]
    spells: dict[str, Any]
    repairs: dict[str, list[ports.Repair]]
    causes: dict[str, dict[str, str]] = field(default_factory=dict)
    parts: dict[str, list[ports.UsedPart]] = field(default_factory=dict)
    prices: PriceGround = field(default_factory=PriceGround)
    gates: dict[tuple[str, str], ports.GateAnswer] = field(default_factory=dict)


def ground_of(session: Session, work_orders: Sequence[WorkOrder]) -> Ground:
    """Everything that settling these work orders asks for. They are flushed."""
    ids = [row.id for row in work_orders]
    ground = facts_about(
        session,
        {asset_id for row in work_orders for asset_id in row.asset_ids or []},
        {row.contract_id for row in work_orders},
    )
    ground.entries = entries_of(session, ids)
    ground.customers = rows_by_id(session, Customer, {row.customer_id for row in work_orders})
    ground.sites = rows_by_id(session, Site, {row.site_id for row in work_orders})
    for causes in ports.causes_of.answers:
        for ident, found in causes(session, ids).items():
            ground.causes.setdefault(ident, {}).update(found)
    for parts in ports.parts_of.answers:
        for ident, used in parts(session, ids).items():
            ground.parts.setdefault(ident, []).extend(used)
    for gates in ports.gate_answers.answers:
        ground.gates |= gates(session, ids)
    return ground


def facts_about(session: Session, asset_ids: Iterable[str], contract_ids: Iterable[str | None]) -> Ground:
    """The assets with their contracts, spells and repairs: what can be known before there is a work order."""
    found = rows_by_id(session, Asset, set(asset_ids))
    contracts = rows_by_id(session, Contract, {*contract_ids, *(asset.contract_id for asset in found.values())})
    repairs: dict[str, list[ports.Repair]] = {}
    for answer in ports.repairs_of.answers if found else ():
        for repair in answer(session, sorted(found)):
            repairs.setdefault(repair.asset_id, []).append(repair)
    spells: dict[str, list[Any]] = dict(assets.spells_of(session, list(found))) if found else {}
    for spell in log_spells_of(session, list(found)):
        spells[spell.asset_id].append(spell)
    return Ground({}, {}, {}, found, contracts, spells, repairs, prices=price_ground(session))


_LOG: Any = LogEntry.__table__.c  # columns, not entities: a batch reads thousands of lines
_ENTRY = (
    _LOG.work_order_id, _LOG.id, _LOG.what, _LOG.corrected_at, _LOG.visit_id, _LOG.note, _LOG.data, _LOG.received_at,
)  # fmt: skip
_ENTRIES = sa.select(*_ENTRY).where(_LOG.work_order_id.in_(IDS), _LOG.voided_at.is_(None))


def entries_of(session: Session, work_order_ids: Sequence[str]) -> dict[str, list[Entry]]:
    """The logs as the rules see them: what is voided is left out."""
    out: dict[str, list[Entry]] = {ident: [] for ident in work_order_ids}
    for ident, *values, data, received_at in session.execute(_ENTRIES, {"ids": work_order_ids}):
        out[ident].append(Entry(*values, data=data or {}, received_at=received_at))
    return out


def case_of(ground: Ground, work_order: WorkOrder) -> Case:
    """The facts of a work order, those of its log included."""
    ids = [ident for ident in work_order.asset_ids or [] if ident in ground.assets]
    entries = ground.entries.get(work_order.id, [])
    return Case(
        customer=ground.customers[work_order.customer_id],
        site=ground.sites[work_order.site_id],
        assets=[ground.assets[ident] for ident in ids],
        contract=ground.contracts.get(work_order.contract_id or ""),
        contracts=ground.contracts,
        spells=ground.spells,
        kind=work_order.kind,
        channel=work_order.channel,
        priority=work_order.priority,
        reported_at=work_order.reported_at,
        fault=work_order.fault,
        remote_started_at=_first(entries, "remote_started"),
        onsite_decided_at=_first(entries, "decided_on_site", "sent"),
        promised_for=_promised(entries),
        solved_at=clock_rules.solved_at(entries),
        pauses=tuple(
            (f"waiting_{wait.reason}", wait.first.at, wait.last.at if wait.last else None)
            for wait in waits_of(entries)
        ),
        unrepairable=work_order.unrepairable,
        product_price=work_order.product_price,
        upgrade_quote=work_order.upgrade_quote,
        lifted=_lifted(entries),
        causes=ground.causes.get(work_order.id, {}),
        repairs=repairs_before(ground, ids, work_order.id, work_order.reported_at),
    )


def job_of(ground: Ground, work_order: WorkOrder) -> Job:
    """What its quote has to know."""
    tz = ground.sites[work_order.site_id].tz
    parts = ground.parts.get(work_order.id, ())
    counted = counted_of(ground.entries.get(work_order.id, ()))
    return Job(
        work_order.branch_id,
        work_order.contract_id,
        work_order.reported_at,
        tz,
        parts,
        work_order.upgrade_quote,
        counted,
    )


def repairs_before(
    ground: Ground, asset_ids: Sequence[str], work_order_id: str, reported_at: datetime
) -> list[ports.Repair]:
    """Repairs of these assets in other work orders reported before this one (it may not exist yet)."""
    return [
        repair
        for ident in asset_ids
        for repair in ground.repairs.get(ident, ())
        if repair.work_order_id != work_order_id and repair.reported_at < reported_at
    ]


def _lifted(entries: Sequence[Entry]) -> Entry | None:
    """The entry by which the office overrode a suspension, the last one."""
    found = [entry for entry in entries if entry.what == "overridden" and entry.data.get("suspended")]
    return max(found, key=lambda entry: (entry.at, entry.id), default=None)


def _first(entries: Sequence[Entry], *whats: str) -> datetime | None:
    return min((entry.at for entry in entries if entry.what in whats), default=None)


def _promised(entries: Sequence[Entry]) -> datetime | None:
    """The date last promised in writing (C-08)."""
    promises = [entry for entry in entries if entry.what == "promised" and entry.data.get("promised_for")]
    last: Mapping[str, Any] | None = max(promises, key=lambda e: (e.at, e.id)).data if promises else None
    return clock.parse(last["promised_for"]) if last else None
