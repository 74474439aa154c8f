"""A rescue file brought in by an admin: what is in it, and what became of each line.

Operations take the road of every push, in their phone's own numbers and in its user's name: importing the file twice, or
after the phone did sync, changes nothing, and the phone goes on where the file ended (M-18). What she was still typing, and
what her phone had set aside by itself, becomes a stuck operation that she or the office reads and applies.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, ClassVar

import orjson
import sqlalchemy as sa

from backend.accounts.models import Device as PhoneDevice
from backend.accounts.models import User
from backend.core import storage
from backend.core.db import db, write_transaction
from backend.core.problems import NotAllowedNow, Problem
from backend.core.sync import entered_by, registry_of, same
from backend.sync_api import files
from backend.sync_api.journal import Doer
from backend.sync_api.models import SyncDevice, SyncFile, SyncOperation, SyncRecord, SyncStuck
from backend.sync_api.policy import ProblemRefused, SqlPolicy, account_of, problem_json, sync_actor
from backend.sync_api.rescue_file import RescueFile, refused
from backend.sync_api.unit import SqlTransactions, SqlUnit
from sync.server.canonical import canonical
from sync.server.model import Actor, Device, Envelope, Stuck
from sync.server.problems import RequestRefused
from sync.server.push import push
from sync.server.reading import read_operation

OPS_AT_ONCE = 50
LOST = "not in the rescue file"
OF_OPERATION = ("op_id", "type", "v", "record", "base_rev", "base", "args", "occurred_at", "mono_ms", "clock", "files", "mends")  # fmt: skip
DONE = {"applied", "merged", "conflict"}


class DraftUnfinished(NotAllowedNow):
    slug = "draft-unfinished"
    title: ClassVar[dict[str, str]] = {
        "zh": "手机上还在写、没有写完的内容，请看过再用。",
        "en": "This was still being written on the phone; read it before it is used.",
    }


class SetAside(NotAllowedNow):
    slug = "set-aside"
    title: ClassVar[dict[str, str]] = {"zh": "手机没能把它发出来。", "en": "The phone could not send this."}


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
            _keep_unsent(SqlUnit(session, registry_of()), file, author, now)
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


def _operation(raw: dict[str, Any]) -> dict[str, Any]:
    """The operation as M-08 has it: what the file says beside it is left away."""
    return {name: raw[name] for name in OF_OPERATION if name in raw}


def _push(file: RescueFile, author: Actor, now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """Push what the ledger does not know: (op_id, result)."""
    unknown = _unknown(file)
    if not unknown:
        return
    device_id, acked = file.device_id, _acked(file.device_id)
    if unknown[0]["seq"] > acked:
        wanted = {op["seq"]: op for op in file.operations}
        numbered = ({**_operation(wanted[seq]), "seq": seq} if seq in wanted else {"seq": seq, "void": LOST}
                    for seq in range(acked + 1, unknown[-1]["seq"] + 1))  # fmt: skip
    else:  # these numbers went to other operations: the phone's database was copied (M-17)
        device_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"rescue:{file.device_id}"))
        first = _acked(device_id) + 1
        numbered = ({**_operation(op), "seq": seq} for seq, op in enumerate(unknown, first))
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
    known = _known(op.get("op_id") for op in file.operations)
    return [op for op in file.operations if op.get("op_id") not in known]


def _known(op_ids: Iterable[Any]) -> dict[str, str]:
    """op_id → status of those that the ledger has."""
    ids, out = [op_id for op_id in op_ids if isinstance(op_id, str)], {}
    for start in range(0, len(ids), 400):
        query = sa.select(SyncOperation.op_id, SyncOperation.status)
        out |= dict(db.session.execute(query.where(SyncOperation.op_id.in_(ids[start : start + 400]))).all())
    return out


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
    known = _known(op.get("op_id") for op in [*file.operations, *_set_aside(file)])
    held = _held([str(op.get("op_id")) for op in _set_aside(file)])
    out = []
    for op in file.operations:
        status = known.get(op.get("op_id", ""))
        outcome = (
            "new" if status is None else "there" if results is None or op["op_id"] not in results else _told(status)
        )
        detail = (results or {}).get(op.get("op_id"), {}).get("problem", {}).get("texts", {}).get("detail")
        out.append(_line("operation", op, outcome, detail))
    for op in _set_aside(file):
        is_there = op.get("op_id") in known or op.get("op_id") in held
        out.append(_line("set_aside", op, ("person" if results is not None else "there") if is_there else "new"))
    return out


def _told(status: str) -> str:
    return "conflict" if status == "conflict" else "applied" if status in DONE else "person"


def _line(what: str, op: dict[str, Any], outcome: str, detail: dict[str, str] | None = None) -> Line:
    record = op.get("record") if isinstance(op.get("record"), dict) else {}
    return Line(what, _text(op.get("type")) or "", _text(record.get("kind")), _text(record.get("id")),
                _text(op.get("occurred_at")), outcome, detail)  # fmt: skip


def _text(value: Any) -> str | None:
    return value[:80] if isinstance(value, str) else None


# -- what was not an operation yet -------------------------------------------------------------------------------------


def _set_aside(file: RescueFile) -> list[dict[str, Any]]:
    """Operations that the phone itself took out of the queue (M-21); those that the server refused are known to it."""
    return [stuck["operation"] for stuck in file.stuck
            if isinstance(stuck.get("operation"), dict) and isinstance(stuck["operation"].get("op_id"), str)]  # fmt: skip


def _draft_operations(file: RescueFile) -> list[dict[str, Any]]:
    """One edit per record of what she was typing, as its kind takes it; the same drafts are the same edit."""
    edits = {type_.kind: (name, version) for name, versions in registry_of().types.items()
             for version, type_ in versions.items() if type_.mode == "edit"}  # fmt: skip
    by_record: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for draft in file.drafts:
        record, field = draft.get("record"), draft.get("field")
        if isinstance(record, dict) and isinstance(field, str) and isinstance(record.get("kind"), str):
            by_record.setdefault((record["kind"], str(record.get("id"))), []).append(draft)
    out = []
    for (kind, record_id), drafts in by_record.items():
        drafts.sort(key=lambda draft: draft["field"])
        args = {draft["field"]: draft.get("value") for draft in drafts}
        said = canonical([file.device_id, kind, record_id, args])
        name, version = edits.get(kind, ("draft", 1))
        out.append({
            "op_id": str(uuid.uuid5(uuid.NAMESPACE_OID, said)), "type": name, "v": version,
            "record": {"kind": kind, "id": record_id}, "args": args,
            "base": {draft["field"]: draft.get("base") for draft in drafts},
            "occurred_at": max(_text(draft.get("touched_at")) or "" for draft in drafts) or file.made_at,
        })  # fmt: skip
    return out


def _keep_unsent(unit: SqlUnit, file: RescueFile, author: Actor, now: datetime) -> None:
    """Drafts and what the phone had set aside, as stuck operations of its user. A number of their own holds up nothing."""
    device_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"drafts:{file.device_id}"))
    wanted = [(op, DraftUnfinished()) for op in _draft_operations(file) if not _is_live(op)]
    aside = _set_aside(file)
    known = _known(op["op_id"] for op in aside)
    wanted += [(_operation(op), SetAside()) for op in aside if op["op_id"] not in known]
    held = _held(op["op_id"] for op, _ in wanted)
    for op, problem in wanted:
        if op["op_id"] in held:
            continue
        record = op.get("record") if isinstance(op.get("record"), dict) else {}
        key = (str(record.get("kind"))[:81], str(record.get("id"))[:64]) if record else None
        unit.journal.doer = Doer(author.id, device_id, None, now)
        unit.keep_stuck(Stuck(
            stuck_id=op["op_id"], op_id=op["op_id"], device_id=device_id, seq=0, author_id=author.id, status="rejected",
            root=op["op_id"], state="open", type=_text(op.get("type")), key=key, is_insert=False,
            problem=problem_json(ProblemRefused(problem)), payload=op, occurred_at=_text(op.get("occurred_at")),
            received_at=now, mended_by=None,
        ))  # fmt: skip


def _held(op_ids: Iterable[str]) -> set[str]:
    ids = list(op_ids)
    return {stuck_id for start in range(0, len(ids), 400)
            for stuck_id in db.session.scalars(sa.select(SyncStuck.id).where(SyncStuck.id.in_(ids[start : start + 400])))}  # fmt: skip


def _is_live(op: dict[str, Any]) -> bool:
    """Does the record say already what she typed?"""
    row = db.session.get(SyncRecord, (op["record"]["kind"], op["record"]["id"]))
    live = orjson.loads(row.row) if row and not row.is_gone else {}
    return all(name in live and same(live[name], value) for name, value in op["args"].items())


def _draft_lines(file: RescueFile, is_done: bool = False) -> list[Line]:
    drafts = _draft_operations(file)
    held = _held(op["op_id"] for op in drafts)
    return [
        _line(
            "draft",
            op,
            "there" if _is_live(op) else ("person" if is_done else "there") if op["op_id"] in held else "new",
        )
        for op in drafts
    ]


# -- files -------------------------------------------------------------------------------------------------------------


def _take_bytes(file: RescueFile, sha256: str, user_id: str, now: datetime) -> dict[str, str] | None:
    """Store the bytes of a file as an upload would; None when they are stored, else why not."""
    content_type = _text(file.named_files.get(sha256, {}).get("content_type")) or ""
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
        out.append(Line("file", sha256, None, None, _text(named.get("taken_at")), outcome, problem))
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
