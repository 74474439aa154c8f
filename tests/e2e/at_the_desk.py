"""What people do in the console, by keys and clicks alone: taking a call, correcting a field, settling, reviewing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from playwright.sync_api import Locator, Page, expect

PASSWORD = "jiannuo-demo"


@dataclass(frozen=True)
class Call:
    """One call as the dispatcher types it in; names as the demo company has them."""

    caller: str = "叶雯"
    phone: str = "138 8205 2046"
    customer: str = "西南空港管理局"
    site: str = "信息中心 B2 机房"
    asset: str = "78F13K5"
    symptom: str = "A 列 08 柜 2 号电源模块红灯，蜂鸣器一直响"
    channel: str = "电话"
    impact: str = "不影响"
    owner: str = "柯莉"
    engineer: str = "安然"


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(password)
    page.get_by_role("button", name="登录").click()
    expect(page.locator("input[name=password]")).to_have_count(0)


def choose(page: Page, field: str, words: str) -> None:
    """Pick the row holding `words` from one of the form's pick lists, as one does: open, type, click; see it picked."""
    box = page.get_by_role("combobox", name=field, exact=True)
    expect(box).to_be_enabled()
    wrapper = page.locator(".el-select__wrapper").filter(has=box)
    wrapper.click()
    if box.is_editable():
        box.fill(words)
    own = page.locator(f"[id='{box.get_attribute('aria-controls')}']")  # another list may still be closing
    own.locator(".el-select-dropdown__item:visible").filter(has_text=words).first.click()
    for _ in ("what was typed", "the list, which stays open where several can be picked"):
        box.press("Escape")
    expect(wrapper.locator(".el-select__selected-item:not(.el-select__input-wrapper)").last).to_contain_text(words)


def go_to(page: Page, place: str) -> None:
    """One of the rail's pages; until its code is here the page before it stands, with words of its own to click on."""
    link = page.get_by_role("link", name=place, exact=True)
    link.click()
    expect(link).to_have_attribute("aria-current", "page")


def open_letter(page: Page, ref: str) -> None:
    """Out of the list of letters, which has links of the same names as a letter's page."""
    go_to(page, "承诺")
    page.get_by_role("row").filter(has_text=ref).click()
    see_letter(page, ref)


def see_letter(page: Page, ref: str) -> None:
    """The page of this letter and no other: the one that installs it shows its title and its clauses, too."""
    expect(page).to_have_url(re.compile(f"/letters/{ref}$"))


def type_call(page: Page, call: Call) -> None:
    """Everything said on the telephone, until the letter's clocks stand beside it."""
    go_to(page, "受理")
    page.locator("input[name=caller_name]").fill(call.caller)
    page.locator("input[name=caller_phone]").fill(call.phone)
    page.locator("input[name=caller_phone]").press("Tab")
    expect(page.get_by_text(call.site).first).to_be_visible()  # the known number brought customer and site
    expect(page.get_by_text(call.customer).first).to_be_visible()
    choose(page, "设备", call.asset)
    page.locator("textarea[name=symptom]").fill(call.symptom)
    page.get_by_role("radio", name=call.channel, exact=True).click()
    page.get_by_role("radio", name=call.impact, exact=True).click()
    choose(page, "负责人", call.owner)
    if call.engineer:
        choose(page, "派给", call.engineer)
    expect(page.locator(".decision").get_by_text(re.compile(r"\d 只钟"))).to_be_visible()


def take_call(page: Page, call: Call) -> str:
    """Step 1. Returns the new work order's number."""
    type_call(page, call)
    return save_call(page)


def save_call(page: Page) -> str:
    """The work order's number, as the page that opens says it."""
    page.locator("textarea[name=symptom]").press("Control+Enter")
    heading = page.get_by_role("heading", name=re.compile(r"WO-\d{4}-\d{6}"))
    expect(heading).to_be_visible()
    found = re.search(r"WO-\d{4}-\d{6}", heading.inner_text())
    assert found
    return found.group()


def field(page: Page, label: str) -> Locator:
    """The line of one field edited in place."""
    return page.locator(".fld").filter(has=page.get_by_role("button", name=f"改{label}", exact=True))


def correct(page: Page, label: str, text: str) -> None:
    """Correct a field in place and see it stand."""
    page.get_by_role("button", name=f"改{label}", exact=True).click()
    page.get_by_label(label, exact=True).last.fill(text)
    page.get_by_role("button", name="保存", exact=True).click()
    expect(field(page, label).get_by_text(text)).to_be_visible()


def pick(page: Page, label: str, words: str) -> None:
    """Correct a field of several answers in place and see it stand."""
    page.get_by_role("button", name=f"改{label}", exact=True).click()
    page.get_by_role("combobox", name=label).select_option(label=words)
    page.get_by_role("button", name="保存", exact=True).click()
    expect(field(page, label).get_by_text(words)).to_be_visible()


def find(page: Page, words: str) -> None:
    """Open the first thing the search box finds."""
    box = page.locator("[data-find] input")
    page.keyboard.press("/")
    box.fill(words)
    page.locator(".found:visible").filter(has_text=words).first.click()
    expect(page.get_by_role("heading", name=words)).to_be_visible()


def asked(page: Page, address: str) -> Any:
    """What the server answers this person: for what the screen shows only in minutes."""
    return page.request.get(urljoin(page.url, address)).json()


def filter_reports(page: Page, state: str, **others: str) -> None:
    """The list of all reports, narrowed by what the fields are called on the screen: `客户="西南空港管理局"`.

    Until the answer comes the wider list stands there: what a row says must fit on every row.
    """
    go_to(page, "报告")
    page.get_by_role("link", name="全部报告").click()
    rows = page.locator(".column tbody tr")
    for field_name, words in {"状态": state, **others}.items():
        choose(page, field_name, words)
        if field_name in ("状态", "客户", "工程师"):
            expect(rows.filter(has_not_text=words)).to_have_count(0)
    expect(rows.first).to_be_visible()


def download(page: Page, words: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=words, exact=True).click()
    return Path(waiting.value.path()).read_bytes()


def paper(page: Page, kind: str) -> bytes:
    """A report's paper as the browser gets it from the link on the screen; the PDF opens beside, Word is saved."""
    if kind == "Word":
        return download(page, kind)
    address = page.get_by_role("link", name=kind, exact=True).get_attribute("href")
    assert address
    return page.request.get(urljoin(page.url, address)).body()


def text_of(word: Any) -> str:
    """All text of a Word file, tables and what lies in them included."""
    return "".join(node.text or "" for node in word.element.iter() if node.tag.endswith("}t"))
