"""The first half of the paper: what the customer read and signed, word for word, and her answer to it.

Nothing here comes from anywhere but `view.signed` and the two signatures (CORE K-8).
"""

from __future__ import annotations

from typing import Any

from backend.reports import formats
from backend.reports.paper import drawings
from backend.reports.paper.pen import Fact, Pen, mono, soft
from backend.reports.view import Acceptance, Charge, EngineerSignature, Finding, PartLine, Photo, ReportView, Signed

INK_BOX = (124.0, 56.0)


def signed_part(view: ReportView, pen: Pen) -> dict[str, Any]:
    """The frozen text: facts, the symptom as reported, findings, guidance, charges, times, photos."""
    signed = view.signed
    is_frozen = signed.document_sha256 is not None
    return {
        "is_frozen": is_frozen,
        "heading": pen.label("signed_part" if view.acceptance and is_frozen else "unsigned_part"),
        "hint": pen.label("frozen", at=pen.at(signed.frozen_at)) if is_frozen else pen.label("not_frozen"),
        "facts": _facts(signed, pen),
        "reported": _saying(pen.label("reported_symptom"), signed.reported_symptom),
        "findings": [_finding(finding, len(signed.findings), pen) for finding in signed.findings],
        "after": _after(signed, pen),
        "charges": _charges(signed.charges, pen),
        "moments": _moments(signed, pen),
        "photos": _photos(signed, pen),
    }


def _facts(signed: Signed, pen: Pen) -> list[Fact]:
    facts = [
        pen.fact("customer", signed.customer_name),
        pen.fact("work_order", mono(signed.work_order_ref), soft(f"{pen.label('short_ref')} {signed.short_ref}")),
        pen.fact("site", pen.joined(signed.site_name, signed.site_address)),
        pen.fact("sent_for_repair", signed.sent_for_repair_on, soft(_caller(signed, pen))),
        pen.fact("contact", pen.joined(signed.contact_name, signed.contact_phone)),
        pen.fact("repair_count", *_repair_count(signed, pen)),
    ]
    if len(signed.findings) == 1:
        asset = signed.findings[0].asset
        facts.append(pen.fact("asset", pen.asset_name(asset), soft(asset.place if asset else None)))
        facts.append(pen.fact("handed_over", signed.handed_over_on))
        facts.append(pen.fact("serial", mono(asset.serial if asset else None)))
    else:
        facts.append(
            pen.fact("asset", pen.label("assets_several", n=len(signed.findings)) if signed.findings else None)
        )
        facts.append(pen.fact("handed_over", signed.handed_over_on))
    facts.append(pen.fact("engineers", _engineers(signed, pen)))
    return facts


def _caller(signed: Signed, pen: Pen) -> str:
    at = None
    if signed.reported_at:
        is_that_day = formats.day(signed.reported_at, pen.tz) == signed.sent_for_repair_on
        at = formats.clock_time(signed.reported_at, pen.tz) if is_that_day else pen.at(signed.reported_at)
    who = (signed.caller_name, pen.word("channel", signed.channel))
    return pen.joined(at, (" " if pen.language == "en" else "").join(part for part in who if part))


def _repair_count(signed: Signed, pen: Pen) -> list[Any]:
    if signed.repair_count is None:
        return []
    before = signed.previous_repair_on
    count = pen.label("nth_time", n=signed.repair_count)
    return [count, soft(pen.label("previous_time", on=before) if before else None)]


def _engineers(signed: Signed, pen: Pen) -> str:
    named = []
    for one in signed.engineers:
        staff_no = pen.label("staff_no", no=one.staff_no) if one.staff_no else None
        lead = pen.label("lead") if one.is_lead and len(signed.engineers) > 1 else None
        named.append(one.name + pen.aside(staff_no, lead))
    return ("、" if pen.language == "zh" else ", ").join(named)


def _saying(label: str, text: str, chip: str = "", hint: str = "") -> dict[str, str]:
    return {"label": label, "chip": chip, "text": text, "hint": hint}


