"""What `make run` says on a machine that cannot run it: one clear line, nothing made."""

from __future__ import annotations

import subprocess
import sys

from backend.config import ROOT

SETUP = ROOT / "tools" / "setup.py"


def said_by(tmp_path, prelude):
    """The last line on stderr of tools/setup.py, copied into an empty folder, after `prelude` changed this Python."""
    (tmp_path / "tools").mkdir()
    copy = tmp_path / "tools" / "setup.py"
    copy.write_text(SETUP.read_text())
    code = f"import sys, runpy; {prelude}; sys.argv = ['setup.py', 'run']; runpy.run_path({str(copy)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert not (tmp_path / ".venv").exists()
    return done.stderr.strip()


def test_an_old_python_is_told_so_in_one_line(tmp_path):
    said = said_by(tmp_path, "sys.version_info = (3, 10, 0)")
    assert said.startswith("Fieldpledge: Python 3.11 or newer is needed") and "\n" not in said


def test_a_python_without_venv_is_told_what_to_install(tmp_path):
    said = said_by(tmp_path, "sys.modules['ensurepip'] = None")
    assert "python3-venv" in said and "\n" not in said


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    said = said_by(
        tmp_path,
        "import pathlib, builtins; pathlib.Path.exists = lambda self: (_ for _ in ()).throw(PermissionError(13, 'no', str(self)))",
    )
    assert said.startswith("Fieldpledge: cannot write") and "\n" not in said
