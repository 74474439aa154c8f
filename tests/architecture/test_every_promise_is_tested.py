"""Every promise of the letters has a clause in a letter file and a row in the table, which says what the tests show."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools.promises import screen_marks

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


def rows_of_the_table():
    table = (ROOT / "docs/promises.md").read_text("utf-8").splitlines()
    return [line.strip("| ").split(" | ") for line in table if re.match(r"\| [A-Z]-\d\d ", line)]


def test_each_promise_has_a_test_of_the_engine_and_of_screen_and_evidence_one_or_what_it_waits_for():
    rows = rows_of_the_table()
    assert len(rows) == 86
    assert [row[0] for row in rows if "`" not in row[2]] == []
    assert [row[0] for row in rows for cell in row[3:] if not re.match(r"`|later: \w|words$", cell)] == []


def test_the_table_says_what_the_tests_show():
    checked = subprocess.run(
        [sys.executable, "tools/promises.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_a_mark_in_a_screen_test_stands_above_a_test():
    assert screen_marks("  // promise: B-15 D-18\n  test('a', () => {})\n") == ["B-15", "D-18"]
    with pytest.raises(ValueError, match="a promise without a test: B-15"):
        screen_marks("// promise: B-15\nconst a = 1\n")
