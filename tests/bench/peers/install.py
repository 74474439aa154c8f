"""Brings the peers from their package registries into environments of their own: never into the product's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from backend.config import ROOT

HOME = ROOT / "var" / "bench"
KINTO = ("kinto[postgresql]==26.5.0", "waitress==3.0.2")
POUCHDB = ("pouchdb-server@4.2.0", "pouchdb-adapter-leveldb@7.3.1")
BIN = ROOT / ".venv" / "bin"


def kinto() -> Path:
    """The folder of programs of an environment that holds Kinto."""
    folder = HOME / "kinto"
    _once(folder, " ".join(KINTO), [
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", *KINTO],
    ])  # fmt: skip
    return folder / "bin"


def pouchdb() -> list[str]:
    """The command that starts PouchDB Server on LevelDB."""
    folder = HOME / "pouchdb"
    install = [
        str(BIN / "npm"),
        "install",
        "--no-audit",
        "--no-fund",
        "--no-package-lock",
        "--omit=optional",
        *POUCHDB,
    ]
    _once(folder, " ".join(POUCHDB), [[*install, "--prefix", str(folder)]])
    return [str(BIN / "node"), str(folder / "node_modules" / "pouchdb-server" / "bin" / "pouchdb-server")]


def node_env() -> dict[str, str]:
    return os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}


def _once(folder: Path, stamp: str, commands: list[list[str]]) -> None:
    """Run the commands unless they were run for this very stamp. A failure ends the bench with its last lines."""
    mark = folder / ".installed"
    if mark.exists() and mark.read_text() == stamp:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for command in commands:
        done = subprocess.run(command, env=node_env(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            sys.exit("\n".join([*done.stdout.splitlines()[-20:], f"bench-sync: {stamp} could not be installed"]))
    mark.write_text(stamp)
