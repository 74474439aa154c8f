"""Arrows point one way (HOUSE 2): slices import to the left, rules import no framework. Sync has test_sync_library.py."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from backend import SLICES

ROOT = Path(__file__).parents[2]
BACKEND = ROOT / "backend"
# Beside every slice: settings, the worker that runs their tasks. They import core alone.
BESIDE = {"config", "worker"}
RULES_MAY = {"geopy", "dateutil", "holidays", "rfc8785"}


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module) of every import in a file, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are written in full"
            yield node.lineno, node.module or ""
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def files_under(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def slice_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "backend" and len(parts) > 1 else None


def test_every_folder_of_the_backend_is_a_slice_or_named_here():
    folders = {path.name for path in BACKEND.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    assert folders - set(SLICES) <= {"demo", "migrations"}


@pytest.mark.parametrize("name", [name for name in SLICES if (BACKEND / name).exists()])
def test_a_slice_imports_only_what_is_to_its_left(name):
    allowed = set(SLICES[: SLICES.index(name) + 1]) | BESIDE
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in files_under(BACKEND / name)
        for line, module in imports_of(path)
        if (found := slice_of(module)) and found not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("name", sorted(BESIDE))
def test_what_stands_beside_the_slices_knows_none(name):
    wrong = [m for _, m in imports_of(BACKEND / f"{name}.py") if slice_of(m) in set(SLICES) - {"core"}]
    assert wrong == []


RULES = [path for path in files_under(BACKEND) if "rules" in path.relative_to(BACKEND).parts[:-1]]


@pytest.mark.parametrize("path", RULES, ids=lambda path: str(path.relative_to(BACKEND)))
def test_rules_import_no_framework_no_database_no_clock(path):
    wrong = []
    for line, module in imports_of(path):
        top = module.split(".")[0]
        is_rule = top == "backend" and "rules" in module.split(".")
        if not (is_rule or top in RULES_MAY or (top in sys.stdlib_module_names and top not in ("os", "sqlite3"))):
            wrong.append(f"{line}: {module}")
    assert wrong == []


@pytest.mark.parametrize("path", RULES, ids=lambda path: str(path.relative_to(BACKEND)))
def test_rules_read_no_clock(path):
    text = path.read_text(encoding="utf-8")
    assert not [
        word for word in (".now(", ".today(", ".utcnow(", "time.time(", "os.getenv", "os.environ") if word in text
    ]


def test_there_are_rules_to_look_at():
    assert len(RULES) > 10


@pytest.mark.parametrize("name", [name for name in SLICES if (BACKEND / name / "services.py").exists()])
def test_services_never_commit_and_never_read_the_clock(name):
    """The boundary opens one transaction and reads `now` once (HOUSE 3, 4)."""
    text = (BACKEND / name / "services.py").read_text(encoding="utf-8")
    assert not [word for word in (".commit(", "clock.now(", "datetime.now(", "write_transaction(") if word in text]


def test_the_page_of_states_says_what_the_tables_say():
    """Run tools/states.py when this fails."""
    spec = spec_from_file_location("states", ROOT / "tools" / "states.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "states.md").read_text(encoding="utf-8") == module.page()
