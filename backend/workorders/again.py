"""Deciding again what a change touched: few work orders at once, many by the worker in slices (K-12).

A contract, a letter's version, a price, a day of the calendar may touch every open work order there is. Such a change
writes one row, however many it touches; the worker walks through them by id and keeps where it stands in the same
transaction, so that a killed one goes on there. Ended work stays as it was decided. Called by the slices' ports.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.assets.models import Asset
from backend.contracts.models import Contract
from backend.core import clock
from backend.letters.installed import known
from backend.letters.rules.touched import anchored, looks_at_rest_days
from backend.workorders import settling
from backend.workorders.models import DecideAgain, WorkOrder, WorkOrderAsset
from backend.workorders.rules.states import OPEN

AT_ONCE = 20  # so many are decided with the change itself: whoever made it sees the result
SLICE_S = (
    0.06  # of deciding in one transaction; writing what it changed takes as long again: far from 250 ms on a busy day
)
TOGETHER = 40  # are read at once
AHEAD = 400  # ids looked up for one slice, more than one gets done
log = logging.getLogger(__name__)


_ON_ASSETS = sa.select(WorkOrderAsset.work_order_id).join(Asset, Asset.id == WorkOrderAsset.asset_id)


def _of_contract(_session: Session, contract_id: str) -> sa.ColumnElement[bool]:
    on_assets = _ON_ASSETS.where(Asset.contract_id == contract_id)
    return sa.or_(WorkOrder.contract_id == contract_id, WorkOrder.id.in_(on_assets))


def _of_asset(_session: Session, asset_id: str) -> sa.ColumnElement[bool]:
    return WorkOrder.id.in_(sa.select(WorkOrderAsset.work_order_id).where(WorkOrderAsset.asset_id == asset_id))


def _of_letter(_session: Session, ref: str) -> sa.ColumnElement[bool]:
    """Work under contracts that name this version, or no version: all others keep what was signed."""
    names = sa.or_(_names(Contract.letters, ref), _names(Contract.letters, ref.partition("@")[0]))
    contracts = sa.select(Contract.id).where(names)
    on_assets = _ON_ASSETS.where(Asset.contract_id.in_(contracts))
    return sa.or_(WorkOrder.contract_id.in_(contracts), WorkOrder.id.in_(on_assets))


def _of_days(session: Session, ref: str) -> sa.ColumnElement[bool]:
    """Work whose letters look at one of these days: a last day of its assets near them, or hours that were to run
    through them. Until when hours run is in no column, so that a later day stays among them."""
    first, last = map(date.fromisoformat, ref.split(BETWEEN))
    begun = WorkOrder.reported_at < datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=2)
    here, parts = known(session), [sa.false()]
    for letter in here.letters(f"{name}@{version}" for name, all_ in here.versions.items() for version in all_):
        near = [
            getattr(Asset, one.anchor).between(one.since or date.min, one.until)
            for one in anchored(letter, first, last, here.calendar)
        ]
        looks = [WorkOrder.id.in_(_ON_ASSETS.where(sa.or_(*near)))] if near else []
        looks += [begun] if looks_at_rest_days(letter) else []
        if looks:
            parts.append(_names(WorkOrder.letters, letter.ref) & sa.or_(*looks))
    return sa.or_(*parts)


def _names(refs: InstrumentedAttribute[list[str]], ref: str) -> sa.ColumnElement[bool]:
    return sa.cast(refs, sa.Text).contains(f'"{ref}"', autoescape=True)


BETWEEN = "/"  # the first and the last of some days, as ISO 8601 writes a span

# what changed → which open work orders it touches, by its id, its reference, or its days
TOUCHED: dict[str, Callable[[Session, str], sa.ColumnElement[bool]]] = {
    "contract": _of_contract,
    "asset": _of_asset,
    "letter": _of_letter,
    "days": _of_days,
    "customer": lambda _session, ref: WorkOrder.customer_id == ref,
    "branch": lambda _session, ref: WorkOrder.branch_id == ref,
    "prices": lambda _session, _ref: WorkOrder.entitlement["status"].as_string() != "covered",
    "all": lambda _session, _ref: sa.true(),  # asked by versions that could not tell, and not worked off yet
}


def ask(session: Session, what: str, ref: str, now: datetime) -> None:
    """Open work that the change touches is decided again: in this transaction where it is little, else by the worker.

    what, ref  a key of TOUCHED and what it takes; "prices" takes ""
    """
    found = session.scalars(_touched(session, what, ref).limit(AT_ONCE + 1)).all()
    if len(found) <= AT_ONCE:
        for work_order_id in found:
            settling.mark(session, work_order_id, now, what)
        return
    row = session.get(DecideAgain, (what, ref)) or DecideAgain(what=what, ref=ref)
    row.asked_at, row.after_id = now, ""  # asked again on its way: from the beginning
    session.add(row)
    session.flush()


def _touched(session: Session, what: str, ref: str, after_id: str = "") -> sa.Select[tuple[str]]:
    open_ = WorkOrder.state.in_(OPEN)
    touched = TOUCHED[what](session, ref)
    return sa.select(WorkOrder.id).where(open_, touched, WorkOrder.id > after_id).order_by(WorkOrder.id)


def contract_changed(session: Session, contract_id: str, now: datetime) -> None:
    ask(session, "contract", contract_id, now)


def prices_changed(session: Session, now: datetime) -> None:
    """Open work that is not all free is quoted again."""
    ask(session, "prices", "", now)


def calendar_changed(session: Session, first: date, last: date, now: datetime) -> None:
    ask(session, "days", f"{first}{BETWEEN}{last}", now)


def letter_installed(session: Session, letter: str, version: int, now: datetime) -> None:
    ask(session, "letter", f"{letter}@{version}", now)


def asset_changed(session: Session, asset_id: str, now: datetime) -> None:
    ask(session, "asset", asset_id, now)


_ASSETS = "assets_told_of"


def assets_told_of(session: Session, asset_ids: Sequence[str]) -> None:
    """Other open work on these assets counts what happened to them too; looked up once, when the transaction ends."""
    session.info.setdefault(_ASSETS, set()).update(asset_ids)


def ask_for_assets(session: Session) -> None:
    """Runs before settling: what hangs on those assets beside the work that is settled anyway is decided again, now."""
    moved: set[str] = session.info.pop(_ASSETS, set())
    if not moved:
        return
    now = clock.now()
    hangs = sa.select(WorkOrderAsset.work_order_id).where(WorkOrderAsset.asset_id.in_(moved))
    query = sa.select(WorkOrder.id).where(WorkOrder.state.in_(OPEN), WorkOrder.id.in_(hangs))
    found = [ident for ident in session.scalars(query) if not settling.is_marked(session, ident)]
    if len(found) > AT_ONCE:
        for asset_id in sorted(moved):
            ask(session, "asset", asset_id, now)
        return
    for ident in found:
        settling.mark(session, ident, now, "asset")


def customer_changed(session: Session, customer_id: str, now: datetime) -> None:
    ask(session, "customer", customer_id, now)


def left(session: Session) -> int:
    """How many work orders are still to be decided again."""
    rows = session.scalars(sa.select(DecideAgain)).all()
    if not rows:
        return 0
    parts = [sa.and_(TOUCHED[row.what](session, row.ref), WorkOrder.id > row.after_id) for row in rows]
    count = sa.select(sa.func.count()).select_from(WorkOrder).where(WorkOrder.state.in_(OPEN), sa.or_(*parts))
    return session.scalar(count) or 0


def run(session: Session, now: datetime) -> bool:
    """The worker's task: one slice. True while there is more to decide."""
    until = time.perf_counter() + SLICE_S
    while (row := _oldest(session)) is not None:
        ids = session.scalars(_touched(session, row.what, row.ref, row.after_id).limit(AHEAD)).all()
        for start in range(0, len(ids), TOGETHER):
            part = ids[start : start + TOGETHER]
            _decide(session, part, now, row.what)
            row.after_id = part[-1]
            if time.perf_counter() >= until:
                session.flush()
                return True
        if len(ids) < AHEAD:
            session.delete(row)
        session.flush()
    return False


def _oldest(session: Session) -> DecideAgain | None:
    return session.scalar(sa.select(DecideAgain).order_by(DecideAgain.asked_at, DecideAgain.what, DecideAgain.ref))


def _decide(session: Session, work_order_ids: list[str], now: datetime, why: str) -> None:
    """Together; where one of them cannot be decided, one by one, so that it stops no other."""
    try:
        _settle(session, work_order_ids, now, why)
    except SQLAlchemyError:
        raise
    except Exception:
        session.expire_all()
        for work_order_id in work_order_ids:
            try:
                _settle(session, [work_order_id], now, why)
            except SQLAlchemyError:
                raise
            except Exception:
                session.expire_all()
                log.exception("work order %s is not decided again", work_order_id)


def _settle(session: Session, work_order_ids: list[str], now: datetime, why: str) -> None:
    for work_order_id in work_order_ids:
        settling.mark(session, work_order_id, now, why)
    settling.settle_all(session)
