"""What only ours is measured by: server time of an idle poll, bytes per operation, a week without network."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Figure, median_ms
from tests.bench.sync import prepared
from tests.e2e.house import Server
from tests.sync.week import week

OPERATIONS, PHOTOS = 500, 200


def figures() -> Iterator[Figure]:
    yield _idle_poll()
    yield from _week()


def _idle_poll() -> Figure:
    """From the WSGI call to its answer: session, rights, cursor; no network, no test client around it."""
    with tempfile.TemporaryDirectory() as folder:
        phone, _ = prepared(folder)
        asked = phone.get(cursor=phone.cursor)
        app, environ, said = phone.client.application, dict(asked.request.environ), []

        def poll() -> None:
            said.clear()
            fresh = environ | {"wsgi.input": io.BytesIO()}
            fresh = {name: value for name, value in fresh.items() if not name.startswith("werkzeug.")}
            b"".join(app.wsgi_app(fresh, lambda status, _headers, _error=None: said.append(status)))
            assert said[0].startswith("204"), said

        return Figure("idle poll, server time p50", median_ms(poll, 200, 50), "ms", 1.5, "sign-in and rights, SQLite")


def _week() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        jobs = week.prepare(Path(folder))
        server = Server(Path(folder), demo=False)
        server.env["SECRET_KEY"] = week.SECRET
        server.start()
        try:
            told = week.send(server, jobs, operations=OPERATIONS, photos=PHOTOS)
        finally:
            server.stop()
    yield Figure(
        "bytes of an operation but for its values", told["overhead"], "B", 190,
        f"as the app's client sends a hundred, gzipped; with values {told['whole']:.0f} B",
    )  # fmt: skip
    note = f"{OPERATIONS} operations, {PHOTOS} photos of 300 KB, the app's own client"
    yield Figure("a week without network, sent", told["took_ms"] / 1000, "s", 15, note)
