"""What prices ask the slices to their right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from backend.core.ports import Port

# (session, now): a line of the price list changed; open work that is not free is quoted again
prices_changed: Port[Callable[[Session, datetime], None]] = Port("who must be told of changed prices")
