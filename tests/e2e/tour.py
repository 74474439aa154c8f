"""`make tour FOLDER=…`: every screen in both languages and every theme, to be looked at; nothing is committed.

`make shots` keeps the few pictures of the README; this one is for whoever changes a screen.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e import at_the_desk, on_the_phone
from tests.e2e.house import Desk, Phone, Server, running

LANGUAGES = {"zh": "zh-CN", "en": "en"}
DESK_THEMES, PHONE_THEMES = ("light", "dark"), ("light", "dark", "sunlight")
DESK_PLACES = ("/", "/intake", "/dispatch", "/reports", "/report-list", "/customers", "/assets", "/letters", "/needs",
               "/people", "/me")  # fmt: skip
PHONE_PLACES = ("/", "/week", "/open", "/search", "/me", "/sync")
ONE_OF = {
    "/work-orders/": "SELECT work_order_id FROM report WHERE state = 'submitted'",
    "/customers/": "SELECT id FROM customer",
    "/assets/": "SELECT asset_id FROM finding WHERE asset_id IS NOT NULL",
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=30_000)
    with (
        tempfile.TemporaryDirectory() as name,
        sync_playwright() as playwright,
        running(Path(name) / "var") as server,
    ):
        desk = Desk(playwright, Path(name) / "desk", server.url)
        page = desk.open("/console/")
        at_the_desk.sign_in(page, "admin")
        places = [f"/console{place}" for place in (*DESK_PLACES, *some_records(server), "/letters/B@1")]
        looked_at(page, server.url, places, DESK_THEMES, folder / "desk")
        desk.kill()
        phone = Phone(playwright, Path(name) / "phone", server.url)
        page = phone.open()
        on_the_phone.sign_in(page, "anran")
        visit = page.locator("a.visit").first.get_attribute("href") or ""
        visits = [visit, f"{visit}/report", f"{visit}/check-in", f"{visit}/check-out"]
        looked_at(page, server.url, [f"/{p}" for p in (*(f"#{q}" for q in PHONE_PLACES), *visits)], PHONE_THEMES,
                  folder / "phone")  # fmt: skip
        phone.kill()


def some_records(server: Server) -> Iterator[str]:
    with closing(sqlite3.connect(server.folder / "fieldpledge.db")) as database:
        for place, query in ONE_OF.items():
            yield place + database.execute(f"{query} LIMIT 1").fetchone()[0]


def looked_at(page: Page, url: str, places: list[str], themes: tuple[str, ...], name: Path) -> None:
    """One picture of each place in each language and theme."""
    for (language, code), theme in product(LANGUAGES.items(), themes):
        page.evaluate("([l, t]) => { localStorage['fp.language'] = l; localStorage['fp.theme'] = t }", [code, theme])
        for at, place in enumerate(places):
            page.goto(url + place)
            page.reload()  # language and theme are read at the start
            page.wait_for_timeout(700)  # the desk's bell keeps a request open: the network is never idle
            page.screenshot(path=f"{name}-{language}-{theme}-{at:02}.png", animations="disabled")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
