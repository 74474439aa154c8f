"""A running Fieldpledge and the browsers of the people in the story: started, stopped, killed as life does.

`Server` is the product as `make run` starts it (own database folder, own port, the demo company). `Phone` and `Desk`
are real Chromium profiles on disk, so that a killed browser can be started anew with what it had stored.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import ClassVar

import psutil
from playwright.sync_api import BrowserContext, Page, Playwright

from tests.e2e.slow_line import SlowLine

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)
# No sandbox as root; nothing that looks for the world outside; a camera that draws a test picture.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]  # fmt: skip
START_S = 120


@cache
def loaded_demo() -> Path:
    """A folder with the demo company, loaded once for the run: loading a year of work takes some seconds.

    Whoever works on these tests sets FIELDPLEDGE_TEST_DEMO to a folder that `python -m backend seed` filled today.
    """
    if ready := os.environ.get("FIELDPLEDGE_TEST_DEMO"):
        return Path(ready)
    folder = Path(tempfile.mkdtemp(prefix="fieldpledge-demo-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    env = os.environ | {"FIELDPLEDGE_VAR_DIR": str(folder)}
    subprocess.run([sys.executable, "-m", "backend", "seed"], cwd=ROOT, env=env, check=True)
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """The product, served from `folder`. `start` returns when /healthz answers; `kill` is a power cut for it."""

    slow: ClassVar[int | None] = None  # the seed of the slow line that every browser of this run is behind

    def __init__(self, folder: Path, database_url: str = "", demo: bool = True) -> None:
        self.folder, self.demo = folder, demo
        self.port = free_port()
        far_port = self.port if self.slow is None else SlowLine(self.port, self.slow).far_port
        self.url = f"http://localhost:{far_port}"
        self.env = os.environ | {"FIELDPLEDGE_VAR_DIR": str(folder), "FIELDPLEDGE_PORT": str(self.port)}
        if database_url:
            self.env["DATABASE_URL"] = database_url
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.demo and "DATABASE_URL" not in self.env and not (self.folder / "fieldpledge.db").exists():
            shutil.copytree(loaded_demo(), self.folder, dirs_exist_ok=True)
        log = open(self.folder / "server.log", "ab")  # noqa: SIM115  belongs to the process
        command = [sys.executable, "-m", "backend", "serve", f"--demo={int(self.demo)}"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"http://localhost:{self.port}/healthz", timeout=1):
                    return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the server did not start:\n" + (self.folder / "server.log").read_text()[-3000:])

    def answers(self) -> bool:
        """Does it say that it is well?"""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                return True
        except OSError:
            return False

    def stop(self) -> None:
        """Ask it to end and wait."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9 of the master; its workers must end by themselves."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        children = psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []
        self.process.send_signal(how)
        self.process.wait(timeout=20)
        psutil.wait_procs(children, timeout=10)
        self.process = None


def is_dead(process: psutil.Process) -> bool:
    """Gone, or only not yet asked for its exit code by its parent, which may take its time."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Browser:
    """One person's browser: a profile folder that outlives the process."""

    size = (1440, 900)
    is_mobile = False
    open_ones: ClassVar[list[Browser]] = []

    def __init__(self, playwright: Playwright, profile: Path, url: str, language: str = "zh-CN") -> None:
        self.playwright, self.profile, self.url, self.language = playwright, profile, url, language
        self.context: BrowserContext | None = None
        self.position: dict[str, float] | None = None

    def open(self, path: str = "/") -> Page:
        """Start the browser (again) and go to `path`; the page is ready when the app has drawn."""
        if CHROMIUM is None:
            raise RuntimeError("the browser tests need Chromium (Debian: apt install chromium)")
        width, height = self.size
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.profile), executable_path=CHROMIUM, args=FLAGS, headless=True, locale=self.language,
            timezone_id="Asia/Shanghai", viewport={"width": width, "height": height}, has_touch=self.is_mobile,
            is_mobile=self.is_mobile, permissions=["geolocation", "camera"], geolocation=self.position,
            accept_downloads=True,
        )  # fmt: skip
        Browser.open_ones.append(self)
        page = self.context.pages[0] if self.context.pages else self.context.new_page()
        page.goto(self.url + path)
        return page

    def kill(self) -> None:
        """End the browser as a phone does when it runs out of memory: no goodbye, nothing flushed by the page."""
        own = f"--user-data-dir={self.profile}"
        killed = [one for one in psutil.process_iter(["cmdline"]) if own in (one.info["cmdline"] or [])]
        for process in list(killed):
            with contextlib.suppress(psutil.NoSuchProcess):
                killed += process.children(recursive=True)
        for process in killed:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        until = time.monotonic() + 10
        while not all(is_dead(one) for one in killed) and time.monotonic() < until:
            time.sleep(0.02)  # what still runs holds the locks of the profile
        self._forget()

    def close(self) -> None:
        self._forget()

    def _forget(self) -> None:
        if self in Browser.open_ones:
            Browser.open_ones.remove(self)
        if self.context is not None:
            with contextlib.suppress(Exception):  # a killed browser cannot say goodbye
                self.context.close()
        self.context = None
        (self.profile / "SingletonLock").unlink(missing_ok=True)

    def go_offline(self, offline: bool = True) -> None:
        assert self.context is not None
        self.context.set_offline(offline)


class Phone(Browser):
    size = (390, 844)
    is_mobile = True


class Desk(Browser):
    pass


@contextmanager
def running(folder: Path, **options: object) -> Iterator[Server]:
    """A server for the length of a block."""
    server = Server(folder, **options).start()  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.stop()
