"""What contracts answer to customers, and ask the slices to their right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from backend.assets import ports as assets
from backend.core.ports import Port
from backend.customers import ports as customers

# (session, contract id, now): the letters, dates or assets of a contract changed; what hangs on it is decided again
contract_changed: Port[Callable[[Session, str, datetime], None]] = Port("who must be told of a changed contract")


def register(_app: Flask) -> None:
    from backend.contracts.services import contracts_of_customer, is_contract_of

    customers.details_of.answer_with(contracts_of_customer)
    assets.is_contract_of.answer_with(is_contract_of)
