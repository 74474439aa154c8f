"""What work orders ask the slices to their right (visits, reports, links), and what they answer to the left.

The right-hand slice registers in its `ports.register(app)`: `workorders.ports.gate_answers.answer_with(function)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from backend.core.ports import Port
from backend.workorders.models import WorkOrder


@dataclass(frozen=True)
class GateAnswer:
    """Does a gate hold? `why` {zh, en} says what is missing; `link` {kind, id} where to mend it."""

    holds: bool
    why: dict[str, str] = field(default_factory=dict)
    link: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Repair:
    """One repair of an asset out of a submitted or approved report (D-07), and the work order it was done for."""

    asset_id: str
    work_order_id: str
    reported_at: datetime
    report: str
    fault: str
    on: date
    report_id: str = ""


@dataclass(frozen=True)
class UsedPart:
    """A part that a report of a work order names; which asset it went into, where that is told."""

    asset_id: str | None
    part_no: str
    name: str
    quantity: int


# Those that settling asks are asked for all work orders of a transaction at once.
# (session, work order ids) → {(work order id, gate): GateAnswer} of the gates that the slice knows
gate_answers: Port[Callable[[Session, Sequence[str]], Mapping[tuple[str, str], GateAnswer]]] = Port(
    "which gates hold"
)

# (session, asset ids) → their repairs in order
repairs_of: Port[Callable[[Session, Sequence[str]], Sequence[Repair]]] = Port("which repairs had these assets")

# (session, work order ids) → {work order id: {asset id: cause category}} as found so far; user damage changes who pays
causes_of: Port[Callable[[Session, Sequence[str]], Mapping[str, Mapping[str, str]]]] = Port("what caused the fault")

# (session, work order ids) → {work order id: parts its reports name}
parts_of: Port[Callable[[Session, Sequence[str]], Mapping[str, Sequence[UsedPart]]]] = Port("which parts were used")

# (session, work order id, actor) → parts of the work order's page: visits, check_ins, acknowledgements, reports, conflicts
details_of: Port[Callable[[Session, str, Any], dict[str, Any]]] = Port("what belongs to a work order")

# (session, work order ids) → {work order id: columns of a list's row}: engineers, next visit
columns_of: Port[Callable[[Session, Sequence[str]], Mapping[str, dict[str, Any]]]] = Port(
    "what stands in a list's row"
)

# (engineer's id) → SELECT of the work order ids she has or had a visit on
work_of_engineer: Port[Callable[[str], sa.Select[tuple[str]]]] = Port("which work orders is an engineer on")

# (session, actor, work order, values, now): plan the visit that was given at intake
plan_visit: Port[Callable[[Session, Any, WorkOrder, Mapping[str, Any], datetime], Any]] = Port("plan a visit")

# (session, work order, actor, reason, now): the work order was closed or cancelled; call its open visits off
ended: Port[Callable[[Session, WorkOrder, Any, str, datetime], None]] = Port("who must know that it ended")

# (session, [(work order, what it was charged: {status, charges, total})], now): other charges were decided than before
charges_changed: Port[Callable[[Session, Sequence[tuple[WorkOrder, Mapping[str, Any]]], datetime], None]] = Port(
    "who must know of other charges"
)

# (session, work order id, now): who may see it on a phone may have changed (owner, state)
scope_changed: Port[Callable[[Session, str, datetime], None]] = Port("whose phones hold it")

# (session, actor, query, limit) → search rows {kind, id, title, subtitle, customer_id, site_id}
found: Port[Callable[[Session, Any, str, int], Sequence[dict[str, Any]]]] = Port("what else does a search find")

# (session, actor, branch ids or None for all, now) → further counts for the board
counts_of: Port[Callable[[Session, Any, datetime], dict[str, int]]] = Port("what else does the board count")


EVERY_S = 1  # seconds: every look of the worker


def register(app: Flask) -> None:
    """Answers to customers, assets and contracts; settling runs last in every write transaction, the rest by the worker."""
    from backend.assets import ports as assets
    from backend.contracts import ports as contracts
    from backend.core.db import before_commit
    from backend.customers import ports as customers
    from backend.letters import ports as letters
    from backend.prices import ports as prices
    from backend.worker import every
    from backend.workorders import again, lists, services, settling

    customers.customers_of_engineer.answer_with(services.customers_of_engineer)
    customers.details_of.answer_with(lists.recent_of_customer)
    assets.history_of.answer_with(lists.history_of_asset)
    contracts.contract_changed.answer_with(again.contract_changed)
    assets.asset_changed.answer_with(again.asset_changed)
    customers.customer_changed.answer_with(again.customer_changed)
    prices.prices_changed.answer_with(again.prices_changed)
    letters.calendar_changed.answer_with(again.calendar_changed)
    letters.letter_installed.answer_with(again.letter_installed)
    before_commit(again.ask_for_assets)
    before_commit(settling.settle_all)
    every(app, "decide again", EVERY_S, again.run)
