"""Does this system know a signed document of a hash? For anybody who holds the paper; it says nothing else (API)."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.reports.models import Report, Signature

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def known_document(session: Session, sha256: str) -> dict[str, Any]:
    """{known, signed_at, short_ref} of a document hash; a wrong one is simply not known."""
    query = (
        sa.select(Signature.corrected_at, Report.short_ref)
        .join(Report, Report.id == Signature.report_id)
        .where(Signature.document_sha256 == sha256)
        .order_by(Signature.corrected_at)
    )
    row = session.execute(query).first() if _SHA256.match(sha256) else None
    if row is None:
        return {"known": False, "signed_at": None, "short_ref": None}
    return {"known": True, "signed_at": row.corrected_at, "short_ref": row.short_ref}
