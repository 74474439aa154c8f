"""Power cuts (C2) and a disk that is full or broken (C3): what was acked is there, and it goes on by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.faults.seeds import ROOT, commit, seeds

SAFE = {"at_once": {}, "trouble": "", "healed": {}}


def cases(folder: Path, what: str, first: int, count: int, *more: str) -> list[dict[str, Any]]:
    """Run cases in a process of their own."""
    command = [sys.executable, "-m", "tests.faults.crash.on_a_failing_disk", str(folder), what,
               "--from", str(first), "--count", str(count), *more]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3000)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_power_cut_loses_nothing_that_was_acked(tmp_path: Path) -> None:
    wanted = seeds(60)
    found = cases(tmp_path, "cut", wanted[0], len(wanted))
    assert len(found) == len(wanted)
    assert [case for case in found if not SAFE.items() <= case.items()] == [], f"C2 at {commit()}"
    assert any(case["acked"] for case in found) and all(case["done"] for case in found)


def test_with_synchronous_normal_a_power_cut_does_lose_what_was_acked(tmp_path: Path) -> None:
    found = cases(tmp_path, "cut", 1, 10, "--synchronous", "NORMAL")
    assert any("lost" in case["at_once"] for case in found), "else the cuts above prove nothing"


def test_a_power_cut_in_a_restore_leaves_no_row_without_its_files(tmp_path: Path) -> None:
    wanted = seeds(30)
    found = cases(tmp_path, "restore", wanted[0], len(wanted))
    assert [case for case in found if case["half"] or (case["said"] and not case["is_back"])] == []
    assert {case["whole"] for case in found if case["is_back"]} == {4}
    assert {case["is_back"] for case in found} == {True, False}


def test_with_a_file_store_that_does_not_sync_a_restore_does_lose_files(tmp_path: Path) -> None:
    found = cases(tmp_path, "restore", 1, 20, "--lazy")
    assert any(case["is_back"] and case["whole"] < 4 for case in found), "else the cuts above prove nothing"


def test_a_full_or_broken_disk_gives_no_receipt_and_heals_when_there_is_room(tmp_path: Path) -> None:
    """At the 1st, 2nd, 3rd … write of one exchange, once and for ever; every one with `make test-long ONLY=C3`."""
    found = cases(tmp_path, "fail", 0, 10_000, *([] if "RUNS" in os.environ else ["--step", "13"]))
    wrong = [case for case in found if not SAFE.items() <= case.items() or case["readable"] not in (200, 204)]
    assert wrong == [], f"C3 at {commit()}"
    assert len(found) >= 60
    assert {place for case in found for place in case["hit"]} == {"database", "files"}
