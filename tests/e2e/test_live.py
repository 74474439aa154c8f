"""What changes at the desk is on the open phone at once; two hundred phones wait without a thread and come back in peace."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
from playwright.sync_api import expect

from tests.e2e import at_the_desk, on_the_phone
from tests.e2e.at_the_desk import Call
from tests.e2e.bells import ask, rename_a_site, sign_in
from tests.e2e.house import Desk, Phone, Server

PHONES = 200


def test_a_call_taken_at_the_desk_is_on_the_open_phone_without_its_timer(
    phone: Phone, desks: Callable[[str], Desk]
) -> None:
    """The phone's timer would take half a minute; the bell's road is shown by the requests themselves."""
    page = phone.open()
    on_the_phone.sign_in(page, "anran")
    on_the_phone.see_sent(page)
    office = desks("keli").open("/console/")
    at_the_desk.sign_in(office, "keli")
    call = Call(symptom="机柜前门指纹锁打不开，按了没反应")
    at_the_desk.type_call(office, call)
    with page.expect_response(lambda answer: "/sync/v1/bell" in answer.url and answer.status == 200) as rung:
        office.locator("textarea[name=symptom]").press("Control+Enter")
    assert set(rung.value.json()) == {"epoch", "feed_head"}
    expect(page.locator("a.visit").filter(has_text="指纹锁")).to_be_visible()


def test_what_one_desk_does_is_on_the_others_by_one_bell_and_what_is_typed_there_stays(
    desks: Callable[[str], Desk],
) -> None:
    """The board asked every 15 s, the page of a work order never; now a browser waits with one request for all its tabs.

    Nobody waits here for the half minute after which a desk without a bell looks by itself.
    """
    keli, admin = desks("keli").open("/console/"), desks("admin").open("/console/")
    at_the_desk.sign_in(keli, "keli")
    at_the_desk.sign_in(admin, "admin")
    expect(admin.locator("tbody tr").first).to_be_visible()
    beside = admin.context.new_page()
    bells: list[str] = []
    beside.on("request", lambda asked: bells.append(asked.url) if "/api/bell" in asked.url else None)
    beside.goto(admin.url)
    expect(beside.locator("tbody tr").first).to_be_visible()

    symptom = "监控大屏第三列整列不亮，重启无效"
    at_the_desk.type_call(keli, Call(symptom=symptom, engineer=""))
    with admin.expect_response(lambda answer: "/api/bell" in answer.url and answer.status == 200):
        at_the_desk.save_call(keli)
    for tab in (admin, beside):
        expect(tab.locator("tbody tr").filter(has_text="监控大屏")).to_be_visible()
    assert bells == [], "the first tab hears for both"

    admin.goto(keli.url)
    note, words = admin.get_by_label("写一句", exact=True), "客户说大屏是上周换的，还没打完"
    note.fill(words)
    at_the_desk.field(admin, "故障现象").get_by_role("button").click()
    admin.get_by_label("故障现象", exact=True).fill("我正在改的现象")
    at_the_desk.field(keli, "影响").get_by_role("button").click()
    keli.get_by_label("影响", exact=True).select_option(label="紧急")
    keli.get_by_role("button", name="保存", exact=True).click()
    expect(at_the_desk.field(admin, "影响")).to_contain_text("紧急")
    assert (note.input_value(), admin.get_by_label("故障现象", exact=True).input_value()) == (
        words,
        "我正在改的现象",
    )


def test_two_hundred_phones_wait_at_once_hear_of_their_own_work_and_leave_no_thread_waiting(server: Server) -> None:
    cookie = sign_in(server.port, "anran")
    with ThreadPoolExecutor(1) as aside:  # the browser's driver has a loop in this thread
        aside.submit(asyncio.run, _wait_and_hear(server, cookie)).result()


async def _wait_and_hear(server: Server, cookie: str) -> None:
    status, head = await ask(server.port, f"/api/sync/v1/bell?device_id={uuid.uuid4()}", cookie)
    assert status == 200
    waiting = await _held(server.port, cookie, head, PHONES)
    status, me = await ask(server.port, "/api/me", cookie)  # behind two hundred that wait, and four threads
    assert (status, me["user"]["name"]) == (200, "安然")
    assert server.process is not None
    [worker] = psutil.Process(server.process.pid).children()
    assert worker.num_threads() < 40
    await asyncio.to_thread(rename_a_site, server, me["user"]["id"], "新机房", sign_in(server.port, "admin"))
    told = await asyncio.gather(*waiting)
    assert {status for status, _ in told} == {200}
    [left] = await _held(server.port, cookie, told[0][1], 1)
    begun = time.monotonic()
    await asyncio.to_thread(server.stop)
    assert time.monotonic() - begun < 15  # a held bell keeps nobody from stopping the server
    assert (await left)[0] in (204, 0)


async def _held(port: int, cookie: str, head: dict[str, Any], count: int) -> list[asyncio.Future[tuple[int, Any]]]:
    """Bells that wait: asked again while the worker's own changes still ring."""
    for _ in range(10):
        query = f"epoch={head['epoch']}&after={head['feed_head']}"
        held = [
            asyncio.ensure_future(ask(port, f"/api/sync/v1/bell?device_id={uuid.uuid4()}&{query}", cookie))
            for _ in range(count)
        ]
        await asyncio.wait(held, timeout=2)
        await ask(port, "/api/me", cookie)  # asked later: a busy machine has had its turn at the bell too
        if not any(one.done() for one in held):
            return held
        head = (await held[0])[1]
        await asyncio.gather(*held)
    raise AssertionError("it never came to rest")
