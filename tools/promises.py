"""Writes docs/promises.md: the promises of the letters, and for each the tests that show it.

    .venv/bin/python tools/promises.py [--check]

Read from docs/letters/PROMISES.md and from the marks of the tests, so that a promise nobody tests shows as an empty
cell: `@pytest.mark.promise("B-07")` in Python, `// promise: B-07` in the line above a test of tests/pwa. Three columns:
the engine decides it, a screen shows it, the record proves it. --check writes nothing, and fails where the page is old.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PROMISES = ROOT / "docs" / "letters" / "PROMISES.md"
TABLE = ROOT / "docs" / "promises.md"
TESTS = ROOT / "tests"
COLUMNS = ("engine", "screen", "evidence")
LATER = {
    "forms": "A-04 A-05 B-10 B-11 B-16 B-17 B-18 C-01 C-09 D-01 D-02 D-04 D-08 D-21 D-25",
    "generated duties": "B-05 C-05 C-06 C-17 C-20 D-19 D-20",
    "stock": "D-17",
}
"""Rows whose screen or evidence waits for what a later issue brings."""

WORDS = {
    "C-04": "who belongs to the team is kept nowhere",
    "C-10": "whether a defect is in the list a person judges",
}
"""Rows that are words of the letter: read on its page, nothing of them is recorded, and why not."""

STILL = {
    "A-02": "a scorecard per engineer; today the customer's rating stands beside the engineer's work",
    "B-07": "wear parts, consumables and tools out of a stock",
    "C-01": "certificates attached to the letter",
    "D-12": "the call-back that asks how satisfied she is, as work that falls due",
    "D-23": "a complaint as a record with a clock of its own; today the line is named to the customer",
}
"""Rows whose tests show a part of what PROMISES.md asks for: what is still missing."""

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
    """Which column a Python test file belongs to."""
    if path.parts[:3] == ("tests", "backend", "letters"):
        return "engine"
    return "screen" if path.parts[1] == "e2e" else "evidence"


def screen_marks(text: str) -> list[str]:
    """The ids that a screen test file names: `// promise: B-15 D-18` in the line above a test.

    raises ValueError for a mark that no test follows
    """
    found: list[str] = []
    for ids, below in re.findall(r"^[ \t]*// promise:(.*)\n[ \t]*(.*)", text, re.MULTILINE):
        if not below.startswith(("test(", "test.each(", "describe(")):
            raise ValueError(f"a promise without a test: {ids.strip()}")
        found += ids.split()
    return found


def promises() -> dict[str, str]:
    """Every promise id with its words."""
    return dict(re.findall(r"^\| ([A-Z]-\d\d) \| (.+?) \|", PROMISES.read_text("utf-8"), re.MULTILINE))


def collected() -> Tests:
    """The promise marks of all tests."""
    marks = Marks()
    marked = [str(path) for path in sorted(TESTS.rglob("test_*.py")) if "mark.promise(" in path.read_text("utf-8")]
    with redirect_stdout(StringIO()):
        pytest.main(["--collect-only", "-qq", "--no-header", "-p", "no:cacheprovider", *marked], plugins=[marks])
    for path in sorted(TESTS.rglob("*.test.ts")):
        for promise in screen_marks(path.read_text("utf-8")):
            marks.found[promise]["screen"][str(path.relative_to(ROOT))] += 1
    return marks.found


def table(found: Tests) -> str:
    """The page.

    raises ValueError for marks that name no promise
    """
    if unknown := sorted(set(found) - set(promises())):
        raise ValueError(f"no such promise: {', '.join(unknown)}")
    lines = [
        "# The promises, and the tests that show them",
        "",
        "Made by `tools/promises.py` from [letters/PROMISES.md](letters/PROMISES.md) and the marks of the tests; not",
        "written by hand. *Engine*: decided, or kept in the letter file. *Screen*: seen in the product. *Evidence*: in the",
        "record. A number is how many test cases of that file show it. *Later* names what a later issue brings; *words*: the",
        "sentence is read on the letter's page, and nothing of it is recorded; why is said below.",
        "",
        "| id | promise | engine | screen | evidence |",
        "|---|---|---|---|---|",
    ]
    for id_, words in promises().items():
        cells = [_cell(found[id_][column], column, id_) for column in COLUMNS]
        lines.append(f"| {id_} | {words} | {' | '.join(cells)} |")
    counts = [f"{column} {sum(bool(found[id_][column]) for id_ in promises())}" for column in COLUMNS]
    lines += ["", f"Shown of {len(promises())}: {', '.join(counts)}.", ""]
    lines += ["*Words*: " + "; ".join(f"{id_}: {why}" for id_, why in WORDS.items()) + ".", ""]
    lines += ["Shown in part, still to come:", "", *(f"- {id_}: {what}" for id_, what in STILL.items()), ""]
    return "\n".join(lines)


def _cell(tests: Counter[str], column: str, promise: str) -> str:
    if tests:
        return "<br>".join(f"`{Path(path).name.partition('.')[0]}` {count}" for path, count in sorted(tests.items()))
    if column == "engine":
        return "–"
    if promise in WORDS and column == "evidence":
        return "words"
    later = [what for what, ids in LATER.items() if promise in ids.split()]
    return f"later: {later[0]}" if later else "–"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    page = table(collected())
    if "--check" not in sys.argv:
        TABLE.write_text(page, "utf-8")
    elif page != TABLE.read_text("utf-8"):
        sys.exit("docs/promises.md does not say what the tests show: run tools/promises.py")
