"""The sheet: a report view put into words, ready to be set as PDF or Word.

Both papers are made from this one tree of finished strings, so they cannot say different things. What stays open are
drawings (`Drawing`, vectors for one, pixels for the other) and photos (`"photo": sha256`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend.reports import formats
from backend.reports.paper.pen import Pen
from backend.reports.paper.sheet_added import added_part, contact_part, is_long
from backend.reports.paper.sheet_signed import answer_part, hash_part, signatures_part, signed_part
from backend.reports.view import Language, ReportView


def sheet_of(view: ReportView, language: Language) -> dict[str, Any]:
    """Everything the paper says, in reading order, in `language`; what people wrote stays as they wrote it."""
    pen = Pen(language, view.tz)
    added, signed = view.added, view.signed
    number = added.number or signed.short_ref
    return {
        "lang": language,
        "title": pen.label("title"),
        "company": pen.text(view.company.name),
        "issued": _issued(view, pen),
        "number": number,
        "numbered": added.number is not None,
        "subtitle": _subtitle(view, pen),
        "running": f"{pen.label('title')} {number}",
        "customer": signed.customer_name,
        "copy_note": pen.label("copy_in") if signed.language != language else "",
        "signed": signed_part(view, pen),
        "answer": answer_part(view.acceptance, pen),
        "signatures": signatures_part(view, pen),
        "hash": hash_part(view, pen),
        "added": added_part(view, pen),
        "contact": contact_part(view, pen),
        "foot": pen.label("foot_signed" if signed.document_sha256 and view.acceptance else "foot_unsigned"),
        "made": pen.joined(pen.label("made_at", at=pen.at(view.made_at)), pen.label("time_zone", tz=view.tz)),
        "made_s": int(formats.instant_of(view.made_at).timestamp()),
    }


VERBATIM = frozenset(("hash", "lines", "other", "url"))


def map_sheet(
    value: Any, on_text: Callable[[str, bool], str], on_other: Callable[[Any], Any], raw: bool = False
) -> Any:
    """The sheet with every string and every drawing replaced, its shape kept.

    on_text  gets the string and whether it is a hash or address, in which nothing may be inserted
    """
    if isinstance(value, str):
        return on_text(value, raw)
    if isinstance(value, dict):
        return {key: map_sheet(inner, on_text, on_other, key in VERBATIM) for key, inner in value.items()}
    if isinstance(value, list):
        return [map_sheet(inner, on_text, on_other, raw) for inner in value]
    return on_other(value)


def _issued(view: ReportView, pen: Pen) -> str:
    under = view.added.issued_under
    if under is None:
        return pen.label("paper_and_screen")
    words = pen.label("under_letter") if is_long(under, pen) else pen.text(under.text)
    return f"{words} · {pen.clause(under)}"


def _subtitle(view: ReportView, pen: Pen) -> str:
    added = view.added
    if added.number is None:
        return pen.joined(pen.label("no_number"), pen.word("state", added.state))
    state = pen.word("state", added.state)
    if added.state == "approved" and added.approved_at:
        state = pen.label("approved_on", at=pen.at(added.approved_at))
    elif added.state == "submitted" and added.submitted_at:
        state = pen.label("submitted_on", at=pen.at(added.submitted_at))
    return pen.joined(pen.label("version", n=added.version), state)
