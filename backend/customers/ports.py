"""What customers ask the slices to their right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.ports import Port

# engineer's id → SELECT of the customer ids of work that is assigned to her
customers_of_engineer: Port[Callable[[str], sa.Select[tuple[str]]]] = Port("whose customer does an engineer serve")

# (session, customer id, actor) → {name of a list: rows} shown on the customer's page (assets, contracts, work orders)
details_of: Port[Callable[[Session, str, Any], dict[str, Any]]] = Port("what belongs to a customer")

# (session, customer id, now): a flag, province or zone changed that decisions go by; open work is decided again
customer_changed: Port[Callable[[Session, str, datetime], None]] = Port("who must be told of a changed customer")
