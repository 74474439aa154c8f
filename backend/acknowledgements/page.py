"""The acknowledgements' part of a work order's page."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import User
from backend.acknowledgements.models import Acknowledgement
from backend.acknowledgements.rules import document as documents
from backend.acknowledgements.services import FLAGS, check_of
from backend.core.storage import read_file

SHOWN = ("id", "visit_id", "about", "answer", "document_sha256", "strokes_sha256", "photo_sha256", "reason",
         "signer_name", "signer_title", "remedy", "told", "at", "corrected_at", "received_at")  # fmt: skip


def details_of(session: Session, work_order_id: str, _actor: Any) -> dict[str, Any]:
    """What the customer was told and answered, in the order of the answers."""
    query = sa.select(Acknowledgement).where(Acknowledgement.work_order_id == work_order_id)
    rows = list(session.scalars(query.order_by(Acknowledgement.corrected_at, Acknowledgement.id)))
    authors = {row.author_id for row in rows}
    names = {u.id: u.name for u in session.scalars(sa.select(User).where(User.id.in_(authors)))} if authors else {}
    return {"acknowledgements": [_shown(row, names.get(row.author_id or "", "")) for row in rows]}


def _shown(row: Acknowledgement, author_name: str) -> dict[str, Any]:
    out = {name: getattr(row, name) for name in SHOWN}
    flags = [{"code": code, "text": FLAGS[code]} for code in row.flags or ()]
    document = documents.read_document(read_file(row.document_sha256) or b"") or {"signed": {"notices": []}}
    said = next((one for one in document["signed"]["notices"] if one.get("about") == row.about), {})
    return out | {
        "statement": said.get("statement"),
        "flags": flags,
        "author_name": author_name,
        "check": check_of(row, read_file),
    }
