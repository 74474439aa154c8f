"""The real TypeScript client against the real server over HTTP: random days, on whichever database the suite runs.

The server is the product's WSGI app with the toy kinds of the vectors; beside it `/office/…` does what the console does
and shows ledger and conflicts, for the checker. RUNS and SEED choose how many days and which.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from backend.accounts.models import UserSession
from backend.core.db import db, write_transaction
from backend.core.sync import registry_of
from backend.sync_api.models import SyncConflict, SyncOperation
from tests.backend.sync_api.toy import Note, cancel_note, move_note, only_toys
from tests.factories.people import make_user
from tests.faults.backups import Backup
from tests.faults.canary import without_deduplication
from tests.faults.checker import Seen, judge
from tests.faults.cuts import PowerCut, cut
from tests.support import signed_in
from tests.sync.e2e.product import npx


@pytest.fixture
def toys(app: Any) -> Iterator[None]:
    """The toy kinds alone."""
    with only_toys(app):
        yield


class Office:
    """`POST /office/<what>`: writes as the console's services do, backup and restore, and what the checker reads."""

    def __init__(self, app: Any, people: dict[str, Any], folder: Path) -> None:
        self.app, self.people, self.file = app, people, folder / "backup.zip"
        self.deadly: int | str = 0
        with app.app_context():
            self.first = self.kept = Backup(folder / "first.zip")

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        if request.path.startswith("/office/"):
            with self.app.app_context():
                answer = getattr(self, request.path.rpartition("/")[2])(json.loads(request.get_data()))
            return Response(json.dumps(answer), content_type="application/json")(environ, start_response)
        at, self.deadly = self.deadly, 0
        if not at:
            return self.app(environ, start_response)
        with self.app.app_context(), cut(db.engine, at, PowerCut()):
            return self.app(environ, start_response)

    def write(self, wanted: Any) -> None:
        with write_transaction() as session:
            note = session.get(Note, wanted["id"])
            if note is not None:
                setattr(note, wanted["field"], wanted["value"])

    def move(self, wanted: Any) -> None:
        with write_transaction() as session:
            move_note(session, wanted["id"], None if wanted["is_in"] else ["elsewhere"])

    def cancel(self, wanted: Any) -> None:
        with write_transaction() as session:
            cancel_note(session, wanted["id"])

    def die(self, wanted: Any) -> None:
        self.deadly = wanted["at"]

    def sign_out(self, wanted: Any) -> None:
        with write_transaction() as session:
            session.execute(sa.delete(UserSession).where(UserSession.user_id == self.people[wanted["user"]].id))

    def sign_in(self, wanted: Any) -> str:
        return _cookie(signed_in(self.app, self.people[wanted["user"]]))

    def empty(self, _: Any) -> dict[str, str]:
        self.kept = self.first
        return self.restore(None)

    def backup(self, _: Any) -> None:
        self.kept = Backup(self.file)

    def restore(self, _: Any) -> dict[str, str]:
        self.kept.put_back(self.app)
        return {user: self.sign_in({"user": user}) for user in self.people}

    def judge(self, wanted: Any) -> dict[str, list[str]]:
        phones = [
            Seen(self.people[said["user"]].id, said["made"], said["acked"], said["unsent"], said["rows"])
            for said in wanted["phones"]
        ]
        return dict(judge(db.session, registry_of(self.app), phones))

    def ledger(self, _: Any) -> list[dict[str, Any]]:
        return [
            {
                "op_id": row.op_id,
                "hash": row.content_hash,
                "status": row.status,
                "conflict_ids": json.loads(row.result).get("conflict_ids", []),
            }
            for row in db.session.scalars(sa.select(SyncOperation).where(SyncOperation.op_id.is_not(None)))
        ]

    def conflicts(self, _: Any) -> list[str]:
        return list(db.session.scalars(sa.select(SyncConflict.id)))

    def numbers(self, wanted: Any) -> dict[str, Any]:
        query = sa.select(SyncOperation).where(SyncOperation.device_id == wanted["device_id"])
        rows = list(db.session.scalars(query.order_by(SyncOperation.seq)))
        return {"seqs": [row.seq for row in rows], "voids": sum(row.status == "void" for row in rows)}


@pytest.fixture
def served(app: Any, toys: None, cast: Any, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The address and the session cookies of three engineers."""
    people = {"pia": cast.ana, "ben": cast.ben, "cai": make_user("Cai", cast.chengdu)}
    office = Office(app, people, tmp_path)
    cookies = office.empty(None)
    db.session.remove()
    server = make_server("127.0.0.1", 0, office, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield {"url": f"http://127.0.0.1:{server.server_port}", "cookies": cookies}
    server.shutdown()
    thread.join()


def _cookie(client: Any) -> str:
    """The Cookie header of a signed-in test client."""
    environ: dict[str, Any] = client.get("/api/me").request.environ
    jar = SimpleCookie(environ["HTTP_COOKIE"])
    return "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())


def test_random_days_with_the_real_client_lose_nothing(served: Any) -> None:
    done = npx("days", SYNC_E2E=json.dumps(served))
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]


def test_the_real_client_finds_a_server_without_deduplication_within_fifty_days(served: Any) -> None:
    with without_deduplication():
        done = npx("days", "-t", "random days", SYNC_E2E=json.dumps(served), RUNS="50", SEED="1")
    assert done.returncode != 0
    assert "AssertionError" in done.stdout + done.stderr, "found by what must hold, not by a broken run"
