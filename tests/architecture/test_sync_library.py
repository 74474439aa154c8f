"""The sync library knows records, operations, revs and buckets: no word of the field, nothing of ours, no database."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORDS = re.compile(
    r"\b(work_?orders?|faults?|engineers?|check_?-?ins?|customers?|warrant(y|ies)|visits?|technicians?|dispatch(er)?s?|contracts?|letters?)\b",
    re.IGNORECASE,
)
OWN = {"backend", "tests", "pwa"}
DATABASES = {"sqlalchemy", "sqlite3", "psycopg", "flask", "apiflask"}


def sources(*folders: str) -> list[Path]:
    found = []
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".ts") and "node_modules" not in path.parts and "dist" not in path.parts:
                found.append(path)
    assert found
    return found


def test_the_sync_library_holds_no_word_of_the_field() -> None:
    found = []
    for path in sources("sync/server", "sync/client"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found += [f"{path.relative_to(ROOT)}:{number}: {match[0]}" for match in WORDS.finditer(line)]
    assert not found, "\n".join(found)


def test_the_server_half_imports_nothing_of_ours_and_no_database() -> None:
    found = []
    for path in sources("sync/server"):
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [f"{path.name}: {name}" for name in names if name.split(".")[0] in OWN | DATABASES]
    assert not found, "\n".join(found)


def test_the_server_half_reads_no_clock() -> None:
    calls = re.compile(r"datetime\.now|time\.time\(|utcnow|perf_counter")
    found = [path.name for path in sources("sync/server") if calls.search(path.read_text(encoding="utf-8"))]
    assert not found