def _finding(finding: Finding, count: int, pen: Pen) -> dict[str, Any]:
    unknown = finding.cause_unknown_until
    hint = pen.label("cause_unknown", on=unknown) if unknown else ""
    items = [
        _saying(pen.label("symptom_found"), finding.symptom_found),
        _saying(pen.label("cause"), finding.cause_text, pen.word("cause", finding.cause_category), hint),
        _saying(pen.label("fix"), finding.fix_text, pen.word("fix", finding.fix_category)),
        _saying(pen.label("outcome"), finding.not_fixed_reason or "", pen.word("outcome", finding.outcome)),
    ]
    if finding.next_step:
        items.append(_saying(pen.label("next_step"), finding.next_step))
    head = None
    if count > 1:
        asset = finding.asset
        runs = [[pen.asset_name(asset) or "—", "strong"], mono(asset.serial) if asset else None]
        runs.append(soft(asset.place) if asset else None)
        head = {"label": pen.label("finding", no=finding.no), "runs": [run for run in runs if run]}
    return {"head": head, "items": items, "parts": _parts(finding.parts, pen)}


def _parts(parts: tuple[PartLine, ...], pen: Pen) -> dict[str, Any] | None:
    if not parts:
        return None
    rows = [
        {
            "name": f"{part.name} {pen.label('pieces', n=part.quantity)}",
            "part_no": part.part_no or "",
            "old": part.old_serial or "—",
            "new": part.new_serial or "—",
            "origin": pen.word("origin", part.origin) or "—",
            "charge": _dotted(pen.word("charge", part.charge), part.clause),
        }
        for part in parts
    ]
    heads = [pen.label(name) for name in ("part_name", "part_old", "part_new", "part_origin")]
    return {"label": pen.label("parts"), "heads": heads, "rows": rows}


