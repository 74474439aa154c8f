"""The second half of the paper: what the system added, apart from the signed text: number, clocks, verdicts, course."""

from __future__ import annotations

from typing import Any

from backend.reports import formats
from backend.reports.paper import drawings
from backend.reports.paper.pen import Fact, Pen, mono, soft
from backend.reports.paper.shapes import Drawing
from backend.reports.paper.sheet_arrival import check_in_part
from backend.reports.view import Added, Clause, Clock, CourseEntry, Instant, Letter, ReportView


def added_part(view: ReportView, pen: Pen) -> dict[str, Any]:
    """Facts, clocks, arrivals, course, notes and versions."""
    added = view.added
    start = view.signed.reported_at or (added.course[0].at if added.course else view.made_at)
    return {
        "heading": pen.label("added_part"),
        "hint": pen.label("added_hint") + pen.semicolon if view.signed.document_sha256 else "",
        "facts": _facts(view, pen),
        "clocks": _clocks(added.clocks, start, view.made_at, pen),
        "check_ins": [check_in_part(check_in, start, pen) for check_in in added.check_ins],
        "course": _course(added.course, start, pen),
        "notes": _notes(added, start, pen),
        "versions": _versions(added, pen),
    }


def contact_part(view: ReportView, pen: Pen) -> dict[str, Any]:
    """Whom to call."""
    company, manager = view.company, view.account_manager
    cells = [
        {"label": pen.joined(pen.label("hotline"), pen.text(company.hotline_hours)), "value": company.hotline},
        {"label": pen.label("email"), "value": company.email},
        {
            "label": pen.label("account_manager"),
            "value": f"{manager.name} {manager.phone or ''}".strip() if manager else None,
        },
        {"label": pen.label("complaints"), "value": company.complaint_phone},
    ]
    return {"label": pen.label("contact_us"), "cells": [cell | {"clause": ""} for cell in cells if cell["value"]]}


def _facts(view: ReportView, pen: Pen) -> list[Fact]:
    added = view.added
    facts = [
        pen.fact("state", pen.word("state", added.state), soft(_approved(added, pen))),
        pen.fact("submitted", pen.at(added.submitted_at)),
    ]
    if added.work_order_number != view.signed.work_order_ref:
        facts.append(pen.fact("work_order", mono(added.work_order_number)))
    facts += [pen.fact("letter", *_letter(letter, pen)) for letter in added.letters]
    if added.priority:
        facts.append(pen.fact("priority", pen.word("priority", added.priority)))
    if added.entitlement:
        end = added.entitlement.warranty_end
        status = pen.word("entitlement", added.entitlement.status)
        facts.append(pen.fact("entitlement", pen.joined(status, pen.label("warranty_end", on=end) if end else None)))
        facts += [_because(why, pen) for why in added.entitlement.reasons]
    if added.issued_under and is_long(added.issued_under, pen):
        facts.append(_because(added.issued_under, pen))
    if added.returned_comment:
        facts.append(pen.fact("returned_comment", added.returned_comment))
    return facts


def is_long(clause: Clause, pen: Pen) -> bool:
    """Whether a clause's text is too long for the head of the page."""
    return len(pen.text(clause.text)) > (22 if pen.language == "zh" else 46)


def _because(why: Clause, pen: Pen) -> Fact:
    return pen.fact("because", pen.clause(why), soft(pen.text(why.text)))


def _approved(added: Added, pen: Pen) -> str:
    return pen.joined(added.approved_by_name, pen.at(added.approved_at)) if added.approved_at else ""


def _letter(letter: Letter, pen: Pen) -> list[Any]:
    signed_on = pen.label("letter_signed", on=letter.signed_on) if letter.signed_on else ""
    version = pen.label("letter_version", n=letter.version)
    return [f"{letter.letter} {pen.text(letter.title)}", soft(pen.joined(version, signed_on))]


# ---------------------------------------------------------------- clocks


def _clocks(clocks: tuple[Clock, ...], start: Instant, now: Instant, pen: Pen) -> dict[str, Any] | None:
    if not clocks:
        return None
    missed = sum(clock.state == "missed" for clock in clocks)
    open_ = sum(clock.state in ("running", "near", "paused", "idle") for clock in clocks)
    hint = pen.label("clocks_kept", n=len(clocks))
    if missed:
        hint = pen.label("clocks_missed", n=len(clocks), m=missed)
    elif open_:
        hint = pen.label("clocks_open", n=len(clocks), m=open_)
    return {"label": pen.label("clocks"), "hint": hint, "rows": [_clock(clock, start, now, pen) for clock in clocks]}


