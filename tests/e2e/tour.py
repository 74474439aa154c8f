"""`make tour FOLDER=…`: every screen in both languages and every theme, to be looked at; nothing is committed.

`make shots` keeps the few pictures of the README; this one is for whoever changes a screen.
"""

from __future__ import annotations

import re
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
from tests.e2e.test_customer_link import unsigned

LANGUAGES = {"zh": "zh-CN", "en": "en"}
DESK_THEMES, PHONE_THEMES = ("light", "dark"), ("light", "dark", "sunlight")
DESK_PLACES = ("/", "/intake", "/dispatch", "/reports", "/report-list", "/customers", "/assets", "/letters",
               "/letters/B@1", "/letter-try", "/letter-install?from=B@1", "/calendar", "/prices", "/needs", "/rescue",
               "/people", "/me")  # fmt: skip
PHONE_PLACES = ("/", "/week", "/open", "/search", "/notices", "/me", "/sync")
LINK = {"scope": ["progress", "accept", "rate", "sign", "report"], "days": 30}
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
        places = [f"/console{place}" for place in (*DESK_PLACES, *some_records(server))]
        looked_at(page, server.url, places, DESK_THEMES, folder / "desk")
        link = customers_link(page, server)
        looked_at(page, server.url, [link], DESK_THEMES, folder / "customer-desk")
        desk.kill()
        eve = Phone(playwright, Path(name) / "eve", server.url)
        looked_at(eve.open(link), server.url, [link], DESK_THEMES, folder / "customer-phone")
        eve.kill()
        phone = Phone(playwright, Path(name) / "phone", server.url)
        page = phone.open()
        on_the_phone.sign_in(page, "anran")
        page.get_by_role("button", name="详情").tap()
        page.wait_for_url(re.compile("#/visits/"))
        visit = page.url[page.url.index("#") :]
        visits = [visit, f"{visit}/report", f"{visit}/check-in", f"{visit}/check-out"]
        looked_at(page, server.url, [f"/{p}" for p in (*(f"#{q}" for q in PHONE_PLACES), *visits)], PHONE_THEMES,
                  folder / "phone")  # fmt: skip
        phone.kill()


def some_records(server: Server) -> Iterator[str]:
    with closing(sqlite3.connect(server.folder / "fieldpledge.db")) as database:
        for place, query in ONE_OF.items():
            yield place + database.execute(f"{query} LIMIT 1").fetchone()[0]


def customers_link(desk: Page, server: Server) -> str:
    """The page of a customer whose report waits for her signature."""
    order, _number = unsigned(server)
    path = f"{server.url}/api/work-orders/{order}/links"
    answer = desk.request.post(path, data=LINK, headers={"X-Fieldpledge": "1"})
    return str(answer.json()["url"]).removeprefix(server.url)


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
