"""What letters ask the slices to their right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from backend.core.ports import Port

# (session, now): a day of the calendar was corrected; what was decided by it is decided again
calendar_changed: Port[Callable[[Session, datetime], None]] = Port("who must be told of a corrected calendar")

# (session, letter id, version, now): contracts that name it and did not find it, or name no version, are decided again
letter_installed: Port[Callable[[Session, str, int, datetime], None]] = Port("who must be told of a new letter")
