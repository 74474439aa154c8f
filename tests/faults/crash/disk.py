"""A disk that can be cut off, filled up and broken, under SQLite (a VFS of apsw) and under the file store (its `os`).

What was written and not synced is lost at a power cut sector by sector, in any order: a later write may be there while an
earlier one is not. `dbapi()` lets SQLAlchemy open apsw where it would open sqlite3, so that the product's own SQL and
pragmas run on this disk. Used in a process of its own: two SQLite libraries on one file would break each other's locks.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import types
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import apsw

SECTOR = 512
FAULTS = {"full": apsw.FullError, "broken": apsw.IOError, "short": apsw.FullError}


class Off(Exception):
    """The power is gone; nothing is written any more."""


@dataclass
class Shadow:
    """A file as the platters have it, and what was written since its last sync: (offset, bytes) or a new length."""

    durable: bytearray
    pending: list[tuple[int, bytes] | int] = field(default_factory=list)
    is_there: bool = True

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.durable, change)
        self.pending, self.is_there = [], True

    def after_a_cut(self, chance: Random, kept: float) -> bytes | None:
        if not self.is_there and chance.random() >= kept:
            return None
        out = bytearray(self.durable)
        for change in self.pending:
            if isinstance(change, int):
                if chance.random() < kept:
                    _apply(out, change)
                continue
            offset, data = change
            for at in range(0, len(data), SECTOR):
                if chance.random() < kept:
                    _apply(out, (offset + at, data[at : at + SECTOR]))
        return bytes(out)


def _apply(content: bytearray, change: tuple[int, bytes] | int) -> None:
    if isinstance(change, int):
        del content[change:]
        content.extend(bytes(change - len(content)))
        return
    offset, data = change
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class Disk:
    """All files below a folder. `writes` counts; `cut_at` and `fail_at` say at which write what happens."""

    def __init__(self) -> None:
        self.files: dict[str, Shadow] = {}
        self.writes, self.is_off = 0, False
        self.cut_at, self.fail_at, self.fault, self.for_ever = 0, 0, "", False
        self.failed, self.hit = 0, set()
        self.is_lazy = False  # the file store's fsync is forgotten: a control must lose by it

    def begin(self, **plan: Any) -> None:
        """From now on count anew; cut_at=, or fail_at= with fault= and for_ever=."""
        self.writes, self.cut_at, self.fail_at, self.for_ever = 0, 0, 0, False
        self.failed, self.hit = 0, set()
        for name, value in plan.items():
            setattr(self, name, value)

    def passing(self, whose: str) -> str:
        """Count one write, truncation or sync of the database or the files; '' if it goes through, else the fault."""
        if self.is_off:
            raise Off()
        self.writes += 1
        if self.writes == self.cut_at:
            self.is_off = True
            raise Off()
        if self.fail_at and (self.writes == self.fail_at or (self.for_ever and self.writes > self.fail_at)):
            self.failed += 1
            self.hit.add(whose)
            return self.fault
        return ""

    def shadow(self, path: str, is_new: bool = False) -> Shadow:
        if path not in self.files:
            there = Path(path).read_bytes() if Path(path).exists() and not is_new else b""
            self.files[path] = Shadow(bytearray(there), is_there=not is_new)
        return self.files[path]

    def power_cut(self, chance: Random) -> None:
        """What the platters have is what is there now."""
        kept = chance.choice([0.0, 0.5, 0.9])
        for path, shadow in self.files.items():
            content = shadow.after_a_cut(chance, kept)
            if content is None:
                Path(path).unlink(missing_ok=True)
            else:
                Path(path).write_bytes(content)
        self.forget()

    def forget(self) -> None:
        self.files, self.is_off = {}, False
        self.begin()


class Vfs(apsw.VFS):
    name = "proof"

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        super().__init__(self.name, base="")

    def xOpen(self, name: Any, flags: list[int]) -> VfsFile:
        return VfsFile(self.disk, name, flags)

    def xDelete(self, name: str, syncdir: bool) -> None:
        if self.disk.is_off:
            raise apsw.IOError("off")
        self.disk.files.pop(name, None)
        super().xDelete(name, syncdir)


class VfsFile(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        self.disk = disk
        self.path = name.filename() if isinstance(name, apsw.URIFilename) else str(name or "")
        is_new = bool(self.path) and not Path(self.path).exists()
        super().__init__("", name, flags)
        if self.path:
            disk.shadow(self.path, is_new)

    def xWrite(self, data: bytes, offset: int) -> None:
        fault = self._passing()
        if fault == "short":
            super().xWrite(data[: len(data) // 2], offset)
        if fault:
            raise FAULTS[fault]("the disk says no")
        super().xWrite(data, offset)
        self._keep((offset, bytes(data)))

    def xTruncate(self, size: int) -> None:
        self._passing()
        super().xTruncate(size)
        self._keep(size)

    def xSync(self, flags: int) -> None:
        if self._passing() == "broken":
            raise apsw.IOError("the disk says no")
        if self.path in self.disk.files:
            self.disk.files[self.path].sync()

    def _passing(self) -> str:
        try:
            return self.disk.passing("database")
        except Off:
            raise apsw.IOError("off") from None

    def _keep(self, change: tuple[int, bytes] | int) -> None:
        if self.path:
            self.disk.shadow(self.path).pending.append(change)


# -- SQLAlchemy on apsw ------------------------------------------------------------------------------------------------


def dbapi(disk: Disk) -> Any:
    """sqlite3 as SQLAlchemy knows it, with connections of apsw on this disk."""
    vfs = Vfs(disk)
    module = types.ModuleType("sqlite3_on_a_failing_disk")
    module.__dict__.update({name: value for name, value in vars(sqlite3).items() if not name.startswith("__")})
    module.connect = lambda path, **_: Connection(str(path), vfs)  # type: ignore[attr-defined]
    return module


def _translated(error: apsw.Error) -> sqlite3.Error:
    kind = sqlite3.IntegrityError if isinstance(error, apsw.ConstraintError) else sqlite3.OperationalError
    words = {apsw.IOError: "disk I/O error", apsw.FullError: "database or disk is full",
             apsw.BusyError: "database is locked"}.get(type(error), "")  # fmt: skip
    return kind(f"{words} {error}".strip())


class Connection:
    isolation_level: Any = ""
    row_factory = None

    def __init__(self, path: str, vfs: Vfs) -> None:
        try:
            self.real = apsw.Connection(path, vfs=vfs.name)
        except apsw.Error as error:
            raise _translated(error) from error

    def cursor(self) -> Cursor:
        return Cursor(self.real)

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        return self.cursor().execute(sql, values)

    def _end(self, how: str) -> None:
        if self.real.in_transaction:
            self.execute(how)

    def commit(self) -> None:
        self._end("COMMIT")

    def rollback(self) -> None:
        self._end("ROLLBACK")

    def create_function(self, name: str, count: int, function: Any, **_: Any) -> None:
        self.real.create_scalar_function(name, function, count)

    def close(self) -> None:
        with suppress(apsw.Error):
            self.real.close()


class Cursor:
    arraysize = 1

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection, self.real = connection, connection.cursor()
        self.description: Any = None
        self.rowcount, self.lastrowid = -1, None
        self.rows: list[Any] = []
        self.real.exec_trace = self._describe

    def _describe(self, cursor: Any, _sql: str, _values: Any) -> bool:
        self.description = [
            (name, None, None, None, None, None, None) for name, _ in cursor.get_description()
        ] or None
        return True

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        return self.executemany(sql, [values])

    def executemany(self, sql: str, many: Any) -> Cursor:
        before = self.connection.total_changes()
        self.rows = []
        try:
            for values in many:
                self.rows += list(self.real.execute(sql, values))
        except apsw.Error as error:
            raise _translated(error) from error
        is_writing = sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE")
        self.rowcount = self.connection.total_changes() - before if is_writing else -1
        self.lastrowid = self.connection.last_insert_rowid()
        return self

    def fetchone(self) -> Any:
        return self.rows.pop(0) if self.rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        out, self.rows = self.rows[: size or 1], self.rows[size or 1 :]
        return out

    def fetchall(self) -> list[Any]:
        out, self.rows = self.rows, []
        return out

    def __iter__(self) -> Any:
        return iter(self.fetchall())

    def close(self) -> None:
        self.rows = []


class FailingOs:
    """The file store's `os` on the same disk: writes fail with it, and bytes not synced go with the power."""

    def __init__(self, disk: Disk) -> None:
        self.disk, self.paths = disk, {}

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: Any, flags: int, mode: int = 0o777) -> int:
        is_new = not Path(path).exists()
        descriptor = os.open(path, flags, mode)
        self.paths[descriptor] = str(path)
        if not Path(path).is_dir():
            self.disk.shadow(str(path), is_new)
        return descriptor

    def write(self, descriptor: int, data: Any) -> int:
        fault = self._passing()
        if fault == "short" and len(data) > 1:
            data = data[: len(data) // 2]
        elif fault:
            raise OSError(errno.EIO if fault == "broken" else errno.ENOSPC, "the disk says no")
        at = os.lseek(descriptor, 0, os.SEEK_CUR)
        written = os.write(descriptor, data)
        self.disk.shadow(self.paths[descriptor]).pending.append((at, bytes(data[:written])))
        return written

    def ftruncate(self, descriptor: int, size: int) -> None:
        self._passing()
        os.ftruncate(descriptor, size)
        self.disk.shadow(self.paths[descriptor]).pending.append(size)

    def fsync(self, descriptor: int) -> None:
        if self._passing() == "broken":
            raise OSError(errno.EIO, "the disk says no")
        if self.disk.is_lazy:
            return
        if self.paths[descriptor] in self.disk.files:
            self.disk.files[self.paths[descriptor]].sync()
        for path, shadow in self.disk.files.items():  # a folder: what was made or renamed in it stays so
            if str(Path(path).parent) == self.paths[descriptor]:
                shadow.is_there = True

    def replace(self, old: Any, new: Any) -> None:
        """The new name is there after a cut only if its folder was synced; then with what was synced of the bytes."""
        self._passing()
        os.replace(old, new)
        moved = self.disk.files.pop(str(old), None)
        if moved is not None:
            self.disk.files[str(new)] = Shadow(moved.durable, moved.pending, is_there=False)

    def close(self, descriptor: int) -> None:
        self.paths.pop(descriptor, None)
        os.close(descriptor)

    def _passing(self) -> str:
        try:
            return self.disk.passing("files")
        except Off:
            raise OSError(errno.EIO, "off") from None
