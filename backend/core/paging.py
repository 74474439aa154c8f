"""Cursor paging by (sort value, id): a page costs the same wherever it lies, and new rows do not shift it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from backend.core import clock
from backend.core.problems import Fault, Invalid


def encode(value: Any, ident: str) -> str:
    text = clock.iso(value) if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(orjson.dumps([text, ident])).decode().rstrip("=")


def decode(cursor: str, read: Callable[[Any], Any]) -> tuple[Any, str]:
    """(sort value, id) of a cursor. Raises Invalid naming `cursor`."""
    try:
        value, ident = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return (None if value is None else read(value)), str(ident)
    except (binascii.Error, ValueError, TypeError, AttributeError, UnicodeError):
        raise Invalid(
            faults=[
                Fault(
                    "$.cursor",
                    {"zh": "翻页标记不对，请从第一页开始。", "en": "This cursor is not one of ours; start anew."},
                )
            ]
        ) from None


def after(column: Any, id_column: Any, value: Any, ident: str, *, descending: bool) -> sa.ColumnElement[bool]:
    """Rows behind (value, ident) in the order of column, id."""
    if descending:
        return sa.or_(column < value, sa.and_(column == value, id_column < ident))
    return sa.or_(column > value, sa.and_(column == value, id_column > ident))


def page(
    session: Any, query: sa.Select[Any], column: Any, id_column: Any, *, limit: int, cursor: str | None = None,
    read: Callable[[Any], Any] = str, descending: bool = False,
) -> tuple[list[Any], str | None]:  # fmt: skip
    """One page of entities in the order of (column, id) and the cursor of the next, or None. `column` is not null."""
    if cursor:
        query = query.where(after(column, id_column, *decode(cursor, read), descending=descending))
    order = (column.desc(), id_column.desc()) if descending else (column, id_column)
    rows = list(session.scalars(query.order_by(*order).limit(limit + 1)))
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], encode(getattr(last, column.key), getattr(last, id_column.key))
