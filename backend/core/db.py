"""The database: session, column types, and the one way to write.

Reads use `db.session`. Every write goes through `write_transaction()`: one transaction, one writer at a time, and the
functions registered with `before_commit` run last, so that what is published belongs to the same commit.

One writer: on SQLite because versions up to 3.51.2 can damage the WAL when two connections write and checkpoint at once
(K-12); on PostgreSQL by an advisory lock, so that both databases behave alike: a service that reads a row, decides and
writes never works on a row that another writer is changing, feed numbers appear in order, nothing deadlocks. The lock
taken last would leave stale rows to be published. Writes last at most 250 ms.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa
from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm.util import identity_key

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMES)


db = SQLAlchemy(model_class=Base, session_options={"autoflush": False, "expire_on_commit": False})

Id = sa.String(36)
Json = sa.JSON().with_variant(JSONB(), "postgresql")


def json_text(value: Any) -> str:
    """What a JSON column is given to keep."""
    return orjson.dumps(value).decode()


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An instant. Takes aware datetimes only, gives aware UTC back; SQLite keeps it as sortable text."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime may not be stored: give an aware UTC instant")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class DatabaseBusy(Exception):
    """The database could not take the write just now (lock, serialisation, connection); trying again may succeed."""


_writer = threading.Lock()
WRITERS = 20_261_122  # the advisory lock that PostgreSQL's writers take
_BUSY_STATES = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "08000", "08003", "08006", "53300"}


def is_passing(error: BaseException) -> bool:
    """True when a database error is passing: a lock, a serialisation failure, a connection gone."""
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _BUSY_STATES
    return isinstance(error, OperationalError) and any(
        word in str(error.orig) for word in ("database is locked", "disk I/O error", "disk is full", "connection")
    )


IDS = sa.bindparam("ids", expanding=True)
"""In a statement that is built once and takes its ids when it is run: building costs more than SQLite's answer."""


def rows_by_id(session: Session, model: type[Any], ids: Iterable[str | None]) -> dict[str, Any]:
    """The rows of these ids: what this transaction has read stays as it is, the others are asked for at once."""
    wanted = {ident for ident in ids if ident}
    held = {ident: session.identity_map.get(identity_key(model, ident)) for ident in wanted}
    found = {ident: row for ident, row in held.items() if row is not None and not sa.inspect(row).expired}
    if len(found) < len(wanted):
        found |= {row.id: row for row in session.scalars(by_key(model), {"ids": sorted(wanted - found.keys())})}
    return found


@cache
def by_key(model: type[Any]) -> sa.Select[Any]:
    """Rows of a model by their primary key, one column; run with {"ids": [...]}."""
    return sa.select(model).where(sa.inspect(model).primary_key[0].in_(IDS))


def before_commit(function: Callable[[Session], None]) -> Callable[[Session], None]:
    """Register `function(session)` to run inside every write transaction, after the last flush, before the commit."""
    current_app.extensions.setdefault("before_commit", []).append(function)
    return function


def run_before_commit(session: Session) -> None:
    for function in current_app.extensions.get("before_commit", []):
        function(session)


@contextmanager
def write_transaction(at_the_end: Callable[[Session], None] = run_before_commit) -> Iterator[Session]:
    """One write transaction; committed on leaving, rolled back on any error. Raises DatabaseBusy when passing."""
    session = db.session()
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        _writer.acquire()
    try:
        session.rollback()  # a read transaction begun earlier in this request must not be upgraded
        session.connection(execution_options={"begin": "IMMEDIATE"} if is_sqlite else {})
        if not is_sqlite:
            session.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
            session.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITERS)))
        yield session
        session.flush()
        at_the_end(session)
        session.commit()
    except BaseException as error:
        session.rollback()
        if is_passing(error):
            raise DatabaseBusy(str(error)) from error
        raise
    finally:
        if is_sqlite:
            _writer.release()


def configure_engine(engine: sa.Engine) -> None:
    """Set the pragmas and the explicit BEGIN of SQLite; nothing to do for PostgreSQL.

    synchronous=FULL: NORMAL loses acknowledged rows at a power cut. A deferred transaction that turns into a writer
    fails at once whatever busy_timeout says, hence BEGIN IMMEDIATE for writers.
    """
    if engine.dialect.name != "sqlite":
        return

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin', 'DEFERRED')}")
