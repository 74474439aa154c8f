"""The real server for strangers: the product's WSGI app behind HTTP, an office beside it, a clock and a network of our own.

Used by test_stranger.py. Everything that could differ between two runs of a seed (time, ids, faults) comes from here.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from werkzeug.serving import make_server

from backend.core import clock
from backend.core.db import db, write_transaction
from tests.backend.sync_api.toy import Note, cancel_note, edit_at_the_desk, move_note
from tests.faults.backups import Backup
from tests.support import signed_in
from tests.sync.stranger import Stranger


class World:
    """people: name -> user. `now` is the one clock, moved by every request."""

    def __init__(self, app: Any, people: dict[str, Any], start: datetime, folder: Path) -> None:
        self.app, self.people, self.now, self.folder, self.port = app, people, start, folder, 0
        self.user_ids = {name: user.id for name, user in people.items()}
        self.cookies = {name: self.sign_in(name) for name in people}

    def __call__(self, environ: Any, start_response: Any) -> Any:
        with clock.fixed(self.now):
            return self.app(environ, start_response)

    def pass_ms(self, ms: int) -> None:
        self.now += timedelta(milliseconds=ms)

    def sign_in(self, name: str) -> str:
        with self.app.app_context(), clock.fixed(self.now):
            client = signed_in(self.app, self.people[name])
            environ: dict[str, Any] = client.get("/api/me").request.environ
        jar = SimpleCookie(environ["HTTP_COOKIE"])
        return "; ".join(f"{key}={morsel.value}" for key, morsel in jar.items())

    # the office, as the console's services write

    @contextmanager
    def writing(self) -> Iterator[Any]:
        with self.app.app_context(), clock.fixed(self.now), write_transaction() as session:
            yield session

    def retitle(self, note_id: str, title: str) -> None:
        with self.writing() as session:
            note = session.get(Note, note_id)
            if note is not None:
                author_id = self.user_ids["dora"]
                edit_at_the_desk(session, note_id, {"title": note.title}, {"title": title}, author_id, self.now)

    def move(self, note_id: str, holders: list[str] | None) -> None:
        with self.writing() as session:
            move_note(session, note_id, holders)

    def cancel(self, note_id: str) -> None:
        with self.writing() as session:
            cancel_note(session, note_id)

    def back_up(self) -> None:
        with self.app.app_context(), clock.fixed(self.now):
            self.kept = Backup(self.folder / f"{self.now:%d-%H-%M-%S-%f}.zip")

    def restore(self) -> None:
        with self.app.app_context(), clock.fixed(self.now):
            self.kept.put_back(self.app)
            db.session.remove()
        self.cookies = {name: self.sign_in(name) for name in self.people}


class Network:
    """What lies between one stranger and the server. `odds` of 100: lost before, lost after, twice, cut within."""

    def __init__(self, world: World, port: int, name: str, seed: object = 0) -> None:
        self.world, self.port, self.name = world, port, name
        self.random, self.odds = Random(f"{seed}:network:{name}"), 0
        self.asked: list[str] = []
        self.fates: Counter[str] = Counter()
        self.last: tuple[int, Any] = (0, None)

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Any:
        self.world.pass_ms(self.random.randrange(10, 400))
        fate = self.random.choice(["lost", "unheard", "twice", "cut"]) if self._is_bad() else "through"
        self.asked.append(path)
        self.fates[fate] += 1
        if fate == "lost":
            raise ConnectionError("the request was lost")
        if fate == "cut" and body:
            self._cut(method, path, headers, body)
            raise ConnectionError("broken within")
        if fate == "twice":
            self._send(method, path, headers, body)
        answer = self._send(method, path, headers, body)
        self.world.pass_ms(self.random.randrange(10, 400))
        if fate == "unheard":
            raise ConnectionError("the answer was lost")
        return answer

    def _is_bad(self) -> bool:
        return self.random.randrange(100) < self.odds

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        return headers | {"Cookie": self.world.cookies[self.name], "Connection": "close"}

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, self._headers(headers))
        response = connection.getresponse()
        data = response.read()
        connection.close()
        is_json = "json" in (response.getheader("Content-Type") or "")
        self.last = (response.status, json.loads(data) if is_json and data else None)
        return response.status, {key.lower(): value for key, value in response.getheaders()}, data

    def _cut(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        """The line breaks at a random byte of the body; waits until the server has noticed."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        lines += [f"{key}: {value}" for key, value in self._headers(headers).items()]
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as line:
            line.sendall("\r\n".join([*lines, "", ""]).encode() + body[: self.random.randrange(len(body))])
            line.shutdown(socket.SHUT_WR)
            while line.recv(65536):
                pass


class Phone(Stranger):
    """A stranger with a clock of its own, `skew_ms` wrong, and ids that the seed gives."""

    def __init__(self, network: Network, seed: object = 0, skew_ms: int = 0) -> None:
        ids = Random(f"{seed}:ids:{network.name}")
        begun = network.world.now

        def ms() -> int:
            return round(network.world.now.timestamp() * 1000)

        super().__init__(
            network.ask,
            network.world.user_ids[network.name],
            lambda: ms() + skew_ms,
            lambda: (network.world.now - begun) // timedelta(milliseconds=1),
            lambda: str(UUID(int=ms() << 80 | 7 << 76 | ids.getrandbits(12) << 64 | 2 << 62 | ids.getrandbits(62))),
        )
        self.network = network

    def settle(self, conflict_id: str, choice: str, value: Any = None) -> str:  # M-68
        row = self.db["rows"][f"conflict/{conflict_id}"]["row"]
        live = self.shown(row["record_kind"], row["record_id"]).get(row["field"], row["server_value"])
        args, base = {"choice": choice, "value": value}, {"server_value": live}
        return self.do("act", "conflict.settle", "conflict", conflict_id, args, base=base)

    def begin_again(self, kept: Any = None) -> None:
        """The phone was killed: what its database holds is all there is."""
        self.db, self.contact, self.registered = json.loads(json.dumps(kept or self.db)), None, None


@contextmanager
def served(world: World) -> Iterator[int]:
    """The port the world answers on."""
    server = make_server("127.0.0.1", 0, world, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
