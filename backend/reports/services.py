"""Writing a report: started, findings, parts, photos (K-2). Signing is in signing.py, handing in and review in review.py.

Called by routes (a hotline engineer at her desk) and by sync handlers; never commits, never reads the clock. A change
of what a customer signed makes a new version: the old signature stays, the new version has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import Branch
from backend.accounts.services import Actor
from backend.assets.models import Asset
from backend.core import clock
from backend.core.problems import Fault, Forbidden, Invalid, NotFound
from backend.core.sync import who_entered
from backend.customers.models import Site
from backend.reports import repairs
from backend.reports.forms.loader import form
from backend.reports.models import Finding, PartLine, Photo, Report, Signature
from backend.reports.problems import ReportNotEditable
from backend.reports.rules import states
from backend.visits.models import Visit
from backend.visits.services import check_may_act, is_assigned, was_assigned, write_log
from backend.visits.taps import Tap
from backend.workorders import settling
from backend.workorders.models import WorkOrder
from backend.workorders.services import visible, work_order_for

TEXTS = ("symptom_found", "cause_text", "fix_text", "not_fixed_reason", "next_step")


# ---------------------------------------------------------------- who


def report_for(session: Session, actor: Actor, report_id: str | None) -> Report:
    """The report, if the actor sees its work order. Raises NotFound."""
    query = (
        sa.select(Report).join(WorkOrder, WorkOrder.id == Report.work_order_id)
        .where(Report.id == report_id, visible(actor))
    )  # fmt: skip
    row = session.scalar(query)
    if row is None:
        raise NotFound()
    return row


def check_may_write(session: Session, actor: Actor, report: Report) -> None:
    """Its author, and engineers who are or were on its visit. Raises NotFound for strangers, Forbidden for the office."""
    if report.author_id == actor.user_id:
        return
    visit = session.get(Visit, report.visit_id) if report.visit_id else None
    if visit and (is_assigned(visit, actor.user_id) or was_assigned(session, visit, actor.user_id)):
        return
    if actor.role == "engineer":
        raise NotFound()
    raise Forbidden(
        detail={"zh": "报告只由写它的工程师改。", "en": "Only the engineer who writes the report changes it."}
    )


def check_editable(report: Report) -> None:
    """Raises ReportNotEditable once it was handed in."""
    if report.state not in states.EDITABLE:
        raise ReportNotEditable(extra={"state": report.state})


def zone_of(session: Session, actor: Actor) -> str:
    """The zone in which the actor's lists show instants: her branch's."""
    branch = session.get(Branch, actor.branch_id) if actor.branch_id else None
    return branch.tz if branch else "Asia/Shanghai"


# ---------------------------------------------------------------- the report


def start_report(
    session: Session, actor: Actor, report_id: str, values: Mapping[str, Any], tap: Tap, now: datetime
) -> Report:
    """A draft. values: {work_order_id, visit_id?, short_ref, language}. Raises NotFound, Forbidden."""
    if actor.role != "engineer":
        raise Forbidden(detail={"zh": "故障报告由工程师写。", "en": "Fault reports are written by engineers."})
    visit = session.get(Visit, values["visit_id"]) if values.get("visit_id") else None
    if values.get("visit_id"):
        if visit is None or visit.work_order_id != values["work_order_id"]:
            raise NotFound()
        check_may_act(session, actor, visit)
        work_order = session.get_one(WorkOrder, visit.work_order_id)
    else:
        work_order = work_order_for(session, actor, values["work_order_id"])
    report = Report(
        id=report_id,
        work_order_id=work_order.id,
        visit_id=visit.id if visit else None,
        author_id=actor.user_id,
        entered_by_id=who_entered(actor.user_id),
        short_ref=values["short_ref"],
        language=values.get("language") or "zh",
        state="draft",
        version=1,
        form_version=form()["version"],
        guidance="",
        comments=[],
        created_at=tap.corrected_at,
    )
    fill_repair_facts(session, report, work_order)
    session.add(report)
    session.flush()
    data = {"report_id": report.id, "short_ref": report.short_ref}
    write_log(session, work_order, "report_started", actor.user_id, tap, now, visit=visit, data=data)
    return report


def open_draft(session: Session, actor: Actor, work_order_id: str, visit_id: str | None) -> Report | None:
    """The draft the actor has begun already for this visit (or for none)."""
    return session.scalar(
        sa.select(Report).where(
            Report.work_order_id == work_order_id, Report.visit_id.is_(None) if visit_id is None
            else Report.visit_id == visit_id, Report.author_id == actor.user_id, Report.state.in_(states.EDITABLE),
        ).order_by(Report.id).limit(1)
    )  # fmt: skip


def fill_repair_facts(session: Session, report: Report, work_order: WorkOrder) -> None:
    """送修日期 and 送修次数: what the system knows by itself."""
    site = session.get_one(Site, work_order.site_id)
    report.sent_for_repair_on = clock.local_date(work_order.reported_at, site.tz)
    assets = list(work_order.asset_ids or []) + [
        asset_id for asset_id in session.scalars(sa.select(Finding.asset_id).where(Finding.report_id == report.id))
        if asset_id
    ]  # fmt: skip
    report.repair_count = repairs.count_before(session, assets, work_order) + 1


def edit_report(session: Session, actor: Actor, report: Report, changes: Mapping[str, Any], now: datetime) -> Report:
    """Change the engineer's own fields of the report: guidance."""
    check_may_write(session, actor, report)
    check_editable(report)
    if "guidance" in changes and changes["guidance"] != report.guidance:
        new_version_if_signed(session, report)
        report.guidance = changes["guidance"]
        session.flush()
    return report


