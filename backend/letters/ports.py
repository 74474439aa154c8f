"""What letters ask the slices to their right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from sqlalchemy.orm import Session

from backend.core.ports import Port

# (session, first, last, now): something else is said of these days; what was decided by them is decided again
calendar_changed: Port[Callable[[Session, date, date, datetime], None]] = Port(
    "who must be told of a corrected calendar"
)

# (session, letter id, version, now): contracts that name it and did not find it, or name no version, are decided again
letter_installed: Port[Callable[[Session, str, int, datetime], None]] = Port("who must be told of a new letter")
