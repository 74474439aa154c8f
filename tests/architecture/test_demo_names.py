"""No name of the demo company stands outside its folder: everything else works for any company."""

from __future__ import annotations

import csv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "backend" / "demo"
SOURCES = ("backend", "pwa/src", "sync")
ENDINGS = {".py", ".ts", ".vue", ".yaml", ".json", ".html", ".css", ".typ", ".md"}


def demo_names() -> set[str]:
    """Names of the company, its people, its customers, their contacts and streets, and the serials."""
    names = {"成都衡信", "Hengxin", "hengxin", "jiannuo-demo"}
    for file, columns in {
        "users.csv": ("name", "phone"),
        "customers.csv": ("name", "short_name"),
        "sites.csv": ("address",),
        "contacts.csv": ("name", "phone"),
        "contracts.csv": ("number",),
        "assets.csv": ("serial",),
    }.items():
        with (DEMO / "files" / file).open(encoding="utf-8", newline="") as lines:
            names |= {row[column] for row in csv.DictReader(lines) for column in columns if row[column]}
    return names


def test_no_demo_name_occurs_outside_the_demo_folder():
    names = demo_names()
    assert len(names) > 100
    found = []
    for source in SOURCES:
        for path in sorted((ROOT / source).rglob("*")):
            if path.suffix not in ENDINGS or DEMO in path.parents or "node_modules" in path.parts:
                continue
            text = path.read_text("utf-8", "replace")
            found += [f"{path.relative_to(ROOT)}: {name}" for name in names if name in text]
    assert not found, "\n".join(found)
