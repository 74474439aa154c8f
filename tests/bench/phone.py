"""The phone: what its first load weighs as sent, how soon it is usable offline at 4× CPU, how soon a tap is stored."""

from __future__ import annotations

import re
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from backend.config import ROOT
from backend.demo.seed import demo_accounts
from tests.bench.measure import Figure
from tests.e2e.house import Phone, Server

DIST = ROOT / "pwa" / "dist"
SLOWER = 4
STARTS = 5
PAINTED = """new MutationObserver((_, watch) => {
  if (!document.querySelector(%r)) return
  watch.disconnect()
  requestAnimationFrame(() => requestAnimationFrame(() => performance.mark('painted')))
}).observe(document, { childList: true, subtree: true })"""
WHEN_PAINTED = """() => new Promise((done) => {
  const look = () => {
    const [mark] = performance.getEntriesByName('painted')
    if (mark) done(mark.startTime)
    else requestAnimationFrame(look)
  }
  look()
})"""
LIST = "main .card .btn.next, a.visit"  # today: the next step, or the visits
NEXT = ".card .btn.next"
STEPS_TO_CHECK_IN = 6  # accept, set out, check in, and what stands before them


def figures() -> Iterator[Figure]:
    yield _weight()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "var").start()
        phone = Phone(playwright, Path(folder) / "profile", server.url)
        phone.position = {"latitude": 30.57862, "longitude": 103.94718, "accuracy": 12}
        try:
            page = _signed_in(phone)
            yield _offline_start(phone, page)
            yield _stored_check_in(phone)
        finally:
            phone.close()
            server.stop()


def _weight() -> Figure:
    """index.html and every script and style it names, as brotli sends them."""
    names = {"index.html"} | set(
        re.findall(r'(?:src|href)="/([^"]+\.(?:js|css))"', (DIST / "index.html").read_text())
    )
    sizes = {name: _as_sent(DIST / name) for name in names}
    return Figure("phone's first load as sent (brotli)", sum(sizes.values()) / 1000, "KB", 150, f"{len(sizes)} files")


def _as_sent(path: Path) -> int:
    packed = path.with_name(path.name + ".br")
    return (packed if packed.exists() else path).stat().st_size


def _signed_in(phone: Phone) -> Page:
    account = next(one for one in demo_accounts() if one["role"] == "engineer")
    page = phone.open("/")
    page.fill("[name=username]", account["sign_in_name"])
    page.fill("[name=password]", account["password"])
    page.click("button[type=submit]")
    page.wait_for_selector(LIST)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("navigator.serviceWorker.controller || caches.keys().then((names) => names.length)")
    return page


def _at_speed(page: Page, rate: int) -> None:
    """CPU so many times slower than this machine's."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})


def _offline_start(phone: Phone, page: Page) -> Figure:
    """From navigation to the first visit painted, by the page's own clock, no network, median of a few starts."""
    phone.go_offline()
    page.add_init_script(PAINTED % LIST)
    _at_speed(page, SLOWER)
    taken = []
    for _ in range(STARTS):
        page.goto("about:blank")
        page.goto(phone.url + "/", wait_until="commit")
        page.wait_for_selector(LIST)
        taken.append(float(page.evaluate(WHEN_PAINTED)))
    return Figure(
        "offline start to usable list, CPU 4× slower", statistics.median(taken), "ms", 1000, f"median of {STARTS}"
    )


def _stored_check_in(phone: Phone) -> Figure:
    """From the tap to the operation standing in IndexedDB (its transaction's complete), as the page marks it."""
    assert phone.context is not None
    page = phone.context.pages[0]
    _at_speed(page, 1)
    for _ in range(STEPS_TO_CHECK_IN):
        page.click(NEXT)
        page.wait_for_timeout(300)  # what the tap did is drawn; nothing is asserted about this wait
        took = page.evaluate("performance.getEntriesByName('fp:check-in-stored')[0]?.duration ?? null")
        if took is not None:
            break
    return Figure("check-in stored after the tap", float(took), "ms", 100, "one tap, strict transaction complete")
