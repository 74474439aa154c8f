"""Puts one mutant of mutants.json into the source while it is loaded; the files stay as they are. MUTANT= its place.

A pytest plugin (`-p tests.faults.mutant`), and imported by the processes that tests start.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("mutants.json")


class Mutated(SourceFileLoader):
    edits: list[list[str]] = []

    def get_code(self, fullname: str) -> CodeType:
        source = Path(self.path).read_text(encoding="utf-8")
        for find, put in self.edits:
            if find not in source:
                raise SystemExit(f"mutant does not fit: {self.path}: {find}")
            source = source.replace(find, put, 1)
        return compile(source, self.path, "exec")


class Finder:
    def __init__(self, file: str, edits: list[list[str]]) -> None:
        self.path, self.edits = str(ROOT / file), edits

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin != self.path:
            return None
        loader = Mutated(name, self.path)
        loader.edits = self.edits
        spec.loader = loader
        return spec


if "MUTANT" in os.environ:
    _mutant = json.loads(TABLE.read_text(encoding="utf-8"))[int(os.environ["MUTANT"])]
    sys.meta_path.insert(0, Finder(_mutant["file"], _mutant["edits"]))  # type: ignore[arg-type]
