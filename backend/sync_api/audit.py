"""The audit chain: every rev of every synced record, whoever wrote it, in the order of the commits.

Written by `publish` with the head row held, read by `verify`. A line holds salted hashes, never the words: of the row as
it then stood, and of the trail (the superseded values, who wrote over them and when). Words may be erased with their
salt; the lines stay, and with them the chain (K-11). An *anchor* names the ends of this chain and of the ledger's; kept
by somebody else, it proves that nothing was cut off.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.clock import iso
from backend.sync_api.models import SyncAudit, SyncHead
from sync.server.canonical import canonical, hash_of, hash_text

FIRST_LINE = hash_of({"audit": 0})  # what the first line is chained to
NO_TRAIL = ""
_ANCHOR = re.compile(r"(\d{1,15})\.(\d{1,15})\.([0-9a-f]{64})\Z")


def row_hash(salt: str, row: str, is_gone: bool, made_by_id: str | None, made_at: datetime) -> str:
    """Of a record as it stands: its canonical JSON text, who made it and when."""
    return hash_text(canonical([salt, row, is_gone, made_by_id, iso(made_at)]))


def trail_hash(salt: str, trail: Iterable[Any]) -> str:
    """Of the superseded values that a line's revs left behind, in their order; empty when there are none."""
    lines = [
        [old["field"], old["rev"], old["old_value"], old["author_id"], old["device_id"], old["op_id"], iso(old["at"])]
        for old in trail
    ]
    return hash_text(canonical([salt, lines])) if lines else NO_TRAIL


def line_of(chain: str, n: int, kind: str, record_id: str, rev: int, hashes: tuple[str, str]) -> str:
    """One link of the chain."""
    return hash_text(canonical([chain, n, kind, record_id, rev, *hashes]))


def write(session: Session, journal: Any, n: int, chain: str) -> tuple[int, str]:
    """A line for each record that this transaction changed → where the chain ends now."""
    trails: dict[Any, list[Any]] = {}
    for old in journal.history:
        trails.setdefault((old["kind"], old["record_id"]), []).append(old)
    rows = []
    for key in journal.changed:
        n += 1
        entry, salt = journal.entries[key], secrets.token_hex(16)
        hashes = (
            row_hash(salt, entry.text, entry.is_gone, entry.made_by_id, entry.made_at),
            trail_hash(salt, trails.get(key, ())),
        )
        chain = line_of(chain, n, *key, entry.rev, hashes)
        rows.append(
            {
                "n": n, "kind": key[0], "record_id": key[1], "rev": entry.rev, "salt": salt,
                "row_hash": hashes[0], "trail_hash": hashes[1], "chain": chain,
            }
        )  # fmt: skip
    if rows:
        session.execute(sa.insert(SyncAudit.__table__), rows)
    return n, chain


# -- anchors -------------------------------------------------------------------------------------------------------


def anchor_of(ledger_n: int, ledger_chain: str, audit_n: int, audit_chain: str) -> str:
    """`<operations>.<audit lines>.<hash of both ends>`: short enough for a log line or a phone's memory."""
    return f"{ledger_n}.{audit_n}.{hash_text(canonical([ledger_chain, audit_chain]))}"


def read_anchor(text: str) -> tuple[int, int, str] | None:
    """(ledger lines, audit lines, hash), None if it is no anchor."""
    found = _ANCHOR.match(text.strip())
    return (int(found[1]), int(found[2]), found[3]) if found else None


def anchor_now(session: Session | sa.Connection) -> str | None:
    """The anchor of what is committed; None in a database that nothing was ever written to."""
    head = session.execute(
        sa.select(SyncHead.ledger_n, SyncHead.ledger_chain, SyncHead.audit_n, SyncHead.audit_chain)
    ).first()
    return anchor_of(*head) if head else None
