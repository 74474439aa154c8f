"""Brings what the product (`run`) or its tests (`dev`) need: virtual environment, pinned packages, built apps.

Called by the Makefile with whatever Python there is; standard library only. Each step leaves a stamp of what it was
made from, so that a second start does nothing. Every failure is one clear line.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
SOURCES = ("pwa", "sync/client", "package.json", "package-lock.json")


def fail(line):
    sys.exit(f"Fieldpledge: {line}")


def run(*command, what, env=None):
    """Run a step quietly; on failure show its last lines and say which step it was."""
    done = subprocess.run(command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        print("\n".join(done.stdout.strip().splitlines()[-25:]), file=sys.stderr)
        fail(f"{what} failed (the lines above say why). Nothing else was changed.")


def stamp_of(*paths):
    """A hash over the contents of files and folders, build products left out."""
    digest = hashlib.sha256(sys.version.encode())
    for name in paths:
        path = ROOT / name
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        for file in files:
            rel = file.relative_to(ROOT)
            if {"node_modules", "dist", "__pycache__"} & set(rel.parts):
                continue
            digest.update(str(rel).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def once(name, stamp, step):
    """Run `step` unless it was done for this very stamp."""
    mark = VENV / f".done-{name}"
    if mark.exists() and mark.read_text() == stamp:
        return
    mark.unlink(missing_ok=True)
    step()
    mark.write_text(stamp)


def make_venv():
    if (BIN / "python").exists():
        return
    print("Fieldpledge: making .venv …", flush=True)
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        fail(
            "this Python cannot make virtual environments; install its venv module (Debian: apt install python3-venv)."
        )
    run(sys.executable, "-m", "venv", str(VENV), what="making .venv")


def install(requirements):
    print(f"Fieldpledge: installing {requirements} …", flush=True)
    env = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    run(str(BIN / "python"), "-m", "pip", "install", "-q", "-r", requirements, what="installing packages", env=env)


def node_env():
    """The Node that came with the Python requirements, first on PATH; no system Node is used."""
    return os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}", "NO_UPDATE_NOTIFIER": "1"}


def npm_ci():
    print("Fieldpledge: fetching the app's packages …", flush=True)
    run(str(BIN / "npm"), "ci", "--no-audit", "--no-fund", what="npm ci", env=node_env())


def build():
    print("Fieldpledge: building the phone app and the console …", flush=True)
    run(str(BIN / "npm"), "run", "build", "-w", "pwa", what="building the apps", env=node_env())


def chromium():
    """A system Chromium for the browser tests: there, else by apt, else a line that says what to install."""
    if any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Fieldpledge: installing chromium for the browser tests …", flush=True)
        subprocess.run(["apt-get", "update", "-qq"], stdout=subprocess.DEVNULL)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], stdout=subprocess.DEVNULL)
    if not shutil.which("chromium"):
        fail("the browser tests need Chromium; install it (Debian: sudo apt install chromium) and run again.")


def main():
    kind = sys.argv[1] if len(sys.argv) > 1 else "run"
    if sys.version_info < (3, 11):
        fail(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]} (make PYTHON=python3.12 …).")
    try:
        make_venv()
        once("packages", stamp_of("requirements.txt"), lambda: install("requirements.txt"))
        if kind == "dev":
            once(
                "dev-packages",
                stamp_of("requirements.txt", "requirements-dev.txt"),
                lambda: install("requirements-dev.txt"),
            )
        once("npm", stamp_of("package-lock.json", "package.json"), npm_ci)
        if not (ROOT / "pwa" / "dist" / "index.html").exists():
            (VENV / ".done-build").unlink(missing_ok=True)
        once("build", stamp_of(*SOURCES), build)
        if kind == "dev":
            chromium()
    except PermissionError as error:
        fail(f"cannot write {error.filename}: check who owns this folder.")
    except KeyboardInterrupt:
        fail("stopped.")


if __name__ == "__main__":
    main()
