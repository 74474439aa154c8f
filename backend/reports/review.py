"""Handing a report in, and what the office does with it: approve, return with comments, withdraw.

A report gets its number at the server's first receipt of its submission, and keeps it (K-9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import Company
from backend.accounts.services import Actor
from backend.core import clock
from backend.core.numbers import next_number
from backend.core.problems import Fault, Forbidden, Invalid, NotFound
from backend.reports import services
from backend.reports.forms.loader import form, requires_of
from backend.reports.models import Report, Signature
from backend.reports.problems import ReportIncomplete, ReportStepNotAllowed
from backend.reports.rows import finding_row, part_row
from backend.reports.rules import states
from backend.reports.rules.complete import LABELS, missing_of
from backend.reports.signing import present_signature, tell_answer
from backend.visits.models import Visit
from backend.visits.services import write_log
from backend.visits.taps import Tap, at_desk, moved
from backend.workorders.models import LogEntry, WorkOrder

WORKING = ("fixed", "workaround")
IN_ORDER = (*WORKING, "no_fault_found")


# ---------------------------------------------------------------- handing in


def submit(
    session: Session, actor: Actor, report: Report, solved_at: datetime | None, tap: Tap, now: datetime
) -> Report:
    """Hand it in: complete by the phone's own rule, numbered, and told to the log.

    solved_at  the time stated as in working order; None: a `solved` line stands in the log already, or the signature's
    raises     ReportIncomplete naming every gap, ReportStepNotAllowed, NotFound
    """
    services.check_may_write(session, actor, report)
    if states.is_done_already("submit", report.state):
        return report
    if states.step_from("submit", report.state) is None:
        raise ReportStepNotAllowed(extra={"state": report.state})
    work_order = session.get_one(WorkOrder, report.work_order_id)
    signature = present_signature(session, report)
    _check_complete(session, report, work_order)
    if report.number is None:
        company = session.scalar(sa.select(Company).limit(1))
        year = clock.local_date(now, company.tz if company else "Asia/Shanghai").year
        report.number = next_number(session, "FR", year)
        report.submitted_at = tap.corrected_at
    report.received_at = tap.received_at
    report.state = "submitted"
    services.fill_repair_facts(session, report, work_order)
    session.flush()
    _tell_log(session, actor, report, work_order, signature, solved_at, tap, now)
    return report


def _check_complete(session: Session, report: Report, work_order: WorkOrder) -> None:
    """The phone's rule. The signature may follow (by phone there is none; on site the customer may sign later)."""
    facts = {
        "guidance": report.guidance,
        "findings": [finding_row(f) for f in services.findings_of(session, report.id)],
        "part_lines": [part_row(p) for p in services.parts_of(session, report.id)],
        "requires": requires_of(form(), work_order.letters or ()),
    }
    missing = missing_of(facts, "sign")
    if missing:
        raise ReportIncomplete(faults=[Fault(m.path, _words(m.missing)) for m in missing])


def _words(name: str) -> dict[str, str]:
    label = LABELS[name]
    return {"zh": f"还差：{label['zh']}。", "en": f"Missing: {label['en']}."}


def _tell_log(
    session: Session, actor: Actor, report: Report, work_order: WorkOrder, signature: Signature | None,
    solved_at: datetime | None, tap: Tap, now: datetime,
) -> None:  # fmt: skip
    visit = session.get(Visit, report.visit_id) if report.visit_id else None
    late = {"late": True} if visit is not None and visit.state in ("cancelled", "superseded") else {}
    about = {"report_id": report.id} | late
    outcomes = [finding.outcome for finding in services.findings_of(session, report.id)]
    if all(o in IN_ORDER for o in outcomes) and any(o in WORKING for o in outcomes):
        _tell_solved(session, actor, report, work_order, visit, signature, solved_at, tap, now)
    if signature is not None:
        tell_answer(session, actor.user_id, report, signature, tap, now)
    data = about | {"number": report.number, "version": report.version}
    write_log(session, work_order, "report_submitted", actor.user_id, tap, now, visit=visit, data=data)