def _dotted(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


def _after(signed: Signed, pen: Pen) -> list[dict[str, str]]:
    sayings = [_saying(pen.label("guidance"), signed.guidance)] if signed.guidance else []
    return sayings + [_saying(pen.text(field.label), field.value) for field in signed.more]


def _charges(charges: tuple[Charge, ...], pen: Pen) -> dict[str, Any] | None:
    if not charges:
        return None
    cells = [
        {
            "label": pen.word("charge_kind", charge.kind),
            "value": _dotted(
                pen.word("charge", charge.charge), formats.money(charge.amount) if charge.amount else ""
            ),
            "clause": charge.clause or "",
        }
        for charge in charges
    ]
    return {"label": pen.label("charges"), "cells": cells}


def _moments(signed: Signed, pen: Pen) -> dict[str, Any] | None:
    if not signed.moments:
        return None
    first = signed.reported_at or signed.moments[0].at
    cells = [
        {"label": pen.word("moment", moment.what), "value": pen.beside(moment.at, first), "clause": ""}
        for moment in signed.moments
    ]
    return {"label": pen.label("moments"), "cells": cells}


def _photos(signed: Signed, pen: Pen) -> dict[str, Any] | None:
    if not signed.photos:
        return None
    several = len(signed.findings) > 1
    items = [_photo(photo, several, pen) for photo in signed.photos]
    return {"label": pen.label("photos"), "hint": pen.label("photo_count", n=len(items)), "items": items}


def _photo(photo: Photo, several: bool, pen: Pen) -> dict[str, Any]:
    of = pen.label("finding", no=photo.finding_no) if several and photo.finding_no else ""
    return {
        "photo": photo.sha256,
        "alt": pen.label("photo_alt", caption=photo.caption or photo.sha256[:12]),
        "caption": pen.joined(of, photo.caption),
        "at": formats.clock_time(photo.taken_at, pen.tz, seconds=True),
        "hash": photo.sha256[:16],
    }


# ---------------------------------------------------------------- answer and signatures


def answer_part(acceptance: Acceptance | None, pen: Pen) -> dict[str, Any]:
    """What the customer answered: accepted, with remarks, rejected, absent, refused, or nothing yet."""
    if acceptance is None:
        return {"is_worded": False, "label": pen.label("answer"), "chip": "", "text": "", "hint": "", "reason": None}
    reason = {"label": pen.label("reason"), "text": acceptance.reason} if acceptance.reason else None
    return {
        "is_worded": bool(acceptance.remarks) or acceptance.result != "accepted",
        "label": pen.label("answer"),
        "chip": pen.word("result", acceptance.result),
        "text": acceptance.remarks or "",
        "hint": "",
        "reason": reason,
    }


def signatures_part(view: ReportView, pen: Pen) -> dict[str, Any]:
    """The two boxes: the customer's (ink, or the photo of an absence, or the words) and the engineer's."""
    boxes = [_customer_box(view.acceptance, pen)]
    if view.engineer_signature:
        boxes.append(_engineer_box(view.engineer_signature, pen))
    return {"label": pen.label("signatures"), "boxes": boxes}


def _customer_box(acceptance: Acceptance | None, pen: Pen) -> dict[str, Any]:
    box: dict[str, Any] = {"ink": None, "photo": None, "alt": "", "words": pen.label("no_answer"), "name": "—"}
    box |= {"title": "", "chip": "", "line": pen.label("by_customer")}
    if acceptance is None:
        return box
    rating = pen.label("rating", n=acceptance.rating) if acceptance.rating is not None else None
    box["name"], box["title"] = acceptance.signer_name or "—", acceptance.signer_title or ""
    box["line"] = pen.joined(pen.label("by_customer"), pen.at(acceptance.signed_at), rating)
    said = pen.word("result", acceptance.result)
    box["chip"] = said if acceptance.result == "accepted" and not acceptance.remarks else ""
    box["words"] = pen.joined(said, pen.label("no_ink_customer"))
    if acceptance.photo_sha256:
        box |= {
            "photo": acceptance.photo_sha256,
            "alt": pen.label("photo_of_absence"),
            "hash": acceptance.photo_sha256[:16],
        }
    if acceptance.strokes and acceptance.strokes.lines:
        box["ink"] = drawings.signature(acceptance.strokes, *INK_BOX)
        box["alt"] = pen.label("signature_alt", name=acceptance.signer_name or "—")
    return box


def _engineer_box(engineer: EngineerSignature, pen: Pen) -> dict[str, Any]:
    has_ink = engineer.strokes is not None and engineer.strokes.lines
    return {
        "ink": drawings.signature(engineer.strokes, *INK_BOX) if has_ink and engineer.strokes else None,
        "photo": None,
        "alt": pen.label("signature_alt", name=engineer.name),
        "chip": "",
        "words": pen.label("no_ink_engineer"),
        "name": engineer.name,
        "title": pen.label("staff_no", no=engineer.staff_no) if engineer.staff_no else "",
        "line": pen.joined(pen.label("by_engineer"), pen.at(engineer.signed_at)),
    }


def hash_part(view: ReportView, pen: Pen) -> dict[str, Any] | None:
    """The frozen text's hash, the way to check it, and a warning when the signature names another one."""
    sha, url = view.signed.document_sha256, view.added.check_url
    if sha is None:
        return None
    signed_sha = view.acceptance.document_sha256 if view.acceptance else sha
    return {
        "title": pen.label("hash_title") if view.acceptance else pen.label("unsigned_part"),
        "hint": pen.label("hash_hint"),
        "lines": formats.grouped(sha),
        "warning": pen.label("hash_other") if signed_sha != sha else "",
        "other": formats.grouped(signed_sha) if signed_sha != sha else [],
        "scan": pen.label("hash_scan") if url else "",
        "url": url or "",
        "qr": drawings.qr(url) if url else None,
        "alt": pen.label("qr_alt", url=url) if url else "",
    }
