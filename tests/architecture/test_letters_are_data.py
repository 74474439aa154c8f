"""No letter id, brand, month or number of a letter stands in Python: the letters are data (issue "the letter decides").

What is looked for is taken from the letter files themselves, so that a new letter is looked for too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "backend" / "letters" / "files").glob("*.yaml"))
SOURCES = sorted((ROOT / "backend" / "letters").rglob("*.py"))

CALENDAR_NUMBERS = {0, 1, 2, 3, 7, 12, 24, 60, 3600, 86400, 100}
"""Numbers that the calendar, a clock face or arithmetic has of itself."""


STORAGE = ("models.py", "schemas.py")
"""Where a number is the width of a column."""


def values(raw: Any) -> Iterator[str]:
    if isinstance(raw, dict):
        for value in raw.values():
            yield from values(value)
    elif isinstance(raw, list):
        for value in raw:
            yield from values(value)
    elif raw is not None:
        yield raw


@cache
def rules_of(path: Path) -> dict[str, Any]:
    raw = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)
    return {key: value for key, value in raw.items() if key not in ("clauses", "title", "contacts", "version")}


@cache
def numbers_of_the_letters() -> set[int]:
    """Every number in a rule, and every duration in seconds."""
    units = {"min": 60, "h": 3600, "d": 86400}
    found: set[int] = set()
    for path in FILES:
        for value in values(rules_of(path)):
            if re.fullmatch(r"[0-9]+", value):
                found.add(int(value))
            elif duration := re.fullmatch(r"([0-9]+) (min|h|d)", value):
                found |= {int(duration[1]), int(duration[1]) * units[duration[2]]}
            elif period := re.fullmatch(r"([0-9]+) (?:months?|years?)", value):
                found.add(int(period[1]))
    return found - CALENDAR_NUMBERS


@cache
def brands_of_the_letters() -> set[str]:
    found: set[str] = set()
    for path in FILES:
        for period in rules_of(path).get("periods", {}).values():
            for row in period.get("by_product", []):
                brands = row.get("brand", [])
                found |= set(brands if isinstance(brands, list) else [brands])
    return {brand.casefold() for brand in found}


def constants(path: Path) -> Iterator[tuple[int, Any]]:
    """Constants of a module with their lines, docstrings and comments left out."""
    tree = ast.parse(path.read_text("utf-8"))
    texts = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in texts:
            yield node.lineno, node.value


def test_the_test_sees_the_letters():
    assert len(FILES) >= 4 and len(SOURCES) > 10
    assert {20 * 60, 15, 30, 8 * 3600} <= numbers_of_the_letters()
    assert {"dell", "tcl"} <= brands_of_the_letters()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_letter_brand_month_or_number_of_a_letter_stands_in_python(path):
    ids = {file.stem.partition("@")[0] for file in FILES}
    numbers, brands = numbers_of_the_letters(), brands_of_the_letters()
    clause = re.compile(rf"\b({'|'.join(sorted(ids))})(-[0-9]+|@[0-9]+)\b")
    for line, value in constants(path):
        where = f"{path.name}:{line}: {value!r}"
        if isinstance(value, str):
            assert value not in ids, where
            assert not clause.search(value), where
            assert not any(re.search(rf"(?<!\w){re.escape(brand)}(?!\w)", value.casefold()) for brand in brands), (
                where
            )
            assert not re.search(r"\b(june|六月)\b", value.casefold()), where
        elif isinstance(value, int) and not isinstance(value, bool) and path.name not in STORAGE:
            assert value not in numbers, where
