"""The installed letters for reading: on the console, and as copies for the phone. Never commits."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.ids import new_id
from backend.core.problems import NotFound
from backend.letters.loader import installed_letters, installed_versions, load_letter
from backend.letters.models import LetterCopy
from backend.letters.rules import Letter, LetterUnknown

COPIED = ("title", "clauses", "contacts")


def installed() -> list[Letter]:
    """Every version of every installed letter, in order."""
    return [load_letter(f"{name}@{version}") for name in installed_letters() for version in installed_versions(name)]


def letter_named(ref: str) -> Letter:
    """The letter of a reference: `B` the newest, `B@1` that version. Raises NotFound."""
    try:
        return load_letter(ref)
    except LetterUnknown:
        raise NotFound() from None


def in_short(letter: Letter) -> dict[str, Any]:
    """A letter in a list."""
    return {
        "ref": letter.ref,
        "letter": letter.id,
        "version": letter.version,
        "title": dict(letter.title),
        "in_force_from": letter.in_force_from,
        "currency": letter.currency,
        "contacts": [dict(contact) for contact in letter.contacts],
        "clause_count": len(letter.clauses),
    }


def as_json(letter: Letter) -> dict[str, Any]:
    """A letter as it is shown: the clauses with the words that were signed."""
    clauses = [{"id": c.id, "article": c.article, "quote": c.quote, "text": dict(c.text)} for c in letter.clauses]
    return in_short(letter) | {"clauses": clauses}


def copy_letters(session: Session) -> None:
    """Bring the phone's copies up to the installed files; an unchanged letter is not written."""
    known = {(row.letter, row.version): row for row in session.scalars(sa.select(LetterCopy))}
    for letter in installed():
        shown = as_json(letter)
        row = known.get((letter.id, letter.version))
        if row is None:
            row = LetterCopy(id=new_id(), letter=letter.id, version=letter.version)
            session.add(row)
        for name in COPIED:
            if getattr(row, name) != shown[name]:
                setattr(row, name, shown[name])
    session.flush()
