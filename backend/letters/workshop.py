"""The letter workshop: a file that an admin pastes is checked, shown, installed as a version, and tried on facts.

An installed version is never changed: a correction is the next version. Called by routes; never commits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from backend.core.ids import new_id
from backend.core.problems import Fault as FieldFault
from backend.core.problems import Invalid, NotAllowedNow
from backend.letters import ports, services
from backend.letters.entries import Entry, read_entries
from backend.letters.installed import forget, known
from backend.letters.models import LetterFile, LetterWithdrawal
from backend.letters.parse import parse_letter
from backend.letters.rules import Fault, Faulty, Letter, LetterFaulty, decide
from backend.letters.rules.facts import read_facts
from backend.letters.rules.reading import Reader

PASTED = "letter.yaml"


def checked(session: Session, text: str) -> Letter:
    """The letter of a file that could be installed now. Raises LetterFaulty with every fault, each with line and field."""
    letter = parse_letter(text, PASTED)
    top = read_entries(text, PASTED)
    _check_place(session, letter, dict(top.pairs()))
    if top.faults.found:
        raise LetterFaulty(sorted(top.faults.found, key=lambda fault: (fault.line or 0, fault.path)))
    return letter


def _check_place(session: Session, letter: Letter, fields: dict[str, Entry]) -> None:
    """It is a new letter or the next version of one, not in force before the last, and its clauses carry its name."""
    here = known(session)
    versions = here.versions.get(letter.id, [])
    if versions:
        following = max(versions) + 1
        if letter.version != following:
            fields["version"].fault(
                f"{letter.id} 的下一个版本是 {following}", f"the next version of {letter.id} is {following}"
            )
        last = here.letters([f"{letter.id}@{max(versions)}"])  # none where its file can no longer be read
        if last and letter.in_force_from < last[0].in_force_from:
            day = last[0].in_force_from
            fields["in_force_from"].fault(
                f"不能早于上一版的 {day}", f"must not lie before the {day} of the version before"
            )
    for entry, clause in zip(fields["clauses"].items(), letter.clauses, strict=True):
        if not clause.id.startswith(f"{letter.id}-"):
            entry.fault(f"条款号应以 {letter.id}- 开头", f"the clause's id must begin with {letter.id}-")


def check(session: Session, text: str) -> dict[str, Any]:
    """All faults of a pasted file, or what it would be."""
    try:
        letter = checked(session, text)
    except LetterFaulty as error:
        return {"faults": [services.as_line(fault) for fault in error.faults], "letter": None}
    return {"faults": [], "letter": services.as_json(letter)}


def install(session: Session, actor: Any, text: str, now: datetime) -> Letter:
    """Keep a new letter or its next version, for contracts from now on and for the phones. Raises Invalid."""
    try:
        letter = checked(session, text)
    except LetterFaulty as error:
        raise Invalid(faults=[services.at_line(fault) for fault in error.faults]) from None
    row = LetterFile(
        id=new_id(), letter=letter.id, version=letter.version, text=text, installed_at=now,
        installed_by_id=actor.user_id,
    )  # fmt: skip
    session.add(row)
    forget(session)
    services.copy_letters(session)
    for tell in ports.letter_installed.answers:
        tell(session, letter.id, letter.version, now)
    return letter


def withdraw(session: Session, actor: Any, ref: str, now: datetime) -> Letter:
    """No new contract may name this version; those that have it keep it. Raises NotFound, NotAllowedNow."""
    letter = services.letter_named(session, ref)
    if letter.ref in services.withdrawn(session):
        raise NotAllowedNow()
    session.add(LetterWithdrawal(id=new_id(), ref=letter.ref, at=now, by_id=actor.user_id))
    session.flush()
    return letter


def offer_again(session: Session, actor: Any, ref: str, now: datetime) -> Letter:
    """Undo a withdrawal. Raises NotFound, NotAllowedNow."""
    letter = services.letter_named(session, ref)
    open_ = sa.select(LetterWithdrawal).where(LetterWithdrawal.ref == letter.ref, LetterWithdrawal.ended_at.is_(None))
    rows = session.scalars(open_).all()
    if not rows:
        raise NotAllowedNow()
    for row in rows:
        row.ended_at, row.ended_by_id = now, actor.user_id
    session.flush()
    return letter


def tried(session: Session, facts: Any, text: str | None) -> dict[str, Any]:
    """What the letters would decide for facts as `explain` takes them, with its faults; stores nothing. Raises Invalid.

    facts  the JSON object of letters/DECISIONS.md "Facts"; its letters are references of this company
    text   a pasted letter that stands beside them, installed or not
    """
    read = Reader()
    letters = _asked(session, read, facts) + _pasted(read, text)
    known_facts = read_facts(read, facts)
    if not letters and not read.faults:
        read.fault("$.letters", "至少要有一份承诺书", "name at least one letter")
    if known_facts is None or read.faults:
        said = [FieldFault(fault.path, {"zh": fault.zh, "en": fault.en}) for fault in read.faults]
        raise Invalid(faults=said)
    return decide(known_facts, letters, known(session).calendar)


def _asked(session: Session, read: Reader, facts: Any) -> tuple[Letter, ...]:
    refs = facts.get("letters") if isinstance(facts, dict) else None
    letters = []
    for index, ref in enumerate(refs if isinstance(refs, list) else []):
        try:
            letters += [known(session).letter(ref)] if isinstance(ref, str) and ref != PASTED else []
        except Faulty as error:
            read.faults += [Fault(f"$.letters[{index}]", fault.zh, fault.en) for fault in error.faults]
    return tuple(letters)


def _pasted(read: Reader, text: str | None) -> tuple[Letter, ...]:
    if text is None:
        return ()
    try:
        return (parse_letter(text, PASTED),)
    except LetterFaulty as error:
        read.faults += [
            Fault(
                "$.text",
                f"第 {fault.line} 行 {fault.path}：{fault.zh}",
                f"line {fault.line} {fault.path}: {fault.en}",
            )
            for fault in error.faults
        ]
        return ()
