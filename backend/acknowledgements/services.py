"""Keeping a customer's answer to what she was told before work, and whether its text and ink are still what was signed.

Called by the sync handler and by ports; never commits, never reads the clock. Nothing that was said on site is refused:
where it differs from what the letters decide, both stay and the office sees a flag.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.accounts.services import Actor
from backend.acknowledgements import ports
from backend.acknowledgements.models import Acknowledgement
from backend.acknowledgements.problems import NoInk
from backend.acknowledgements.rules import document as documents
from backend.acknowledgements.rules.ink import has_ink, read_strokes
from backend.acknowledgements.rules.told import decided_for, flags_of
from backend.core.problems import Fault, Invalid, NotFound
from backend.visits.models import Visit
from backend.visits.services import check_may_act, get_visit, write_log
from backend.visits.taps import Tap
from backend.workorders import settling
from backend.workorders.models import WorkOrder
from backend.workorders.services import work_order_for

ReadFile = Callable[[str], bytes | None]
UNSIGNED = ("absent", "refused")
# What an accepted acknowledgement says in the work order's log; every other answer says `acknowledgement_declined`.
WHATS = {
    "backup_notice": "backup_notice",
    "user_damage_notice": "user_damage_notice",
    "fee": "fee_accepted",
    "remedy": "remedy_chosen",
}
PENDING = ("document_missing", "strokes_missing")
TEXTS: dict[str | None, dict[str, str]] = {
    None: {"zh": "文字和笔迹都与签字时一致", "en": "Text and ink are those that were signed"},
    "document_missing": {"zh": "客户读的那份文字还没有传到", "en": "The text the customer read has not arrived yet"},
    "document_changed": {"zh": "存着的文字与签字时不同：哈希对不上", "en": "The stored text differs: its hash is another"},
    "document_unreadable": {"zh": "那份文字读不出来", "en": "The text cannot be read"},
    "other_work_order": {"zh": "那份文字是另一张工单的", "en": "The text belongs to another work order"},
    "not_told": {"zh": "那份文字里没有这一项", "en": "The text does not contain this"},
    "told_differs": {"zh": "文字里的费用与记录的不同", "en": "The charges in the text are not those of the record"},
    "strokes_missing": {"zh": "笔迹还没有传到", "en": "The ink has not arrived yet"},
    "strokes_changed": {"zh": "存着的笔迹与签字时不同", "en": "The stored ink is not the one that was signed with"},
    "no_ink": {"zh": "没有笔迹，不能算签字", "en": "There is no ink; this is no signature"},
}  # fmt: skip
FLAGS: dict[str, dict[str, str]] = {
    "charges_differ": {
        "zh": "告诉客户的收费项目与系统的决定不同",
        "en": "The charges told are not those that were decided",
    },
    "amounts_differ": {"zh": "告诉客户的金额与价目不同", "en": "The amounts told are not those of the price list"},
    "no_price": {"zh": "有收费项目没有告诉价格", "en": "No price was told for something that is charged"},
    "remedy_not_offered": {
        "zh": "客户选的办法不在承诺书给的选项里",
        "en": "The chosen remedy is not among those the letter offers",
    },
}


def acknowledge(
    session: Session,
    actor: Actor,
    ident: str,
    values: Mapping[str, Any],
    tap: Tap,
    read: ReadFile,
    now: datetime,
) -> Acknowledgement:
    """Keep the answer and write it into the log, where the gates read it.

    values  AcknowledgementArgs, loaded
    read    bytes of a stored file by its hash, None where they are not here yet
    raises  Invalid, NoInk, NotFound
    """
    work_order, visit = _where(session, actor, values)
    _check_answer(values, read)
    given = {name: value for name, value in values.items() if value is not None}
    told = [dict(line) for line in given.pop("told", ())]
    settling.settle_all(session)  # a cause found a moment ago, in the same push, has changed what is to be told
    decided = decided_for(values["about"], work_order.entitlement or {}, work_order.quote)
    row = Acknowledgement(
        **given,
        id=ident,
        told=told,
        decided=decided,
        flags=flags_of(values["about"], told, values.get("remedy"), decided),
        author_id=actor.user_id,
        at=tap.at,
        corrected_at=tap.corrected_at,
        received_at=tap.received_at,
    )
    session.add(row)
    session.flush()
    data = {"acknowledgement_id": row.id, "about": row.about, "answer": row.answer, "signer_name": row.signer_name}
    if row.about == "remedy":
        data["remedy"] = row.remedy or ""
    what = WHATS[row.about] if row.answer == "accepted" else "acknowledgement_declined"
    write_log(session, work_order, what, actor.user_id, tap, now, visit=visit, note=row.reason, data=data)
    if row.answer != "accepted":
        for tell in ports.declined.answers:
            tell(session, work_order, row, now)
    return row


def _where(session: Session, actor: Actor, values: Mapping[str, Any]) -> tuple[WorkOrder, Visit | None]:
    """An engineer answers for visits she is or was sent on; without a visit for work orders that she sees."""
    if not values.get("visit_id"):
        return work_order_for(session, actor, values["work_order_id"]), None
    visit = get_visit(session, values["visit_id"])
    check_may_act(session, actor, visit)
    if visit.work_order_id != values["work_order_id"]:
        raise NotFound()
    return session.get_one(WorkOrder, visit.work_order_id), visit


def _check_answer(values: Mapping[str, Any], read: ReadFile) -> None:
    strokes_sha256, answer = values.get("strokes_sha256"), values["answer"]
    faults = []
    if answer in UNSIGNED and not (values.get("reason") or "").strip():
        faults.append(_fault("reason", "客户不在或不愿签，请写明原因。", "State why there is no signature."))
    if answer in UNSIGNED and strokes_sha256:
        faults.append(_fault("strokes_sha256", "不在或拒签没有笔迹。", "Absent or refused has no ink."))
    if answer == "accepted" and not (values.get("signer_name") or "").strip():
        faults.append(_fault("signer_name", "请写签字人的姓名。", "Name who signs."))
    if values["about"] == "remedy" and answer == "accepted" and not values.get("remedy"):
        faults.append(_fault("remedy", "请写客户选了哪一种。", "State which remedy was chosen."))
    if faults:
        raise Invalid(faults=faults)
    if answer == "accepted" and not strokes_sha256:
        raise NoInk(faults=[Fault("$.strokes_sha256", NoInk.title)])
    strokes = read(strokes_sha256) if strokes_sha256 else None
    if strokes is not None and not has_ink(read_strokes(strokes)):
        raise NoInk(faults=[Fault("$.strokes_sha256", NoInk.title)])


def _fault(name: str, zh: str, en: str) -> Fault:
    return Fault(f"$.{name}", {"zh": zh, "en": en})


def check_of(row: Acknowledgement, read: ReadFile) -> dict[str, Any]:
    """Is what is stored still what was signed? Bytes that are still on their way are pending, not wrong."""
    reason = documents.fault_of(
        read(row.document_sha256), row.document_sha256, row.work_order_id, row.about, row.told, row.remedy
    ) or _fault_of_ink(row, read)
    return {"ok": reason is None, "is_pending": reason in PENDING, "reason": reason, "text": TEXTS[reason]}


def _fault_of_ink(row: Acknowledgement, read: ReadFile) -> str | None:
    if not row.strokes_sha256:
        return "no_ink" if row.answer == "accepted" else None
    data = read(row.strokes_sha256)
    if data is None:
        return "strokes_missing"
    if hashlib.sha256(data).hexdigest() != row.strokes_sha256:
        return "strokes_changed"
    return None if has_ink(read_strokes(data)) else "no_ink"
