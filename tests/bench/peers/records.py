"""The records of all peers: a log entry as ours sends it to a phone, 600 bytes of JSON with Chinese text in it."""

from __future__ import annotations

from typing import Any

import orjson

from backend.core.ids import new_id

BYTES = 600
AT = "2026-11-20T01:59:00.000Z"
SENTENCES = "第 {n} 次检查：散热风扇异响，更换风扇并清洁滤网后正常，客户在场确认。"


def note_of(n: int, bytes_: int) -> str:
    """A note of so many UTF-8 bytes, each its own."""
    text = (SENTENCES.format(n=n) * 12).encode()[:bytes_]
    return text.decode("utf-8", "ignore")


def row_of(n: int, work_order_id: str, author_id: str) -> dict[str, Any]:
    """A record as the second client gets it from ours; the others store the same."""
    row: dict[str, Any] = {
        "work_order_id": work_order_id, "visit_id": None, "what": "note", "quality": "good", "author_id": author_id,
        "entered_by_id": None, "source": "phone", "note": "", "data": {}, "void_reason": "", "at": AT,
        "corrected_at": AT, "received_at": AT, "voided_at": None,
    }  # fmt: skip
    return row | {"note": note_of(n, BYTES - len(orjson.dumps(row)))}


def rows(count: int) -> dict[str, dict[str, Any]]:
    """id → record, on thirty work orders as ours have it."""
    orders, author = [new_id() for _ in range(30)], new_id()
    return {new_id(): row_of(n, orders[n % len(orders)], author) for n in range(count)}
