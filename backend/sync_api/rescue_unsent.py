"""What a rescue file holds that was never sent: drafts, and what the phone had set aside by itself.

Called by rescue.py. It becomes stuck operations of the phone's user, which she or the office reads and applies; the same
file brings the same ones.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

import orjson
import sqlalchemy as sa

from backend.core.db import db
from backend.core.problems import NotAllowedNow
from backend.core.sync import registry_of, same
from backend.sync_api.journal import Doer
from backend.sync_api.models import SyncOperation, SyncRecord, SyncStuck
from backend.sync_api.policy import ProblemRefused, problem_json
from backend.sync_api.rescue_file import RescueFile
from backend.sync_api.unit import SqlUnit
from sync.server.canonical import canonical
from sync.server.model import Actor, Stuck
from sync.server.operations import MEMBERS


class DraftUnfinished(NotAllowedNow):
    slug = "draft-unfinished"
    title: ClassVar[dict[str, str]] = {
        "zh": "手机上还在写、没有写完的内容，请看过再用。",
        "en": "This was still being written on the phone; read it before it is used.",
    }


class SetAside(NotAllowedNow):
    slug = "set-aside"
    title: ClassVar[dict[str, str]] = {"zh": "手机没能把它发出来。", "en": "The phone could not send this."}


def operation_of(raw: dict[str, Any]) -> dict[str, Any]:
    """The operation as M-08 has it: what the file says beside it is left away."""
    return {name: value for name, value in raw.items() if name in MEMBERS and name != "seq"}


def known_of(op_ids: Iterable[Any]) -> dict[str, str]:
    """op_id → status of those that the ledger has."""
    ids, out = [op_id for op_id in op_ids if isinstance(op_id, str)], {}
    for start in range(0, len(ids), 400):
        query = sa.select(SyncOperation.op_id, SyncOperation.status)
        out |= dict(db.session.execute(query.where(SyncOperation.op_id.in_(ids[start : start + 400]))).all())
    return out


def text_of(value: Any) -> str | None:
    return value[:80] if isinstance(value, str) else None


def set_aside(file: RescueFile) -> list[dict[str, Any]]:
    """Operations that the phone itself took out of the queue (M-21); those that the server refused are known to it."""
    return [stuck["operation"] for stuck in file.stuck
            if isinstance(stuck.get("operation"), dict) and isinstance(stuck["operation"].get("op_id"), str)]  # fmt: skip


def draft_operations(file: RescueFile) -> list[dict[str, Any]]:
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
            "occurred_at": max(text_of(draft.get("touched_at")) or "" for draft in drafts) or file.made_at,
        })  # fmt: skip
    return out


def keep_unsent(unit: SqlUnit, file: RescueFile, author: Actor, now: datetime) -> None:
    """Drafts and what the phone had set aside, as stuck operations of its user. A number of their own holds up nothing."""
    device_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"drafts:{file.device_id}"))
    wanted = [(op, DraftUnfinished()) for op in draft_operations(file) if not is_live(op)]
    aside = set_aside(file)
    known = known_of(op["op_id"] for op in aside)
    wanted += [(operation_of(op), SetAside()) for op in aside if op["op_id"] not in known]
    held = held_of(op["op_id"] for op, _ in wanted)
    for op, problem in wanted:
        if op["op_id"] in held:
            continue
        record = op.get("record") if isinstance(op.get("record"), dict) else {}
        key = (str(record.get("kind"))[:81], str(record.get("id"))[:64]) if record else None
        unit.journal.doer = Doer(author.id, device_id, None, now)
        unit.keep_stuck(Stuck(
            stuck_id=op["op_id"], op_id=op["op_id"], device_id=device_id, seq=0, author_id=author.id, status="rejected",
            root=op["op_id"], state="open", type=text_of(op.get("type")), key=key, is_insert=False,
            problem=problem_json(ProblemRefused(problem)), payload=op, occurred_at=text_of(op.get("occurred_at")),
            received_at=now, mended_by=None,
        ))  # fmt: skip


def held_of(op_ids: Iterable[str]) -> set[str]:
    ids = list(op_ids)
    return {stuck_id for start in range(0, len(ids), 400)
            for stuck_id in db.session.scalars(sa.select(SyncStuck.id).where(SyncStuck.id.in_(ids[start : start + 400])))}  # fmt: skip


def is_live(op: dict[str, Any]) -> bool:
    """Does the record say already what she typed?"""
    row = db.session.get(SyncRecord, (op["record"]["kind"], op["record"]["id"]))
    live = orjson.loads(row.row) if row and not row.is_gone else {}
    return all(name in live and same(live[name], value) for name, value in op["args"].items())
