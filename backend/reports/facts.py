"""Everything a report's document and view are made of, read once: the rows around one report.

Used by assemble.py (view), by the desk's freezing and by nothing else; lists have queries of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import Company, User
from backend.assets.models import Asset
from backend.core.clock import iso, local_date
from backend.core.db import rows_by_id
from backend.customers.models import Contact, Customer, Site
from backend.reports import repairs, services
from backend.reports.models import Finding, PartLine, Photo, Report, Signature
from backend.reports.rows import finding_row, part_row, photo_row
from backend.reports.rules.document import document_of
from backend.visits.models import CheckIn, CheckInFix, Visit
from backend.workorders.models import LogEntry, WorkOrder

MOMENTS = ("departed", "arrived", "solved", "left")


@dataclass(frozen=True)
class Facts:
    """The rows around one report."""

    report: Report
    work_order: WorkOrder
    visit: Visit | None
    customer: Customer
    site: Site
    contact: Contact | None
    company: Company | None
    findings: list[Finding]
    parts: list[PartLine]
    photos: list[Photo]
    signatures: list[Signature]
    assets: dict[str, Asset]
    users: dict[str, User]
    log: list[LogEntry]
    check_ins: list[CheckIn]
    absence_photos: dict[str, str] = field(default_factory=dict)  # photo id → hash, of those that show an absence
    fixes: dict[str, list[CheckInFix]] = field(default_factory=dict)

    @property
    def engineer_ids(self) -> list[str]:
        """Who did the work: those on the visit, the lead first; the author where there is no visit or she came late."""
        ids = self.visit.engineer_ids if self.visit else []
        return ids if self.report.author_id in ids else [self.report.author_id, *ids]


def gather(session: Session, report: Report) -> Facts:
    """The facts of one report."""
    work_order = session.get_one(WorkOrder, report.work_order_id)
    visit = session.get(Visit, report.visit_id) if report.visit_id else None
    findings = services.findings_of(session, report.id)
    log = list(session.scalars(
        sa.select(LogEntry).where(LogEntry.work_order_id == work_order.id).order_by(LogEntry.corrected_at, LogEntry.id)
    ))  # fmt: skip
    check_ins = list(session.scalars(
        sa.select(CheckIn).where(CheckIn.visit_id == report.visit_id).order_by(CheckIn.corrected_at, CheckIn.id)
    )) if visit else []  # fmt: skip
    fixes: dict[str, list[CheckInFix]] = {}
    for fix in session.scalars(
        sa.select(CheckInFix).where(CheckInFix.visit_id == report.visit_id).order_by(CheckInFix.id)
    ):
        fixes.setdefault(fix.check_in_id, []).append(fix)
    contact = session.get(Contact, work_order.contact_id) if work_order.contact_id else None
    customer = session.get_one(Customer, work_order.customer_id)
    people = {entry.author_id for entry in log} | {entry.entered_by_id for entry in log}
    people |= {
        report.author_id,
        report.approved_by_id,
        customer.account_manager_id,
        *(c.engineer_id for c in check_ins),
    }
    people |= set(visit.engineer_ids) if visit else set()
    return Facts(
        report=report,
        work_order=work_order,
        visit=visit,
        customer=customer,
        site=session.get_one(Site, work_order.site_id),
        contact=contact,
        company=session.scalar(sa.select(Company).limit(1)),
        findings=findings,
        parts=services.parts_of(session, report.id),
        photos=services.photos_of(session, report),
        signatures=list(services.signatures_of(session, report.id)),
        assets=rows_by_id(session, Asset, {f.asset_id for f in findings} | set(work_order.asset_ids or ())),
        users=rows_by_id(session, User, people),
        log=log,
        check_ins=check_ins,
        absence_photos=_absence_photos(session, report),
        fixes=fixes,
    )


def _absence_photos(session: Session, report: Report) -> dict[str, str]:
    query = sa.select(Photo.id, Photo.sha256).join(Signature, Signature.photo_id == Photo.id)
    return {row.id: row.sha256 for row in session.execute(query.where(Signature.report_id == report.id))}


def repair_facts(session: Session, facts: Facts) -> dict[str, Any]:
    """送修日期, 送修次数, 前次, 交验日期 as the server knows them."""
    report, work_order = facts.report, facts.work_order
    assets = [f.asset_id for f in facts.findings if f.asset_id] or list(work_order.asset_ids or ())
    previous = repairs.previous_on(session, assets, work_order)
    return {
        "sent_for_repair_on": local_date(work_order.reported_at, facts.site.tz).isoformat(),
        "repair_count": report.repair_count,
        "previous_repair_on": previous.isoformat() if previous else None,
        "handed_over_on": report.handed_over_on.isoformat() if report.handed_over_on else None,
    }


def freeze(session: Session, facts: Facts, frozen_at: str) -> dict[str, Any]:
    """The document of a report from its rows, as the desk freezes it (and as a draft is shown)."""
    report, order = facts.report, facts.work_order
    lead = facts.visit.lead_id if facts.visit else report.author_id
    engineers = [(user_id, facts.users[user_id]) for user_id in facts.engineer_ids]
    return document_of(
        {
            "form_version": report.form_version,
            "frozen_at": frozen_at,
            "report": {
                "id": report.id, "work_order_id": order.id, "visit_id": report.visit_id, "version": report.version,
                "short_ref": report.short_ref, "language": report.language, "guidance": report.guidance,
            },
            "work_order": {
                "number": order.number, "short_ref": order.short_ref, "channel": order.channel,
                "reported_at": iso(order.reported_at), "symptom": order.symptom, "caller_name": order.caller_name,
            },
            "customer": {"name": facts.customer.name},
            "site": {"name": facts.site.name, "address": facts.site.address},
            "contact": {"name": facts.contact.name, "phone": facts.contact.phone} if facts.contact else None,
            "engineers": [
                {"name": user.name, "staff_no": user.staff_no, "is_lead": user_id == lead} for user_id, user in engineers
            ],
            "findings": [finding_row(finding) for finding in facts.findings],
            "assets": {
                a.id: {key: getattr(a, key) for key in ("category", "brand", "model", "serial", "place")}
                for a in facts.assets.values()
            },
            "part_lines": [part_row(part) for part in facts.parts],
            "photos": [photo_row(photo) for photo in facts.photos],
            "moments": [
                {"what": entry.what, "at": iso(entry.at)} for entry in facts.log
                if entry.what in MOMENTS and entry.voided_at is None and entry.visit_id == report.visit_id
            ],
            "repair": repair_facts(session, facts),
        }
    )  # fmt: skip
