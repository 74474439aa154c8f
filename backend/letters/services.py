"""The letters for reading: on the console, and as copies for the phone. Never commits."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import User
from backend.core.ids import new_id
from backend.core.problems import NotFound
from backend.letters.installed import known
from backend.letters.loader import shipped_text
from backend.letters.models import LetterCopy, LetterFile, LetterWithdrawal
from backend.letters.rules import Letter, LetterUnknown

COPIED = ("title", "clauses", "contacts")


def installed(session: Session) -> list[Letter]:
    """Every version of every letter, shipped and the company's own, in order."""
    here = known(session)
    return [here.letter(f"{name}@{version}") for name, versions in here.versions().items() for version in versions]


def letter_named(session: Session, ref: str) -> Letter:
    """The letter of a reference: `B` the newest, `B@1` that version. Raises NotFound."""
    try:
        return known(session).letter(ref)
    except LetterUnknown:
        raise NotFound() from None


def text_of(session: Session, ref: str) -> str:
    """The file of a letter as it was shipped or given. Raises NotFound."""
    letter = letter_named(session, ref)
    own = known(session).files.get(letter.id, {}).get(letter.version)
    return shipped_text(letter.ref) if own is None else own


def withdrawn(session: Session) -> set[str]:
    """References that no new contract may name."""
    return set(session.scalars(sa.select(LetterWithdrawal.ref).where(LetterWithdrawal.ended_at.is_(None))))


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


def listed(session: Session) -> list[dict[str, Any]]:
    """Every version with where it comes from, who installed it, and whether new contracts may have it."""
    query = sa.select(LetterFile.letter, LetterFile.version, LetterFile.installed_at, User.name)
    files = session.execute(query.join(User, User.id == LetterFile.installed_by_id, isouter=True))
    own = {f"{name}@{version}": (at, by) for name, version, at, by in files}
    gone = withdrawn(session)
    rows = []
    for letter in installed(session):
        at, by = own.get(letter.ref, (None, None))
        said = {"is_shipped": at is None, "installed_at": at, "installed_by_name": by or ""}
        rows.append(in_short(letter) | said | {"is_withdrawn": letter.ref in gone})
    return rows


def as_json(letter: Letter) -> dict[str, Any]:
    """A letter as it is shown: the clauses with the words that were signed."""
    clauses = [{"id": c.id, "article": c.article, "quote": c.quote, "text": dict(c.text)} for c in letter.clauses]
    return in_short(letter) | {"clauses": clauses}


def copy_letters(session: Session) -> None:
    """Bring the phone's copies up to the letters; an unchanged one is not written."""
    copies = {(row.letter, row.version): row for row in session.scalars(sa.select(LetterCopy))}
    for letter in installed(session):
        shown = as_json(letter)
        row = copies.get((letter.id, letter.version))
        if row is None:
            row = LetterCopy(id=new_id(), letter=letter.id, version=letter.version)
            session.add(row)
        for name in COPIED:
            if getattr(row, name) != shown[name]:
                setattr(row, name, shown[name])
    session.flush()
