"""Contracts: which letter versions were signed with a customer."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.contracts.models import Contract
from backend.core.ids import new_id
from backend.core.problems import Fault, Invalid, NotFound
from backend.customers import services as customers


def visible(actor: Any) -> sa.ColumnElement[bool]:
    return Contract.customer_id.in_(customers.visible_ids(actor))


def contract_for(session: Session, actor: Any, contract_id: str) -> Contract:
    row = session.scalar(sa.select(Contract).where(Contract.id == contract_id, visible(actor)))
    if row is None:
        raise NotFound()
    return row


def create_contract(session: Session, actor: Any, values: dict[str, Any]) -> Contract:
    """A new contract; letter versions are kept as signed."""
    customers.customer_for(session, actor, values["customer_id"])
    check_contract(values)
    row = Contract(id=values.pop("id", None) or new_id(), **values)
    session.add(row)
    session.flush()
    return row


def check_contract(values: dict[str, Any], row: Contract | None = None, path: str = "$.") -> None:
    """Raises Invalid when it ends before it starts."""
    faults = []
    starts_on = values.get("starts_on", row.starts_on if row else None)
    ends_on = values.get("ends_on", row.ends_on if row else None)
    if starts_on and ends_on and ends_on < starts_on:
        faults.append(Fault(f"{path}ends_on", {"zh": "结束日期早于开始日期。", "en": "It ends before it starts."}))
    if faults:
        raise Invalid(faults=faults)


def contracts_of_customer(session: Session, customer_id: str, actor: Any) -> dict[str, Any]:
    """The customer's contracts for its page, for those who may read contracts."""
    if not actor.may("contracts.read"):
        return {"contracts": []}
    query = sa.select(Contract).where(Contract.customer_id == customer_id).order_by(Contract.starts_on.desc())
    return {"contracts": list(session.scalars(query))}


def is_contract_of(session: Session, contract_id: str, customer_id: str) -> bool:
    """Is it the customer's own contract?"""
    row = session.get(Contract, contract_id)
    return row is not None and row.customer_id == customer_id
