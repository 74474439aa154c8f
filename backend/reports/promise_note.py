"""The promise note (C-08): one page for the customer that says why it takes longer and when it will be in order.

Made from the work order's log on the road of every paper; what was promised before stays on it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from backend.accounts.models import Company, User
from backend.assets.models import Asset
from backend.assets.services import label_of
from backend.core.clock import iso
from backend.core.problems import NotFound
from backend.customers.models import Customer, Site
from backend.reports.assemble_added import clause_of
from backend.reports.paper.pdf import promise_renderer_for
from backend.reports.paper.pen import Pen
from backend.reports.view import Clause, Language
from backend.workorders.decision import letters_named
from backend.workorders.models import LogEntry, WorkOrder


def promise_note(session: Session, order: WorkOrder, language: Language, now: datetime) -> bytes:
    """The note as PDF. Raises NotFound where nothing was promised."""
    query = sa.select(LogEntry).where(
        LogEntry.work_order_id == order.id, LogEntry.what == "promised", LogEntry.voided_at.is_(None)
    )
    promises = session.scalars(query.order_by(LogEntry.corrected_at, LogEntry.id)).all()
    if not promises:
        raise NotFound()
    sheet = _sheet(session, order, list(promises), language, now)
    return promise_renderer_for(current_app.config["FONT_DIRS"]).set(sheet)


def _sheet(
    session: Session, order: WorkOrder, promises: list[LogEntry], language: Language, now: datetime
) -> dict[str, Any]:
    site = session.get_one(Site, order.site_id)
    customer = session.get_one(Customer, order.customer_id)
    company = session.scalar(sa.select(Company).limit(1))
    assets = session.scalars(sa.select(Asset).where(Asset.id.in_(order.asset_ids or [])).order_by(Asset.id))
    *before, last = promises
    author = session.get(User, last.author_id) if last.author_id else None
    pen = Pen(language, site.tz)

    def fact(name: str, text: str | None) -> dict[str, str]:
        return {"label": pen.label(name), "text": text or "—"}

    return {
        "lang": language,
        "title": pen.label("promise_note"),
        "company": pen.text(company.name) if company else "",
        "number": order.number or order.short_ref or "",
        "greeting": pen.label("promise_greeting", customer=customer.name),
        "facts": [
            fact("site", pen.joined(site.name, site.address)),
            fact("promise_assets", pen.semicolon.join(label_of(asset) for asset in assets)),
            fact("promise_reported", pen.joined(pen.at(iso(order.reported_at)), order.caller_name)),
            fact("promise_symptom", order.symptom),
        ],
        "why": fact("promise_why", last.note),
        "promise": fact("promise_date", pen.at(last.data["promised_for"]))
        | {
            "before": [
                pen.label("promise_before", date=pen.at(one.data["promised_for"]), on=pen.at(iso(one.corrected_at)))
                for one in before
            ],
            "basis": _basis(order, last, pen),
        },
        "signed": [
            fact("promise_by", pen.joined(author.name, author.phone) if author else None),
            fact("promise_said", pen.at(iso(last.corrected_at))),
            fact("promise_hotline", company.hotline if company else None),
        ],
        "made": pen.joined(pen.label("made_at", at=pen.at(iso(now))), pen.label("time_zone", tz=site.tz)),
        "made_s": int(now.timestamp()),
    }


def _basis(order: WorkOrder, promise: LogEntry, pen: Pen) -> str:
    """The clause whose clock took the promised date, with its sentence."""
    due = promise.data["promised_for"]
    clock = next((c for c in order.clocks if c["name"] == "resolve" and c["due"] == due), None)
    found = clause_of(letters_named(order.letters or ()), clock["clause"]) if clock else None
    if found is None:
        return ""
    clause = Clause(**found)
    return f"{pen.label('because')} {pen.clause(clause)}{pen.colon}{pen.text(clause.text)}"
