"""Tests the tests: every mutant of mutants.json is killed by the test and within the seeds that stand there.

python -m tests.faults.mutants [part of a name]        (`make test-long ONLY=mutants`)
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time

from tests.faults.mutant import ROOT, TABLE

PYTEST = [sys.executable, "-m", "pytest", "-q", "-x", "--show-capture=no", "--tb=line", "-p", "no:cacheprovider",
          "-p", "tests.faults.mutant"]  # fmt: skip
PROOFS = "tests/faults/test_proofs.py"
# by -> what is run; the random ones start at seed 1
KILLERS = {
    "S1": ["tests/faults/test_days.py", "-k", "random_days"],
    "S3": ["tests/backend/sync_api/test_cut_points.py", "-k", "push"],
    "S4": [PROOFS, "-k", "test_s4_"],
    "S4 on PostgreSQL": [PROOFS, "-k", "test_s4_", "--database", "postgresql"],
    "S5": [PROOFS, "-k", "test_s5_"],
    "S6": [PROOFS, "-k", "test_s6_"],
    "S7": [PROOFS, "-k", "test_s7_"],
    "S13": [PROOFS, "-k", "test_s13_"],
    "C2": ["tests/faults/crash/test_disk.py", "-k", "power_cut_loses"],
    "vectors": ["tests/sync/server"],
}


def killed_by(place: int, by: str, within: int) -> tuple[bool, str]:
    """(killed, the words of the failing test)."""
    env = os.environ | {"MUTANT": str(place), "SEED": "1", "RUNS": str(within)}
    with tempfile.TemporaryDirectory(prefix="fieldpledge-mutant-", ignore_cleanup_errors=True) as folder:
        done = subprocess.run([*PYTEST, f"--basetemp={folder}/t", *KILLERS[by]], cwd=ROOT, env=env, capture_output=True,
                              text=True, timeout=900)  # fmt: skip
    said = done.stdout + done.stderr
    if "mutant does not fit" in said:
        sys.exit(f"{place}: " + re.search(r"mutant does not fit.*", said)[0])  # type: ignore[index]
    seed = re.search(r"seed (\d+)", said)
    reason = next((line for line in said.splitlines() if line.startswith(("E ", "FAILED", "ERROR", "/"))), "")
    return done.returncode == 1, (f"seed {seed[1]}: " if seed else "") + reason[:100]


def main() -> None:
    wanted, alive = (sys.argv[1] if len(sys.argv) > 1 else ""), 0
    for place, mutant in enumerate(json.loads(TABLE.read_text(encoding="utf-8"))):
        if wanted not in mutant["name"]:
            continue
        start = time.monotonic()
        is_killed, words = killed_by(place, mutant["by"], mutant["within"])
        alive += not is_killed
        seconds = time.monotonic() - start
        print(
            f"{'killed' if is_killed else 'ALIVE '} {seconds:4.0f} s  {mutant['by']:<17} {mutant['name']}  <- {words}",
            flush=True,
        )
    print("every mutant was killed" if not alive else f"{alive} live")
    sys.exit(1 if alive else 0)


if __name__ == "__main__":
    main()