def new_version_if_signed(session: Session, report: Report) -> None:
    """What was signed is about to change: the signature stays with its version, this becomes the next one."""
    if report.signature_id is None:
        return
    report.version += 1
    report.signature_id = None
    session.flush()


# ---------------------------------------------------------------- findings


def add_finding(
    session: Session, actor: Actor, report: Report, finding_id: str, values: Mapping[str, Any], now: datetime
) -> Finding:
    """One asset's symptom, cause, fix, outcome. Raises Invalid for an asset that is not the customer's."""
    check_may_write(session, actor, report)
    check_editable(report)
    _check_asset(session, report, values.get("asset_id"))
    new_version_if_signed(session, report)
    count = session.scalar(sa.select(sa.func.count()).where(Finding.report_id == report.id)) or 0
    row = Finding(
        id=finding_id, report_id=report.id, work_order_id=report.work_order_id, asset_id=values.get("asset_id"),
        position=count + 1,
    )  # fmt: skip
    for name in TEXTS:
        setattr(row, name, values.get(name) or "")
    for name in ("cause_category", "cause_unknown_until", "fix_category", "outcome"):
        setattr(row, name, values.get(name))
    session.add(row)
    session.flush()
    settling.mark(session, report.work_order_id, now)  # what caused it may change who pays
    return row


def edit_finding(
    session: Session, actor: Actor, finding: Finding, changes: Mapping[str, Any], now: datetime
) -> Finding:
    """Change fields of a finding; the values as the model keeps them."""
    report = session.get_one(Report, finding.report_id)
    check_may_write(session, actor, report)
    check_editable(report)
    if "asset_id" in changes:
        _check_asset(session, report, changes["asset_id"])
    if any(getattr(finding, name) != value for name, value in changes.items()):
        new_version_if_signed(session, report)
    for name, value in changes.items():
        setattr(finding, name, (value or "") if name in TEXTS else value)
    session.flush()
    if {"cause_category", "asset_id"} & set(changes):
        settling.mark(session, report.work_order_id, now)
    return finding


def finding_for(session: Session, actor: Actor, finding_id: str | None) -> Finding:
    """The finding, if the actor may write its report."""
    finding = session.get(Finding, finding_id) if finding_id else None
    if finding is None:
        raise NotFound()
    check_may_write(session, actor, session.get_one(Report, finding.report_id))
    return finding


def _check_asset(session: Session, report: Report, asset_id: str | None) -> None:
    if asset_id is None:
        return
    work_order = session.get_one(WorkOrder, report.work_order_id)
    asset = session.get(Asset, asset_id)
    if asset is None or asset.customer_id != work_order.customer_id:
        words = {"zh": "这个客户没有这台设备。", "en": "This customer has no such asset."}
        raise Invalid(faults=[Fault("$.asset_id", words)])


# ---------------------------------------------------------------- parts


