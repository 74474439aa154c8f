"""Whether a week arrived whole: the safe state S of the server that it was sent to, in her order, photos by their hashes."""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa

from tests.e2e.house import Server
from tests.faults.checker import Seen, judge
from tests.sync.week import week


def arrived(server: Server, said: dict[str, Any]) -> dict[str, list[str]]:
    """Fault -> where; empty when all is well. `said` is what week.send gave; the server is stopped."""
    from backend.core import storage
    from backend.core.db import db
    from backend.core.sync import registry_of
    from backend.sync_api.models import SyncFile, SyncOperation

    phone = said["seen"]
    seen = Seen(phone["user"], phone["made"], phone["acked"], phone["unsent"], phone["rows"])
    with week.app_of(server.folder, server.env.get("DATABASE_URL", "")):
        out = judge(db.session, registry_of(), [seen])
        kept = db.session.scalars(sa.select(SyncOperation.op_id).order_by(SyncOperation.n))
        if list(kept) != list(phone["made"]):
            out.add("changed", "the order")
        for status in set(phone["acked"].values()) - {"applied", "merged"}:
            out.add("changed", f"some are {status}")
        files = {file.sha256: file.state for file in db.session.scalars(sa.select(SyncFile))}
        for sha256 in said["photos"]:
            if files.pop(sha256, None) != "stored" or hashlib.sha256(storage.read(sha256)).hexdigest() != sha256:
                out.add("lost", f"photo {sha256}")
        for sha256 in files:
            out.add("invented", f"file {sha256}")
    return dict(out)
