"""What assets ask the slices to their right, and what they answer to customers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from backend.core.ports import Port
from backend.customers import ports as customers

# (session, asset id, actor) → {name: value} shown as the asset's history (work orders, reports, repairs)
history_of: Port[Callable[[Session, str, Any], dict[str, Any]]] = Port("what happened to an asset")

# (session, contract id, customer id) → is it the customer's own contract
is_contract_of: Port[Callable[[Session, str, str], bool]] = Port("whose contract is this")

# (session, asset id, now): what its letters decide by changed (its dates, product, contract); open work is decided again
asset_changed: Port[Callable[[Session, str, datetime], None]] = Port("who must be told of a changed asset")


def register(_app: Flask) -> None:
    from backend.assets.services import assets_of_customer

    customers.details_of.answer_with(assets_of_customer)
