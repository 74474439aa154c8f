"""What the fixtures are made of: emptying tables, a client that sends our header, signing in without a password."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask.globals import _cv_app, _cv_request
from flask.testing import FlaskClient

from backend.core import clock
from backend.core.db import db
from tests import described


class ApiClient(FlaskClient):
    """A browser: sends `X-Fieldpledge` (unless `sends_header` is off); each request has an app context of its own, and
    each answer must be what the API's description says.

    A test holds an app context open for its own session; Flask would lend it to the request, `g` and all.
    """

    sends_header = True

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if self.sends_header and args and isinstance(args[0], str):
            headers = dict(kwargs.pop("headers", None) or {})
            kwargs["headers"] = {"X-Fieldpledge": "1"} | headers
        answer = copy_context().run(self._open_alone, args, kwargs)
        if args and isinstance(args[0], str):
            described.check(self.application, kwargs.get("method", "GET"), args[0], answer)
        return answer

    def _open_alone(self, args: Any, kwargs: Any) -> Any:
        _cv_app.set(None)
        _cv_request.set(None)
        return super().open(*args, **kwargs)


def signed_in(app: Any, user: Any) -> ApiClient:
    """A client with a live session of the user; no password is hashed for it."""
    from backend.accounts.models import UserSession

    now = clock.now()
    row = UserSession(
        id=secrets.token_urlsafe(32), user_id=user.id, created_at=now, expires_at=now + timedelta(days=400)
    )
    save(row)
    client: ApiClient = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = row.id
        cookie["_fresh"] = True
        cookie.permanent = True
    return client


def save(*rows: Any) -> Any:
    """Store rows in one write transaction, hooks included. Returns the first."""
    from backend.core.db import write_transaction

    with write_transaction() as session:
        for row in rows:
            session.add(row)
            session.flush()
    return rows[0]


def again(row: Any) -> Any:
    """The row as it stands now, read anew: requests write through other sessions."""
    key = sa.inspect(row).identity
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(type(row), key)


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """The SQL statements run inside, for tests that a list costs the same however long it is."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


def make_fast(engine: sa.Engine) -> None:
    """Tests lose nothing at a power cut: SQLite need not wait for the disk."""
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", lambda connection, _r: connection.execute("PRAGMA synchronous=OFF"))


def empty_tables() -> None:
    """Every table empty, every sequence at its start."""
    db.session.remove()
    if db.engine.dialect.name == "sqlite":
        _empty_sqlite()
        return
    with db.engine.begin() as connection:
        connection.exec_driver_sql(_EMPTY_POSTGRESQL)


def _empty_sqlite() -> None:
    """By DELETE. The file is never replaced: a connection that a thread still holds would see a torn database."""
    raw = db.engine.raw_connection()
    try:
        run = raw.cursor().execute
        run("PRAGMA foreign_keys=OFF")
        run("BEGIN IMMEDIATE")
        names = [row[0] for row in run("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
        for name in names:
            is_ours = name != "alembic_version" and not name.startswith("sqlite_")
            if (is_ours or name == "sqlite_sequence") and run(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone():
                run(f'DELETE FROM "{name}"')
        run("COMMIT")
        run("PRAGMA foreign_keys=ON")
    finally:
        raw.close()


# TRUNCATE makes new files for every table; most hold nothing, and a DELETE of a few rows is cheaper.
_EMPTY_POSTGRESQL = """
DO $$ DECLARE name text; has_rows boolean; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %%I)', name) INTO has_rows;
    IF has_rows THEN EXECUTE format('DELETE FROM %%I', name); END IF;
  END LOOP;
END $$
"""
