"""What acknowledgements answer to work orders, and what they ask the slices to their right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from backend.acknowledgements.models import Acknowledgement
from backend.core.ports import Port
from backend.workorders import ports as work_orders
from backend.workorders.models import WorkOrder

# (session, work order, acknowledgement, now): the customer did not agree; tell the office
declined: Port[Callable[[Session, WorkOrder, Acknowledgement, datetime], None]] = Port("who hears of a no")


def register(_app: Flask) -> None:
    from backend.acknowledgements.page import details_of

    work_orders.details_of.answer_with(details_of)
