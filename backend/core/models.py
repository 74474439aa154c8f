"""Tables of core, named here so that migrations see them."""

from backend.core.numbers import NumberSeries

__all__ = ["NumberSeries"]
