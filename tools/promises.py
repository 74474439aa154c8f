"""Writes docs/promises.md: the promises of the letters, and for each the tests that show it.

    .venv/bin/python tools/promises.py

Read from docs/letters/PROMISES.md and from the marks `@pytest.mark.promise("B-07")` of the tests, so that a promise
nobody tests shows as an empty cell. Three columns: the engine decides it, a screen shows it, the record proves it.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PROMISES = ROOT / "docs" / "letters" / "PROMISES.md"
TABLE = ROOT / "docs" / "promises.md"
COLUMNS = ("engine", "screen", "evidence")
LATER = {
    "forms": (
        "A-04 A-05 B-10 B-11 B-16 B-17 B-18 C-01 C-09 D-01 D-02 D-04 D-08 D-18 D-21 D-25"
    ),
    "generated duties": "B-05 C-05 C-06 C-17 C-20 D-19 D-20",
    "stock": "B-07 D-17",
}  # fmt: skip
"""Rows whose screen or evidence waits for what a later issue brings."""

Tests = dict[str, dict[str, Counter[str]]]


class Marks:
    """A pytest plug-in that keeps the promise marks of what is collected."""

    def __init__(self) -> None:
        self.found: Tests = defaultdict(lambda: {column: Counter() for column in COLUMNS})

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        for item in items:
            path = Path(item.path).relative_to(ROOT)
            for mark in item.iter_markers("promise"):
                for promise in mark.args:
                    self.found[promise][column_of(path)][str(path)] += 1


def column_of(path: Path) -> str:
    """Which column a test file belongs to."""
    if path.parts[:3] == ("tests", "backend", "letters"):
        return "engine"
    return "screen" if path.parts[1] in ("e2e", "pwa") else "evidence"


def promises() -> dict[str, str]:
    """Every promise id with its words."""
    return dict(re.findall(r"^\| ([A-Z]-\d\d) \| (.+?) \|", PROMISES.read_text("utf-8"), re.MULTILINE))


def collected() -> Tests:
    """The promise marks of all tests."""
    marks = Marks()
    pytest.main(["--collect-only", "-qq", "--no-header", str(ROOT / "tests")], plugins=[marks])
    return marks.found


def table(found: Tests) -> str:
    """The page."""
    waits = {id_: what for what, ids in LATER.items() for id_ in ids.split()}
    lines = [
        "# The promises, and the tests that show them",
        "",
        "Made by `tools/promises.py` from [letters/PROMISES.md](letters/PROMISES.md) and the marks of the tests; not",
        "written by hand. *Engine*: decided, or kept in the letter file. *Screen*: seen in the product. *Evidence*: in the",
        "record. A number is how many test cases of that file show it.",
        "",
        "| id | promise | engine | screen | evidence |",
        "|---|---|---|---|---|",
    ]
    for id_, words in promises().items():
        cells = [_cell(found[id_][column], column, waits.get(id_)) for column in COLUMNS]
        lines.append(f"| {id_} | {words} | {' | '.join(cells)} |")
    counts = [f"{column} {sum(bool(found[id_][column]) for id_ in promises())}" for column in COLUMNS]
    return "\n".join([*lines, "", f"Shown of {len(promises())}: {', '.join(counts)}.", ""])


def _cell(tests: Counter[str], column: str, waits_for: str | None) -> str:
    if tests:
        return "<br>".join(f"`{Path(path).stem}` {count}" for path, count in sorted(tests.items()))
    return f"later: {waits_for}" if waits_for and column != "engine" else "–"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    TABLE.write_text(table(collected()), "utf-8")
