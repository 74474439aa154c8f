"""Letters and the calendar of rest days over HTTP: reading, and the admin's workshop."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import g

from backend.core.db import db
from backend.core.http import needs, request_now
from backend.letters import calendar_days, schemas, services, workshop
from backend.letters.compare import compared

bp = APIBlueprint("letters", __name__, url_prefix="/api", tag="letters")


@bp.get("/letters")
@needs("letters.read")
@bp.output(schemas.LetterList)
@bp.doc(summary="Every version of every letter, shipped and installed")
def list_letters() -> dict[str, Any]:
    return {"rows": services.listed(db.session)}


@bp.get("/letters/<ref>")
@needs("letters.read")
@bp.output(schemas.LetterOut)
@bp.doc(summary="A letter with its clauses and the words that were signed: by id the newest, `id@version` that one")
def show_letter(ref: str) -> dict[str, Any]:
    return services.as_json(services.letter_named(db.session, ref))


@bp.get("/letters/<ref>/file")
@needs("letters.write")
@bp.output(schemas.LetterText)
@bp.doc(summary="The file of a letter, to begin its next version with")
def show_letter_file(ref: str) -> dict[str, str]:
    return {"text": services.text_of(db.session, ref)}


@bp.get("/letters/<ref>/against/<other_ref>")
@needs("letters.read")
@bp.output(schemas.ComparedOut)
@bp.doc(summary="What is different in a letter against another version, per clause and per rule")
def compare_letters(ref: str, other_ref: str) -> dict[str, Any]:
    return compared(services.text_of(db.session, other_ref), services.text_of(db.session, ref))


@bp.post("/letters/check")
@needs("letters.write", own_transaction=True)
@bp.input(schemas.LetterText)
@bp.output(schemas.CheckOut)
@bp.doc(summary="Every fault of a letter file with line and field, or the letter it would be; stores nothing")
def check_letter(json_data: dict[str, str]) -> dict[str, Any]:
    return workshop.check(db.session, json_data["text"])


@bp.post("/letters")
@needs("letters.write")
@bp.input(schemas.LetterText)
@bp.output(schemas.LetterOut, status_code=201)
@bp.doc(summary="Install a new letter or the next version of one; it is never changed afterwards")
def install_letter(json_data: dict[str, str]) -> dict[str, Any]:
    return services.as_json(workshop.install(db.session, g.actor, json_data["text"], request_now()))


@bp.post("/letters/<ref>/withdraw")
@needs("letters.write")
@bp.output(schemas.LetterOut)
@bp.doc(summary="No new contract may name this version; those that have it keep it")
def withdraw_letter(ref: str) -> dict[str, Any]:
    return services.as_json(workshop.withdraw(db.session, g.actor, ref, request_now()))


@bp.post("/letters/<ref>/offer")
@needs("letters.write")
@bp.output(schemas.LetterOut)
@bp.doc(summary="New contracts may name this version again")
def offer_letter(ref: str) -> dict[str, Any]:
    return services.as_json(workshop.offer_again(db.session, g.actor, ref, request_now()))


@bp.get("/calendar")
@needs("letters.read")
@bp.input(schemas.YearQuery, location="query")
@bp.output(schemas.YearOut)
@bp.doc(summary="A year's rest days and worked weekends, the library's and the admin's, with who changed what")
def show_year(query_data: dict[str, Any]) -> dict[str, Any]:
    return calendar_days.year_of(db.session, query_data.get("year"), request_now())


@bp.post("/calendar/days")
@needs("letters.write")
@bp.input(schemas.CorrectionIn)
@bp.output(schemas.CorrectionOut, status_code=201)
@bp.doc(summary="Say what a day is, or that a year's notice is entered; open work is decided again")
def correct_day(json_data: dict[str, Any]) -> dict[str, Any]:
    row = calendar_days.correct(db.session, g.actor, json_data, request_now())
    return calendar_days.shown(db.session, row)


@bp.post("/calendar/days/<correction_id>/withdraw")
@needs("letters.write")
@bp.output(schemas.CorrectionOut)
@bp.doc(summary="Undo a correction; open work is decided again")
def withdraw_day(correction_id: str) -> dict[str, Any]:
    row = calendar_days.withdraw(db.session, g.actor, correction_id, request_now())
    return calendar_days.shown(db.session, row)
