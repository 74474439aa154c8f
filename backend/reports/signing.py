"""The customer's answer to one frozen document, and whether it still holds (K-8).

`add_signature` keeps what was signed; `verify` reads the stored bytes again and compares them with the hash that was
signed and with what the report says now. Bytes may come after the signature: until then it is not verified, and says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.services import Actor
from backend.acknowledgements.problems import NoInk
from backend.acknowledgements.rules.ink import has_ink, read_strokes
from backend.core import clock
from backend.core.problems import Fault, Invalid, NotFound
from backend.customers.models import Site
from backend.reports import services
from backend.reports.models import Photo, Report, Signature
from backend.reports.problems import ReportNotEditable
from backend.reports.rows import finding_row, part_row, photo_row
from backend.reports.rules import document as documents
from backend.reports.rules.states import COUNTED
from backend.reports.services import check_editable, check_may_write
from backend.visits.models import Visit
from backend.visits.services import write_log
from backend.visits.taps import Tap, moved
from backend.workorders.models import LogEntry, WorkOrder

UNSIGNED = ("absent", "refused")
ReadFile = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Verification:
    """Does the signature hold? `reason` is a code, `path` the first place that differs, `text` the sentence for people."""

    ok: bool
    reason: str | None
    path: str | None
    text: dict[str, str]


TEXTS: dict[str | None, dict[str, str]] = {
    None: {
        "zh": "签字与报告一致，签后没有改动",
        "en": "The signature and the report agree; nothing was changed after it",
    },
    "not_signed": {"zh": "客户还没有答复", "en": "The customer has not answered yet"},
    "document_missing": {"zh": "客户签的那份文字还没有传到", "en": "The text that was signed has not arrived yet"},
    "document_changed": {
        "zh": "存着的那份文字与签字时不同：哈希对不上",
        "en": "The stored text is not the one that was signed: its hash differs",
    },
    "document_unreadable": {"zh": "签的那份文字读不出来", "en": "The text that was signed cannot be read"},
    "other_report": {"zh": "签的是另一份报告", "en": "Another report was signed"},
    "report_changed": {"zh": "签字之后报告改过", "en": "The report was changed after it was signed"},
    "strokes_missing": {"zh": "笔迹还没有传到", "en": "The ink has not arrived yet"},
    "strokes_changed": {"zh": "存着的笔迹与签字时不同", "en": "The stored ink is not the one that was signed with"},
    "no_ink": {"zh": "没有笔迹，不能算签字", "en": "There is no ink; this is no signature"},
    "no_reason": {"zh": "没有签字，也没有写明原因", "en": "There is no signature and no reason for it"},
}
PENDING = ("document_missing", "strokes_missing")


def add_signature(
    session: Session,
    actor: Actor,
    signature_id: str,
    values: Mapping[str, Any],
    tap: Tap,
    read: ReadFile,
    now: datetime,
) -> Signature:
    """Keep the customer's answer.

    values  {report_id, visit_id?, work_order_id?, document_sha256, strokes_sha256?, result, remarks?, reason?,
             signer_name?, signer_title?, rating?, photo_id?}
    read    bytes of a stored file by its hash, None where they are not here yet
    raises  Invalid, NoInk, ReportNotEditable, NotFound
    """
    report = session.get(Report, values["report_id"])
    if report is None:
        raise NotFound()
    check_may_write(session, actor, report)
    _check_open(report)
    if values.get("signed_at"):
        tap = moved(tap, values["signed_at"])
    return _keep(session, report, signature_id, values, tap, read, now, actor.user_id)


def sign_later(
    session: Session, report: Report, signature_id: str, values: Mapping[str, Any], tap: Tap, read: ReadFile,
    now: datetime,
) -> Signature:  # fmt: skip
    """The customer herself signs, by her link, what was handed in while she was absent or would not: the same file.

    Nobody of ours is the author. Both answers stay, the later one counts. Raises as `add_signature` does.
    """
    waiting = unsigned_answer(session, report)
    if waiting is None or waiting.document_sha256 != values["document_sha256"]:
        raise ReportNotEditable(extra={"state": report.state})
    return _keep(session, report, signature_id, values, tap, read, now, None)


def unsigned_answer(session: Session, report: Report) -> Signature | None:
    """The absence or refusal under which this version was handed in: it names the text that waits for ink."""
    signature = session.get(Signature, report.signature_id) if report.signature_id else None
    return signature if report.state in COUNTED and signature and signature.result in UNSIGNED else None


def _keep(
    session: Session, report: Report, signature_id: str, values: Mapping[str, Any], tap: Tap, read: ReadFile,
    now: datetime, author_id: str | None,
) -> Signature:  # fmt: skip
    _check_answer(session, report, values, read)
    row = Signature(
        id=signature_id,
        report_id=report.id,
        work_order_id=report.work_order_id,
        visit_id=report.visit_id,
        report_version=report.version,
        document_sha256=values["document_sha256"],
        strokes_sha256=values.get("strokes_sha256"),
        result=values["result"],
        remarks=values.get("remarks") or "",
        reason=values.get("reason") or "",
        signer_name=values.get("signer_name") or "",
        signer_title=values.get("signer_title") or "",
        rating=values.get("rating"),
        signed_at=tap.at,
        corrected_at=tap.corrected_at,
        photo_id=values.get("photo_id"),
        flags=[],
    )
    _flag_repeated_strokes(session, row)
    session.add(row)
    report.signature_id = row.id
    session.flush()
    visit = session.get(Visit, report.visit_id) if report.visit_id else None
    data = {"signature_id": row.id, "report_id": report.id, "result": row.result, "signer_name": row.signer_name}
    write_log(session, session.get_one(WorkOrder, report.work_order_id), "signed", author_id, tap, now,
              visit=visit, note=row.remarks or row.reason, data=data)  # fmt: skip
    if report.state in COUNTED:  # signed later: the report was handed in without it
        tell_answer(session, author_id, report, row, tap, now)
    return row


def _check_open(report: Report) -> None:
    """While it is written, and after handing in as long as nobody has signed this version ("sign later")."""
    if not (report.state in COUNTED and report.signature_id is None):
        check_editable(report)


def tell_answer(
    session: Session, author_id: str | None, report: Report, signature: Signature, tap: Tap, now: datetime
) -> None:
    """accepted or rejected in the work order's log, at the time of signing, once; and 交验日期 with the acceptance."""
    work_order = session.get_one(WorkOrder, report.work_order_id)
    what = {"accepted": "accepted", "accepted_with_remarks": "accepted", "rejected": "rejected"}.get(signature.result)
    outcomes = [finding.outcome for finding in services.findings_of(session, report.id)]
    if what == "accepted" and "not_fixed" in outcomes:
        # Signing a report that says "not fixed" takes note of it; what A-01 asks for comes when it works.
        return
    if what == "accepted":
        tz = session.get_one(Site, work_order.site_id).tz
        report.handed_over_on = clock.local_date(signature.corrected_at, tz)
        session.flush()
    if what is None or _has_told(session, work_order, signature):
        return
    visit = session.get(Visit, report.visit_id) if report.visit_id else None
    when = Tap(signature.signed_at, signature.corrected_at, tap.quality, tap.received_at, tap.offset_ms, tap.source)
    data = {"signature_id": signature.id, "report_id": report.id, "result": signature.result,
            "who": signature.signer_name, "how": "signature"}  # fmt: skip
    write_log(session, work_order, what, author_id, when, now, visit=visit, note=signature.remarks, data=data)


