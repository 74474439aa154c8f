"""The same random work on the tables and on the dictionaries of tests/sync/server/toy.py: same answers, same records.

The dictionaries are the model of the server half; what they say is what the SQL must say, on both databases.
"""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import sqlalchemy as sa

from backend.sync_api.models import SyncFeed, SyncOperation, SyncRecord
from tests.sync.server.test_push import Pen, random_work
from tests.sync.server.toy import Toy


def batches(work: list[tuple[str, dict[str, Any]]], seed: int) -> list[tuple[str, list[dict[str, Any]]]]:
    """The work cut into requests of one phone each."""
    chance, out = random.Random(seed), []
    for who, op in work:
        if out and out[-1][0] == who and chance.random() < 0.7:
            out[-1][1].append(op)
        else:
            out.append((who, [op]))
    return out


def plain(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Results without the ids that each server makes for itself."""
    kept = ("seq", "op_id", "status", "rev", "blocked_by", "replayed")
    return [{name: result.get(name) for name in kept} for result in results]


@pytest.mark.parametrize("seed", range(12))
def test_tables_and_dictionaries_agree(seed: int, phone: Any, cast: Any, session: Any) -> None:
    toy = Toy()
    models = {"pia": Pen(toy, "pia", 1), "dora": Pen(toy, "dora", 2)}
    phones = {"pia": phone(cast.ana), "dora": phone(cast.cleo)}
    for who, ops in batches(random_work(seed), seed):
        phones[who].device_id = models[who].device_id
        assert plain(phones[who].results(*ops)) == plain(models[who].send(*ops))
    records = {
        row.record_id: (row.rev, json.loads(row.row))
        for row in session.execute(sa.select(SyncRecord)).scalars()
        if row.kind == "note"
    }
    expected = {key[1]: (r.rev, r.row) for key, r in toy.state.records.items() if key[0] == "note"}
    assert records == expected
    ledger = {
        (row.device_id, row.seq): (row.status, row.link)
        for row in session.execute(sa.select(SyncOperation)).scalars()
    }
    assert ledger == {key: (row.status, row.link) for key, row in toy.state.ledger.items()}
    _phones_hold_what_the_feed_says(phones["pia"], cast.ana, session)


def _phones_hold_what_the_feed_says(ana: Any, user: Any, session: Any) -> None:
    ana.pull(limit=7)
    query = (
        sa.select(SyncFeed.kind, SyncFeed.record_id, SyncRecord.rev)
        .join(SyncRecord, sa.and_(SyncRecord.kind == SyncFeed.kind, SyncRecord.record_id == SyncFeed.record_id))
        .where(SyncFeed.bucket.in_(["reference", f"engineer:{user.id}"]), SyncFeed.why.is_(None))
        .distinct()
    )
    held = {(kind, record_id): rev for kind, record_id, rev in session.execute(query)}
    assert {key: rev for key, (rev, _) in ana.rows.items()} == held
