"""A rescue file as a phone wrote it (sync/client/README.md "Rescue file"), read without trusting a byte of it.

A phone packs nothing: every part lies in the ZIP as it is, so a part that unfolds into more than its own length is not from
a phone, and a bomb costs nothing. Names are `rescue.json` and `files/<sha256>` and nothing else; nothing is unpacked to a
path. Every part is read once to its end before anything is taken from the file.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import orjson

from backend.core.problems import Fault, Invalid
from sync.server.operations import UUID

FORMAT, VERSION = "sync-rescue", 1
MAX_JSON_BYTES, MAX_PARTS, MAX_OPS = 64 * 1024 * 1024, 20_000, 100_000
PIECE = 1024 * 1024
_FILE = re.compile(r"files/([0-9a-f]{64})\Z")
_STORE = re.compile(r"sync:(.+):([0-9a-f-]{36})\Z")
LISTS = ("drafts", "operations", "stuck", "files")


class RescueUnreadable(Invalid):
    slug = "rescue-unreadable"
    title: ClassVar[dict[str, str]] = {
        "zh": "这个救援文件用不了，什么都没有改动。",
        "en": "This rescue file cannot be used; nothing was changed.",
    }


@dataclass(frozen=True)
class RescueFile:
    """What a rescue file holds. `files` maps the hash of each file whose bytes are in it to its size."""

    path: Path
    user_id: str
    device_id: str
    made_at: str
    schema: int | None
    drafts: list[dict[str, Any]]
    operations: list[dict[str, Any]]
    stuck: list[dict[str, Any]]
    named_files: dict[str, dict[str, Any]]
    files: dict[str, int]

    def pieces(self, sha256: str) -> Iterator[bytes]:
        """The bytes of one of its files."""
        with zipfile.ZipFile(self.path) as archive, archive.open(f"files/{sha256}") as part:
            while piece := part.read(PIECE):
                yield piece


def read(path: Path, max_file_bytes: int) -> RescueFile:
    """The file, every part of it checked. Raises RescueUnreadable with words that say what is wrong."""
    with _opened(path) as archive:
        parts = _parts(archive, max_file_bytes)
        content = _content(archive, parts)
        for name, info in parts.items():
            if name != "rescue.json":
                _check_hash(archive, info)
    store = _STORE.match(str(content.get("store", "")))
    if store is None or not UUID.match(str(content.get("device_id", ""))):
        raise refused("里面没有写是谁的哪台手机。", "It does not say whose phone it is of.")
    return RescueFile(
        path=path,
        user_id=store[2],
        device_id=content["device_id"],
        made_at=str(content.get("made_at", ""))[:40],
        schema=content["schema"] if type(content.get("schema")) is int else None,
        drafts=content["drafts"],
        operations=sorted(content["operations"], key=lambda op: op["seq"]),
        stuck=content["stuck"],
        named_files={file["sha256"]: file for file in content["files"] if isinstance(file.get("sha256"), str)},
        files={found[1]: info.file_size for name, info in parts.items() if (found := _FILE.match(name))},
    )


def refused(zh: str, en: str) -> RescueUnreadable:
    return RescueUnreadable(faults=[Fault("$.file", {"zh": zh, "en": en})])


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, ValueError):
        raise refused(
            "这不是救援文件，或者没有下载完整。", "This is no rescue file, or it was not copied to its end."
        ) from None
    with archive:
        try:
            yield archive
        except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, OSError, NotImplementedError, RuntimeError):
            raise refused("文件有一段已损坏。", "A part of the file is damaged.") from None


def _parts(archive: zipfile.ZipFile, max_file_bytes: int) -> dict[str, zipfile.ZipInfo]:
    """Name → part; only names, lengths and packing that a phone writes."""
    infos = archive.infolist()
    if len(infos) > MAX_PARTS:
        raise refused(f"里面的文件超过 {MAX_PARTS} 个。", f"It holds more than {MAX_PARTS} files.")
    out: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        shown = repr(info.filename[:80])
        if info.filename in out or not (info.filename == "rescue.json" or _FILE.match(info.filename)):
            raise refused(f"里面有手机不会写的内容：{shown}。", f"It holds something that no phone writes: {shown}.")
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 or info.compress_size != info.file_size:
            raise refused(f"{shown} 被重新压缩或加密过。", f"{shown} was packed or encrypted anew.")
        if info.file_size > (MAX_JSON_BYTES if info.filename == "rescue.json" else max_file_bytes):
            raise refused(f"{shown} 太大。", f"{shown} is too large.")
        out[info.filename] = info
    if "rescue.json" not in out:
        raise refused("里面没有 rescue.json，不是救援文件。", "It holds no rescue.json: this is no rescue file.")
    return out


def _content(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo]) -> dict[str, Any]:
    try:
        content = orjson.loads(archive.read(parts["rescue.json"]))
    except orjson.JSONDecodeError:
        raise refused("rescue.json 读不出来。", "rescue.json cannot be read.") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise refused("rescue.json 不是手机写的救援文件。", "rescue.json is not a phone's rescue file.")
    if content.get("version") != VERSION:
        raise refused("这个救援文件是别的版本写的，请先升级服务器。",
                      "This rescue file is of another version; update the server first.")  # fmt: skip
    for name in LISTS:
        items = content.get(name)
        if not isinstance(items, list) or len(items) > MAX_OPS or not all(isinstance(item, dict) for item in items):
            raise refused(f"rescue.json 里的 {name} 不对。", f"{name} in rescue.json is not right.")
    numbers = [op.get("seq") for op in content["operations"]]
    if not all(type(seq) is int and seq > 0 for seq in numbers) or len(set(numbers)) < len(numbers):
        raise refused("操作的编号不对。", "The operations' numbers are not right.")
    if numbers and max(numbers) - min(numbers) > MAX_OPS:
        raise refused("操作的编号不对。", "The operations' numbers are not right.")
    return content


def _check_hash(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    digest = hashlib.sha256()
    with archive.open(info) as part:
        while piece := part.read(PIECE):
            digest.update(piece)
    if f"files/{digest.hexdigest()}" != info.filename:
        raise refused(
            f"{info.filename[:20]}… 的内容与它的名字不符。", f"{info.filename[:20]}… is not what its name says."
        )
