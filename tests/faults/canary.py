"""A server that somebody built without thinking of repeats: what was sent twice is done twice. S1 must notice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from backend.sync_api import publish, unit
from backend.sync_api.models import SyncOperation
from sync.server import batch
from sync.server.problems import RequestRefused


def _split(run: Any, acked: int) -> list[Any]:
    """A gap is still one; but a number that is known is taken once more."""
    ops = list(run.envelope.ops)
    if ops and ops[0].seq > acked + 1:
        raise RequestRefused(409, "sequence-gap", "ops", expected_seq=acked + 1, acked_seq=acked)
    return ops


def _write_ledger(session: Any, ledger: list[Any], n: int, chain: str) -> tuple[int, str]:
    """Only what the table has room for; the rest was done all the same."""
    kept = set(map(tuple, session.execute(sa.select(SyncOperation.device_id, SyncOperation.seq))))
    return _REAL(session, [row for row in ledger if (row.device_id, row.seq) not in kept], n, chain)


_REAL = publish._write_ledger


@contextmanager
def without_deduplication() -> Iterator[None]:
    with (
        patch.object(batch.Batch, "_split", _split),
        patch.object(unit.SqlUnit, "known", lambda *_: {}),
        patch.object(publish, "_write_ledger", _write_ledger),
    ):
        yield
