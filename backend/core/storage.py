"""The file store: bytes under their SHA-256, below VAR_DIR/files. Written, fsynced, then renamed into place.

A half-made upload is `<sha256>.part`; its length is the offset, so that nothing about a chunk needs the database. What a
crash leaves in it is found out by the hash at the end.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import current_app

BLOCK = 1024 * 1024


def path_of(sha256: str) -> Path:
    """Where the stored bytes of a hash are."""
    if len(sha256) != 64 or not all(c in "0123456789abcdef" for c in sha256):
        raise ValueError(f"not a SHA-256: {sha256!r}")
    return Path(current_app.config["VAR_DIR"]) / "files" / sha256[:2] / sha256


def is_stored(sha256: str) -> bool:
    return path_of(sha256).is_file()


def read(sha256: str) -> bytes:
    """The stored bytes. Raises FileNotFoundError."""
    return path_of(sha256).read_bytes()


def read_file(sha256: str) -> bytes | None:
    """Stored bytes, None where they are not here (yet)."""
    try:
        return read(sha256)
    except (FileNotFoundError, ValueError):
        return None


def put(data: bytes) -> str:
    """Store bytes at once (a made document, a logo); returns their SHA-256."""
    sha256 = hashlib.sha256(data).hexdigest()
    if not is_stored(sha256):
        write(sha256, data)
    return sha256


def write(sha256: str, data: bytes) -> None:
    """Bytes of that hash, whole and durable, over whatever lies there."""
    with open_part(sha256) as part:
        part.restart()
        part.append(0, data)
        part.finish()


def remove(sha256: str) -> None:
    """Drop the bytes of a hash, also half-made ones. Nothing happens when there are none."""
    path = path_of(sha256)
    for one in (path, path.with_suffix(".part")):
        one.unlink(missing_ok=True)
    if path.parent.is_dir():
        fsync(path.parent)


def offset_of(sha256: str) -> int:
    """How many bytes of an upload are there."""
    path = path_of(sha256)
    if path.is_file():
        return path.stat().st_size
    part = path.with_suffix(".part")
    return part.stat().st_size if part.is_file() else 0


class Part:
    """An upload that this thread writes to; nobody else does meanwhile."""

    def __init__(self, sha256: str, descriptor: int) -> None:
        self.sha256, self.descriptor = sha256, descriptor
        self.path = path_of(sha256)

    @property
    def size(self) -> int:
        return os.fstat(self.descriptor).st_size

    def append(self, offset: int, data: bytes) -> None:
        """Write a chunk at `offset`, durably."""
        os.lseek(self.descriptor, offset, os.SEEK_SET)
        view = memoryview(data)
        while view:
            view = view[os.write(self.descriptor, view) :]
        os.ftruncate(self.descriptor, offset + len(data))
        os.fsync(self.descriptor)

    def restart(self) -> None:
        """Drop what is there: the offset is 0 again."""
        os.ftruncate(self.descriptor, 0)
        os.fsync(self.descriptor)

    def hash(self) -> str:
        """SHA-256 of what is there, read from the disk."""
        digest, at = hashlib.sha256(), 0
        while block := os.pread(self.descriptor, BLOCK, at):
            digest.update(block)
            at += len(block)
        return digest.hexdigest()

    def head(self, size: int = 4096) -> bytes:
        return os.pread(self.descriptor, size, 0)

    def finish(self) -> None:
        """The bytes are whole: move them into place, durably."""
        os.fsync(self.descriptor)
        os.replace(self.path.with_suffix(".part"), self.path)
        fsync(self.path.parent)


@contextmanager
def open_part(sha256: str) -> Iterator[Part]:
    """The upload of a hash, locked against other writers."""
    path = path_of(sha256).with_suffix(".part")
    _make_folder(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield Part(sha256, descriptor)
    finally:
        os.close(descriptor)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        fsync(folder.parent)


def fsync(path: Path) -> None:
    """A file's bytes, or the names in a folder, are on the disk from now on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
