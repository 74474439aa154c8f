"""One work order as its customer reads it: made field by field, nothing is passed through. Reads only.

A test walks the answer against the schema's fields and against what must never be in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import Branch, Company, User
from backend.assets.models import Asset
from backend.core import clock
from backend.core.problems import NotFound
from backend.customers.models import Site
from backend.letters.rules import Letter
from backend.letters.services import letter_named
from backend.links.models import CustomerLink
from backend.links.rules.progress import called, last_of, said_of, steps_of
from backend.reports.models import Report, Signature
from backend.reports.rules.states import COUNTED
from backend.reports.signing import present_signature, unsigned_answer
from backend.workorders.ground import entries_of
from backend.workorders.models import WorkOrder
from backend.workorders.rules.entries import Entry
from backend.workorders.settling import clocks_at

CHARGE_KINDS = ("labour", "parts", "call_out", "travel")


def customer_view(session: Session, link: CustomerLink, shows: str, now: datetime) -> dict[str, Any]:
    """Everything her page shows. shows: title | name | none, how the engineer is named."""
    order = session.get_one(WorkOrder, link.work_order_id)
    site = session.get_one(Site, order.site_id)
    entries = entries_of(session, [order.id])[order.id]
    letters = _letters(session, order)
    said, rated = said_of(entries), last_of(entries, "rated")
    reports = reports_of(session, order.id)
    return {
        "company": _company(session, order, letters),
        "scope": link.scope,
        "expires_at": link.expires_at,
        "number": order.number or order.short_ref or "",
        "kind": order.kind,
        "state": order.state,
        "symptom": order.symptom,
        "reported_at": order.reported_at,
        "site_name": site.name,
        "tz": site.tz,
        "assets": _assets(session, order),
        "steps": _steps(session, entries, shows),
        "promised_for": _promised(entries),
        "clocks": _clocks(order, letters, now),
        "pays": _pays(order, letters),
        "said": asdict(said) if said else None,
        "rating": _rating(rated),
        "reports": [_report(session, report, said is not None and said.what == "rejected") for report in reports],
        "may_answer": "accept" in link.scope and order.state == "resolved",
        "may_rate": "rate" in link.scope and rated is None and order.state in ("resolved", "accepted", "closed"),
    }


def _company(session: Session, order: WorkOrder, letters: Sequence[Letter]) -> dict[str, Any]:
    """Who serves her and where she reaches them (A-09): the company's lines, then what the letters name beside them."""
    company = session.scalar(sa.select(Company).limit(1))
    branch = session.get(Branch, order.branch_id)
    lines = [
        ("hotline", {"zh": "服务热线", "en": "Hotline"}, company.hotline if company else ""),
        ("branch", {"zh": "办公室电话", "en": "Office"}, branch.phone if branch else ""),
        ("complaint", {"zh": "投诉电话", "en": "Complaints"}, company.complaint_phone if company else ""),
        ("email", {"zh": "电子邮箱", "en": "E-mail"}, company.email if company else ""),
        *((c["kind"], dict(c["label"]), c["value"]) for letter in letters for c in letter.contacts),
    ]
    contacts: dict[str, dict[str, Any]] = {}
    for kind, label, value in lines:
        if value.strip() and "__" not in value:  # a letter's blank was never filled in
            contacts.setdefault(value, {"kind": kind, "label": label, "value": value})
    name = company.name if company else {"zh": "", "en": ""}
    return {"name": name, "contacts": list(contacts.values())}


def _assets(session: Session, order: WorkOrder) -> list[dict[str, Any]]:
    found = {a.id: a for a in session.scalars(sa.select(Asset).where(Asset.id.in_(order.asset_ids or [])))}
    rows = [found[ident] for ident in order.asset_ids or [] if ident in found]
    return [{name: getattr(row, name) for name in ("category", "brand", "model", "serial")} for row in rows]


