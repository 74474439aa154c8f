"""Tables of core, named here so that migrations see them."""

from backend.core.numbers import NumberSeries
from backend.worker import TaskLease

__all__ = ["NumberSeries", "TaskLease"]
