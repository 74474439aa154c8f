"""What the browser tests share: one Playwright for the run, a server on a copy of the demo company, phones and desks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, expect, sync_playwright

from tests.e2e.house import Browser, Desk, Phone, Server
from tests.faults.seeds import seeds

PATIENCE_MS = 20_000  # how long a person would wait on a busy machine; nothing is slept


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--slow-line", action="store_true", help="every browser behind a slow line, each test as often as RUNS says"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.config.getoption("--slow-line"):
        metafunc.parametrize("line", seeds(1), indirect=True)


@pytest.fixture(autouse=True)
def line(request: pytest.FixtureRequest) -> None:
    """Nothing between browser and server, or a slow line: its seed stands in the test's name, test_x[7]."""
    Server.slow = getattr(request, "param", None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """What the screens showed when a test failed, beside its other files."""
    report = yield
    if report.when == "call" and report.failed:
        folder = item.funcargs["tmp_path"]  # type: ignore[attr-defined]
        for one in Browser.open_ones:
            for at, page in enumerate(one.context.pages if one.context else []):
                with contextlib.suppress(Exception):  # a killed page has nothing to show
                    page.screenshot(path=folder / f"{one.profile.name}-{at}.png", timeout=3000)
                    print(f"{one.profile.name} was at {page.url}: {folder / f'{one.profile.name}-{at}.png'}")
    return report


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as started:
        yield started


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The product with the demo company in a folder of its own."""
    started = Server(tmp_path / "var").start()
    yield started
    started.stop()


@pytest.fixture
def phone(playwright: Playwright, tmp_path: Path, server: Server) -> Iterator[Phone]:
    """The engineer's phone; closed when the test ends, whatever became of it."""
    browser = Phone(playwright, tmp_path / "phone", server.url)
    yield browser
    browser.kill()


@pytest.fixture
def desks(playwright: Playwright, tmp_path: Path, server: Server) -> Iterator[Callable[[str], Desk]]:
    """`desks("keli")`: a desk of that person's own."""
    made: list[Desk] = []

    def desk(name: str) -> Desk:
        made.append(Desk(playwright, tmp_path / f"desk-{name}", server.url))
        return made[-1]

    yield desk
    for one in made:
        one.kill()
