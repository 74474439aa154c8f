"""From the office's commit to the open phone: what a person at the desk and her colleague outside would measure."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.bench.measure import Figure
from tests.e2e import on_the_phone
from tests.e2e.bells import ask, rename_a_site, sign_in
from tests.e2e.house import Phone, Server

CHANGES, PHONES, ENGINEER = 7, 200, "anran"


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "var").start()
        try:
            hers, office = sign_in(server.port, ENGINEER), sign_in(server.port, "admin")
            yield asyncio.run(_two_hundred(server, hers, office))
            yield _on_the_screen(server, Path(folder) / "profile", hers, office)
        finally:
            server.stop()


async def _two_hundred(server: Server, hers: str, office: str) -> Figure:
    """200 connections wait; the slowest hears of one change."""
    _, me = await ask(server.port, "/api/me", hers)
    _, head = await ask(server.port, f"/api/sync/v1/bell?device_id={uuid.uuid4()}", hers)
    query = f"epoch={head['epoch']}&after={head['feed_head']}"
    waiting = [
        asyncio.ensure_future(ask(server.port, f"/api/sync/v1/bell?device_id={uuid.uuid4()}&{query}", hers))
        for _ in range(PHONES)
    ]
    await ask(server.port, "/api/me", hers)
    await asyncio.to_thread(rename_a_site, server, me["user"]["id"], "二百台都听见", office)
    begun = time.perf_counter()
    await asyncio.gather(*waiting)
    taken = (time.perf_counter() - begun) * 1000
    return Figure("a change rung to the last of 200 waiting phones", taken, "ms", 2_000, "from the office's answer")


def _on_the_screen(server: Server, profile: Path, hers: str, office: str) -> Figure:
    """A real browser with today's list open; the office renames the site of a visit on it."""
    _, me = asyncio.run(ask(server.port, "/api/me", hers))
    with sync_playwright() as playwright:
        phone = Phone(playwright, profile, server.url)
        try:
            page = phone.open()
            on_the_phone.sign_in(page, ENGINEER)
            taken = []
            for n in range(CHANGES):
                rename_a_site(server, me["user"]["id"], f"第 {n} 机房", office)
                begun = time.perf_counter()
                page.get_by_text(f"第 {n} 机房").first.wait_for()
                taken.append((time.perf_counter() - begun) * 1000)
        finally:
            phone.close()
    note = f"slowest {max(taken):.0f} ms of {CHANGES}, real browser"
    return Figure("a change at the desk seen on an open phone", statistics.median(taken), "ms", 2_000, note)
