"""What stands beside a report in the review: check-ins with their fixes, photos, the signature's verification, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import User
from backend.core import storage
from backend.core.clock import iso
from backend.reports import listing, services, signing
from backend.reports.models import Photo, Report, Signature
from backend.reports.rows import signature_payload
from backend.reports.rules.changes import changes_between
from backend.reports.rules.document import signed_part
from backend.reports.signing import ReadFile
from backend.visits.models import CheckIn, CheckInFix
from backend.visits.schemas import CheckInOut
from backend.workorders.models import LogEntry, WorkOrder

WORDS: Mapping[str, tuple[str, str]] = {
    "no_fix": ("签到时没有位置", "no position at the check-in"),
    "off_site": ("签到时不在现场", "checked in off the site"),
    "late": ("离线签到，后来才收到", "checked in offline, received later"),
    "late_visit": ("改派之后完成，按后到的上门记下", "done after it had been given to somebody else"),
    "missed_clock": ("有承诺时钟超时", "a promise clock was missed"),
    "changed": ("签字之后改过，这一版还没有签", "changed after signing; this version is not signed"),
    "not_signed": ("客户还没有签字", "the customer has not signed yet"),
    "customer_rejected": ("客户没有验收", "the customer rejected it"),
    "customer_absent": ("客户不在，没有签字", "the customer was absent"),
    "customer_refused": ("客户没有签字", "the customer declined to sign"),
    "same_strokes": ("笔迹与另一单完全相同", "the very same ink as under another job"),
    "repeated_photo": ("照片在另一单用过", "a photo that another job used"),
    "verdicts_differ": ("手机和服务器判断不同，两次都保留", "phone and server judged differently; both are kept"),
    "clock_offset": ("手机时钟偏差超过 10 分钟", "the phone’s clock is more than 10 minutes off"),
    "impossible_speed": ("两次定位之间的速度不可能", "impossible speed between two fixes"),
    "repeated_decimals": ("坐标与另一天完全相同", "the same coordinates as on another day"),
    "gcj02_suspected": ("按 GCJ-02 看就在现场，现场点可能标错了坐标系", "on site if read as GCJ-02; the site’s datum may be wrong"),
    "too_good": ("精度好得不像真的", "accuracy too good to be true"),
    "old_fix": ("位置取得较早", "the fix is old"),
    "no_check_in": ("签退前没有签到", "checked out without a check-in"),
}  # fmt: skip


def evidence_of(session: Session, report: Report, read: ReadFile, now: datetime) -> dict[str, Any]:
    """The review's right-hand side as plain values."""
    order = session.get_one(WorkOrder, report.work_order_id)
    signatures = list(services.signatures_of(session, report.id))
    latest = {report.id: signatures[-1]} if signatures else {}
    flags = listing.flags_of(session, [report], {order.id: order}, latest, now)[report.id]
    verification = signing.verify(session, report, read)
    return {
        "check_ins": _check_ins(session, report),
        "photos": _photos(session, report),
        "verification": {
            "ok": verification.ok,
            "is_pending": verification.reason in signing.PENDING,
            "reason": verification.reason,
            "path": verification.path,
            "text": verification.text,
        },
        "signatures": [
            signature_payload(s) | {"id": s.id, "version": s.report_version, "corrected_at": iso(s.corrected_at),
                                    "flags": s.flags} for s in signatures
        ],
        "flags": [_flag(code) for code in sorted(flags)],
        "changes": _changes(session, report, signatures, read),
        "history": _history(session, report),
    }  # fmt: skip


def _changes(
    session: Session, report: Report, signatures: Sequence[Signature], read: ReadFile
) -> dict[str, Any] | None:
    """What this version says otherwise than the last one a customer signed before it; None for a first version."""
    earlier = [one for one in signatures if one.report_version < report.version]
    document = signing.read_signed(earlier[-1], read)[0] if earlier else None
    if document is None:
        return None
    present = signing.present_part_of(session, report)
    return {"since": earlier[-1].report_version, "rows": changes_between(signed_part(document), present)}


def _flag(code: str) -> dict[str, Any]:
    zh, en = WORDS.get(code, (code.replace("_", " "),) * 2)
    return {"code": code, "text": {"zh": zh, "en": en}}


def _check_ins(session: Session, report: Report) -> list[dict[str, Any]]:
    if report.visit_id is None:
        return []
    rows = session.scalars(
        sa.select(CheckIn).where(CheckIn.visit_id == report.visit_id).order_by(CheckIn.corrected_at, CheckIn.id)
    )
    fixes: dict[str, list[CheckInFix]] = {}
    query = sa.select(CheckInFix).where(CheckInFix.visit_id == report.visit_id).order_by(CheckInFix.id)
    for fix in session.scalars(query):
        fixes.setdefault(fix.check_in_id, []).append(fix)
    return [CheckInOut().dump(row) | {"fixes": fixes.get(row.id, [])} for row in rows]


def _photos(session: Session, report: Report) -> list[dict[str, Any]]:
    """Photos of the report and of its visit, each with whether its bytes are here and who else used them."""
    own = Photo.report_id == report.id
    query = sa.select(Photo).where(sa.or_(own, Photo.visit_id == report.visit_id) if report.visit_id else own)
    photos = list(session.scalars(query.order_by(Photo.taken_at, Photo.id)))
    elsewhere = set(session.scalars(
        sa.select(Photo.sha256).where(Photo.sha256.in_([p.sha256 for p in photos]),
                                      Photo.work_order_id != report.work_order_id)
    ))  # fmt: skip
    return [
        {
            "id": photo.id,
            "sha256": photo.sha256,
            "caption": photo.caption,
            "taken_at": iso(photo.taken_at),
            "finding_id": photo.finding_id,
            "content_type": photo.content_type,
            "is_in_report": photo.report_id == report.id,
            "is_stored": storage.is_stored(photo.sha256),
            "is_repeated": photo.sha256 in elsewhere,
            "voided_at": iso(photo.voided_at),
        }
        for photo in photos
    ]


def _history(session: Session, report: Report) -> list[dict[str, Any]]:
    """The log's lines about this report, and the comments, in order."""
    query = sa.select(LogEntry).where(
        LogEntry.work_order_id == report.work_order_id,
        LogEntry.what.in_(("report_started", "signed", "report_submitted", "report_returned", "report_approved",
                           "report_withdrawn")),
    )  # fmt: skip
    lines = [e for e in session.scalars(query) if (e.data or {}).get("report_id") == report.id]
    names = {
        user.id: user.name
        for user in session.scalars(sa.select(User).where(User.id.in_({e.author_id for e in lines} - {None})))
    }
    out = [
        {
            "what": entry.what,
            "at": iso(entry.corrected_at),
            "received_at": iso(entry.received_at),
            "author_id": entry.author_id,
            "author_name": names.get(entry.author_id or ""),
            "text": entry.note,
            "version": (entry.data or {}).get("version"),
        }
        for entry in lines
    ]
    return sorted(out, key=lambda line: str(line["at"]))
