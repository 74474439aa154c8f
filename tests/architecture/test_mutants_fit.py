"""Every mutant names lines that the source still has: one that fits nowhere would kill nothing and be noticed months later."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "sync" / "client" / "src"


def table(path: str) -> list[dict[str, Any]]:
    return json.loads((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("mutant", table("tests/sync/client/mutants.json"), ids=lambda mutant: mutant["name"])
def test_a_mutant_of_the_client_fits(mutant: dict[str, str]) -> None:
    assert mutant["find"] in (CLIENT / mutant["file"]).read_text(encoding="utf-8")
    assert mutant["find"] != mutant["put"]


@pytest.mark.parametrize("mutant", table("tests/faults/mutants.json"), ids=lambda mutant: mutant["name"])
def test_a_mutant_of_the_server_fits(mutant: dict[str, Any]) -> None:
    source = (ROOT / mutant["file"]).read_text(encoding="utf-8")
    for find, put in mutant["edits"]:
        assert find in source
        source = source.replace(find, put, 1)
