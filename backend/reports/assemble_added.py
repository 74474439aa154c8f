"""The half of a report view that the system added: clocks, verdicts, the course, who pays and by which clause.

Called by assemble.py. Nothing of it is in what the customer signed, and it never claims to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from geographiclib.geodesic import Geodesic
from sqlalchemy.orm import Session

from backend.acknowledgements.models import Acknowledgement
from backend.contracts.models import Contract
from backend.core.clock import iso
from backend.core.db import db
from backend.core.ids import spoken
from backend.letters.installed import letters_named
from backend.letters.rules.letter import Letter
from backend.reports.facts import Facts
from backend.reports.models import Signature
from backend.visits.models import CheckIn, CheckInFix
from backend.workorders.models import LogEntry
from backend.workorders.settling import clocks_at

LATE_AFTER = timedelta(minutes=15)
COURSE = ("reported", "contacted", "remote_started", "decided_on_site", "promised", "sent", "departed", "arrived",
          "backup_notice", "user_damage_notice", "fee_accepted", "remedy_chosen", "acknowledgement_declined", "waiting",
          "resumed", "solved", "accepted", "rejected", "left", "reopened", "closed", "note")  # fmt: skip


def added_of(
    session: Session, facts: Facts, signature: Signature | None, now: datetime, base_url: str,
    notes: Sequence[dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """The `added` half of the view as plain values."""
    report, order = facts.report, facts.work_order
    approver = facts.users.get(report.approved_by_id or "")
    returned = [c for c in report.comments or () if c.get("field") is None and c.get("kind") == "return"]
    return {
        "number": report.number,
        "work_order_number": order.number,
        "version": report.version,
        "state": report.state,
        "submitted_at": iso(report.submitted_at),
        "approved_at": iso(report.approved_at),
        "approved_by_name": approver.name if approver else None,
        "returned_comment": returned[-1]["text"] if returned else None,
        "priority": order.priority,
        "letters": _letters(session, facts),
        "issued_under": _issued_under(facts),
        "entitlement": _entitlement(facts),
        "clocks": [_clock(facts, one) for one in clocks_at(order.clocks or [], now)],
        "check_ins": [_check_in(facts, row) for row in facts.check_ins],
        "course": [_course_entry(facts, entry) for entry in facts.log if entry.what in COURSE],
        "notes": [*_notes(facts), *_acknowledged(session, facts), *_by_link(facts), *notes],
        "versions": _versions(facts),
        "check_url": f"{base_url.rstrip('/')}/verify/{signature.document_sha256}" if base_url and signature else None,
    }


# ---------------------------------------------------------------- letters


def _bound(facts: Facts) -> tuple[Letter, ...]:
    return letters_named(db.session, facts.work_order.letters or ())


def _letters(session: Session, facts: Facts) -> list[dict[str, Any]]:
    ids = {a.contract_id for a in facts.assets.values() if a.contract_id} | {facts.work_order.contract_id} - {None}
    contracts = list(session.scalars(sa.select(Contract).where(Contract.id.in_(ids)))) if ids else []
    out = []
    for letter in _bound(facts):
        signed = [c.signed_on for c in contracts if {letter.ref, letter.id} & set(c.letters or ())]
        out.append(
            {
                "letter": letter.id,
                "version": letter.version,
                "title": dict(letter.title),
                "signed_on": min(signed).isoformat() if signed else None,
            }
        )
    return out


def clause_of(letters: Sequence[Letter], clause_id: str) -> dict[str, Any] | None:
    """A clause by its id out of the bound letters, with its article and sentence."""
    for letter in letters:
        for clause in letter.clauses:
            if clause.id == clause_id:
                return {"clause": clause.id, "article": clause.article or None, "text": dict(clause.text)}
    return None


def _issued_under(facts: Facts) -> dict[str, Any] | None:
    """The clause that asks for this report (B-15)."""
    gate = next((g for g in facts.work_order.gates or () if g.get("gate") == "fault_report"), None)
    return clause_of(_bound(facts), gate["clause"]) if gate else None


def _entitlement(facts: Facts) -> dict[str, Any] | None:
    said = facts.work_order.entitlement or {}
    if not said.get("status"):
        return None
    letters = _bound(facts)
    reasons = []
    for reason in said.get("reasons") or ():
        found = clause_of(letters, reason["clause"]) or {"clause": reason["clause"], "article": None}
        reasons.append(found | {"text": dict(reason.get("text") or found.get("text") or {"zh": "", "en": ""})})
    return {"status": said["status"], "warranty_end": said.get("warranty_end"), "reasons": reasons}


# ---------------------------------------------------------------- clocks


def _clock(facts: Facts, one: dict[str, Any]) -> dict[str, Any]:
    clause = clause_of(_bound(facts), one["clause"]) or {
        "clause": one["clause"] or "—",
        "article": None,
        "text": {"zh": "合同约定的期限", "en": "The term named in the contract"},
    }
    return {
        "name": one["name"],
        "clause": clause,
        "starts_at": one.get("starts"),
        "target_at": one.get("target"),
        "due_at": one.get("due"),
        "met_at": one.get("met_at"),
        "state": one.get("state") or "idle",
        "missed_reason": (one.get("missed_reason") or None) if one.get("state") == "missed" else None,
        "excused_reason": (one.get("excuse") or None) if one.get("state") == "excused" else None,
    }


# ---------------------------------------------------------------- arrivals


def _check_in(facts: Facts, row: CheckIn) -> dict[str, Any]:
    engineer = facts.users.get(row.engineer_id)
    return {
        "direction": row.direction,
        "engineer_name": engineer.name if engineer else "",
        "tapped_at": iso(row.tapped_at),
        "corrected_at": iso(row.corrected_at),
        "offset_ms": row.clock_offset_ms,
        "quality": row.quality,
        "received_at": iso(row.received_at),
        "reason_code": row.reason_code,
        "reason_text": row.reason_text or None,
        "fix": _fix(facts, row),
        "phone_verdict": _verdict(row.phone_verdict),
        "server_verdict": _verdict(row.server_verdict),
        "flags": list(row.flags or ()),
    }


def deciding_fix(fixes: Sequence[CheckInFix]) -> CheckInFix | None:
    """The fix that judged a check-in: the first that was usable."""
    return next((fix for fix in fixes if (fix.server_verdict or {}).get("verdict") != "no_fix"), None)


def _fix(facts: Facts, row: CheckIn) -> dict[str, Any] | None:
    fix = deciding_fix(facts.fixes.get(row.id, ()))
    if fix is None or None in (fix.lat_e7, fix.lng_e7, fix.accuracy_m):
        return None
    site, bearing = facts.site, None
    if site.lat_e7 is not None and site.lng_e7 is not None:
        line = Geodesic.WGS84.Inverse(site.lat_e7 / 1e7, site.lng_e7 / 1e7, fix.lat_e7 / 1e7, fix.lng_e7 / 1e7)
        bearing = round(line["azi1"]) % 360
    return {
        "lat_e7": fix.lat_e7,
        "lng_e7": fix.lng_e7,
        "accuracy_m": fix.accuracy_m,
        "age_s": fix.age_s or 0,
        "bearing_deg": bearing,
    }


def _verdict(said: dict[str, Any] | None) -> dict[str, Any] | None:
    if not said or not said.get("verdict"):
        return None
    return {name: said.get(name) for name in ("verdict", "distance_m", "accuracy_m", "radius_m", "reason")}


# ---------------------------------------------------------------- course, notes, versions


def _course_entry(facts: Facts, entry: LogEntry) -> dict[str, Any]:
    author = facts.users.get(entry.author_id or "")
    typed = facts.users.get(entry.entered_by_id or "")
    is_late = entry.received_at - entry.corrected_at > LATE_AFTER
    return {
        "at": iso(entry.corrected_at),
        "what": entry.what,
        "text": entry.note or _said(facts, entry),
        "author_name": author.name if author else None,
        "entered_by_name": typed.name if typed and typed is not author else None,
        "received_at": iso(entry.received_at) if is_late else None,
        "void_reason": (entry.void_reason or "—") if entry.voided_at else None,
    }


def _said(facts: Facts, entry: LogEntry) -> str:
    """A line's own words where nobody wrote any."""
    data = entry.data or {}
    if entry.what == "sent":
        separator = "、" if facts.report.language == "zh" else ", "
        return separator.join(facts.users[i].name for i in data.get("engineer_ids", ()) if i in facts.users)
    if entry.what == "reported":
        return facts.work_order.caller_name
    if entry.what in ("accepted", "rejected"):
        return str(data.get("who") or "")
    return ""


