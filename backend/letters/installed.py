"""The letters and the calendar of this company: what ships, and what its admin installed and corrected in the database.

Read together once, kept as long as the database's tables say the same: one small question per transaction, none per
decision, and right in every process (HOUSE 10). Called wherever the product decides; `explain` reads files alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, scoped_session

from backend.letters.loader import REFERENCE, installed_letters, installed_versions, load_letter
from backend.letters.models import CalendarDay, LetterFile
from backend.letters.parse import parse_letter
from backend.letters.rules import Calendar, Fault, Faulty, Letter, LetterFaulty, LetterUnknown

NOTICE = "notice"
_HELD = "letters and calendar"
_STANDS = sa.select(
    sa.select(sa.func.count(LetterFile.id)).scalar_subquery(),
    sa.select(sa.func.max(LetterFile.id)).scalar_subquery(),
    sa.select(sa.func.count(CalendarDay.id)).scalar_subquery(),
    sa.select(sa.func.max(CalendarDay.id)).scalar_subquery(),
    sa.select(sa.func.count(CalendarDay.withdrawn_at)).scalar_subquery(),
)
"""Where the tables stand. Rows are only added, and a day is withdrawn once: equal answers mean equal tables."""


@dataclass(frozen=True)
class Known:
    """The company's calendar, and the files of its own letters by id and version."""

    stands: tuple[Any, ...]
    calendar: Calendar
    files: dict[str, dict[int, str]]
    read: dict[str, Letter] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def versions(self) -> dict[str, list[int]]:
        """Versions of every letter, shipped and own, oldest first."""
        shipped = {name: list(installed_versions(name)) for name in installed_letters()}
        names = sorted({*shipped, *self.files})
        return {name: sorted({*shipped.get(name, ()), *self.files.get(name, ())}) for name in names}

    def letter(self, ref: str, on: date | None = None) -> Letter:
        """`B@1` that version; `B` the newest, with `on` the newest in force on that day. Raises LetterUnknown, Faulty.

        A version that can no longer be read (a file of another release's format) is passed over where none is named.
        """
        name, versions = self.named(ref)
        if "@" in ref:
            return self._one(name, versions[0])
        letters = self.letters(f"{name}@{version}" for version in versions)
        if not letters:
            return self._one(name, versions[-1])
        in_force = [letter for letter in letters if on is None or letter.in_force_from <= on]
        return (in_force or letters[:1])[-1]

    def named(self, ref: str) -> tuple[str, list[int]]:
        """The letter and the versions, oldest first, that a reference may mean; read or not. Raises LetterUnknown."""
        found = REFERENCE.fullmatch(ref)
        versions = self.versions.get(found[1], []) if found else []
        if found is None or not versions or (found[2] and int(found[2]) not in versions):
            raise LetterUnknown([Fault("letter", f"没有承诺书 {ref!r}", f"there is no letter {ref!r}")])
        return found[1], [int(found[2])] if found[2] else versions

    def _one(self, name: str, version: int) -> Letter:
        text = self.files.get(name, {}).get(version)
        ref = f"{name}@{version}"
        read = load_letter(ref) if text is None else _parsed(text, f"{ref}.yaml")
        if isinstance(read, LetterFaulty):
            raise LetterFaulty(read.faults)  # its own: one that is kept would keep every place it was raised at
        return read

    def letters(self, refs: Iterable[str]) -> tuple[Letter, ...]:
        """Those of the letters that can be read; one that is not there, or is faulty, decides nothing."""
        out = []
        for ref in refs:
            try:
                if ref not in self.read:
                    self.read[ref] = self.letter(ref)
            except Faulty:
                continue
            out.append(self.read[ref])
        return tuple(out)


_last: Known | None = None


@cache
def _parsed(text: str, file: str) -> Letter | LetterFaulty:
    """The letter or its faults: what cannot be read is not read anew for each decision either."""
    try:
        return parse_letter(text, file)
    except LetterFaulty as error:
        return error


def known(session: Session) -> Known:
    """What holds in the open transaction."""
    global _last
    session = _itself(session)
    held = session.info.get(_HELD)
    if held is not None and held[0] is session.get_transaction():
        return held[1]
    stands = tuple(session.execute(_STANDS).one())
    found = _last
    if found is None or found.stands != stands:
        found = _last = _read(session, stands)
    session.info[_HELD] = (session.get_transaction(), found)
    return found


def _itself(session: Session | scoped_session[Session]) -> Session:
    """`db.session` stands for the session of this context, and does not know its transaction."""
    return session() if isinstance(session, scoped_session) else session


def forget(session: Session) -> None:
    """This transaction changed a letter or a day: look again."""
    session = _itself(session)
    session.flush()
    session.info.pop(_HELD, None)


def letters_named(session: Session, refs: Sequence[str]) -> tuple[Letter, ...]:
    """The letters of a contract, as `Known.letters`."""
    return known(session).letters(refs) if refs else ()


def _read(session: Session, stands: tuple[Any, ...]) -> Known:
    files: dict[str, dict[int, str]] = {}
    for name, version, text in session.execute(sa.select(LetterFile.letter, LetterFile.version, LetterFile.text)):
        files.setdefault(name, {})[version] = text
    days = session.execute(
        sa.select(CalendarDay.day, CalendarDay.what).where(CalendarDay.withdrawn_at.is_(None))
    ).all()
    corrections = {day: what for day, what in days if what != NOTICE}
    notices = {day.year for day, what in days if what == NOTICE}
    return Known(stands, Calendar(corrections=corrections, notices=notices), files)
