"""A rescue file brought in by an admin: what is in it, and what became of each line.

Operations take the road of every push, in their phone's own numbers and in its user's name: importing the file twice, or
after the phone did sync, changes nothing, and the phone goes on where the file ended (M-18). What she was still typing, and
what her phone had set aside by itself, becomes a stuck operation that she or the office reads and applies.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any

import orjson
import sqlalchemy as sa

from backend.accounts.models import Device as PhoneDevice
from backend.accounts.models import User
from backend.core import storage
from backend.core.db import db, write_transaction
from backend.core.problems import Problem
from backend.core.sync import entered_by, registry_of
from backend.sync_api import files
from backend.sync_api.models import SyncDevice, SyncFile
from backend.sync_api.policy import SqlPolicy, account_of, sync_actor
from backend.sync_api.rescue_file import RescueFile, refused
from backend.sync_api.rescue_unsent import (
    draft_operations,
    held_of,
    is_live,
    keep_unsent,
    known_of,
    operation_of,
    set_aside,
    text_of,
)
from backend.sync_api.unit import SqlTransactions, SqlUnit
from sync.server.model import Actor, Device, Envelope
from sync.server.problems import RequestRefused
from sync.server.push import push
from sync.server.reading import read_operation

OPS_AT_ONCE = 50
LOST = "not in the rescue file"
DONE = {"applied", "merged", "conflict"}


@dataclass(frozen=True)
class Line:
    """One thing of the file. outcome: new · there · applied · conflict · person · refused · missing."""

    what: str
    about: str
    record_kind: str | None
    record_id: str | None
    at: str | None
    outcome: str
    detail: dict[str, str] | None = None


@dataclass(frozen=True)
class Contents:
    """Whose file it is, from when to when, and each line as it stands now."""

    user_id: str
    user_name: str
    device_id: str
    device_label: str
    made_at: str
    first_at: str | None
    last_at: str | None
    lines: list[Line]


def contents(file: RescueFile) -> Contents:
    """What is in the file and what the server has of it already. Raises RescueUnreadable for somebody else's."""
    user = _owner(file)
    lines = [*_operation_lines(file), *_draft_lines(file), *_file_lines(file)]
    times = sorted(line.at for line in lines if line.at)
    phone = db.session.get(PhoneDevice, file.device_id)
    return Contents(user.id, user.name, file.device_id, phone.label if phone else "", file.made_at,
                    times[0] if times else None, times[-1] if times else None, lines)  # fmt: skip


def bring_in(file: RescueFile, admin_id: str, now: datetime) -> list[Line]:
    """Import the file in its user's name, entered by the admin. Returns what became of each line."""
    user = _owner(file)
    author = sync_actor(account_of(user))
    db.session.rollback()
    before = {(line.what, line.about, line.record_id, line.at): line for line in contents(file).lines}
    with entered_by(admin_id):
        results = dict(_push(file, author, now))
        with write_transaction() as session:
            keep_unsent(SqlUnit(session, registry_of()), file, author, now)
        taken = {sha256: _take_bytes(file, sha256, user.id, now) for sha256 in file.files}
    db.session.rollback()
    out = []
    for line in _operation_lines(file, results) + _draft_lines(file, True) + _file_lines(file, taken):
        was = before.get((line.what, line.about, line.record_id, line.at))
        out.append(replace(line, outcome="there") if was and was.outcome == "there" else line)
    db.session.rollback()
    return out


def _owner(file: RescueFile) -> User:
    """The user whose phone wrote it, if this server knows her and no other user has the phone."""
    user = db.session.get(User, file.user_id)
    phone = db.session.get(PhoneDevice, file.device_id)
    if user is None or (phone is not None and phone.user_id != user.id):
        raise refused("这个文件属于别的服务器或别的用户。", "This file belongs to another server or another user.")
    return user


# -- operations --------------------------------------------------------------------------------------------------------


def _push(file: RescueFile, author: Actor, now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """Push what the ledger does not know: (op_id, result)."""
    unknown = _unknown(file)
    if not unknown:
        return
    device_id, acked = file.device_id, _acked(file.device_id)
    if unknown[0]["seq"] > acked:
        wanted = {op["seq"]: op for op in file.operations}
        numbered = ({**operation_of(wanted[seq]), "seq": seq} if seq in wanted else {"seq": seq, "void": LOST}
                    for seq in range(acked + 1, unknown[-1]["seq"] + 1))  # fmt: skip
    else:  # these numbers went to other operations: the phone's database was copied (M-17)
        device_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"rescue:{file.device_id}"))
        first = _acked(device_id) + 1
        numbered = ({**operation_of(op), "seq": seq} for seq, op in enumerate(unknown, first))
    while batch := tuple(read_operation(op) for op in islice(numbered, OPS_AT_ONCE)):
        db.session.rollback()
        envelope = Envelope(device_id, None, file.schema, "rescue", None, None, None, batch)
        try:
            answer = push(envelope, author, now, registry_of(), RescueTransactions(), SqlPolicy())
        except RequestRefused:
            raise refused("导入时这台手机自己也在发送，请再导入一次。",
                          "The phone was sending by itself meanwhile; import the file again.") from None  # fmt: skip
        for text in answer.results:
            result = orjson.loads(text)
            yield str(result["op_id"]), result