def _notes(facts: Facts) -> list[dict[str, Any]]:
    out = []
    for row in facts.check_ins:
        waited = row.received_at - row.corrected_at
        if waited > LATE_AFTER:
            minutes = int(waited.total_seconds() // 60)
            zh = "签到" if row.direction == "in" else "签退"
            en = "check-in" if row.direction == "in" else "check-out"
            text = {
                "zh": f"离线{zh}，{minutes} 分钟后才收到",
                "en": f"Offline {en}, received {minutes} minutes later",
            }
            out.append({"text": text, "at": iso(row.received_at)})
        if "late_visit" in (row.flags or ()):
            text = {
                "zh": "改派之后完成的上门，按后到记下",
                "en": "Done after the visit had been given to somebody else; kept as late work",
            }
            out.append({"text": text, "at": iso(row.corrected_at)})
    found = {finding.symptom_found for finding in facts.findings}
    if facts.report.submitted_at and facts.findings and facts.work_order.symptom not in found:
        text = {
            "zh": "工单上的现象与现场写的不同，两样都留着",
            "en": "The work order’s symptom differs from the one found; both are kept",
        }
        out.append({"text": text, "at": None})
    return out


ABOUT = {
    "user_damage_notice": ("使用方损坏要收费", "damage by the user is charged"),
    "backup_notice": ("备份数据", "backing up data"),
    "fee": ("这次要收费", "this visit is charged"),
    "remedy": ("选定办法", "the chosen remedy"),
}
ANSWERS = {
    "accepted": ("客户同意", "the customer agreed"),
    "declined": ("客户不同意", "the customer declined"),
    "absent": ("客户不在", "the customer was absent"),
    "refused": ("客户不愿签字", "the customer would not sign"),
}


def _acknowledged(session: Session, facts: Facts) -> list[dict[str, Any]]:
    """What the customer was told before work and answered: a line each, with the hash of the text she read."""
    query = sa.select(Acknowledgement).where(Acknowledgement.work_order_id == facts.work_order.id)
    out = []
    for row in session.scalars(query.order_by(Acknowledgement.corrected_at, Acknowledgement.id)):
        (zh, en), (said_zh, said_en) = ABOUT[row.about], ANSWERS[row.answer]
        who = row.signer_name or row.reason
        sha256 = " ".join(row.document_sha256[at : at + 16] for at in range(0, 64, 16))
        text = {
            "zh": f"动手前告知（{zh}）：{said_zh}{'，' + who if who else ''}。SHA-256 {sha256}",
            "en": f"Told before work ({en}): {said_en}{', ' + who if who else ''}. SHA-256 {sha256}",
        }
        out.append({"text": text, "at": iso(row.corrected_at)})
    return out


BY_LINK = {
    "accepted": ("客户经链接验收", "Accepted by the customer’s link"),
    "rejected": ("客户经链接不验收", "Not accepted by the customer’s link"),
}


def _by_link(facts: Facts) -> list[dict[str, Any]]:
    """The customer's word that came by her link: who, when, and under which of the work order's links."""
    out = []
    for entry in facts.log:
        if entry.what in BY_LINK and entry.source == "link" and entry.voided_at is None:
            (zh, en), data = BY_LINK[entry.what], entry.data or {}
            who, ref = str(data.get("who") or "—"), spoken(str(data.get("link_id") or "—"))
            text = {"zh": f"{zh}：{who}，链接 {ref}", "en": f"{en}: {who}, link {ref}"}
            out.append({"text": text, "at": iso(entry.corrected_at)})
    return out


def _versions(facts: Facts) -> list[dict[str, Any]]:
    by_version: dict[int, Signature] = {s.report_version: s for s in facts.signatures}
    out: list[dict[str, Any]] = [
        {"version": version, "document_sha256": s.document_sha256, "signed_at": iso(s.corrected_at)}
        for version, s in sorted(by_version.items())
    ]
    if facts.report.version not in by_version:
        out.append({"version": facts.report.version, "document_sha256": None, "signed_at": None})
    return out
