"""kill -9 of the master or its worker at a random moment of a sync (C1): up again by itself, nothing acked is gone.

The product as `make run` starts it, on SQLite, with the demo company; two phones over HTTP push while it is killed.
"""

from __future__ import annotations

import http.client
import sqlite3
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any

import psutil

from backend.core.ids import new_id
from tests.e2e.house import Server, running
from tests.faults.checker import judge
from tests.faults.person import Person, Unreachable
from tests.faults.seeds import seeds, told
from tests.sync.e2e.product import signed_in_engineer

UP_WITHIN_S = 90


def network(port: int, cookie: str) -> Any:
    """Requests over HTTP; a server that is away is unreachable."""

    def send(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request(method, path, body, headers | {"Cookie": cookie})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(repr(error)) from error
        finally:
            connection.close()

    return send


def a_phone(server: Server, name: str, seed: int) -> Person:
    me = signed_in_engineer(f"http://127.0.0.1:{server.port}", name)
    phone = Person(network(server.port, me["cookie"]), me["user_id"], Random(f"{seed} {name}"))
    phone.db["device_id"] = new_id()  # the seed made it before, in another house
    phone.round()
    return phone


def works(phone: Person, chance: Random, over: threading.Event) -> None:
    """Writes and sends without pause; what fails is sent again."""
    orders = sorted(key[11:] for key in phone.rows if key.startswith("work_order/"))
    while not over.is_set():
        order = chance.choice(orders)
        if chance.random() < 0.5:
            symptom = f"{phone.rows[f'work_order/{order}'][1]['symptom']}（{chance.randint(0, 9)}）"
            phone.edit("work_order", order, "symptom", symptom[:300])
        else:
            args = {"work_order_id": order, "what": "note", "text": f"note {chance.randint(0, 999)}"}
            phone.perform("log_entry.add", "log_entry", phone.new_id(), args)
        try:
            phone.round() if chance.random() < 0.2 else phone.send_all()
        except Unreachable:
            over.wait(0.2)


def kept(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "fieldpledge.db")) as database:
        assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)
        return {row[0] for row in database.execute("SELECT op_id FROM sync_op")}


def kill_master(server: Server, phones: list[Person]) -> None:
    """Its worker must be gone before the next one answers; what was acked stands in the file."""
    assert server.process is not None
    old = psutil.Process(server.process.pid).children(recursive=True)
    server.process.kill()
    server.process.wait()
    server.process = None
    acked = {op_id for phone in phones for op_id in phone.told}
    server.start()  # at once, as a supervisor does
    assert not [process for process in old if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert acked <= kept(server.folder)


def kill_worker(server: Server, phones: list[Person]) -> None:
    """The master lives and starts another; twice within six seconds it takes it for a loop and ends, and is started."""
    assert server.process is not None
    master = psutil.Process(server.process.pid)
    old = {child.pid for child in master.children()}
    for child in master.children():
        with suppress(psutil.NoSuchProcess):
            child.kill()
    until = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < until:
        if server.process.poll() is not None:
            assert "crash loop" in (server.folder / "server.log").read_text()
            server.start()
            break
        if {child.pid for child in master.children()} - old and server.answers():
            break
        time.sleep(0.1)
    assert server.answers(), "up again by itself"
    assert {op_id for phone in phones for op_id in phone.told} <= kept(server.folder)


def test_a_kill_at_any_moment_loses_nothing_and_it_is_up_again_by_itself(tmp_path: Path) -> None:
    with running(tmp_path / "house") as server:
        phones = [a_phone(server, name, seeds(5)[0]) for name in ("anran", "zhouben")]
        for seed in seeds(5):
            with told("C1", seed):
                killed_once(server, phones, Random(f"{seed} kill"))
        for phone in phones:
            phone.round()
            assert phone.acked_seq == len(phone.db["ops"]) > 0
    assert verdict(server, phones) == {}


def killed_once(server: Server, phones: list[Person], chance: Random) -> None:
    over = threading.Event()
    threads = [threading.Thread(target=works, args=(p, Random(chance.random()), over), daemon=True) for p in phones]
    for thread in threads:
        thread.start()
    try:
        time.sleep(chance.uniform(0.05, 1.5))
        assert all(thread.is_alive() for thread in threads)
        told_before = [dict(phone.told) for phone in phones]
        (kill_master if chance.random() < 0.5 else kill_worker)(server, phones)
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=60)
    epochs = [phone.db["epoch"] for phone in phones]
    for phone, before, epoch in zip(phones, told_before, epochs, strict=True):
        acked = phone.acked_seq
        phone.round()
        assert phone.acked_seq >= acked and phone.db["epoch"] == epoch, "the server stands where it stood"
        assert {op_id: phone.told[op_id] for op_id in before} == before


def verdict(server: Server, phones: list[Person]) -> dict[str, list[str]]:
    """State S of the folder that the server left."""
    from backend import create_app
    from backend.core.db import db
    from backend.core.sync import registry_of

    app = create_app({"VAR_DIR": str(server.folder), "DATABASE_URL": f"sqlite:///{server.folder}/fieldpledge.db"})
    with app.app_context():
        found = judge(db.session, registry_of(app), [phone.seen() for phone in phones], strangers=True)
        db.session.remove()
        db.engine.dispose()
    return found
