"""`python -m backend explain` and `duties`: facts or a contract in, one JSON object out.

They read files alone: no database, no app. Exit status 0 with the answer on stdout; 2 with one problem object on stderr
that holds every fault, and nothing on stdout. Called by backend/__main__.py.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

from backend.letters.loader import load_letters
from backend.letters.rules.calendar import Calendar
from backend.letters.rules.contract import read_asked
from backend.letters.rules.decide import decide
from backend.letters.rules.duties import duties as duties_of
from backend.letters.rules.facts import read_facts
from backend.letters.rules.faults import Fault, Faulty
from backend.letters.rules.letter import Letter
from backend.letters.rules.reading import Reader

DONE, WRONG_INPUT = 0, 2
LIMIT_BYTES = 4_194_304

Source = str | Path | BinaryIO


def explain(source: Source) -> int:
    """What the letters decide for the facts in a file (`-`: standard input)."""
    return _answer(source, _explained)


def duties(source: Source) -> int:
    """What falls due under the contract in a file (`-`: standard input)."""
    return _answer(source, _falling_due)


def _explained(raw: Any) -> dict[str, Any]:
    read = Reader()
    facts = read_facts(read, raw)
    letters = _letters(read, raw, "$.letters", ("letters",))
    if facts is None or read.faults:
        raise Faulty(read.faults)
    return decide(facts, letters, Calendar())


def _falling_due(raw: Any) -> dict[str, Any]:
    read = Reader()
    asked = read_asked(read, raw)
    letters = _letters(read, raw, "$.contract.letters", ("contract", "letters"))
    if asked is None or read.faults:
        raise Faulty(read.faults)
    return duties_of(asked.contract, letters, Calendar(), asked.from_, asked.until)


def _letters(read: Reader, raw: Any, at: str, keys: Iterable[str]) -> tuple[Letter, ...]:
    """The letters that are named, even when other facts are wrong: every fault is told at once."""
    for key in keys:
        raw = raw.get(key) if isinstance(raw, dict) else None
    letters: list[Letter] = []
    for index, ref in enumerate(raw if isinstance(raw, list) else []):
        if not isinstance(ref, str) or not ref:
            continue
        try:
            letters += load_letters([ref], allow_paths=True)
        except Faulty as error:
            read.faults += [
                Fault(f"{at}[{index}]", fault.zh, fault.en, fault.file, fault.line) for fault in error.faults
            ]
    return tuple(letters)


def _answer(source: Source, work: Callable[[Any], dict[str, Any]]) -> int:
    try:
        answer = work(_read_json(source))
    except Faulty as error:
        _write(sys.stderr, _problem(error.faults, isinstance(error, _Unreadable)))
        return WRONG_INPUT
    _write(sys.stdout, answer)
    return DONE


class _Unreadable(Faulty):
    """There is no JSON value to look at."""


def _problem(faults: list[Fault], is_unreadable: bool) -> dict[str, Any]:
    """The problem object (RFC 9457) of faults, in the order of the input."""
    first = faults[0]
    more = f" (+{len(faults) - 1})" if len(faults) > 1 else ""
    return {
        "type": "/problems/unreadable" if is_unreadable else "/problems/invalid",
        "title": "输入有误 · The input has faults",
        "detail": f"{first.path}: {first.zh} · {first.en}{more}",
        "field": first.path,
        "faults": [fault.as_json() for fault in faults],
    }


def _read_json(source: Source) -> Any:
    """The JSON value of a file, refused when it says one key twice or a number that is none."""
    try:
        data = _read_bytes(source)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _Unreadable([Fault("$", f"无法读取：{reason}", f"cannot be read: {reason}")]) from None
    if len(data) > LIMIT_BYTES:
        raise _Unreadable([Fault("$", f"超过 {LIMIT_BYTES} 字节", f"is longer than {LIMIT_BYTES} bytes")])
    twice: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        said = dict(pairs)
        if len(said) < len(pairs):
            keys = [key for key, _ in pairs]
            twice.extend(dict.fromkeys(key for key in keys if keys.count(key) > 1))
        return said

    try:
        value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        said = str(error) or type(error).__name__
        raise _Unreadable([Fault("$", f"不是有效的 JSON：{said}", f"not valid JSON: {said}")]) from None
    if twice:
        raise Faulty([Fault(f"$..{key}", "同一字段写了两次", "the key is given twice") for key in twice])
    return value


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is not a number")


def _read_bytes(source: Source) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read(LIMIT_BYTES + 1)
    if isinstance(source, str | Path):
        with open(source, "rb") as file:
            return file.read(LIMIT_BYTES + 1)
    return source.read(LIMIT_BYTES + 1)


def _write(stream: Any, value: dict[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    data = text.encode("utf-8", "backslashreplace")
    if hasattr(stream, "buffer"):
        stream.flush()
        stream.buffer.write(data)
        stream.buffer.flush()
    else:
        stream.write(data.decode())
