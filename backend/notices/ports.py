"""What notices answer to the slices on their left: who is told that a customer says no, or is charged otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Flask, has_request_context
from sqlalchemy.orm import Session

from backend.acknowledgements import ports as acknowledgements
from backend.acknowledgements.models import Acknowledgement
from backend.core import clock
from backend.core.http import current_actor
from backend.notices.people import concerned
from backend.notices.services import tell
from backend.workorders import ports as work_orders
from backend.workorders.models import WorkOrder


def register(_app: Flask) -> None:
    acknowledgements.declined.answer_with(tell_office)
    work_orders.charges_changed.answer_with(tell_charges)


def tell_office(session: Session, order: WorkOrder, said: Acknowledgement, now: datetime) -> None:
    """The dispatchers and the owner; who stood there knows it."""
    people = concerned(session, [order])[order.id].of(with_admins=False) - {said.author_id or ""}
    subject = f"not_acknowledged {said.id}"
    tell(session, people, kind="not_acknowledged", subject=subject, work_order_id=order.id, now=now,
         visit_id=said.visit_id)  # fmt: skip


def tell_charges(session: Session, changed: Sequence[tuple[WorkOrder, Mapping[str, Any]]], now: datetime) -> None:
    """Who goes, the owner and the dispatchers; whoever brought it about knows it."""
    actor = current_actor() if has_request_context() else None
    people = concerned(session, [order for order, _ in changed])
    for order, was in changed:
        is_, quote = order.entitlement, order.quote or {}
        at = " ".join([clock.iso(now) or "", is_["status"], *(str(charge) for charge in is_["charges"].values())])
        about = {
            "status_was": was["status"],
            "total_was": was["total"],
            "status": is_["status"],
            "total": quote["total"],
        }
        told = people[order.id].of(with_admins=False) - {actor.user_id if actor else ""}
        tell(session, told, kind="charges_changed", subject=f"charges {order.id} {at}", work_order_id=order.id, now=now,
             about=about, visit_id=next(iter(people[order.id].leads), None))  # fmt: skip
