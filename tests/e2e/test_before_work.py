"""What the customer must hear before work, on a phone without a network: told, signed, declined, and a browser killed between."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import at_the_desk, on_the_phone
from tests.e2e.at_the_desk import Call
from tests.e2e.house import Desk, Phone, Server
from tests.e2e.on_the_phone import (
    back_to_visit,
    next_step,
    open_visit,
    option,
    see_sent,
    take_back,
    tap,
    write,
    write_with_finger,
)

SITE = {"latitude": 30.578520, "longitude": 103.947610, "accuracy": 12.0}
INK_IS_KEPT = """() => new Promise((done, failed) => {
  indexedDB.databases().then((all) => {
    const opening = indexedDB.open(all.map(({ name }) => name).find((name) => name.startsWith('sync:')))
    opening.onerror = () => failed(opening.error)
    opening.onsuccess = () => {
      const asking = opening.result.transaction('drafts').objectStore('drafts').getAllKeys()
      asking.onsuccess = () => { opening.result.close(); done(asking.result.some((key) => key.endsWith('/strokes'))) }
    }
  })
})"""


def at_the_customers(phone: Phone, desks: Callable[[str], Desk]) -> tuple[Page, str, Page]:
    """A call is taken, Ana fetches it, loses the network, checks in and begins her report."""
    keli = desks("keli").open("/console/")
    at_the_desk.sign_in(keli, "keli")
    number = at_the_desk.take_call(keli, Call())
    phone.position = SITE
    on_the_phone.sign_in(phone.open(), "anran")
    phone.close()  # a browser writes its cookies down only after half a minute
    page = phone.open()
    expect(page.locator("a.visit").filter(has_text=Call().symptom)).to_be_visible()
    see_sent(page)
    phone.go_offline()
    open_visit(page, Call().symptom)
    for verb in ("接单", "出发", "到场签到"):
        next_step(page, verb)
    next_step(page, "开始处理")
    return page, number, keli


def find_damage(page: Page) -> None:
    option(page, "故障原因", "使用方损坏")
    expect(page.get_by_text("不在免费范围").first).to_be_visible()
    page.get_by_role("link", name="动手前请客户确认").tap()
    expect(page.get_by_role("heading", name="使用方损坏，要收费")).to_be_visible()


def price(page: Page, kind: str, text: str) -> None:
    """Only where the price list has none."""
    field = page.get_by_label(f"{kind}的价格", exact=True)
    if field.count():
        field.fill(text)


def back_online(page: Page, phone: Phone) -> None:
    phone.go_offline(False)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.goto(re.sub("#.*", "#/", page.url))
    see_sent(page)


def gate_of(server: Server, number: str) -> str:
    with closing(sqlite3.connect(server.folder / "fieldpledge.db")) as database:
        return str(
            database.execute(
                "SELECT json_extract(gate.value, '$.holds') FROM work_order, json_each(work_order.gates) AS gate"
                " WHERE number = ? AND json_extract(gate.value, '$.gate') = 'user_damage_notice'",
                (number,),
            ).fetchone()[0]
        )


@pytest.mark.promise("B-08")
def test_damage_by_the_user_is_told_and_signed_offline_before_work(
    server: Server, phone: Phone, desks: Callable[[str], Desk]
) -> None:
    page, number, keli = at_the_customers(phone, desks)
    find_damage(page)
    for kind, text in {"人工": "300", "配件": "1,200", "上门": "150.5", "交通": "0"}.items():
        price(page, kind, text)
    next_step(page, "交给客户看")
    expect(page.get_by_role("heading", name="请您过目")).to_be_visible()
    expect(page.get_by_text("我同意收费修理").first).to_be_visible()
    expect(page.get_by_text("人为损坏因素除外").first).to_be_visible()
    write_with_finger(page)
    page.wait_for_function(INK_IS_KEPT)
    phone.kill()  # with the ink on the pad, in the customer's hand
    page = phone.open()
    phone.go_offline()
    expect(page.get_by_role("heading", name="请您过目")).to_be_visible()
    expect(page.locator("[data-test=pad] path").first).to_be_visible()
    page.goto(re.sub("#.*", "#/", page.url))
    expect(page.get_by_role("heading", name="请您过目")).to_be_visible()  # this job alone
    next_step(page, "同意并签字")
    expect(page.get_by_text("谢谢，已经签好")).to_be_visible()
    take_back(page, "安然", "2117")
    expect(page.get_by_role("heading", name="故障报告")).to_be_visible()
    expect(page.get_by_role("link", name="动手前请客户确认")).to_have_count(0)
    write(page, "怎么查到的，为什么坏", on_the_phone.CAUSE)
    back_online(page, phone)
    assert gate_of(server, number) == "1"
    keli.reload()
    told = keli.locator("[data-test=acknowledgement]")
    expect(told).to_contain_text("客户同意")
    expect(told).to_contain_text("我同意收费修理")
    expect(told).to_contain_text("文字和笔迹都与签字时一致")
    expect(told.get_by_role("img")).to_be_visible()


@pytest.mark.promise("B-08", "B-15")
def test_a_customer_declines_and_work_goes_on_with_the_gate_open(
    server: Server, phone: Phone, desks: Callable[[str], Desk]
) -> None:
    page, number, keli = at_the_customers(phone, desks)
    find_damage(page)
    next_step(page, "交给客户看")
    tap(page, "不同意")
    sheet = page.get_by_role("dialog", name="不同意")
    sheet.get_by_label("原因").fill("价格要先请示领导")
    sheet.get_by_role("button", name="记下：不同意").tap()
    expect(page.get_by_text("已经记下")).to_be_visible()
    take_back(page, "安然", "2117")
    expect(page.get_by_role("link", name="再请客户确认")).to_be_visible()
    write(page, "怎么查到的，为什么坏", on_the_phone.CAUSE)  # nobody is stopped
    back_to_visit(page)
    expect(page.locator("[data-test=before-work]")).to_contain_text("价格要先请示领导")
    page.goto(page.url.rstrip("/") + "/check-out")
    left = page.locator("[data-test=gates-left]")
    expect(left).to_contain_text("使用方损坏，要收费")
    expect(left).to_contain_text("提交故障报告")
    expect(left).to_contain_text("B-15")
    back_online(page, phone)
    assert gate_of(server, number) == "0"
    keli.reload()
    expect(keli.locator("[data-test=acknowledgement]")).to_contain_text("客户不同意")
    expect(keli.locator(".decision").get_by_text("价格要先请示领导").first).to_be_visible()
