"""What only ours is measured by: server time of an idle poll, bytes per operation, a week without network."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.measure import Figure, median_ms
from tests.bench.sync import prepared
from tests.sync.week import week

OPERATIONS, PHOTOS = 500, 200
CROWDS = ((10, 2_000), (1_000, 200_000))


def figures() -> Iterator[Figure]:
    yield from _idle_poll()
    yield from _week()


def _idle_poll() -> Iterator[Figure]:
    """From the WSGI call to its answer: session, rights, cursor; no network, no test client around it."""
    with tempfile.TemporaryDirectory() as folder:
        phone, _ = prepared(folder)
        yield Figure("idle poll, server time p50", _idle_ms(phone), "ms", 1.5, "sign-in and rights, SQLite")
        taken = []
        for people, changes in CROWDS:
            with phone.client.application.app_context():
                _crowd(people, changes)
            taken.append(_idle_ms(phone))
        note = "{:,} people, {:,} changes of theirs since".format(*CROWDS[-1])
        yield Figure("idle poll in a crowd, server time p50", taken[-1], "ms", 1.5, note)
        yield Figure("… beside a crowd of a hundredth", taken[-1] / taken[0], "×", 1.3, "no matter how many they are")


def _idle_ms(phone: Any) -> float:
    phone.pull()
    asked = phone.get(cursor=phone.cursor)
    app, environ, said = phone.client.application, dict(asked.request.environ), []

    def poll() -> None:
        said.clear()
        fresh = environ | {"wsgi.input": io.BytesIO()}
        fresh = {name: value for name, value in fresh.items() if not name.startswith("werkzeug.")}
        b"".join(app.wsgi_app(fresh, lambda status, _headers, _error=None: said.append(status)))
        assert said[0].startswith("204"), said

    return median_ms(poll, 200, 50)


def _crowd(people: int, changes: int) -> None:
    """So many other people, and so much that was changed for their phones, by SQL."""
    from backend.core.db import db

    numbers = "WITH RECURSIVE numbers(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last) "
    columns = [column.name for column in db.metadata.tables["user_account"].columns]
    made = {"id": "printf('%036d', n)", "sign_in_name": "'crowd' || n", "name": "'Crowd ' || n"}
    theirs = ", ".join(made.get(name, f'u."{name}"') for name in columns)
    named = ", ".join(f'"{name}"' for name in columns)
    one = "(SELECT * FROM user_account LIMIT 1) AS u"
    with db.engine.begin() as connection:
        run = connection.exec_driver_sql
        span = {"first": run("SELECT count(*) FROM user_account").scalar(), "last": people}
        run(f"INSERT INTO user_account ({named}) {numbers} SELECT {theirs} FROM numbers, {one}", span)
        head = run("SELECT feed_seq FROM sync_head").scalar()
        span = {"first": run("SELECT count(*) FROM sync_record").scalar(), "last": changes}
        run("INSERT INTO sync_record (kind, record_id, rev, row, is_gone, made_at) "
            f"{numbers} SELECT 'log_entry', printf('%036d', n), 1, '{{}}', false, '2026-11-20 01:59:00' FROM numbers",
            span)  # fmt: skip
        run("INSERT INTO sync_feed (bucket, kind, record_id, seq, why) "
            f"{numbers} SELECT printf('engineer:%036d', n % {people}), 'log_entry', printf('%036d', n), {head} + n, NULL"
            " FROM numbers", span)  # fmt: skip
        run(f"UPDATE sync_head SET feed_seq = feed_seq + {changes}")
        run("ANALYZE")


def _week() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        jobs = week.prepare(Path(folder))
        with week.kept_alive(Path(folder)) as server:
            told = week.send(server, jobs, week.PHOTO, operations=OPERATIONS, photos=PHOTOS, kill_every=0)
    yield Figure(
        "bytes of an operation but for its values", told["overhead"], "B", 190,
        f"as the app's client sends a hundred, gzipped; with values {told['whole']:.0f} B",
    )  # fmt: skip
    note = f"{OPERATIONS} operations, {PHOTOS} photos of 300 KB, the app's own client"
    yield Figure("a week without network, sent", told["took_ms"] / 1000, "s", 15, note)
