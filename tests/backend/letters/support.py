"""Letter files as plain data for the tests: read, take a clause out, change a value, parse again."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from backend.letters.loader import SHIPPED
from backend.letters.parse import parse_letter
from backend.letters.rules import Letter

FIFTH = Path(__file__).parent / "files" / "E.yaml"


def raw_letter(letter_id: str) -> dict[str, Any]:
    """A letter file as texts, lists and mappings, every value as it stands in the file."""
    return deepcopy(_read(FIFTH if letter_id == "E" else SHIPPED / f"{letter_id}.yaml"))


@cache
def _read(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)


def written(raw: dict[str, Any]) -> str:
    return yaml.safe_dump(raw, allow_unicode=True, sort_keys=False)


def parsed(raw: dict[str, Any]) -> Letter:
    return parse_letter(written(raw), "test.yaml")


def without_clause(raw: dict[str, Any], clause: str) -> dict[str, Any]:
    """The file as an admin would leave it who strikes out one clause: with everything that rests on it."""
    raw = _struck(raw, clause)
    for section, key in (("periods", "within"), ("calendars", "calendar"), ("checklists", "checklist")):
        gone = {name for name, value in raw.get(section, {}).items() if value is None}
        for name in gone:
            del raw[section][name]
        raw = {name: _without_name(value, key, gone) for name, value in raw.items()}
    raw["warranty"] = [name for name in _listed(raw.get("warranty", [])) if name in raw.get("periods", {})]
    return raw


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _rests_on(row: Any, clause: str) -> bool:
    """Whether nothing of an entry is left without the clause."""
    if not isinstance(row, dict):
        return False
    cited = _listed(row["clauses"]) if "clauses" in row else None
    return row.get("clause") == clause or row.get("beside") == clause or row.get("id") == clause or cited == [clause]


def _struck(value: Any, clause: str) -> Any:
    if isinstance(value, list):
        return [_struck(each, clause) for each in value if not _rests_on(each, clause)]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for key, each in value.items():
        if key == "rollover_clause" and each == clause:
            continue
        if key == "clauses" and isinstance(each, list) and clause in each:
            each = [one for one in each if one != clause]
        if key == "pauses" and _rests_on(each, clause):
            continue
        kept[key] = None if _rests_on(each, clause) else _struck(each, clause)
    return kept


def _without_name(value: Any, key: str, gone: set[str]) -> Any:
    """Rules that need a period that is gone go with it; a clock whose calendar is gone runs by elapsed time."""
    if not gone or not isinstance(value, list):
        return value
    if key == "within":
        return [row for row in value if not (isinstance(row, dict) and _names(row, gone))]
    return [
        {name: each for name, each in row.items() if not (name == key and each in gone)}
        if isinstance(row, dict)
        else row
        for row in value
    ]


def _names(row: dict[str, Any], gone: set[str]) -> bool:
    found = [row.get("during")]
    for value in row.values():
        for inner in value.values() if isinstance(value, dict) else ():
            found += _listed(inner) if not isinstance(inner, dict) else [inner.get("within")]
    return any(name in gone for name in found if isinstance(name, str))