def _has_told(session: Session, work_order: WorkOrder, signature: Signature) -> bool:
    query = sa.select(LogEntry.data).where(
        LogEntry.work_order_id == work_order.id, LogEntry.what.in_(("accepted", "rejected")),
        LogEntry.voided_at.is_(None),
    )  # fmt: skip
    return any((data or {}).get("signature_id") == signature.id for data in session.scalars(query))


def _check_answer(session: Session, report: Report, values: Mapping[str, Any], read: ReadFile) -> None:
    faults = []
    if values["result"] in UNSIGNED:
        if not (values.get("reason") or "").strip():
            faults.append(_fault("reason", "客户不在或不愿签，请写明原因。", "State why there is no signature."))
        if values.get("strokes_sha256"):
            faults.append(_fault("strokes_sha256", "不在或拒签没有笔迹。", "Absent or refused has no ink."))
    else:
        if not values.get("strokes_sha256"):
            raise NoInk(faults=[Fault("$.strokes_sha256", NoInk.title)])
        if not (values.get("signer_name") or "").strip():
            faults.append(_fault("signer_name", "请写签字人的姓名。", "Name who signs."))
    if values["result"] in ("accepted_with_remarks", "rejected") and not (values.get("remarks") or "").strip():
        faults.append(_fault("remarks", "请写客户的意见。", "Write down the customer’s remarks."))
    photo = session.get(Photo, values["photo_id"]) if values.get("photo_id") else None
    if values.get("photo_id") and (photo is None or photo.work_order_id != report.work_order_id):
        faults.append(_fault("photo_id", "没有这张照片。", "There is no such photo."))
    if faults:
        raise Invalid(faults=faults)
    strokes = read(values["strokes_sha256"]) if values.get("strokes_sha256") else None
    if strokes is not None and not has_ink(read_strokes(strokes)):
        raise NoInk(faults=[Fault("$.strokes_sha256", NoInk.title)])


