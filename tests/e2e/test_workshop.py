"""The letter workshop at a desk: a faulty file is mended and installed, compared, tried, signed; a holiday moves a clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from playwright.sync_api import Page, expect

from tests.e2e import at_the_desk
from tests.e2e.house import Desk

LETTER = """\
letter: W
version: 1
in_force_from: 2026-01-01
currency: CNY
title: {zh: 冷库维护承诺书, en: Cold store letter}
clauses:
  - {id: W-1, article: 第一条, quote: 八十个工作小时内修好, text: {zh: 八十个工作小时内修好。, en: Repaired within 80 working hours.}}
  - {id: W-2, article: 第二条, quote: 人工免费, text: {zh: 人工免费。, en: Labour is free.}}
calendars:
  office: {hours: [{days: [mon, tue, wed, thu, fri, sat, sun], windows: "09:00-17:00"}], holidays: closed}
clocks:
  - {clock: resolve, clause: W-1, from: reported_at, due: 80 h, calendar: office}
charges:
  - {clauses: W-2, all: free}
"""
FAULTY = LETTER.replace("due: 80 h", "due: soon").replace("currency: CNY", "currency: yuan")
UNTIL_DECIDED = """async () => {
  for (let n = 0; n < 300; n++) {
    if (!(await (await fetch('/api/decisions/again')).json()).left) return
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error('the worker has not decided all open work again')
}"""
NUMBER = "HT-2026-冷库"


def line_of(text: str, words: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if words in line)


def check(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="承诺书文件").fill(text)
    page.get_by_role("button", name="检查", exact=True).click()


def install(page: Page, text: str, ref: str) -> None:
    at_the_desk.go_to(page, "承诺")
    page.get_by_role("link", name="安装承诺书").click()
    check(page, text)
    page.get_by_role("button", name=f"安装为 {ref}").click()
    at_the_desk.see_letter(page, ref)
    expect(page.get_by_role("heading", level=1, name="冷库维护承诺书")).to_be_visible()


def post(page: Page, address: str, body: dict[str, Any]) -> Any:
    answer = page.request.post(urljoin(page.url, address), data=body, headers={"X-Fieldpledge": "1"})
    assert answer.ok, answer.text()
    return answer.json()


def test_a_letter_from_paste_to_contract_and_a_holiday_moves_its_clock(desks: Callable[[str], Desk]) -> None:
    page = desks("admin").open("/console/")
    at_the_desk.sign_in(page, "admin")
    the_faults_of_a_pasted_letter_are_shown_with_their_lines(page)
    install(page, LETTER, "W@1")
    install(page, LETTER.replace("version: 1", "version: 2").replace("due: 80 h", "due: 60 h"), "W@2")
    the_versions_are_compared(page)
    they_are_tried(page)
    customer = a_contract_is_given_it(page)
    a_holiday_moves_the_clock(page, customer)


def the_faults_of_a_pasted_letter_are_shown_with_their_lines(page: Page) -> None:
    at_the_desk.go_to(page, "承诺")
    page.get_by_role("link", name="安装承诺书").click()
    check(page, FAULTY)
    for words, field in (("currency:", "currency"), ("due: soon", "clocks[0].due")):
        expect(page.get_by_role("button", name=f"第 {line_of(FAULTY, words)} 行 {field}")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^安装为"))).to_have_count(0)
    page.reload()  # what was pasted is not lost
    expect(page.get_by_role("textbox", name="承诺书文件")).to_have_value(FAULTY)
    check(page, LETTER)
    expect(page.get_by_text("八十个工作小时内修好").first).to_be_visible()
    it_is_tried_before_it_is_installed(page)


def it_is_tried_before_it_is_installed(page: Page) -> None:
    """Its clocks, and behind a clause the sentence of the pasted file, while no such letter is installed."""
    page.get_by_role("link", name="试算").click()
    expect(page.get_by_text("粘贴的，还没安装")).to_be_visible()
    page.get_by_role("button", name="判定").click()
    page.locator(".decision").get_by_role("button", name="W-1").first.click()
    expect(page.locator("blockquote").filter(has_text="八十个工作小时内修好").first).to_be_visible()
    assert "W@1" not in [one["ref"] for one in at_the_desk.asked(page, "/api/letters")["rows"]]


def the_versions_are_compared(page: Page) -> None:
    page.get_by_role("combobox", name="与之比较").select_option("W@1")
    row = page.locator("tr").filter(has_text="期限").filter(has_text="80 小时")
    expect(row).to_contain_text("60 小时")


def they_are_tried(page: Page) -> None:
    page.get_by_role("link", name="试算").click()
    page.get_by_role("button", name="判定").click()
    expect(page.locator(".decision").get_by_text("1 只钟")).to_be_visible()
    expect(page.locator(".decision").get_by_role("button", name="W-1").first).to_be_visible()
    page.locator("input[name=accepted_on]").fill("2099-01-01")
    page.get_by_role("button", name="判定").click()
    expect(page.get_by_role("alert").get_by_text("$.asset.accepted_on")).to_be_visible()


def a_contract_is_given_it(page: Page) -> str:
    at_the_desk.go_to(page, "客户")
    page.get_by_text("西南空港管理局").first.click()
    page.get_by_role("button", name="新合同").click()
    page.locator("input[name=number]").fill(NUMBER)
    page.locator("input[name=letters][value='W@1']").check()
    page.locator("input[name=signed_on]").fill("2026-11-02")
    page.locator("input[name=starts_on]").fill("2026-11-02")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    expect(page.locator(".fld").filter(has_text=NUMBER)).to_contain_text("W@1")
    return page.url.rsplit("/", 1)[-1]


def a_holiday_moves_the_clock(page: Page, customer: str) -> None:
    file = at_the_desk.asked(page, f"/api/customers/{customer}")
    contract = next(one["id"] for one in file["contracts"] if one["number"] == NUMBER)
    call = {"customer_id": customer, "site_id": file["sites"][0]["id"], "contract_id": contract, "channel": "phone"}
    order = post(page, "/api/work-orders", call | {"symptom": "冷库升温", "asset_ids": []})["id"]

    def due() -> str:
        [clock] = at_the_desk.asked(page, f"/api/work-orders/{order}")["clocks"]
        return str(clock["due"])

    before, day = due(), a_plain_day(page)
    at_the_desk.go_to(page, "承诺")
    page.get_by_role("link", name="日历").click()
    page.locator("input[name=day]").fill(day)
    page.locator("input[name=zh]").fill("公司年会")
    page.locator("input[name=source]").fill("办公室通知 3 号")
    page.get_by_role("button", name="记下").click()
    expect(page.locator(".change").filter(has_text="公司年会")).to_contain_text("办公室通知 3 号")
    page.evaluate(UNTIL_DECIDED)
    after = due()
    assert after > before
    page.locator(".change").filter(has_text="公司年会").get_by_role("button", name="撤回").click()
    expect(page.locator(".change.gone")).to_contain_text("撤回")
    page.evaluate(UNTIL_DECIDED)
    assert due() == before


def a_plain_day(page: Page) -> str:
    """A day of the coming week of which the calendar says nothing."""
    today = datetime.now(UTC) + timedelta(hours=8)
    days = [(today + timedelta(days=n)).date() for n in range(1, 8)]
    named = {
        one["day"]
        for year in {day.year for day in days}
        for one in at_the_desk.asked(page, f"/api/calendar?year={year}")["days"]
    }
    return next(day.isoformat() for day in days if day.isoformat() not in named)
