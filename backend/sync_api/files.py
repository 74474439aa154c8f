"""Uploads by tus 1.0 and what bytes are taken: M-55 to M-59. Bytes are on the disk before the database says so."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import current_app
from PIL import Image
from sqlalchemy.orm import Session

from backend.core import storage
from backend.core.db import db, write_transaction
from backend.core.problems import Fault, Invalid, NotFound, Problem, Stale, TooLarge
from backend.reports.files import is_of_visible_work
from backend.sync_api.models import SyncFeed, SyncFile, SyncFileRef

SHA256 = re.compile(r"[0-9a-f]{64}\Z")
MAX_CHUNK = 1024 * 1024
MAX_PIXELS = 50_000_000
IMAGES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
TYPES = {*IMAGES.values(), "application/json", "application/pdf", "text/plain"}
_SHARED_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis")


class UploadMismatch(Stale):
    slug = "upload-mismatch"
    title: ClassVar[dict[str, str]] = {
        "zh": "同一个文件的大小或类型前后不一致。",
        "en": "This file was announced with another size or type.",
    }


class FileErased(Problem):
    slug = "file-erased"
    status = 410
    title: ClassVar[dict[str, str]] = {
        "zh": "这个文件已按要求永久删除。",
        "en": "This file was erased for good.",
    }


class WrongOffset(Stale):
    slug = "upload-offset"
    title: ClassVar[dict[str, str]] = {"zh": "续传位置不对。", "en": "The upload does not stand at this offset."}


class WrongChecksum(Problem):
    slug = "upload-checksum"
    status = 460
    title: ClassVar[dict[str, str]] = {
        "zh": "这一段传坏了，请重传。",
        "en": "This chunk arrived damaged; send it again.",
    }


class FileHashWrong(Invalid):
    slug = "file-hash-wrong"
    title: ClassVar[dict[str, str]] = {
        "zh": "文件内容与它的校验值不符。",
        "en": "The bytes are not those of the announced hash.",
    }


class FileTypeWrong(Invalid):
    slug = "file-type-wrong"
    title: ClassVar[dict[str, str]] = {"zh": "文件类型不对。", "en": "The file is not of the announced type."}


class FileTooLarge(TooLarge):
    slug = "file-too-large"
    title: ClassVar[dict[str, str]] = {"zh": "文件太大了。", "en": "The file is too large."}


def read_metadata(header: str | None) -> dict[str, str]:
    """tus Upload-Metadata: `name base64, name base64`."""
    out = {}
    for pair in (header or "").split(","):
        name, _, encoded = pair.strip().partition(" ")
        if name:
            try:
                out[name] = base64.b64decode(encoded, validate=True).decode()
            except ValueError:
                raise _invalid("Upload-Metadata", "要 base64。", "Base64 is needed.") from None
    return out


def announce(length: Any, metadata: dict[str, str], user_id: str, now: datetime) -> tuple[SyncFile, bool]:
    """A file is going to be uploaded; the same announcement again changes nothing. Returns (file, is new)."""
    sha256, content_type = metadata.get("sha256", ""), metadata.get("content_type", "")
    if not SHA256.match(sha256):
        raise _invalid("Upload-Metadata.sha256", "要 64 位小写十六进制。", "64 lower-case hex digits are needed.")
    if content_type not in TYPES:
        allowed = ", ".join(sorted(TYPES))
        raise FileTypeWrong(
            faults=[Fault("Upload-Metadata.content_type", {"zh": f"只收：{allowed}", "en": f"One of: {allowed}"})]
        )
    size = int(length) if isinstance(length, str) and length.isdigit() and len(length) < 16 else 0
    if size < 1:
        raise _invalid("Upload-Length", "要大于 0 的字节数。", "A number of bytes above 0 is needed.")
    if size > current_app.config["MAX_FILE_BYTES"]:
        limit = current_app.config["MAX_FILE_BYTES"]
        raise FileTooLarge(
            faults=[Fault("Upload-Length", {"zh": f"最多 {limit} 字节。", "en": f"At most {limit} bytes."})]
        )
    file = db.session.get(SyncFile, sha256)
    if file is not None and file.state == "erased":
        raise FileErased()
    if file is None or (file.size_bytes, file.content_type) != (size, content_type):
        with write_transaction() as session:
            file, is_new = _announced(session, sha256, size, content_type, user_id, now)
    else:
        is_new = False
    if file.state == "pending":
        _finish_what_was_left(sha256, size, content_type, now)
    return file, is_new


def _finish_what_was_left(sha256: str, size: int, content_type: str, now: datetime) -> None:
    """A server that was killed after the last byte, before it was looked at or before the commit: no chunk will follow."""
    if not storage.is_stored(sha256) and storage.offset_of(sha256) >= size:
        with storage.open_part(sha256) as part, suppress(FileHashWrong, FileTypeWrong):
            if part.size >= size and not storage.is_stored(sha256):
                _verify(part, content_type)
                part.finish()
    if storage.is_stored(sha256):
        _store(sha256, now)


def _announced(
    session: Session, sha256: str, size: int, content_type: str, user_id: str, now: datetime
) -> tuple[SyncFile, bool]:
    file = session.get(SyncFile, sha256)
    is_new = file is None
    if file is None:
        file = SyncFile(sha256=sha256, state="pending", created_by_id=user_id, created_at=now)
        session.add(file)
    if file.size_bytes is not None and file.size_bytes != size:
        words = {"zh": f"先前说是 {file.size_bytes} 字节。", "en": f"It was announced with {file.size_bytes} bytes."}
        raise UploadMismatch(faults=[Fault("Upload-Length", words)])
    if file.state == "stored":
        return file, False
    file.size_bytes, file.content_type = size, content_type
    return file, is_new


def receive(sha256: str, offset: int, data: bytes, checksum: str | None, now: datetime) -> int:
    """A chunk; returns the new offset. With the last one the file is verified and becomes `stored`."""
    file = db.session.get(SyncFile, sha256)
    if file is None or file.size_bytes is None:
        raise NotFound()
    if file.state == "erased":
        raise FileErased()
    size, content_type = file.size_bytes, file.content_type or ""
    db.session.rollback()
    _check_chunk(data, checksum)
    if storage.is_stored(sha256):
        _store(sha256, now)
        return size
    with storage.open_part(sha256) as part:
        if storage.is_stored(sha256):
            return size
        if offset != part.size:
            raise WrongOffset(extra={"offset": part.size})
        if offset + len(data) > size:
            words = {"zh": f"超过了所报的 {size} 字节。", "en": f"This goes beyond the announced {size} bytes."}
            raise FileTooLarge(faults=[Fault("body", words)])
        part.append(offset, data)
        if offset + len(data) < size:
            return offset + len(data)
        _verify(part, content_type)
        part.finish()
    _store(sha256, now)
    return size


def _check_chunk(data: bytes, checksum: str | None) -> None:
    if len(data) > MAX_CHUNK:
        raise FileTooLarge(faults=[Fault("body", {"zh": "一段最多 1 MiB。", "en": "A chunk has at most 1 MiB."})])
    if checksum is None:
        raise _invalid("Upload-Checksum", "要 sha256 和 base64。", "sha256 and base64 are needed.")
    algorithm, _, encoded = checksum.partition(" ")
    try:
        wanted = base64.b64decode(encoded, validate=True)
    except ValueError:
        wanted = b""
    if algorithm != "sha256" or len(wanted) != 32:
        raise _invalid("Upload-Checksum", "要 sha256 和 base64。", "sha256 and base64 are needed.")
    if hashlib.sha256(data).digest() != wanted:
        raise WrongChecksum()


def _verify(part: storage.Part, content_type: str) -> None:
    """Hash and sniffed type of the whole; what is wrong is dropped and the offset is 0 again."""
    if part.hash() != part.sha256:
        part.restart()
        raise FileHashWrong(faults=[Fault("sha256", FileHashWrong.title)])
    try:
        check_type(part, content_type)
    except FileTypeWrong:
        part.restart()
        raise


def check_type(part: storage.Part, content_type: str) -> None:
    """The bytes are what they were announced as; raises FileTypeWrong in words that help."""
    head = part.head()
    if head[4:8] == b"ftyp" and head[8:12] in _SHARED_BRANDS:
        raise _wrong("这是 HEIC 照片，请转成 JPEG。", "This is a HEIC photo; turn it into JPEG.")
    if content_type in IMAGES.values():
        _check_image(part, content_type)
    elif content_type == "application/pdf":
        if not head.startswith(b"%PDF-"):
            raise _wrong("这不是 PDF。", "This is no PDF.")
    else:
        _check_text(part, content_type)


def _check_image(part: storage.Part, content_type: str) -> None:
    """A whole picture of the announced format with a bearable number of points; its header alone is read first."""
    data = part.head(part.size)
    try:
        with Image.open(io.BytesIO(data), formats=list(IMAGES)) as image:
            if IMAGES.get(image.format or "") != content_type:
                raise _wrong(f"这是 {image.format}。", f"This is {image.format}.")
            if image.width * image.height > MAX_PIXELS:
                raise _wrong("图片的像素太多。", "The picture has too many points.")
            if getattr(image, "n_frames", 1) > 1:
                raise _wrong("不收动图。", "Moving pictures are not taken.")
            image.load()
    except FileTypeWrong:
        raise
    except Exception as error:  # Pillow raises many kinds for a broken picture
        raise _wrong("图片打不开或不完整。", "The picture cannot be opened or is not whole.") from error


def _check_text(part: storage.Part, content_type: str) -> None:
    try:
        text = part.head(part.size).decode("utf-8")
        if content_type == "application/json":
            import orjson

            orjson.loads(text)
    except ValueError as error:
        raise _wrong("这不是完好的文字。", "This is no sound text.") from error


def _store(sha256: str, now: datetime) -> None:
    """Say that the bytes are there; a change in the feed."""
    with write_transaction() as session:
        file = session.get(SyncFile, sha256)
        if file is not None and file.state == "pending":
            file.state, file.stored_at = "stored", now
            file.size_bytes = storage.path_of(sha256).stat().st_size


def may_read(session: Session, actor: Any, sha256: str) -> bool:
    """Whoever uploaded it, whoever sees the work whose photo or signature names it, whoever's phone holds a record
    that names it, and the office what belongs to no work."""
    file = session.get(SyncFile, sha256)
    if file is None:
        return False
    of_work = is_of_visible_work(session, actor, sha256)
    if file.created_by_id == actor.user_id or of_work or (of_work is None and actor.role != "engineer"):
        return True
    query = (
        sa.select(SyncFeed.kind)
        .join(SyncFileRef, sa.and_(SyncFileRef.record_id == SyncFeed.record_id, SyncFileRef.kind == SyncFeed.kind))
        .where(
            SyncFileRef.sha256 == sha256,
            SyncFileRef.erased_at.is_(None),
            SyncFeed.bucket.in_([f"engineer:{actor.user_id}", "reference"]),
            SyncFeed.why.is_(None),
        )
    )
    return session.scalar(query.limit(1)) is not None


def _invalid(field: str, zh: str, en: str) -> Invalid:
    return Invalid(faults=[Fault(field, {"zh": zh, "en": en})])


def _wrong(zh: str, en: str) -> FileTypeWrong:
    return FileTypeWrong(faults=[Fault("body", {"zh": zh, "en": en})])
