"""The price list: making and changing its lines. Never commits, never reads the clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import Branch, Company
from backend.contracts.models import Contract
from backend.core import editing
from backend.core.ids import new_id
from backend.core.problems import Fault, Invalid, NotFound
from backend.prices import ports, schemas
from backend.prices.models import Price
from backend.prices.rules.fits import faults_of
from backend.prices.rules.money import DEFAULT_CURRENCY


def all_prices(session: Session) -> list[Price]:
    """The whole list: by kind and charge, the newest first."""
    query = sa.select(Price).order_by(Price.kind, Price.charge, Price.part_no, Price.valid_from.desc(), Price.id)
    return list(session.scalars(query))


def currency_of(session: Session) -> str:
    """The company's own currency."""
    return session.scalar(sa.select(Company.currency)) or DEFAULT_CURRENCY


def create_price(session: Session, actor: Any, values: dict[str, Any], now: datetime) -> Price:
    """A new line of the price list. Raises Invalid."""
    values = {"currency": currency_of(session), **values}
    check(session, values)
    row = Price(id=new_id(), changed_at=now, changed_by_id=actor.user_id, **values)
    session.add(row)
    _tell(session, now)
    return row


def edit_price(
    session: Session, actor: Any, price_id: str, base: Mapping[str, Any], changes: Mapping[str, Any], now: datetime
) -> Price:
    """Change a line, field by field; what it makes of open work is quoted again. Raises NotFound, Invalid, Collision."""
    row = session.get(Price, price_id)
    if row is None:
        raise NotFound()
    shown = {name: getattr(row, name) for name in schemas.PriceFields().fields}
    check(session, {**shown, **changes}, "$.fields.")
    if editing.edit_row(row, schemas.PriceOut(), base, changes):
        row.changed_at, row.changed_by_id = now, actor.user_id
        _tell(session, now)
    return row


def check(session: Session, values: Mapping[str, Any], path: str = "$.") -> None:
    """Raises Invalid where unit, part, days, branch or contract do not fit."""
    part_no, until = values.get("part_no") or "", values.get("valid_until")
    faults = faults_of(values["kind"], values["per"], part_no, values["valid_from"], until)
    if values.get("branch_id") and session.get(Branch, values["branch_id"]) is None:
        faults.append(("branch_id", {"zh": "没有这个分公司。", "en": "There is no such branch."}))
    if values.get("contract_id") and session.get(Contract, values["contract_id"]) is None:
        faults.append(("contract_id", {"zh": "没有这份合同。", "en": "There is no such contract."}))
    if faults:
        raise Invalid(faults=[Fault(f"{path}{name}", words) for name, words in faults])


def _tell(session: Session, now: datetime) -> None:
    session.flush()
    for tell in ports.prices_changed.answers:
        tell(session, now)
