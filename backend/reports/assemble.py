"""A report view out of the database: what was signed from its frozen file, what the system added apart from it (K-8).

`assemble` is what every paper, the review page and the customer's link call. Where the file is not here yet, or is not
what was signed, the rows are shown instead and a note says so.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.core.clock import iso
from backend.reports import signing
from backend.reports.assemble_added import added_of
from backend.reports.facts import Facts, freeze, gather, repair_facts
from backend.reports.models import Report, Signature
from backend.reports.signing import ReadFile, present_signature
from backend.reports.view import SCHEMA, ReportView
from backend.reports.view_json import ViewFault, view_of

SYSTEM_FIELDS = ("sent_for_repair_on", "repair_count", "previous_repair_on", "handed_over_on")
_UNREAD = {
    "document_missing": {"zh": "客户签的那份文字还没有传到，以下按系统里的内容显示",
                         "en": "The text that was signed has not arrived yet; shown from the system’s rows"},
    "document_changed": {"zh": "存着的那份文字与签字时不同，以下按系统里的内容显示",
                         "en": "The stored text is not the one that was signed; shown from the system’s rows"},
    "document_unreadable": {"zh": "签的那份文字读不出来，以下按系统里的内容显示",
                            "en": "The text that was signed cannot be read; shown from the system’s rows"},
}  # fmt: skip
_FILLED = {"zh": "签字之后由系统补上：{names}", "en": "Filled in by the system after signing: {names}"}
_NAMES = {
    "sent_for_repair_on": ("送修日期", "reported on"),
    "repair_count": ("送修次数", "repair count"),
    "previous_repair_on": ("前次送修", "previous repair"),
    "handed_over_on": ("交验日期", "handed over on"),
}


def assemble(session: Session, report: Report, read: ReadFile, now: datetime, base_url: str = "") -> ReportView:
    """The view of one report. base_url: where people reach this server, for the QR code; empty: no code."""
    facts = gather(session, report)
    signature = present_signature(session, report)
    notes: list[dict[str, Any]] = []
    if signature is not None and signature.report_version != report.version:
        notes.append({"text": _superseded(signature.report_version, report.version), "at": iso(signature.signed_at)})
        signature = None  # an earlier version's answer says nothing about this one
    signed, reason = _signed(session, facts, signature, read, notes)
    frame = _frame(session, facts, signature, read, now, base_url, notes)
    try:
        return view_of(frame | {"signed": signed})
    except ViewFault:
        if reason is not None:
            raise
        notes.append({"text": _UNREAD["document_unreadable"], "at": None})
        frame = _frame(session, facts, signature, read, now, base_url, notes)
        return view_of(frame | {"signed": _from_rows(session, facts)})


def _superseded(signed: int, present: int) -> dict[str, str]:
    return {"zh": f"客户签的是第 {signed} 版，此后改过；第 {present} 版还没有签",
            "en": f"The customer signed version {signed}; it was changed since, version {present} is not signed yet"}  # fmt: skip


def _signed(
    session: Session, facts: Facts, signature: Signature | None, read: ReadFile, notes: list[dict[str, Any]]
) -> tuple[dict[str, Any], str | None]:
    """The signed half, and why it is not from the file if it is not."""
    if signature is None:
        return _from_rows(session, facts), "not_signed"
    document, reason = signing.read_signed(signature, read)
    if document is None:
        notes.append({"text": _UNREAD[str(reason)], "at": iso(signature.signed_at)})
        return _from_rows(session, facts), reason
    signed = dict(document["signed"]) | {"document_sha256": signature.document_sha256}
    known = repair_facts(session, facts)
    filled = [name for name in SYSTEM_FIELDS if signed.get(name) is None and known[name] is not None]
    if filled:
        signed |= {name: known[name] for name in filled}
        words = [_NAMES[name] for name in filled]
        text = {"zh": _FILLED["zh"].format(names="、".join(zh for zh, _ in words)),
                "en": _FILLED["en"].format(names=", ".join(en for _, en in words))}  # fmt: skip
        notes.append({"text": text, "at": None})
    return signed, None


def _from_rows(session: Session, facts: Facts) -> dict[str, Any]:
    return freeze(session, facts, "")["signed"] | {"document_sha256": None, "frozen_at": None}


def _frame(
    session: Session, facts: Facts, signature: Signature | None, read: ReadFile, now: datetime, base_url: str,
    notes: list[dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    company, manager = facts.company, facts.users.get(facts.customer.account_manager_id or "")
    return {
        "schema": SCHEMA,
        "tz": facts.site.tz,
        "made_at": iso(now),
        "company": {
            "name": company.name if company else {"zh": "", "en": ""},
            "hotline": company.hotline if company else "",
            "hotline_hours": None,
            "email": (company.email or None) if company else None,
            "complaint_phone": (company.complaint_phone or None) if company else None,
        },
        "account_manager": {"name": manager.name, "phone": manager.phone or None} if manager else None,
        "acceptance": _acceptance(facts, signature, read),
        "engineer_signature": _engineer_signature(facts),
        "added": added_of(session, facts, signature, now, base_url, notes),
    }


def _acceptance(facts: Facts, signature: Signature | None, read: ReadFile) -> dict[str, Any] | None:
    if signature is None:
        return None
    strokes = signing.read_ink(signature, read)
    sha256 = facts.absence_photos.get(signature.photo_id or "")
    return {
        "result": signature.result,
        "remarks": signature.remarks or None,
        "reason": signature.reason or None,
        "signer_name": signature.signer_name or None,
        "signer_title": signature.signer_title or None,
        "rating": signature.rating,
        "signed_at": iso(signature.corrected_at),
        "document_sha256": signature.document_sha256,
        "strokes": strokes,
        "photo_sha256": sha256,
    }


def _engineer_signature(facts: Facts) -> dict[str, Any] | None:
    """维修人员签字: she stands for it by handing it in."""
    if facts.report.submitted_at is None:
        return None
    author = facts.users[facts.report.author_id]
    return {
        "name": author.name,
        "staff_no": author.staff_no or None,
        "signed_at": iso(facts.report.submitted_at),
        "strokes": None,
    }
