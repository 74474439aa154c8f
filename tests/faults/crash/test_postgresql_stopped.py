"""PostgreSQL stopped at once in the middle of a sync, again and again (C7): nothing acked is gone, and it goes on."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa

from backend.core.db import db
from backend.core.sync import registry_of
from backend.sync_api.models import SyncOperation
from tests.backend.sync_api.toy import only_toys
from tests.factories.people import make_branch, make_user
from tests.faults.checker import judge
from tests.faults.crash.postgresql import Postgresql
from tests.faults.crash.test_two_databases import made_app
from tests.faults.person import Person, Unreachable
from tests.faults.seeds import seeds, told
from tests.support import signed_in


def test_a_database_stopped_at_once_loses_nothing_that_was_acked(tmp_path: Path) -> None:
    server = Postgresql(tmp_path / "pg")
    try:
        app = made_app(server.url, tmp_path / "var")
        with app.app_context(), only_toys(app):
            settings = [db.session.scalar(sa.text(f"SHOW {name}")) for name in ("fsync", "synchronous_commit")]
            assert settings == ["on", "on"], "else nothing is proven"
            branch = make_branch()
            phones = [a_phone(app, make_user(name, branch), name) for name in ("Ana", "Ben")]
            db.session.remove()
            for seed in seeds(3):
                with told("C7", seed):
                    stopped_once(server, phones, Random(seed))
            for phone in phones * 2:
                phone.round()
            assert judge(db.session, registry_of(app), [phone.seen() for phone in phones]) == {}
            db.session.remove()
            db.engine.dispose()
    finally:
        server.end()


def a_phone(app: Any, user: Any, name: str) -> Person:
    client = signed_in(app, user)

    def send(method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
        answer = client.open(path, method=method, headers=headers, data=body)
        return answer.status_code, dict(answer.headers), answer.data

    return Person(send, user.id, Random(name))


def works(phone: Person, chance: Random, over: threading.Event) -> None:
    """Writes and sends without pause; what fails is sent again."""
    notes: list[str] = []
    while not over.is_set():
        if not notes or chance.random() < 0.3:
            notes.append(phone.new_id())
            phone.perform("note.add", "note", notes[-1], {"title": "new", "body": "", "count": 0})
        phone.perform("note.tally", "note", chance.choice(notes), {})
        try:
            phone.send_all()
        except Unreachable:
            over.wait(0.05)


def stopped_once(server: Postgresql, phones: list[Person], chance: Random) -> None:
    over = threading.Event()
    threads = [threading.Thread(target=works, args=(p, Random(chance.random()), over), daemon=True) for p in phones]
    for thread in threads:
        thread.start()
    try:
        time.sleep(chance.uniform(0.05, 0.8))
        server.stop_at_once()
        acked = {op_id for phone in phones for op_id in phone.told}
        server.start()
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    db.session.remove()
    assert acked <= set(db.session.scalars(sa.select(SyncOperation.op_id)))
    db.session.remove()
