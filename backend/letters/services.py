"""The letters for reading: on the console, and as copies for the phone. Never commits."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.accounts.models import User
from backend.core.ids import new_id
from backend.core.problems import Fault as FieldFault
from backend.core.problems import Invalid, NotFound
from backend.letters.installed import known
from backend.letters.loader import shipped_text
from backend.letters.models import LetterCopy, LetterFile, LetterWithdrawal
from backend.letters.rules import Fault, Letter, LetterFaulty, LetterUnknown

COPIED = ("title", "clauses", "contacts")


def refs(session: Session) -> list[str]:
    """Every version of every letter, shipped and the company's own, in order."""
    return [f"{name}@{version}" for name, versions in known(session).versions.items() for version in versions]


def letter_named(session: Session, ref: str) -> Letter:
    """The letter of a reference: `B` the newest, `B@1` that version. Raises NotFound; Invalid for one that cannot be read."""
    try:
        return known(session).letter(ref)
    except LetterUnknown:
        raise NotFound() from None
    except LetterFaulty as error:
        raise Invalid(faults=[at_line(fault) for fault in error.faults]) from None


def text_of(session: Session, ref: str) -> str:
    """The file of a letter as it was shipped or given, whether it can be read or not. Raises NotFound."""
    try:
        name, versions = known(session).named(ref)
    except LetterUnknown:
        raise NotFound() from None
    own = known(session).files.get(name, {}).get(versions[-1])
    return shipped_text(f"{name}@{versions[-1]}") if own is None else own


def as_line(fault: Fault) -> dict[str, Any]:
    """A fault of a letter file as it is listed."""
    return {"line": fault.line, "path": fault.path, "message": {"zh": fault.zh, "en": fault.en}}


def at_line(fault: Fault) -> FieldFault:
    """A fault of a letter file as a problem tells it."""
    words = {"zh": f"第 {fault.line} 行：{fault.zh}", "en": f"line {fault.line}: {fault.en}"}
    return FieldFault(f"$.text.{fault.path}", words)


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
    gone, here, rows = withdrawn(session), known(session), []
    for ref in refs(session):
        try:
            row = in_short(here.letter(ref)) | {"faults": []}
        except LetterFaulty as error:
            row = _unreadable(session, ref) | {"faults": [as_line(fault) for fault in error.faults]}
        at, by = own.get(ref, (None, None))
        said = {"is_shipped": at is None, "installed_at": at, "installed_by_name": by or ""}
        rows.append(row | said | {"is_withdrawn": ref in gone})
    return rows


def _unreadable(session: Session, ref: str) -> dict[str, Any]:
    """What is still known of a version whose file cannot be read: its copy, from when it could."""
    name, _, version = ref.partition("@")
    copy = session.scalar(sa.select(LetterCopy).where(LetterCopy.letter == name, LetterCopy.version == int(version)))
    return {
        "ref": ref, "letter": name, "version": int(version), "in_force_from": None, "currency": "", "contacts": [],
        "title": dict(copy.title) if copy else {"zh": ref, "en": ref}, "clause_count": len(copy.clauses) if copy else 0,
    }  # fmt: skip


def as_json(letter: Letter) -> dict[str, Any]:
    """A letter as it is shown: the clauses with the words that were signed, and what it covers per kind of goods."""
    clauses = [{"id": c.id, "article": c.article, "quote": c.quote, "text": dict(c.text)} for c in letter.clauses]
    coverage = [
        {"clause": record["clause"], "category": category, "text": dict(text)}
        for record in letter.records
        if record["record"] == "coverage"
        for category, text in record["details"].items()
    ]
    return in_short(letter) | {"clauses": clauses, "coverage": coverage}


def copy_letters(session: Session) -> None:
    """Bring the phone's copies up to the letters; an unchanged one is not written, one that cannot be read
    stays as it was copied."""
    copies = {(row.letter, row.version): row for row in session.scalars(sa.select(LetterCopy))}
    for letter in known(session).letters(refs(session)):
        shown = as_json(letter)
        row = copies.get((letter.id, letter.version))
        if row is None:
            row = LetterCopy(id=new_id(), letter=letter.id, version=letter.version)
            session.add(row)
        for name in COPIED:
            if getattr(row, name) != shown[name]:
                setattr(row, name, shown[name])
    session.flush()
