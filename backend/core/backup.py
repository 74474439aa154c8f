"""Backup and restore: every table as rows and every stored file, in one archive, the same for both databases.

A logical copy inside one read snapshot rather than a copy of the database file: it restores on the other database
too, and a half-written page cannot hide in it. Restoring starts a new epoch, so that phones offer again what the
backup did not have. Rows stand in the schema of their time: a backup of any release comes back into any later one.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import flask_migrate
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy.orm import Session

from backend.config import ROOT
from backend.core import clock, storage
from backend.core.db import db, write_transaction
from backend.core.problems import Fault, Invalid

FORMAT = 1
MIGRATIONS = ROOT / "backend" / "migrations"
BATCH = 500


def after_restore(function: Callable[[Session, datetime, datetime], None]) -> None:
    """Register what must happen once rows are back (a new epoch): `function(session, now, when the backup was made)`."""
    current_app.extensions.setdefault("after_restore", []).append(function)


def say_in_backup(name: str, function: Callable[[sa.Connection], str | None]) -> None:
    """Register what a backup says of itself: a text in its manifest, read in the backup's own snapshot."""
    current_app.extensions.setdefault("said_in_backup", {})[name] = function


def write(path: Path, now: datetime) -> str:
    """Write the whole installation to `path` (zip), whole or not at all. Returns a line that says what is in it."""
    partial = path.with_name(path.name + ".partial")
    counts: dict[str, int] = {}
    files_dir = Path(current_app.config["VAR_DIR"]) / "files"
    connection_options = {} if _is_sqlite() else {"isolation_level": "REPEATABLE READ"}
    with db.engine.connect() as plain:
        connection = plain.execution_options(**connection_options)
        with connection.begin(), zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
            revision = MigrationContext.configure(connection).get_current_revision()
            for table in db.metadata.sorted_tables:
                counts[table.name] = _write_table(connection, archive, table)
            files = sorted(p for p in files_dir.rglob("*") if p.is_file() and not p.name.endswith(".part"))
            for file in files:
                archive.write(file, f"files/{file.relative_to(files_dir).as_posix()}", zipfile.ZIP_STORED)
            said = {name: read(connection) for name, read in current_app.extensions.get("said_in_backup", {}).items()}
            manifest = {"format": FORMAT, **said, "revision": revision, "made_at": clock.iso(now), "tables": counts,
                        "files": len(files)}  # fmt: skip
            archive.writestr("manifest.json", json.dumps(manifest, indent=1))
    storage.fsync(partial)
    partial.replace(path)
    storage.fsync(path.parent)
    rest = "".join(f" {name}: {text}." for name, text in said.items() if text)
    return f"{path}: {sum(counts.values())} rows of {len(counts)} tables, {len(files)} files.{rest}"


def _is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def _write_table(connection: sa.Connection, archive: zipfile.ZipFile, table: sa.Table) -> int:
    count = 0
    with archive.open(f"tables/{table.name}.jsonl", "w") as out:
        for row in connection.execute(sa.select(table)).mappings():
            out.write(json.dumps(dict(row), default=_plain, ensure_ascii=False).encode() + b"\n")
            count += 1
    return count


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"$at": value.isoformat()}
    if isinstance(value, date):
        return {"$on": value.isoformat()}
    if isinstance(value, Decimal):
        return {"$number": str(value)}
    if isinstance(value, bytes):
        return {"$hex": value.hex()}
    raise TypeError(type(value))


def _typed(item: dict[str, Any]) -> Any:
    if len(item) == 1:
        key, value = next(iter(item.items()))
        reader = {"$at": datetime.fromisoformat, "$on": date.fromisoformat, "$number": Decimal,
                  "$hex": bytes.fromhex}.get(key)  # fmt: skip
        if reader is not None and isinstance(value, str):
            return reader(value)
    return item


def read(path: Path, now: datetime) -> str:
    """Fill an empty, migrated database and file store from `path`. Raises Invalid naming what is wrong.

    A backup of an older version comes back into the schema of its time and is migrated from there. While it runs a mark
    lies in VAR_DIR: a server does not start on a half-restored database (`unfinished`).
    """
    archive, manifest = _opened(path)
    with archive:
        _mark(path)
        try:
            _stand_on(manifest["revision"])
            with write_transaction() as session:
                _read_rows(session, archive)
                _move_counters(session)
                _read_files(archive)
        except BaseException:
            _stand_on("head")
            mark_path().unlink()
            raise
        _stand_on("head")
        with write_transaction() as session:
            for function in current_app.extensions.get("after_restore", []):
                function(session, now, clock.parse(manifest["made_at"]))
        mark_path().unlink()
        storage.fsync(mark_path().parent)
    return (
        f"{sum(manifest['tables'].values())} rows and {manifest['files']} files are back, as of {manifest['made_at']}. "
        "What was done at desks after that is gone; what phones did is offered again by them. Until when the lost server "
        "told of changes is shown in the console as phones come back."
    )


