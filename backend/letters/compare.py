"""Two versions of a letter side by side: which clauses say something else, and which rules of each mechanism changed.

Compared as they stand in the files, so that nothing is hidden by what the engine makes of them. Called by routes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backend.letters.entries import read_entries
from backend.letters.parse import TOP_OPTIONAL

NAMED = ("calendars", "periods", "checklists")
LISTED = tuple(name for name in TOP_OPTIONAL if name not in (*NAMED, "warranty"))
TOP = ("title", "in_force_from", "currency", "warranty")
_TELLS_APART = ("name", "clock", "gate", "what", "duty", "record", "reason", "kind", "on", "every")

Row = dict[str, Any]


def compared(before: str, after: str) -> dict[str, list[Row]]:
    """What is different between two letter files that can be read.

    returns  {clauses, rules}: each {mechanism, clauses, change: added · removed · changed, before, after}
    """
    old, new = read_entries(before, "before").plain(), read_entries(after, "after").plain()
    top = [
        _change("letter", {"field": name, "value": old.get(name)}, {"field": name, "value": new.get(name)})
        for name in TOP
        if old.get(name) != new.get(name)
    ]
    rules = [change for name in (*LISTED, *NAMED) for change in _changes(name, _rows(old, name), _rows(new, name))]
    return {"clauses": list(_changes("clauses", _rows(old, "clauses"), _rows(new, "clauses"))), "rules": top + rules}


def _rows(file: Mapping[str, Any], name: str) -> list[Row]:
    said = file.get(name) or []
    return [{"name": key, **value} for key, value in said.items()] if isinstance(said, dict) else list(said)


def _changes(mechanism: str, before: list[Row], after: list[Row]) -> Iterator[Row]:
    """Rows that are the same in both are left out; of the others those of the same clause and kind are one, changed."""
    gone = [row for row in before if row not in after]
    come = [row for row in after if row not in before]
    for row in gone:
        other = next((one for one in come if _key(one) == _key(row)), None)
        if other is not None:
            come.remove(other)
        yield _change(mechanism, row, other)
    for row in come:
        yield _change(mechanism, None, row)


def _key(row: Row) -> tuple[Any, ...]:
    return ("id", row["id"]) if "id" in row else (_clauses(row), *(str(row.get(name)) for name in _TELLS_APART))


def _clauses(row: Row) -> tuple[str, ...]:
    said = row.get("clauses") or row.get("clause") or row.get("id") or ()
    return tuple(said) if isinstance(said, (list, tuple)) else (said,)


def _change(mechanism: str, before: Row | None, after: Row | None) -> Row:
    change = "removed" if after is None else "added" if before is None else "changed"
    clauses = list(dict.fromkeys(clause for row in (before, after) if row for clause in _clauses(row)))
    return {"mechanism": mechanism, "clauses": clauses, "change": change, "before": before, "after": after}