def _tell_solved(
    session: Session, actor: Actor, report: Report, work_order: WorkOrder, visit: Visit | None,
    signature: Signature | None, solved_at: datetime | None, tap: Tap, now: datetime,
) -> None:  # fmt: skip
    """The time stated as in working order, unless she stated it herself already (for this visit, or since a rejection)."""
    lines = _lines(session, work_order, ("solved", "rejected", "reopened"))
    last = lines[-1] if lines else None
    if last is not None and last.what == "solved" and last.visit_id == report.visit_id:
        return
    stated = moved(tap, solved_at) if solved_at else tap
    if solved_at is None and signature is not None:
        stated = Tap(
            signature.signed_at, signature.corrected_at, tap.quality, tap.received_at, tap.offset_ms, tap.source
        )
    data = {"report_id": report.id, "is_stated": solved_at is not None}
    write_log(session, work_order, "solved", actor.user_id, stated, now, visit=visit, data=data)


def _lines(session: Session, work_order: WorkOrder, whats: Sequence[str]) -> list[LogEntry]:
    query = sa.select(LogEntry).where(
        LogEntry.work_order_id == work_order.id, LogEntry.what.in_(whats), LogEntry.voided_at.is_(None)
    )
    return list(session.scalars(query.order_by(LogEntry.corrected_at, LogEntry.id)))


# ---------------------------------------------------------------- the office


def approve(session: Session, actor: Actor, report: Report, now: datetime) -> Report:
    """It is right as it stands."""
    if states.is_done_already("approve", report.state):
        return report
    _check_step(actor, "approve", report)
    report.state, report.approved_at, report.approved_by_id = "approved", now, actor.user_id
    _tell(session, actor, report, "report_approved", "", now)
    return report


def send_back(
    session: Session, actor: Actor, report: Report, comment: str, field_comments: Sequence[Mapping[str, str]],
    now: datetime,
) -> Report:  # fmt: skip
    """Return it with a comment, and comments at its fields, to the engineer who wrote it."""
    if not comment.strip() and not field_comments:
        words = {"zh": "请写一句要改什么。", "en": "Say in a few words what should be changed."}
        raise Invalid(faults=[Fault("$.comment", words)])
    _check_step(actor, "return", report)
    general = comment.strip() or "\n".join(c["text"] for c in field_comments)
    said = [{"field": None, "text": general}, *({"field": c["path"], "text": c["text"]} for c in field_comments)]
    stamp = {"kind": "return", "at": clock.iso(now), "author_id": actor.user_id, "author_name": actor.name,
             "version": report.version}  # fmt: skip
    report.comments = [*(report.comments or ()), *(stamp | one for one in said)]
    report.state, report.approved_at, report.approved_by_id = "returned", None, None
    _tell(session, actor, report, "report_returned", general, now)
    return report


def withdraw(session: Session, actor: Actor, report: Report, reason: str, now: datetime) -> Report:
    """It should not have been written; it stays readable with the reason."""
    if not reason.strip():
        raise Invalid(faults=[Fault("$.reason", {"zh": "请写明原因。", "en": "Please state the reason."})])
    if states.is_done_already("withdraw", report.state):
        return report
    if report.state in states.EDITABLE and report.author_id != actor.user_id and actor.role == "engineer":
        raise NotFound()
    _check_step(actor, "withdraw", report)
    report.state = "withdrawn"
    _tell(session, actor, report, "report_withdrawn", reason, now)
    return report


def may(actor: Actor, report: Report) -> dict[str, bool]:
    """Which of the steps the actor may take now: for the buttons."""
    out = {}
    for name in ("submit", "return", "approve", "withdraw"):
        step = states.step_from(name, report.state)
        out[name] = step is not None and _is_allowed(actor, step, report)
    return out


def _check_step(actor: Actor, name: str, report: Report) -> None:
    step = states.step_from(name, report.state)
    if step is None:
        raise ReportStepNotAllowed(extra={"state": report.state})
    if not _is_allowed(actor, step, report):
        raise Forbidden()


def _is_allowed(actor: Actor, step: states.Step, report: Report) -> bool:
    if step.who == "engineer":
        return report.author_id == actor.user_id or (step.name == "withdraw" and actor.role == "admin")
    if step.who == "office":
        return actor.may("reports.return")
    return actor.may("reports.approve")


def _tell(session: Session, actor: Actor, report: Report, what: str, note: str, now: datetime) -> None:
    session.flush()
    work_order = session.get_one(WorkOrder, report.work_order_id)
    visit = session.get(Visit, report.visit_id) if report.visit_id else None
    data = {"report_id": report.id, "number": report.number, "version": report.version}
    write_log(session, work_order, what, actor.user_id, at_desk(now), now, visit=visit, note=note, data=data)
