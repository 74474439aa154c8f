"""Phones that only listen, and an office that changes something on them: for the tests and figures of the bell."""

from __future__ import annotations

import asyncio
import http.client
import json
import sqlite3
from contextlib import closing
from typing import Any

from tests.e2e.house import Server
from tests.e2e.on_the_phone import PASSWORD


def sign_in(port: int, name: str) -> str:
    connection = http.client.HTTPConnection("localhost", port, timeout=30)
    body = json.dumps({"name": name, "password": PASSWORD})
    connection.request("POST", "/api/sign-in", body, {"Content-Type": "application/json", "X-Fieldpledge": "1"})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    return str(answer.headers["set-cookie"]).split(";")[0]


def rename_a_site(server: Server, engineer_id: str, name: str, office: str) -> None:
    """The office (its cookie) renames the site of the first visit that lies on the engineer's phone; SQLite."""
    with closing(sqlite3.connect(server.folder / "fieldpledge.db")) as database:
        site_id, row = database.execute(
            "SELECT f.record_id, r.row FROM sync_feed f JOIN sync_record r ON r.kind = f.kind AND r.record_id = f.record_id"
            " WHERE f.bucket = ? AND f.kind = 'site' AND f.why IS NULL ORDER BY f.record_id LIMIT 1",
            (f"engineer:{engineer_id}",),
        ).fetchone()
    headers = {"Content-Type": "application/json", "X-Fieldpledge": "1", "Cookie": office}
    connection = http.client.HTTPConnection("localhost", server.port, timeout=30)
    body = json.dumps({"base": {"name": json.loads(row)["name"]}, "fields": {"name": name}})
    connection.request("PATCH", f"/api/sites/{site_id}", body, headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()


async def ask(port: int, path: str, cookie: str) -> tuple[int, Any]:
    """One request on a connection of its own; (0, None) when the server hung up."""
    reader, writer = await asyncio.open_connection("localhost", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    if not head:
        return 0, None
    return int(head.split()[1]), json.loads(body) if body else None
