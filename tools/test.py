"""Runs the parts of `make test` one after the other and says what each took; stops at nothing, fails if any failed.

Parts: lint · client (TypeScript types and tests) · sqlite (the whole Python suite) · postgresql (all of it that asks for a
database, with other seeds) · crash (kills, power cuts, broken disks) · e2e (the story in a real browser). `--fast` is lint
and sqlite, `--long` the random at length: ONLY one of LONG, FROM (a seed), COUNT; what ran is written to docs/evidence.md.
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
NOT_UNIT = ["--ignore=tests/e2e", "--ignore=tests/bench", "--ignore=tests/faults/crash"]

PARTS = {
    "lint": [[PY, "-m", "ruff", "check", "."], [PY, "-m", "ruff", "format", "--check", "."]],
    "client": [["npm", "run", "-s", "check", "--workspaces"], ["npm", "test", "-s", "--workspaces"]],
    "sqlite": [[*PYTEST, "-n", "2", "--database", "sqlite", *NOT_UNIT, "tests"]],
    "postgresql": [[*PYTEST, "-n", "2", "--database", "postgresql", *NOT_UNIT, "tests"]],
    "crash": [[*PYTEST, "-n", "2", "tests/faults/crash"]],
    "e2e": [[*PYTEST, "-n", "3", "--dist", "worksteal", "tests/e2e"]],  # they wait more than they work
}

POSTGRESQL = ["--database", "postgresql"]
# PostgreSQL's random days are none of SQLite's: the two together are twice as many
SETTINGS = {"postgresql": {"SEED": "30000000"}}


def _both(*words):
    """A run on SQLite and one on PostgreSQL."""
    return [[*PYTEST, *words], [*PYTEST, *words, *POSTGRESQL]]


# What `make test-long` can run: the proofs of sync by their names, and the older three. FROM is a seed, COUNT how many.
LONG = {
    "client": [["npx", "-w", "sync/client", "vitest", "run", "random"]],
    "fuzz": [[*PYTEST, "tests/backend/test_api_fuzz.py"]],
    "S1": _both("tests/sync/e2e/test_client_against_server.py", "-k", "lose_nothing"),
    "model": _both("tests/backend/sync_api/test_against_the_model.py"),
    "S1-python": _both("tests/faults/test_days.py", "-k", "random_days"),
    "S2": [[*PYTEST, "tests/faults/test_merge_laws.py"], ["npx", "-w", "sync/client", "vitest", "run", "merge-laws"]],
    "S3": _both("tests/backend/sync_api/test_cut_points.py"),
    **{f"S{n}": _both("tests/faults/test_proofs.py", "-k", f"test_s{n}_") for n in (4, 5, 6, 7, 9, 11, 13)},
    "S10": [[*PYTEST, "tests/faults/crash/test_two_databases.py"]],
    "S12": [
        ["npx", "-w", "sync/client", "vitest", "run", "slow-link"],
        [*PYTEST, "-rP", "tests/sync/week/slow_link.py"],  # in real time: most of an hour, once
    ],
    "week": _both("-rP", "tests/sync/week/full_weeks.py"),
    "C1": [[*PYTEST, "tests/faults/crash/test_kill.py"]],
    "C2": [[*PYTEST, "tests/faults/crash/test_disk.py", "-k", "power_cut_loses or normal"]],
    "C3": [[*PYTEST, "tests/faults/crash/test_disk.py", "-k", "full_or_broken"]],
    "C5": _both("tests/faults/test_proofs.py", "-k", "test_c5_"),
    "C7": [[*PYTEST, "tests/faults/crash/test_postgresql_stopped.py"]],
    "slow-line": [[*PYTEST, "-n", "4", "tests/e2e", "--slow-line"]],
    "mutants": [[PY, "-m", "tests.faults.mutants"]],
}
EVIDENCE = ROOT / "docs" / "evidence.md"


def note_evidence(name, ok, seconds):
    """One line under `<!-- long -->`: what ran, seeds, commit, result."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    first, count = ENV["SEED"], ENV["RUNS"]
    line = f"| {name} | {count} | {first} | {commit.strip()} | {seconds:.0f} s | {'all hold' if ok else 'FAILED'} |"
    text = EVIDENCE.read_text()
    EVIDENCE.write_text(text.replace("<!-- /long -->", f"{line}\n<!-- /long -->"))
    print(line)


def run_part(name, commands):
    """Run a part's commands; returns (ok, seconds)."""
    start = time.monotonic()
    print(f"\n== {name}", flush=True)
    # pytest keeps the last three runs of a user and removes older ones, also those that still run: a folder for each
    with tempfile.TemporaryDirectory(prefix="fieldpledge-test-", ignore_cleanup_errors=True) as folder:
        env = ENV | SETTINGS.get(name, {})
        codes = [subprocess.run(_with_folder(c, folder), cwd=ROOT, env=env).returncode for c in commands]
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
        if options.only and options.only not in LONG:
            sys.exit(f"ONLY={options.only}: one of {' '.join(LONG)}")
        parts = {name: LONG[name] for name in LONG if options.only in ("", name)}
    elif options.fast:
        parts = {name: PARTS[name] for name in ("lint", "sqlite")}
    elif options.e2e:
        parts = {"e2e": PARTS["e2e"]}
    elif options.lint:
        parts = {"lint": PARTS["lint"]}
    results = {}
    for name, commands in parts.items():
        results[name] = run_part(name, commands)
        if options.long:
            note_evidence(name, *results[name])
    print()
    for name, (ok, seconds) in results.items():
        print(f"{'ok    ' if ok else 'FAILED'} {name:<11} {seconds:6.0f} s")
    sys.exit(0 if all(ok for ok, _ in results.values()) else 1)


if __name__ == "__main__":
    main()