def _clock(clock: Clock, start: Instant, now: Instant, pen: Pen) -> dict[str, Any]:
    words = _result(clock, now, pen)
    name = pen.word("clock", clock.name)
    since = pen.label("from", at=pen.beside(clock.starts_at, start)) if clock.starts_at else None
    target = pen.label("target", at=pen.beside(clock.target_at, start)) if clock.target_at else None
    return {
        "name": name,
        "text": pen.text(clock.clause.text),
        "basis": pen.joined(f"{pen.label('because')} {pen.clause(clock.clause)}", since, target),
        "scale": _scale(clock, now),
        "alt": pen.label("scale_alt", name=name, words=words),
        "mark": {"met": "met", "missed": "missed"}.get(clock.state, "open"),
        "state": clock.state,
        "words": words,
        "when": _when(clock, pen),
        "reasons": [
            f"{pen.label(label)}{pen.colon}{reason}"
            for label, reason in (("missed_reason", clock.missed_reason), ("excused_reason", clock.excused_reason))
            if reason
        ],
    }


def _result(clock: Clock, now: Instant, pen: Pen) -> str:
    if clock.state in ("excused", "paused", "idle"):
        return pen.label("stopped" if clock.state == "idle" and clock.starts_at else clock.state)
    if clock.state == "met" and clock.met_at and clock.starts_at:
        took = formats.seconds_between(clock.starts_at, clock.met_at)
        return pen.label("took", t=pen.span(took)) if took > 0 else pen.label("at_once")
    if clock.due_at is None:
        return pen.word("clock", clock.name)
    if clock.state == "missed":
        over = formats.seconds_between(clock.due_at, clock.met_at or now)
        return pen.label("late" if clock.met_at else "over", t=pen.span(over))
    return pen.label("left_time", t=pen.span(max(formats.seconds_between(now, clock.due_at), 0)))


def _when(clock: Clock, pen: Pen) -> str:
    beside = clock.starts_at or clock.due_at
    if beside is None:
        return "—"
    return pen.joined(
        pen.beside(clock.met_at, beside) if clock.met_at else None,
        pen.label("due", at=pen.beside(clock.due_at, clock.met_at or beside)) if clock.due_at else None,
    )


def _scale(clock: Clock, now: Instant) -> Drawing:
    if clock.starts_at is None or clock.due_at is None:
        return drawings.clock_scale(0, 1, None, 4, "idle")
    term = max(formats.seconds_between(clock.starts_at, clock.due_at), 1)
    used = max(formats.seconds_between(clock.starts_at, clock.met_at or now), 0)
    whole = max(term, used if clock.state == "missed" else 0)
    target = formats.seconds_between(clock.starts_at, clock.target_at) / whole if clock.target_at else None
    return drawings.clock_scale(used / whole, term / whole, target, _divisions(term), clock.state)


def _divisions(term_s: int) -> int:
    """Two to eight parts that mean something: hours, quarters, days."""
    for unit in (3600, 86400):
        if term_s % unit == 0 and 2 <= term_s // unit <= 8:
            return term_s // unit
    return 6 if term_s % 21600 == 0 else 4


# ---------------------------------------------------------------- course, notes, versions


def _course(course: tuple[CourseEntry, ...], start: Instant, pen: Pen) -> dict[str, Any] | None:
    if not course:
        return None
    rows = [
        {
            "at": pen.beside(entry.at, start),
            "what": pen.word("moment", entry.what),
            "text": entry.text,
            "who": pen.joined(
                entry.author_name,
                pen.label("entered_by", name=entry.entered_by_name) if entry.entered_by_name else None,
                pen.label("received", at=pen.beside(entry.received_at, start)) if entry.received_at else None,
            ),
            "void": pen.label("voided", why=entry.void_reason) if entry.void_reason else "",
        }
        for entry in course
    ]
    return {"label": pen.label("course"), "rows": rows}


def _notes(added: Added, start: Instant, pen: Pen) -> dict[str, Any] | None:
    if not added.notes:
        return None
    rows = [
        {"at": pen.beside(note.at, start) if note.at else "", "text": pen.text(note.text)} for note in added.notes
    ]
    return {"label": pen.label("notes"), "rows": rows}


def _versions(added: Added, pen: Pen) -> dict[str, Any] | None:
    if len(added.versions) < 2:
        return None
    rows = [
        {
            "at": pen.label("version", n=one.version),
            "text": pen.label("version_signed", at=pen.at(one.signed_at))
            if one.signed_at
            else pen.label("version_unsigned"),
            "hash": one.document_sha256 or "—",
        }
        for one in added.versions
    ]
    return {"label": pen.label("versions"), "rows": rows}