def mark_path() -> Path:
    return Path(current_app.config["VAR_DIR"]) / "restoring"


def _mark(path: Path) -> None:
    mark_path().write_text(str(path))
    storage.fsync(mark_path())
    storage.fsync(mark_path().parent)


def unfinished() -> str | None:
    """Words for whoever starts the server on a database whose restore did not come to its end; else None."""
    if not mark_path().exists():
        return None
    return (
        f"restoring {mark_path().read_text()} did not come to its end. Restore again into a new VAR_DIR or database; "
        f"this one is not whole."
    )


def _opened(path: Path) -> tuple[zipfile.ZipFile, dict[str, Any]]:
    try:
        archive = zipfile.ZipFile(path)
        manifest = json.loads(archive.read("manifest.json"))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError):
        raise _refused(f"{path} is not a Fieldpledge backup") from None
    if manifest.get("format") != FORMAT or manifest.get("revision") not in _revisions():
        raise _refused(f"this backup has schema {manifest.get('revision')}, which is newer than this program")
    if archive.testzip() is not None:
        raise _refused("this backup is damaged")
    return archive, manifest


def _revisions() -> set[str]:
    """Every schema that this program has known."""
    return {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}


def _stand_on(revision: str) -> None:
    """Bring the schema to a revision, up or down; nothing happens when it stands there."""
    db.session.remove()
    known = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]  # the newest first
    wanted = known[0] if revision == "head" else revision
    with db.engine.connect() as connection:
        here = MigrationContext.configure(connection).get_current_revision()
    if here == wanted:
        return
    move = flask_migrate.downgrade if here and known.index(wanted) > known.index(here) else flask_migrate.upgrade
    with contextlib.redirect_stdout(io.StringIO()):
        move(directory=str(MIGRATIONS), revision=wanted)


def _refused(text: str) -> Invalid:
    return Invalid(faults=[Fault("$.file", {"zh": text, "en": text})])


def _read_rows(session: Session, archive: zipfile.ZipFile) -> None:
    """Rows by the tables as they stand, not as today's models say: an older backup has its own columns."""
    schema = sa.MetaData()
    schema.reflect(session.connection())
    for table in schema.sorted_tables:
        name = f"tables/{table.name}.jsonl"
        if name not in archive.namelist():
            continue
        session.execute(sa.delete(table))
        with archive.open(name) as lines:
            while batch := list(islice(lines, BATCH)):
                session.execute(sa.insert(table), [json.loads(line, object_hook=_typed) for line in batch])


def _move_counters(session: Session) -> None:
    """PostgreSQL's identity counters behind the highest number that came back."""
    if _is_sqlite():
        return
    for table in db.metadata.sorted_tables:
        for column in table.primary_key.columns:
            if (
                isinstance(column.type, sa.Integer)
                and column.autoincrement in (True, "auto")
                and not column.foreign_keys
            ):
                name = session.scalar(
                    sa.text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": table.name, "c": column.name}
                )
                if name:
                    top = session.scalar(sa.select(sa.func.max(column))) or 0
                    session.execute(sa.text("SELECT setval(:s, :v, true)"), {"s": name, "v": max(top, 1)})


def _read_files(archive: zipfile.ZipFile) -> None:
    """Files as an upload leaves them, durable before the rows that name them are."""
    base = Path(current_app.config["VAR_DIR"]) / "files"
    for info in archive.infolist():
        if not info.filename.startswith("files/") or info.is_dir():
            continue
        target = (base / info.filename.removeprefix("files/")).resolve()
        if not target.is_relative_to(base.resolve()):
            raise _refused(f"the name {info.filename!r} leads outside the file store")
        data = archive.read(info)
        if hashlib.sha256(data).hexdigest() != target.name:
            raise _refused(f"the file {target.name} is not what its name says")
        storage.write(target.name, data)
