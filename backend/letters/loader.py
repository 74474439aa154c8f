"""Finds and loads commitment letters: those that ship, and files by path.

A reference is an id (the newest version), `id@version`, or, where paths are allowed, the path of a letter file. Called
by the command line and by whatever needs the letters of a contract. Opens no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path

from backend.letters.entries import LONGEST_BYTES
from backend.letters.parse import parse_letter
from backend.letters.rules.faults import Fault, Faulty, LetterFaulty, LetterUnknown
from backend.letters.rules.letter import Letter

SHIPPED = Path(__file__).parent / "files"
REFERENCE = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,19})(?:@([1-9][0-9]{0,3}))?")


def installed_letters() -> tuple[str, ...]:
    """Ids of the letters that ship, in order."""
    return tuple(_installed())


def installed_versions(letter_id: str) -> tuple[int, ...]:
    """Versions of one shipped letter, oldest first. Raises LetterUnknown."""
    if letter_id not in _installed():
        raise _unknown(letter_id)
    return tuple(_installed()[letter_id])


def load_letter(ref: str, *, on: date | None = None, allow_paths: bool = False) -> Letter:
    """The letter that `ref` names.

    ref          "B", "B@1", or with allow_paths the path of a letter file
    on           for a bare id: the newest version in force on that local date instead of the newest of all
    raises       LetterUnknown; LetterFaulty with every fault of the file, each with line and field
    """
    found = REFERENCE.fullmatch(ref)
    if found is None or (allow_paths and found[1] not in _installed() and Path(ref).is_file()):
        if allow_paths:
            return _from_path(ref)
        raise _unknown(ref)
    versions = _installed().get(found[1])
    if not versions or (found[2] and int(found[2]) not in versions):
        raise _unknown(ref)
    if found[2]:
        return _shipped(versions[int(found[2])])
    letters = [_shipped(path) for path in versions.values()]
    in_force = [letter for letter in letters if on is None or letter.in_force_from <= on]
    return (in_force or letters[:1])[-1]


def load_letters(refs: Iterable[str], *, on: date | None = None, allow_paths: bool = False) -> tuple[Letter, ...]:
    """The letters that the references name, in their order. Raises Faulty with the faults of all of them."""
    letters, faults = [], []
    for index, ref in enumerate(refs):
        try:
            letters.append(load_letter(ref, on=on, allow_paths=allow_paths))
        except Faulty as error:
            at = f"$.letters[{index}]"
            faults += [
                Fault(at, f"{_where(fault)}{fault.zh}", f"{_where(fault)}{fault.en}", fault.file, fault.line)
                for fault in error.faults
            ]
    if faults:
        raise LetterFaulty(faults) if any(fault.file for fault in faults) else LetterUnknown(faults)
    return tuple(letters)


def shipped_text(ref: str) -> str:
    """The file of a shipped version, `X@1`."""
    name, _, version = ref.partition("@")
    return _installed()[name][int(version)].read_text("utf-8")


def _where(fault: Fault) -> str:
    return f"{fault.file}:{fault.line} {fault.path}: " if fault.file else ""


def _unknown(ref: str) -> LetterUnknown:
    listed = ", ".join(_installed())
    return LetterUnknown(
        [Fault("letter", f"没有承诺书 {ref!r}；已安装：{listed}", f"there is no letter {ref!r}; installed: {listed}")]
    )


def _from_path(ref: str) -> Letter:
    try:
        with open(ref, "rb") as file:
            text = file.read(LONGEST_BYTES + 1)
    except (OSError, ValueError):
        raise _unknown(ref) from None
    return parse_letter(text, ref)


@lru_cache(maxsize=1)
def _installed() -> dict[str, dict[int, Path]]:
    """Shipped files by id and version, from their names: X.yaml is version 1, X@2.yaml version 2."""
    found: dict[str, dict[int, Path]] = {}
    for path in sorted(SHIPPED.glob("*.yaml")):
        name = REFERENCE.fullmatch(path.stem)
        if name:
            found.setdefault(name[1], {})[int(name[2] or 1)] = path
    return {letter_id: dict(sorted(found[letter_id].items())) for letter_id in sorted(found)}


@lru_cache(maxsize=64)
def _shipped(path: Path) -> Letter:
    return parse_letter(path.read_bytes(), path.name)
