"""The installed letters over HTTP."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from backend.core.http import needs
from backend.letters import schemas, services

bp = APIBlueprint("letters", __name__, url_prefix="/api", tag="letters")


@bp.get("/letters")
@needs("letters.read")
@bp.output(schemas.LetterList)
@bp.doc(summary="Installed letters, every version")
def list_letters() -> dict[str, Any]:
    return {"rows": [services.in_short(letter) for letter in services.installed()]}


@bp.get("/letters/<ref>")
@needs("letters.read")
@bp.output(schemas.LetterOut)
@bp.doc(summary="A letter with its clauses and the words that were signed: by id the newest, `id@version` that one")
def show_letter(ref: str) -> dict[str, Any]:
    return services.as_json(services.letter_named(ref))
