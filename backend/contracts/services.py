"""Contracts: which letter versions were signed with a customer."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.contracts.models import Contract
from backend.core.ids import new_id
from backend.core.problems import Fault, Invalid, NotFound
from backend.customers import services as customers
from backend.letters import services as letters
from backend.letters.installed import known
from backend.letters.rules import LetterFaulty, LetterUnknown


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
    check_contract(session, values)
    row = Contract(id=values.pop("id", None) or new_id(), **values)
    session.add(row)
    session.flush()
    return row


def check_contract(session: Session, values: dict[str, Any], row: Contract | None = None, path: str = "$.") -> None:
    """Letters are kept as versions: a bare name becomes the one in force when it is signed. Raises Invalid when it ends
    before it starts, or for a version that is not there, not in force yet, or withdrawn from new contracts."""
    faults = []
    if values.get("letters"):
        signed_on = values.get("signed_on") or (row.signed_on if row else None)
        kept = set(row.letters) if row else set()
        values["letters"], faults = _as_signed(session, values["letters"], signed_on, kept, path)
    starts_on = values.get("starts_on", row.starts_on if row else None)
    ends_on = values.get("ends_on", row.ends_on if row else None)
    if starts_on and ends_on and ends_on < starts_on:
        faults.append(Fault(f"{path}ends_on", {"zh": "结束日期早于开始日期。", "en": "It ends before it starts."}))
    if faults:
        raise Invalid(faults=faults)


def _as_signed(
    session: Session, refs: list[str], signed_on: date | None, kept: set[str], path: str
) -> tuple[list[str], list[Fault]]:
    """The versions that the references name on that day, each once, and what is wrong with them."""
    here, gone, out, faults = known(session), letters.withdrawn(session), [], []
    for index, ref in enumerate(refs):
        words = None
        try:
            letter = here.letter(ref, on=signed_on)
        except LetterUnknown:
            words = {"zh": f"没有承诺书 {ref}。", "en": f"There is no letter {ref}."}
        except LetterFaulty:
            out.append(ref)
            if ref not in kept:
                words = {"zh": f"{ref} 的文件读不出来。", "en": f"The file of {ref} cannot be read."}
        else:
            out.append(letter.ref)
            if letter.ref in kept:
                continue
            if letter.ref in gone:
                words = {
                    "zh": f"{letter.ref} 已不再用于新合同。",
                    "en": f"{letter.ref} is withdrawn from new contracts.",
                }
            elif signed_on and letter.in_force_from > signed_on:
                day = letter.in_force_from
                words = {
                    "zh": f"{letter.ref} 从 {day} 起才有效。",
                    "en": f"{letter.ref} is in force from {day} only.",
                }
        if words:
            faults.append(Fault(f"{path}letters[{index}]", words))
    return list(dict.fromkeys(out)), faults


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
