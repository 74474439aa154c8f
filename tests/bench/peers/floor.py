"""Our own floor: the very rows that a push of the records wrote, by executemany in one durable transaction, nothing else."""

from __future__ import annotations

import sqlite3
import statistics
import time
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from tests.bench.peers.work import RECORDS, REPEATS

TABLES = {
    "log_entry": "id",
    "sync_op": "record_id",
    "sync_record": "record_id",
    "sync_feed": "record_id",
    "sync_audit": "record_id",
}


def per_s(engine: sa.Engine, target: str, folder: Path) -> float:
    """Records a second. `target`: where an empty copy of the five tables is made (a URL; SQLite: a file in `folder`)."""
    rows = _rows(engine)
    times = []
    for repeat in range(REPEATS):
        run = _sqlite if engine.dialect.name == "sqlite" else _postgresql
        times.append(run(engine, rows, target, folder / f"floor-{repeat}.db"))
    return RECORDS / statistics.median(times)


def _rows(engine: sa.Engine) -> dict[str, tuple[list[str], list[Any]]]:
    """Columns and rows of the first thousand log entries that phones sent, as the database holds them."""
    out = {}
    with engine.connect() as connection:
        query = f"SELECT record_id FROM sync_op WHERE type = 'log_entry.add' ORDER BY n LIMIT {RECORDS}"
        ids = [row[0] for row in connection.exec_driver_sql(query)]
        for table, column in TABLES.items():
            described = sa.Table(table, sa.MetaData(), autoload_with=engine)
            found = connection.execute(sa.select(described).where(described.c[column].in_(ids)))
            out[table] = list(found.keys()), [tuple(_plain(value) for value in row) for row in found]
            assert len(out[table][1]) >= RECORDS, (table, len(out[table][1]))
    return out


def _plain(value: Any) -> Any:
    """As a driver takes it: JSON columns come as Python values."""
    import orjson

    return orjson.dumps(value).decode() if isinstance(value, (dict, list)) else value


def _schema(engine: sa.Engine) -> list[str]:
    """CREATE statements of the five tables with their indexes, without what they refer to."""
    metadata = sa.MetaData()
    metadata.reflect(engine, only=list(TABLES), resolve_fks=False)
    out = []
    for name in TABLES:
        table = metadata.tables[name]
        for constraint in [c for c in table.constraints if isinstance(c, sa.ForeignKeyConstraint)]:
            table.constraints.discard(constraint)
        out.append(str(sa.schema.CreateTable(table).compile(engine)))
        out += [str(sa.schema.CreateIndex(index).compile(engine)) for index in table.indexes]
    return out


def _sqlite(engine: sa.Engine, rows: dict[str, Any], _target: str, path: Path) -> float:
    path.unlink(missing_ok=True)
    sqlite3.register_adapter(__import__("datetime").datetime, lambda at: at.isoformat(" "))
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    for statement in _schema(engine):
        connection.execute(statement)
    started = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    for table, (columns, values) in rows.items():
        marks = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", values)
    connection.execute("COMMIT")
    taken = time.perf_counter() - started
    connection.close()
    return taken


def _postgresql(engine: sa.Engine, rows: dict[str, Any], target: str, _path: Path) -> float:
    with psycopg.connect(target, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS floor CASCADE")
        connection.execute("CREATE SCHEMA floor")
        connection.execute("SET search_path TO floor")
        for statement in _schema(engine):
            connection.execute(statement)
        started = time.perf_counter()
        with connection.transaction(), connection.cursor() as cursor:
            for table, (columns, values) in rows.items():
                marks = ", ".join(["%s"] * len(columns))
                cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", values)
        return time.perf_counter() - started