def _fault(name: str, zh: str, en: str) -> Fault:
    return Fault(f"$.{name}", {"zh": zh, "en": en})


def _flag_repeated_strokes(session: Session, row: Signature) -> None:
    """The very same strokes under another job are a question for the office, on both."""
    if not row.strokes_sha256:
        return
    same = sa.select(Signature).where(
        Signature.strokes_sha256 == row.strokes_sha256, Signature.work_order_id != row.work_order_id
    )
    for other in session.scalars(same):
        row.flags = ["same_strokes"]
        other.flags = sorted({*other.flags, "same_strokes"})


# ---------------------------------------------------------------- does it hold?


def present_signature(session: Session, report: Report) -> Signature | None:
    """The customer's last answer: of this version, else of the version before."""
    if report.signature_id:
        return session.get(Signature, report.signature_id)
    signatures = services.signatures_of(session, report.id)
    return signatures[-1] if signatures else None


def verify(session: Session, report: Report, read: ReadFile) -> Verification:
    """Does what is stored still say what the customer signed, and does the report still say it too?"""
    signature = present_signature(session, report)
    if signature is None:
        return _said("not_signed")
    document, reason = read_signed(signature, read)
    if document is None:
        return _said(reason)
    if document["report_id"] != report.id or document["signed"]["short_ref"] != report.short_ref:
        return _said("other_report")
    difference = documents.first_difference(documents.signed_part(document), _present(session, report, document))
    if difference:
        return _said("report_changed", difference)
    return _said(_fault_of_ink(signature, read))


def read_signed(signature: Signature, read: ReadFile) -> tuple[dict[str, Any] | None, str | None]:
    """The frozen document that a signature names, or None and why not."""
    data = read(signature.document_sha256)
    if data is None:
        return None, "document_missing"
    if hashlib.sha256(data).hexdigest() != signature.document_sha256:
        return None, "document_changed"
    try:
        return documents.read_document(data), None
    except documents.DocumentFault:
        return None, "document_unreadable"


def read_ink(signature: Signature, read: ReadFile) -> dict[str, Any] | None:
    """The strokes a signature names, if they are here and unchanged."""
    data = read(signature.strokes_sha256) if signature.strokes_sha256 else None
    if data is None or hashlib.sha256(data).hexdigest() != signature.strokes_sha256:
        return None
    return read_strokes(data)


def _fault_of_ink(signature: Signature, read: ReadFile) -> str | None:
    if signature.result in UNSIGNED:
        return None if signature.reason.strip() else "no_reason"
    data = read(signature.strokes_sha256) if signature.strokes_sha256 else None
    if not signature.strokes_sha256:
        return "no_ink"
    if data is None:
        return "strokes_missing"
    if hashlib.sha256(data).hexdigest() != signature.strokes_sha256:
        return "strokes_changed"
    return None if has_ink(read_strokes(data)) else "no_ink"


def _said(reason: str | None, path: str | None = None) -> Verification:
    return Verification(reason is None, reason, path, TEXTS[reason])


def _present(session: Session, report: Report, document: Mapping[str, Any]) -> dict[str, Any]:
    """The report's present signed part; photos that were added after the signature stand apart from it."""
    signed = {photo["sha256"] for photo in document["signed"].get("photos") or ()}
    query = sa.select(Photo).where(Photo.work_order_id == report.work_order_id, Photo.sha256.in_(signed))
    return present_part_of(session, report, list(session.scalars(query)))


def present_part_of(session: Session, report: Report, photos: Sequence[Photo] | None = None) -> dict[str, Any]:
    """The report's own part as its rows say it now; `photos` instead of the report's."""
    photos = services.photos_of(session, report) if photos is None else photos
    return documents.present_part(
        {"id": report.id, "short_ref": report.short_ref, "guidance": report.guidance},
        [finding_row(f) for f in services.findings_of(session, report.id)],
        [part_row(p) for p in services.parts_of(session, report.id)],
        [photo_row(photo) for photo in photos],
    )