def add_part_line(
    session: Session, actor: Actor, finding: Finding, part_id: str, values: Mapping[str, Any], tap: Tap, now: datetime
) -> PartLine:
    """A part taken out and the one put in, both serials on one line."""
    report = session.get_one(Report, finding.report_id)
    check_may_write(session, actor, report)
    check_editable(report)
    new_version_if_signed(session, report)
    row = PartLine(
        id=part_id, report_id=report.id, finding_id=finding.id, work_order_id=report.work_order_id,
        name=values["name"], part_no=values.get("part_no") or "", quantity=values["quantity"],
        old_serial=values.get("old_serial") or "", new_serial=values.get("new_serial") or "",
        origin=values.get("origin") or "", created_at=tap.corrected_at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    settling.mark(session, report.work_order_id, now)  # what was used may cost something
    return row


def void_part_line(session: Session, actor: Actor, part: PartLine, reason: str, now: datetime) -> PartLine:
    """A part line written by mistake: it stays readable and no longer counts."""
    report = session.get_one(Report, part.report_id)
    check_may_write(session, actor, report)
    if part.voided_at is None:
        check_editable(report)
        new_version_if_signed(session, report)
        part.voided_at, part.void_reason = now, reason
        session.flush()
        settling.mark(session, report.work_order_id, now)
    return part


# ---------------------------------------------------------------- photos


def add_photo(session: Session, actor: Actor, photo_id: str, values: Mapping[str, Any], now: datetime) -> Photo:
    """A photo named by its hash; its bytes come by themselves. A photo is a fact: it is kept even after handing in.

    values  {work_order_id, visit_id?, report_id?, finding_id?, sha256, size_bytes, content_type, taken_at, caption?}
    """
    report, visit, work_order = _photo_place(session, actor, values)
    finding = session.get(Finding, values["finding_id"]) if values.get("finding_id") else None
    if values.get("finding_id") and (finding is None or report is None or finding.report_id != report.id):
        raise NotFound()
    row = Photo(
        id=photo_id, work_order_id=work_order.id, visit_id=visit.id if visit else None,
        report_id=report.id if report else None, finding_id=finding.id if finding else None,
        sha256=values["sha256"], size_bytes=values["size_bytes"], content_type=values["content_type"],
        taken_at=values["taken_at"], caption=values.get("caption") or "", created_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _photo_place(
    session: Session, actor: Actor, values: Mapping[str, Any]
) -> tuple[Report | None, Visit | None, WorkOrder]:
    report = session.get(Report, values["report_id"]) if values.get("report_id") else None
    if values.get("report_id"):
        if report is None:
            raise NotFound()
        check_may_write(session, actor, report)
    visit = session.get(Visit, values["visit_id"]) if values.get("visit_id") else None
    if values.get("visit_id"):
        if visit is None:
            raise NotFound()
        check_may_act(session, actor, visit)
    order_id = report.work_order_id if report else visit.work_order_id if visit else values["work_order_id"]
    if order_id != values.get("work_order_id", order_id) or (visit and visit.work_order_id != order_id):
        raise NotFound()
    if report is None and visit is None:
        return None, None, work_order_for(session, actor, order_id)
    return report, visit, session.get_one(WorkOrder, order_id)


def void_photo(session: Session, actor: Actor, photo: Photo, reason: str, now: datetime) -> Photo:
    """A photo taken by mistake: it stays in the record and leaves the report."""
    report = session.get(Report, photo.report_id) if photo.report_id else None
    if report is not None:
        check_may_write(session, actor, report)
    else:
        work_order_for(session, actor, photo.work_order_id)
    if photo.voided_at is None:
        if report is not None:
            check_editable(report)
            new_version_if_signed(session, report)
        photo.voided_at = now
        session.flush()
    return photo


# ---------------------------------------------------------------- reading


def findings_of(session: Session, report_id: str) -> list[Finding]:
    return list(session.scalars(sa.select(Finding).where(Finding.report_id == report_id).order_by(Finding.id)))


def parts_of(session: Session, report_id: str) -> list[PartLine]:
    return list(session.scalars(sa.select(PartLine).where(PartLine.report_id == report_id).order_by(PartLine.id)))


def photos_of(session: Session, report: Report) -> list[Photo]:
    """Photos of the report, those that show an absence or a refusal left out: they came after the freezing."""
    shown = sa.select(Signature.photo_id).where(Signature.report_id == report.id, Signature.photo_id.is_not(None))
    query = sa.select(Photo).where(Photo.report_id == report.id, Photo.id.not_in(shown))
    return list(session.scalars(query.order_by(Photo.taken_at, Photo.id)))


def signatures_of(session: Session, report_id: str) -> Sequence[Signature]:
    query = sa.select(Signature).where(Signature.report_id == report_id)
    return list(session.scalars(query.order_by(Signature.corrected_at, Signature.id)))
