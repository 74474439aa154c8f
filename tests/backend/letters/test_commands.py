"""`python -m backend explain` and `duties`: what they print, where, and with which exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


def run(command: str, source: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "backend", command, source], cwd=ROOT, input=stdin, capture_output=True
    )


def problem_of(done: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    """The problem on stderr of a refused input; nothing may be on stdout."""
    assert (done.returncode, done.stdout) == (2, b""), done
    return json.loads(done.stderr)


def test_explain_prints_one_json_object_from_a_file_and_from_standard_input(tmp_path, example):
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(example, ensure_ascii=False), "utf-8")
    from_file, from_input = run("explain", str(path)), run("explain", "-", path.read_bytes())
    assert from_file.returncode == from_input.returncode == 0
    assert from_file.stdout == from_input.stdout
    assert from_file.stderr == b""
    assert json.loads(from_file.stdout)["entitlement"]["warranty_end"] == "2024-03-25"


def test_duties_prints_one_json_object():
    asked = {"contract": {"letters": ["C"], "starts_on": "2026-01-12"}, "from": "2026-01-12", "until": "2026-05-01"}
    done = run("duties", "-", json.dumps(asked).encode())
    assert done.returncode == 0, done.stderr
    assert [duty["key"] for duty in json.loads(done.stdout)["duties"]] == ["C-05/2026-04-12"]


def test_every_fault_is_told_at_once_with_its_path(example):
    example["asset"]["accepted_on"] = "2026-02-30"
    example["out_of_service"][0]["to"] = "2021-01-01"
    example["letters"] = ["D", "Q"]
    example["colour"] = "blue"
    problem = problem_of(run("explain", "-", json.dumps(example).encode()))
    assert set(problem) >= {"type", "title", "detail", "field", "faults"}
    assert problem["type"] == "/problems/invalid"
    assert {fault["path"] for fault in problem["faults"]} == {
        "$.asset.accepted_on", "$.out_of_service[0].to", "$.letters[1]", "$.colour",
    }  # fmt: skip
    assert problem["field"] == problem["faults"][0]["path"]
    assert all(fault["message"]["zh"] and fault["message"]["en"] for fault in problem["faults"])


@pytest.mark.parametrize(
    "stdin",
    [
        b"",
        b"{",
        b"nope",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"now": NaN}',
        b"[]",
        b"null",
        b'"text"',
        b'{"now":1,"now":2}',
    ],
)
def test_what_is_no_json_object_is_a_problem_and_no_traceback(stdin):
    assert problem_of(run("explain", "-", stdin))["field"].startswith("$")
    assert problem_of(run("duties", "-", stdin))["field"].startswith("$")


def test_a_file_that_is_not_there_is_a_problem(tmp_path):
    assert problem_of(run("explain", str(tmp_path / "none.json")))["type"] == "/problems/unreadable"
    assert problem_of(run("duties", str(tmp_path)))["type"] == "/problems/unreadable"


def test_duties_tells_every_fault_of_a_contract():
    asked = {
        "contract": {
            "letters": [],
            "starts_on": "2026-13-01",
            "ends_on": 5,
            "assets": [{"material": "gold"}],
            "x": 1,
        },
        "from": "2026-02-01",
        "until": "2026-01-01",
    }
    problem = problem_of(run("duties", "-", json.dumps(asked).encode()))
    assert {fault["path"] for fault in problem["faults"]} == {
        "$.contract.letters", "$.contract.starts_on", "$.contract.ends_on", "$.contract.assets[0].id",
        "$.contract.assets[0].material", "$.contract.x", "$.until",
    }  # fmt: skip


def test_neither_command_loads_the_app_or_a_database():
    script = (
        "import sys; from backend.__main__ import main; "
        "code = main(['explain', '-']); "
        "print(sorted({'flask', 'sqlalchemy', 'marshmallow'} & set(sys.modules)), code, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, input=b"{}", capture_output=True)
    assert done.stderr.decode().splitlines()[-1] == "[] 2"
