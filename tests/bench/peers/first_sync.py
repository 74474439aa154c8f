"""A new phone's first sync: two hundred work orders with what they need, in a real browser at a quarter of the speed."""

from __future__ import annotations

import itertools
import statistics
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Page, sync_playwright

from tests.bench.measure import Figure
from tests.e2e.house import Phone, Server
from tests.e2e.on_the_phone import PASSWORD

WORK_ORDERS, SLOWER, PHONES, PAGE = 200, 4, 5, 100
ENGINEER, OFFICE = "anran", "admin"
SYMPTOMS = (
    "风扇异响，温度报警",
    "开不了机，电源灯不亮",
    "抽屉滑轨脱落",
    "网络时断时续",
    "硬盘灯红，阵列降级",
    "屏幕闪烁",
)
TOOK = """() => new Promise((done) => {
  const signedIn = () => performance.getEntriesByType('resource').find((one) => one.name.endsWith('/api/sign-in'))
  const look = () => {
    const isHere = performance.getEntriesByName('fp:fetched').length && document.querySelector('a.visit, .btn.next')
    if (!isHere) return setTimeout(look, 20)
    requestAnimationFrame(() => requestAnimationFrame((painted) => done(painted - signedIn().responseEnd)))
  }
  look()
})"""


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "var").start()
        try:
            _calls(server)
            taken, weights, rows = [], [], set()
            for n in range(PHONES):
                phone = Phone(playwright, Path(folder) / f"profile-{n}", server.url)
                try:
                    took_ms, weight, rows = _first_sync(phone)
                finally:
                    phone.close()
                taken.append(took_ms)
                weights.append(weight)
        finally:
            server.stop()
    held = sum(key.startswith("work_order/") for key in rows)
    assert held >= WORK_ORDERS, f"{held} work orders on the phone"
    note = f"{held} work orders in {len(rows):,} records, all answers as sent"
    yield Figure("a new phone's first sync", max(weights) / 1e6, "MB", 1, note)
    note = (
        f"CPU {SLOWER}× slower, from the sign-in's answer to the day's list with all of it here, median of {PHONES}"
    )
    yield Figure("a new phone's first sync, time", statistics.median(taken) / 1000, "s", 3, note)


def _calls(server: Server) -> None:
    """The office takes two hundred calls for the demo company's customers and sends one engineer to all of them."""
    office = requests.Session()
    office.headers["X-Fieldpledge"] = "1"

    def ask(method: str, path: str, **given: Any) -> Any:
        answer = office.request(method, f"{server.url}/api{path}", timeout=30, **given)
        assert answer.ok, answer.text
        return answer.json()

    ask("POST", "/sign-in", json={"name": OFFICE, "password": PASSWORD})
    engineer = next(row for row in ask("GET", "/users") if row["sign_in_name"] == ENGINEER)
    assets = [row for row in ask("GET", f"/assets?limit={PAGE}")["rows"] if row["contract_id"]]
    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    for n, asset in zip(range(WORK_ORDERS), itertools.cycle(assets), strict=False):
        call = {
            "customer_id": asset["customer_id"], "site_id": asset["site_id"], "asset_ids": [asset["id"]],
            "contract_id": asset["contract_id"], "channel": "phone", "phone_reason": "先电话排查",
            "owner_id": engineer["id"], "symptom": f"{SYMPTOMS[n % len(SYMPTOMS)]}，第 {n} 台",
            "caller_name": f"来电人{n}", "caller_phone": f"138 0013 {n:04d}",
            "visit": {
                "engineer_ids": [engineer["id"]], "lead_id": engineer["id"],
                "planned_from": f"{(begins + timedelta(hours=n)).isoformat()[:19]}Z",
            },
        }  # fmt: skip
        ask("POST", "/work-orders", json=call)


def _first_sync(phone: Phone) -> tuple[float, int, set[str]]:
    """Milliseconds, bytes of the API's answers as they came over the wire, and the records that were put."""
    page = phone.open("/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    asked: dict[str, str] = {}
    sizes: dict[str, float] = {}
    network.on("Network.requestWillBeSent", lambda e: asked.update({e["requestId"]: e["request"]["url"]}))
    network.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}))
    pulls: list[Any] = []
    page.on("response", lambda r: pulls.append(r) if "/sync/v1/pull" in r.url and r.status == 200 else None)
    _sign_in(page)
    took_ms = float(page.evaluate(TOOK))
    weight = sum(size for name, size in sizes.items() if "/api/" in asked.get(name, ""))
    rows = {f"{c['kind']}/{c['id']}" for pull in pulls for c in pull.json()["changes"] if c["op"] == "put"}
    return took_ms, int(weight), rows


def _sign_in(page: Page) -> None:
    page.locator("input[name=username]").fill(ENGINEER)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("button[type=submit]").click()
