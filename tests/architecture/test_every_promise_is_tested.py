"""Every promise of the letters has a clause in a letter file and a row in the table of promises."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_the_86_promises_are_clauses_and_rows_of_the_table():
    promises = re.findall(
        r"^\| ([A-Z]-\d\d) \|", (ROOT / "docs/letters/PROMISES.md").read_text("utf-8"), re.MULTILINE
    )
    rows = re.findall(r"^\| ([A-Z]-\d\d) \|", (ROOT / "docs/promises.md").read_text("utf-8"), re.MULTILINE)
    clauses = [
        clause["id"]
        for path in sorted((ROOT / "backend/letters/files").glob("?.yaml"))
        for clause in yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)["clauses"]
    ]
    assert len(promises) == 86
    assert promises == rows == clauses


def test_no_promise_stands_without_a_test_of_the_engine():
    table = (ROOT / "docs/promises.md").read_text("utf-8").splitlines()
    rows = [line.split(" | ") for line in table if re.match(r"\| [A-Z]-\d\d ", line)]
    assert len(rows) == 86
    assert [row[0] for row in rows if row[2] == "–"] == []
