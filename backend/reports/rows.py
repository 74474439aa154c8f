"""Rows of reports as they are synced: the one projection, used by the feed, the frozen document and the API.

Without id, kind and rev; `with_id` adds the id where the rules need it. Instants and dates as text, no floats (K-9).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from backend.core.clock import iso
from backend.reports.models import Finding, PartLine, Photo, Report, Signature


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _plain(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def report_payload(row: Report) -> dict[str, Any]:
    out = _plain(row, "work_order_id", "visit_id", "short_ref", "author_id", "language", "number", "state", "version",
                 "guidance", "repair_count", "comments", "signature_id")  # fmt: skip
    returned = [c for c in row.comments or () if c.get("field") is None and c.get("kind") == "return"]
    return out | {
        "sent_for_repair_on": _day(row.sent_for_repair_on),
        "handed_over_on": _day(row.handed_over_on),
        "submitted_at": iso(row.submitted_at),
        "returned_comment": returned[-1]["text"] if returned and row.state == "returned" else None,
    }


def finding_payload(row: Finding) -> dict[str, Any]:
    out = _plain(row, "report_id", "work_order_id", "asset_id", "symptom_found", "cause_category", "cause_text",
                 "fix_category", "fix_text", "outcome", "not_fixed_reason", "next_step")  # fmt: skip
    return out | {"cause_unknown_until": _day(row.cause_unknown_until)}


def part_payload(row: PartLine) -> dict[str, Any]:
    out = _plain(row, "finding_id", "report_id", "work_order_id", "name", "part_no", "quantity", "old_serial",
                 "new_serial", "origin")  # fmt: skip
    return out | {"voided_at": iso(row.voided_at)}


def photo_payload(row: Photo) -> dict[str, Any]:
    out = _plain(row, "work_order_id", "visit_id", "report_id", "finding_id", "sha256", "size_bytes", "content_type",
                 "caption")  # fmt: skip
    return out | {"taken_at": iso(row.taken_at), "voided_at": iso(row.voided_at)}


def signature_payload(row: Signature) -> dict[str, Any]:
    out = _plain(row, "report_id", "visit_id", "work_order_id", "document_sha256", "strokes_sha256", "result",
                 "remarks", "reason", "signer_name", "signer_title", "rating", "photo_id")  # fmt: skip
    return out | {"signed_at": iso(row.signed_at)}


def finding_row(row: Finding) -> dict[str, Any]:
    return {"id": row.id} | finding_payload(row)


def part_row(row: PartLine) -> dict[str, Any]:
    return {"id": row.id} | part_payload(row)


def photo_row(row: Photo) -> dict[str, Any]:
    return {"id": row.id} | photo_payload(row)
