"""What notices answer to the slices on their left: who is told when a customer says no before work."""

from __future__ import annotations

from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from backend.acknowledgements import ports as acknowledgements
from backend.acknowledgements.models import Acknowledgement
from backend.notices.people import concerned
from backend.notices.services import tell
from backend.workorders.models import WorkOrder


def register(_app: Flask) -> None:
    acknowledgements.declined.answer_with(tell_office)


def tell_office(session: Session, order: WorkOrder, said: Acknowledgement, now: datetime) -> None:
    """The dispatchers and the owner; who stood there knows it."""
    people = concerned(session, [order])[order.id].of(with_admins=False) - {said.author_id or ""}
    subject = f"not_acknowledged {said.id}"
    tell(session, people, kind="not_acknowledged", subject=subject, work_order_id=order.id, now=now,
         visit_id=said.visit_id)  # fmt: skip
