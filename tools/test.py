"""Runs the parts of `make test` one after the other and says what each took; stops at nothing, fails if any failed.

Parts: lint · client (TypeScript types and tests) · sqlite · postgresql (the whole Python suite on each) · e2e (the
story in a real browser). `--fast` is lint and sqlite, `--long` the random with ONLY, FROM (a seed), COUNT.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
PY = str(BIN / "python")
ENV = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
PYTEST = [PY, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider"]
NOT_UNIT = ["--ignore=tests/e2e", "--ignore=tests/bench"]

PARTS = {
    "lint": [[PY, "-m", "ruff", "check", "."], [PY, "-m", "ruff", "format", "--check", "."]],
    "client": [["npm", "run", "-s", "check", "--workspaces"], ["npm", "test", "-s", "--workspaces"]],
    "sqlite": [[*PYTEST, "-n", "2", "--database", "sqlite", *NOT_UNIT, "tests"]],
    "postgresql": [[*PYTEST, "-n", "2", "--database", "postgresql", *NOT_UNIT, "tests"]],
    "e2e": [[*PYTEST, "tests/e2e"]],
}

# The random, at length: ONLY=client|server|fuzz, FROM a seed, COUNT runs.
LONG = {
    "client": [["npx", "-w", "sync/client", "vitest", "run", "random"]],
    "server": [[*PYTEST, "tests/sync/e2e"], [*PYTEST, "tests/sync/e2e", "--database", "postgresql"]],
    "fuzz": [[*PYTEST, "tests/backend/test_api_fuzz.py"]],
    "C6": [
        [*PYTEST, "tests/faults/test_migration_killed.py", "--database", name] for name in ("sqlite", "postgresql")
    ],
}


def run_part(name, commands):
    """Run a part's commands; returns (ok, seconds)."""
    start = time.monotonic()
    print(f"\n== {name}", flush=True)
    # pytest keeps the last three runs of a user and removes older ones, also those that still run: a folder for each
    with tempfile.TemporaryDirectory(prefix="fieldpledge-test-", ignore_cleanup_errors=True) as folder:
        codes = [subprocess.run(_with_folder(c, folder), cwd=ROOT, env=ENV).returncode for c in commands]
    return not any(codes), time.monotonic() - start


def _with_folder(command, folder):
    return [*command, f"--basetemp={folder}/run"] if "pytest" in command else command


def main():
    parser = argparse.ArgumentParser()
    for flag in ("fast", "long", "e2e", "lint"):
        parser.add_argument(f"--{flag}", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--from", dest="first", default="")
    parser.add_argument("--count", default="")
    options = parser.parse_args()
    parts = dict(PARTS)
    if options.long:
        ENV.update(
            {
                "SEED": options.first or "1",
                "RUNS": options.count or "200",
                "FIELDPLEDGE_FUZZ": options.count or "40",
                "CUTS": options.count or "1000",
            }
        )
        parts = {name: LONG[name] for name in LONG if options.only in ("", name)}
    elif options.fast:
        parts = {name: PARTS[name] for name in ("lint", "sqlite")}
    elif options.e2e:
        parts = {"e2e": PARTS["e2e"]}
    elif options.lint:
        parts = {"lint": PARTS["lint"]}
    results = {name: run_part(name, commands) for name, commands in parts.items()}
    print()
    for name, (ok, seconds) in results.items():
        print(f"{'ok    ' if ok else 'FAILED'} {name:<11} {seconds:6.0f} s")
    sys.exit(0 if all(ok for ok, _ in results.values()) else 1)


if __name__ == "__main__":
    main()