def _steps(session: Session, entries: Sequence[Entry], shows: str) -> list[dict[str, Any]]:
    steps = steps_of(entries)
    ids = {ident for step in steps for ident in step.engineer_ids}
    people = session.scalars(sa.select(User).where(User.id.in_(ids))) if ids else ()
    names = {one.id: one.name for one in people}
    return [
        {
            "what": step.what,
            "at": step.at,
            "text": step.text,
            "who": step.who,
            "engineers": [called(names[ident], shows) for ident in step.engineer_ids if ident in names],
        }
        for step in steps
    ]


def _promised(entries: Sequence[Entry]) -> datetime | None:
    """The date that was promised last (C-08), while it still stands."""
    promised, solved = last_of(entries, "promised"), last_of(entries, "solved")
    if promised is None or (solved is not None and solved.at > promised.at):
        return None
    try:
        return clock.parse(str(promised.data.get("promised_for")))
    except ValueError:
        return None


def _letters(session: Session, order: WorkOrder) -> list[Letter]:
    """The versions that were signed; one that was since withdrawn reads on, one that is gone is left out."""
    out = []
    for ref in order.letters or ():
        with suppress(NotFound):
            out.append(letter_named(session, ref))
    return out


def _sentence(letters: Sequence[Letter], clause: str) -> dict[str, Any]:
    """A clause with the words that were signed."""
    for letter in letters:
        for one in letter.clauses:
            if one.id == clause:
                return {"clause": clause, "text": dict(one.text), "quote": one.quote}
    return {"clause": clause, "text": {"zh": "", "en": ""}, "quote": ""}


def _clocks(order: WorkOrder, letters: Sequence[Letter], now: datetime) -> list[dict[str, Any]]:
    """What was promised her and what became of it: of several of one name the one that governs."""
    return [
        {name: one[name] for name in ("name", "starts", "due", "state", "met_at")}
        | {"reason": one["excuse"] or one.get("missed_reason") or ""}
        | _sentence(letters, one["clause"])
        for one in clocks_at(order.clocks, now)
        if one["governs"] and one["due"] and one["name"] != "dispatch" and one["state"] != "idle"
    ]


def _pays(order: WorkOrder, letters: Sequence[Letter]) -> dict[str, Any]:
    decided = order.entitlement or {}
    charges = decided.get("charges") or {}
    return {
        "status": decided.get("status") or "undecided",
        "warranty_end": decided.get("warranty_end"),
        "charges": {kind: charges.get(kind) for kind in CHARGE_KINDS},
        "sentences": [
            _sentence(letters, one["clause"]) | {"text": dict(one["text"])} for one in decided.get("reasons") or ()
        ],
    }


def _rating(rated: Entry | None) -> dict[str, Any] | None:
    if rated is None:
        return None
    return {"rating": rated.data.get("rating"), "remark": rated.note, "at": rated.at}


# ---------------------------------------------------------------- reports


def reports_of(session: Session, work_order_id: str) -> list[Report]:
    """Reports that were handed in, the newest first."""
    query = sa.select(Report).where(Report.work_order_id == work_order_id, Report.state.in_(COUNTED))
    return list(session.scalars(query.order_by(Report.submitted_at.desc(), Report.id.desc())))


def report_of(session: Session, link: CustomerLink, report_id: str) -> Report:
    """A handed-in report of the link's own work order. Raises NotFound."""
    for report in reports_of(session, link.work_order_id):
        if report.id == report_id:
            return report
    raise NotFound()


def _report(session: Session, report: Report, is_rejected: bool) -> dict[str, Any]:
    waiting = None if is_rejected else unsigned_answer(session, report)
    return {
        "id": report.id,
        "number": report.number or report.short_ref,
        "submitted_at": report.submitted_at,
        "is_approved": report.state == "approved",
        "to_sign": waiting.document_sha256 if waiting else None,
        "signed": _signed(present_signature(session, report)),
    }


def _signed(signature: Signature | None) -> dict[str, Any] | None:
    if signature is None or not signature.strokes_sha256:
        return None
    return {"result": signature.result, "who": signature.signer_name, "at": signature.signed_at,
            "remarks": signature.remarks, "document_sha256": signature.document_sha256}  # fmt: skip
