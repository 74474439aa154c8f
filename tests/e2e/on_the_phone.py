"""What the engineer and her customer do on the phone, by taps, keys and a finger alone."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

PASSWORD = "jiannuo-demo"
CAUSE = "2 号电源模块输出掉到 9.8 V，风扇轴承磨损后过热保护"
FIX = "在线更换 2 号电源模块，蜂鸣器停，两路输入各断一次都不掉电"
SENDING_MS = 60_000  # an hour's work is a chain of a dozen requests


def sign_in(page: Page, name: str) -> None:
    """In the morning, with network: signs in and waits until everything is here and kept for offline."""
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="今天")).to_be_visible()
    expect(
        page.locator("a.visit, .btn.next").first
    ).to_be_visible()  # early in the day the next one may be the only one
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def sync_line(page: Page) -> Locator:
    return page.locator("a.sync")


def see_sent(page: Page, says: str | re.Pattern[str] = "全部已发送") -> None:
    """The line that counts what is not with the server says that nothing is left."""
    expect(sync_line(page)).to_contain_text(says, timeout=SENDING_MS)


def open_visit(page: Page, symptom: str) -> None:
    """Out of today's list, or from the card of the next one; until it is here that card has a large button of its own."""
    row = page.locator("a.visit").filter(has_text=symptom)
    card = page.locator(".card").filter(has_text=symptom).get_by_role("button", name="详情")
    row.or_(card).tap()
    expect(page.get_by_role("heading", name=symptom)).to_be_visible()


def back_to_visit(page: Page) -> None:
    """One step up from the report; history goes back in its own time."""
    tap(page, "返回")
    expect(page).to_have_url(re.compile(r"#/visits/[^/]+$"))


def tap(page: Page, words: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=words, exact=isinstance(words, str)).first.tap()


def next_step(page: Page, words: str) -> None:
    """The one large button of the screen, by its verb."""
    page.locator(".btn.next:visible").filter(has_text=words).tap()


def write(page: Page, label: str, text: str) -> None:
    """Type into a field of the report and see that the phone has it."""
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    see_it_kept(field)


def see_it_kept(field: Locator) -> None:
    """The line under a field that says the phone has what was typed."""
    expect(field.locator("xpath=..").locator(".saved:not(.writing)")).to_contain_text("已存在手机")


def option(page: Page, of: str, words: str) -> None:
    """One of several answers; 更多 shows the rest."""
    group = page.get_by_role("radiogroup", name=of)
    answer = group.get_by_role("radio", name=words)
    expect(group.get_by_role("radio").first).to_be_visible()
    if not answer.is_visible():
        group.get_by_role("button", name="更多").tap()
    answer.tap()
    expect(answer).to_be_checked()


def take_photo(page: Page, count: int) -> None:
    tap(page, "拍照")
    camera = page.get_by_role("dialog", name="拍照")
    camera.get_by_role("button", name="拍照").tap()
    expect(camera).to_have_count(0)
    expect(page.get_by_text(f"照片 {count} 张")).to_be_visible()


def add_part(page: Page) -> None:
    tap(page, "加一件")
    for field, text in {
        "name": "电源模块",
        "part_no": "01YM332",
        "old_serial": "YM11BG87A0A2",
        "new_serial": "YM11BG93C1F4",
    }.items():
        page.locator(f"[data-field={field}]").fill(text)
    next_step(page, "加上这件")
    expect(page.get_by_text("YM11BG93C1F4")).to_be_visible()


def write_with_finger(page: Page) -> None:
    """Two strokes over the pad: a person's own hand, not a picture."""
    pad = page.locator("[data-test=pad]")
    pad.tap(trial=True)  # it is where it stays
    box = pad.bounding_box()
    assert box
    x, y = box["x"], box["y"] + box["height"] / 2
    for line in ([(40, -20), (90, 30), (140, -30)], [(170, 0), (210, 25), (260, -10), (300, 20)]):
        page.mouse.move(x + line[0][0], y + line[0][1])
        page.mouse.down()
        for dx, dy in line[1:]:
            page.mouse.move(x + dx, y + dy, steps=6)
        page.mouse.up()
    expect(pad.locator("path")).to_have_count(2)


def customer_accepts(page: Page) -> None:
    """She signs what she has read, accepts and rates."""
    write_with_finger(page)
    next_step(page, "确认签字")
    answer = page.get_by_role("dialog", name="您对这次服务")
    answer.get_by_role("radio", name="验收", exact=True).tap()
    answer.get_by_role("radio", name="很满意", exact=True).tap()
    answer.get_by_role("button", name="确认签字").tap()
    expect(page.get_by_text("谢谢，已经签好")).to_be_visible()


def take_back(page: Page, engineer: str, digits: str) -> None:
    """The phone is the engineer's again."""
    tap(page, f"{engineer}收回手机")
    page.get_by_label("手机号后四位").fill(digits)
    tap(page, "收回")