def _unknown(file: RescueFile) -> list[dict[str, Any]]:
    known = known_of(op.get("op_id") for op in file.operations)
    return [op for op in file.operations if op.get("op_id") not in known]


def _acked(device_id: str) -> int:
    return db.session.scalar(sa.select(SyncDevice.acked_seq).where(SyncDevice.device_id == device_id)) or 0


class RescueUnit(SqlUnit):
    """A push in the name of a phone that is not there: also of a revoked one, and it was not seen by this."""

    def device(self, device_id: str, user_id: str, now: datetime) -> Device:
        known = self.session.get(PhoneDevice, device_id)
        seen = known.last_seen_at if known else None
        out = super().device(device_id, user_id, now)
        self.session.get_one(PhoneDevice, device_id).last_seen_at = seen
        return replace(out, is_revoked=False)


class RescueTransactions(SqlTransactions):
    unit = RescueUnit


def _operation_lines(file: RescueFile, results: dict[str, Any] | None = None) -> list[Line]:
    known = known_of(op.get("op_id") for op in [*file.operations, *set_aside(file)])
    held = held_of([str(op.get("op_id")) for op in set_aside(file)])
    out = []
    for op in file.operations:
        status = known.get(op.get("op_id", ""))
        outcome = (
            "new" if status is None else "there" if results is None or op["op_id"] not in results else _told(status)
        )
        detail = (results or {}).get(op.get("op_id"), {}).get("problem", {}).get("texts", {}).get("detail")
        out.append(_line("operation", op, outcome, detail))
    for op in set_aside(file):
        is_there = op.get("op_id") in known or op.get("op_id") in held
        out.append(_line("set_aside", op, ("person" if results is not None else "there") if is_there else "new"))
    return out


def _told(status: str) -> str:
    return "conflict" if status == "conflict" else "applied" if status in DONE else "person"


def _line(what: str, op: dict[str, Any], outcome: str, detail: dict[str, str] | None = None) -> Line:
    record = op.get("record") if isinstance(op.get("record"), dict) else {}
    return Line(what, text_of(op.get("type")) or "", text_of(record.get("kind")), text_of(record.get("id")),
                text_of(op.get("occurred_at")), outcome, detail)  # fmt: skip


# -- what was not an operation yet -------------------------------------------------------------------------------------


def _draft_lines(file: RescueFile, is_done: bool = False) -> list[Line]:
    drafts = draft_operations(file)
    held = held_of(op["op_id"] for op in drafts)
    return [
        _line(
            "draft",
            op,
            "there" if is_live(op) else ("person" if is_done else "there") if op["op_id"] in held else "new",
        )
        for op in drafts
    ]


# -- files -------------------------------------------------------------------------------------------------------------


def _take_bytes(file: RescueFile, sha256: str, user_id: str, now: datetime) -> dict[str, str] | None:
    """Store the bytes of a file as an upload would; None when they are stored, else why not."""
    content_type = text_of(file.named_files.get(sha256, {}).get("content_type")) or ""
    try:
        files.announce(str(file.files[sha256]), {"sha256": sha256, "content_type": content_type}, user_id, now)
        db.session.rollback()
        offset = 0 if storage.is_stored(sha256) else storage.offset_of(sha256)
        place = 0
        for piece in file.pieces(sha256):
            if place + len(piece) > offset or storage.is_stored(sha256):
                rest = piece[max(0, offset - place) :]
                checksum = base64.b64encode(hashlib.sha256(rest).digest()).decode()
                offset = files.receive(sha256, offset, rest, f"sha256 {checksum}", now)
            place += len(piece)
    except Problem as problem:
        return problem.faults[0].message if problem.faults else problem.title
    return None


def _file_lines(file: RescueFile, taken: dict[str, Any] | None = None) -> list[Line]:
    out = []
    for sha256, named in sorted(file.named_files.items()):
        row = db.session.get(SyncFile, sha256)
        is_stored = row is not None and row.state == "stored"
        problem = (taken or {}).get(sha256)
        outcome = ("refused" if problem else "there" if is_stored and taken is None else "applied" if is_stored
                   else "new" if sha256 in file.files else "missing")  # fmt: skip
        out.append(Line("file", sha256, None, None, text_of(named.get("taken_at")), outcome, problem))
    return out


def told(contents_or_lines: Contents | list[Line]) -> Iterator[str]:
    """What a person reads on the command line."""
    if isinstance(contents_or_lines, Contents):
        it = contents_or_lines
        yield f"{it.user_name}, phone {it.device_label or it.device_id}, written {it.made_at}"
        yield f"work from {it.first_at or '—'} to {it.last_at or '—'}"
    lines = contents_or_lines.lines if isinstance(contents_or_lines, Contents) else contents_or_lines
    for line in lines:
        record = f" {line.record_kind}/{line.record_id}" if line.record_kind else ""
        detail = f": {line.detail['en']}" if line.detail else ""
        yield f"{line.outcome:<9} {line.what:<10} {line.at or '':<25} {line.about}{record}{detail}"
