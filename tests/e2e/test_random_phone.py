"""A random hour of a real phone: Chromium, service worker and IndexedDB, a network that drops and doubles, kills on both sides.

SEED and RUNS choose which and how many. What she typed last stands on the server, every photo once, every number of the
phone once; and the phone says that all is sent.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests.e2e import at_the_desk, on_the_phone
from tests.e2e.at_the_desk import Call
from tests.e2e.house import Desk, Phone, Server
from tests.e2e.on_the_phone import next_step, open_visit, option, sync_line, take_photo, write

RUNS, SEED = int(os.environ.get("RUNS", "1")), int(os.environ.get("SEED", "7"))
STEPS = 14
CAUSE, FIX = "怎么查到的，为什么坏", "做了什么，怎么验证"
OUTBOX = """() => new Promise((done, failed) => {
  indexedDB.databases().then((all) => {
    const opening = indexedDB.open(all.map(({ name }) => name).find((name) => name.startsWith('sync:')))
    opening.onerror = () => failed(opening.error)
    opening.onsuccess = () => {
      const asking = opening.result.transaction('outbox').objectStore('outbox').getAll()
      asking.onsuccess = () => { opening.result.close(); done(asking.result.map(({ seq, op_id, state }) => [seq, op_id, state])) }
    }
  })
})"""


class Hour:
    """One engineer's hour, and what must be true at its end."""

    def __init__(self, server: Server, phone: Phone, seed: int) -> None:
        self.server, self.phone = server, phone
        self.what, self.net = Random(f"{seed} what"), Random(f"{seed} net")
        self.typed = {CAUSE: "", FIX: ""}
        self.photos = 0
        self.is_bad = True
        self.happened: list[str] = []
        self.page: Page = self.opened()

    def opened(self) -> Page:
        page = self.phone.open()
        page.route("**/api/sync/**", self.fate)
        page.route("**/api/files/**", self.fate)
        return page

    def fate(self, route: Route) -> None:
        """What becomes of a request: goes through, never arrives, arrives unanswered, arrives twice, is answered by a portal."""
        roll = self.net.random() if self.is_bad else 1.0
        try:
            if roll < 0.12:
                route.abort()
            elif roll < 0.24:
                route.fetch()
                route.abort()
            elif roll < 0.32:
                route.fetch()
                route.fulfill(response=route.fetch())
            elif roll < 0.38:
                route.fulfill(status=200, content_type="text/html", body="<h1>Hotel WiFi</h1>")
            else:
                route.continue_()
        except Error:  # the server or the page died meanwhile: nothing came back, which is what it is about
            self.happened.append("died under way")

    # -- what she does ---------------------------------------------------------------------------------------------

    def write(self) -> None:
        label = self.what.choice((CAUSE, FIX))
        self.typed[label] += f"第 {self.what.randrange(1000)} 句。"
        write(self.page, label, self.typed[label])

    def photo(self) -> None:
        self.photos += 1
        take_photo(self.page, self.photos)

    def choose(self) -> None:
        option(self.page, "故障原因", self.what.choice(("自然老化", "质量缺陷")))

    # -- what happens to her ---------------------------------------------------------------------------------------

    def reload(self) -> None:
        self.page.reload()

    def kill_phone(self) -> None:
        self.phone.kill()
        self.page = self.opened()

    def kill_server(self) -> None:
        self.server.kill()
        self.server.start()

    def basement(self) -> None:
        self.phone.go_offline()
        self.write()
        self.phone.go_offline(False)

    def run(self) -> None:
        doings: list[Callable[[], None]] = [self.write, self.photo, self.choose]
        blows: list[Callable[[], None]] = [self.reload, self.kill_phone, self.kill_server, self.basement]
        for step in range(STEPS):
            act = blows[step // 3 % 4] if step % 3 == 2 else self.what.choice(doings)
            self.happened.append(act.__name__)
            act()
            for label, text in self.typed.items():
                expect(self.page.get_by_label(label, exact=True), " → ".join(self.happened)).to_have_value(text)

    def settle(self) -> None:
        """Good network, a screen that is looked at: everything goes by itself."""
        self.is_bad = False
        for heading in (Call.site, "今天"):  # back from the report to the visit, and to today
            self.page.get_by_role("button", name="返回").tap()
            expect(self.page.get_by_role("heading", level=1)).to_contain_text(heading)
        expect(sync_line(self.page)).to_contain_text("全部已发送", timeout=90_000)


@contextmanager
def told(hour: Hour, seed: int) -> Iterator[None]:
    try:
        yield
    except BaseException:
        print("so far:", *hour.happened)
        print(f"again with: SEED={seed} RUNS=1 pytest tests/e2e/test_random_phone.py")
        raise


@pytest.mark.parametrize("seed", range(SEED, SEED + RUNS))
def test_a_random_hour_of_a_real_phone_loses_nothing(
    server: Server, phone: Phone, desks: Callable[[str], Desk], seed: int
) -> None:
    call = Call()
    keli = desks("keli").open("/console/")
    at_the_desk.sign_in(keli, "keli")
    at_the_desk.take_call(keli, call)
    phone.position = {"latitude": 30.578520, "longitude": 103.947610, "accuracy": 12.0}
    on_the_phone.sign_in(phone.open(), "anran")
    phone.close()
    hour = Hour(server, phone, seed)
    with told(hour, seed):
        open_visit(hour.page, call.symptom)
        for verb in ("接单", "出发", "到场签到", "开始处理"):
            next_step(hour.page, verb)
        hour.run()
        hour.settle()
        all_is_there(hour)


def all_is_there(hour: Hour) -> None:
    """The server has what she typed, each photo and each number once; the phone's outbox knows it."""
    with closing(sqlite3.connect(hour.server.folder / "fieldpledge.db")) as database:

        def rows(query: str, *values: Any) -> list[Any]:
            return database.execute(query, values).fetchall()

        outbox: list[tuple[int, str, str]] = hour.page.evaluate(OUTBOX)
        assert outbox and {state for _, _, state in outbox} == {"acked"}
        [(device,)] = rows("SELECT device_id FROM sync_op WHERE op_id = ?", outbox[-1][1])
        ledger = rows("SELECT seq, op_id, status FROM sync_op WHERE device_id = ? ORDER BY n", device)
        assert [seq for seq, _, _ in ledger] == list(range(1, len(ledger) + 1))
        assert {op_id for _, op_id, _ in outbox} == {op_id for _, op_id, _ in ledger}
        assert {status for _, _, status in ledger} <= {"applied", "merged"}, json.dumps(ledger)
        found = rows(
            "SELECT f.id, f.cause_text, f.fix_text FROM finding f JOIN sync_op o ON o.record_id = f.id"
            " WHERE o.device_id = ? AND o.type = 'finding.add'",
            device,
        )
        assert [(cause, fix) for _, cause, fix in found] == [(hour.typed[CAUSE], hour.typed[FIX])]
        photos = rows(
            "SELECT p.sha256, f.state FROM photo p JOIN sync_file f USING (sha256) JOIN sync_op o ON o.record_id = p.id"
            " WHERE o.device_id = ? AND o.type = 'photo.add'",
            device,
        )
        assert len(photos) == hour.photos and {state for _, state in photos} <= {"stored"}
