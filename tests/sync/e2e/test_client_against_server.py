"""The real TypeScript client against the real server over HTTP: random days, on whichever database the suite runs.

The server is the product's WSGI app with the toy kinds of the vectors; beside it `/office/…` does what the console does
and shows ledger and conflicts, for the checker. RUNS and SEED choose how many days and which.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from backend.core import backup, clock
from backend.core.db import db, write_transaction
from backend.core.sync import registry_of
from backend.sync_api.models import SyncConflict, SyncOperation
from tests.backend.sync_api.toy import Note, ToyBase, toy_kinds
from tests.factories.people import make_user
from tests.support import empty_tables, signed_in
from tests.sync.e2e.product import npx


@pytest.fixture
def toys(app: Any) -> Iterator[None]:
    """The toy kinds and sync's own, nothing of the product's."""
    registry = registry_of(app)
    own = {
        kind: record for kind, record in registry.of_model.items() if kind.__module__.startswith("backend.sync_api")
    }
    kept, registry.of_model = registry.of_model, own
    try:
        with toy_kinds(app):
            yield
    finally:
        registry.of_model = kept


class Office:
    """`POST /office/<what>`: writes as the console's services do, backup and restore, and what the checker reads."""

    def __init__(self, app: Any, folder: Path) -> None:
        self.app, self.file = app, folder / "backup.zip"
        self.kept: dict[str, list[dict[str, Any]]] = {}
        self.first: dict[str, list[dict[str, Any]]] = {}
        with app.app_context():
            self._save_to(self.first, folder / "first.zip")

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        if not request.path.startswith("/office/"):
            return self.app(environ, start_response)
        with self.app.app_context():
            answer = getattr(self, request.path.rpartition("/")[2])(json.loads(request.get_data()))
        return Response(json.dumps(answer), content_type="application/json")(environ, start_response)

    def write(self, wanted: Any) -> None:
        with write_transaction() as session:
            note = session.get(Note, wanted["id"])
            if note is not None:
                setattr(note, wanted["field"], wanted["value"])

    def move(self, wanted: Any) -> None:
        with write_transaction() as session:
            note = session.get(Note, wanted["id"])
            if note is not None:
                note.holders = None if wanted["is_in"] else ["elsewhere"]

    def empty(self, _: Any) -> None:
        self._put_back(self.first, self.file.with_name("first.zip"))

    def backup(self, _: Any) -> None:
        self._save_to(self.kept, self.file)

    def restore(self, _: Any) -> None:
        self._put_back(self.kept, self.file)

    def _save_to(self, toys: dict[str, list[dict[str, Any]]], path: Path) -> None:
        path.unlink(missing_ok=True)
        backup.write(path, clock.now())
        with db.engine.connect() as connection:
            for table in ToyBase.metadata.sorted_tables:
                toys[table.name] = [dict(row) for row in connection.execute(sa.select(table)).mappings()]

    def _put_back(self, toys: dict[str, list[dict[str, Any]]], path: Path) -> None:
        db.session.remove()
        empty_tables()
        shutil.rmtree(Path(self.app.config["VAR_DIR"]) / "files", ignore_errors=True)
        ToyBase.metadata.drop_all(db.engine)
        ToyBase.metadata.create_all(db.engine)
        with db.engine.begin() as connection:
            for table in ToyBase.metadata.sorted_tables:
                if toys[table.name]:
                    connection.execute(sa.insert(table), toys[table.name])
        backup.read(path, clock.now())

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
    cookies = {name: _cookie(signed_in(app, user)) for name, user in people.items()}
    db.session.remove()
    server = make_server("127.0.0.1", 0, Office(app, tmp_path), threaded=True)
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
