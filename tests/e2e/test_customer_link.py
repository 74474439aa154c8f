"""The customer's link from the desk to her last word: made, read on her phone, rejected, accepted, rated, signed, revoked."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect
from pypdf import PdfReader

from tests.e2e import at_the_desk
from tests.e2e.house import Desk, Phone, Server
from tests.e2e.on_the_phone import write_with_finger

WRONG = "这个链接打不开"


@pytest.fixture
def customers_phone(playwright: Playwright, tmp_path: Path, server: Server) -> Any:
    """Her own phone: no account, no app of ours, her own language."""
    browsers: list[Phone] = []

    def opened(address: str, language: str = "zh-CN") -> Page:
        browser = Phone(playwright, tmp_path / f"customer-{language}", server.url, language)
        browsers.append(browser)
        return browser.open(address.removeprefix(server.url))

    yield opened
    for browser in browsers:
        browser.kill()


def unsigned(server: Server) -> tuple[str, str]:
    """A work order of the demo that is solved, its report handed in while the customer could not sign: id and number."""
    with sqlite3.connect(server.folder / "fieldpledge.db") as database:
        found = database.execute(
            "SELECT w.id, w.number FROM work_order w JOIN report r ON r.work_order_id = w.id"
            " JOIN signature s ON s.id = r.signature_id"
            " WHERE w.state = 'resolved' AND r.state = 'submitted' AND s.result IN ('absent', 'refused')"
        ).fetchone()
    assert found, "the demo has such a work order"
    return found[0], found[1]


@pytest.mark.promise("A-01", "A-09", "D-12", "B-15")
def test_the_customer_follows_rejects_accepts_rates_signs_and_keeps_the_paper(
    desks: Callable[[str], Desk], server: Server, customers_phone: Callable[..., Page], tmp_path: Path
) -> None:
    order_id, number = unsigned(server)
    desk = desks("admin").open(f"/console/work-orders/{order_id}")
    at_the_desk.sign_in(desk, "admin")
    desk.goto(f"{server.url}/console/work-orders/{order_id}")
    address = made(desk)

    eve = customers_phone(address)
    expect(eve.get_by_role("heading", name="已修好，请您确认")).to_be_visible()
    for words in (number, "进展", "收到报修", "安排了安工程师", "我们的承诺", "保修到", "服务热线"):
        expect(eve.locator("main")).to_contain_text(words)
    assert "serviceWorker" in eve.evaluate("Object.keys(Navigator.prototype).join()")
    assert eve.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0

    rejects(eve)
    desk.reload()
    expect(desk.get_by_text("处理中").first).to_be_visible()
    expect(desk.locator(".ev").filter(has_text="客户不验收").first).to_contain_text("叶雯")
    log_at_the_desk(desk, "恢复正常", "远程再调一次，客户在线看着")

    eve.reload()
    accepts_in_spite_of_the_network(eve)
    rates(eve)
    signs(eve)
    paper(eve, number)

    desk.reload()
    expect(desk.locator(".ev").filter(has_text="客户验收").first).to_contain_text("叶雯")
    expect(desk.locator(".ev").filter(has_text="客户评价").first).to_contain_text("5 分")
    desk.get_by_role("button", name="收回").click()
    expect(desk.get_by_text("已收回")).to_be_visible()
    eve.reload()
    expect(eve.get_by_role("alert")).to_contain_text(WRONG)
    expect(eve.locator("main")).not_to_contain_text(number)
    wrong = customers_phone(f"{server.url}/c/#nobodyevermadethisone2345", "en-GB")
    expect(wrong.get_by_role("alert")).to_contain_text("This link does not open")


def made(desk: Page) -> str:
    """The address as the desk shows it once; it is gone after a reload."""
    desk.get_by_role("button", name="做一个链接").click()
    desk.locator(".making").get_by_role("button", name="做一个链接").click()
    expect(desk.get_by_alt_text("客户链接的二维码")).to_be_visible()
    address = desk.get_by_label("链接地址").input_value()
    assert re.search(r"/c/#[0-9A-Za-z]{26}$", address)
    desk.reload()
    expect(desk.get_by_text("还没打开过")).to_be_visible()
    expect(desk.get_by_label("链接地址")).to_have_count(0)
    return address


def rejects(eve: Page) -> None:
    eve.get_by_role("button", name="还有问题").tap()
    eve.get_by_role("button", name="告诉工程师").tap()
    expect(eve.get_by_role("alert")).to_contain_text("请写您的姓名")
    eve.get_by_label("您的姓名").fill("叶雯")
    eve.get_by_label("哪里不对").fill("换了一台电脑还是闪退")
    eve.reload()  # what she typed is still there
    expect(eve.get_by_label("哪里不对")).to_have_value("换了一台电脑还是闪退")
    eve.get_by_role("button", name="告诉工程师").tap()
    expect(eve.get_by_role("heading", name="收到您的意见，我们接着处理")).to_be_visible()
    expect(eve.locator("main")).to_contain_text("叶雯没有验收：换了一台电脑还是闪退")


def log_at_the_desk(desk: Page, what: str, note: str) -> None:
    desk.get_by_label("经过", exact=True).select_option(label=what)
    desk.get_by_label("写一句").fill(note)
    desk.get_by_role("button", name="记一笔").click()
    expect(desk.locator(".ev").filter(has_text=note)).to_be_visible()


def accepts_in_spite_of_the_network(eve: Page) -> None:
    """Without a network it says that nothing was sent; with one, the same tap counts once."""
    eve.get_by_role("button", name="好了，验收").tap()
    eve.get_by_label("您的姓名").fill("叶雯")
    eve.context.set_offline(True)
    eve.get_by_role("button", name="确认验收").tap()
    expect(eve.get_by_role("alert").filter(has_text="还没有发出")).to_be_visible()
    eve.context.set_offline(False)
    eve.get_by_role("button", name="再发一次").tap()
    expect(eve.get_by_role("heading", name="您已验收，谢谢")).to_be_visible()


def rates(eve: Page) -> None:
    eve.get_by_role("radio", name="很满意", exact=True).tap()
    eve.get_by_label("想说的话（可不填）").fill("第二次就好了")
    eve.get_by_role("button", name="发出评价").tap()
    expect(eve.get_by_text("您评了 5 分，谢谢")).to_be_visible()


def signs(eve: Page) -> None:
    """She reads the frozen text in full and writes under it with a finger; no ink is no signature."""
    eve.get_by_role("button", name="看全文并签字").tap()
    expect(eve.locator(".summary")).to_contain_text("加密锁")
    eve.get_by_role("radio", name="验收", exact=True).tap()
    eve.get_by_label("签字人姓名").fill("叶雯")
    eve.get_by_role("button", name="确认签字").tap()
    expect(eve.get_by_role("alert")).to_contain_text("还没有笔迹")
    eve.locator("[data-test=pad]").scroll_into_view_if_needed()
    write_with_finger(eve)
    eve.get_by_role("button", name="确认签字").tap()
    expect(eve.locator("main")).to_contain_text(re.compile(r"叶雯 .*签字，验收"))


def paper(eve: Page, number: str) -> None:
    with eve.expect_download() as waiting:
        eve.get_by_role("button", name="下载 PDF").tap()
    pdf = PdfReader(BytesIO(Path(waiting.value.path()).read_bytes()))
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in pdf.pages))
    assert number in text and "叶雯" in text and "加密锁" in text
