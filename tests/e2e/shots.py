"""`make shots`: the screens people see, taken from the demo company into docs/screens; called by nobody else.

Phone and desk are taken as a person reaches them. Pictures are cut to few colours, so that the repository stays small.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, Playwright, expect, sync_playwright

from tests.e2e import at_the_desk, on_the_phone
from tests.e2e.house import ROOT, Desk, Phone, Server, running
from tests.e2e.on_the_phone import next_step, option, sync_line, tap, write
from tests.e2e.tour import customers_link

SCREENS = ROOT / "docs" / "screens"
NEAR_THE_SITE = {"latitude": 30.578520, "longitude": 103.947610, "accuracy": 12.0}


class SmallPhone(Phone):
    size = (360, 640)


def main() -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=30_000)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        with running(folder / "var") as server:
            the_phone(playwright, folder, server.url)
            the_small_phone(playwright, folder, server.url)
            the_customer(playwright, folder, server.url, the_desk(playwright, folder, server))
    print(f"{len(list(SCREENS.glob('*.png')))} pictures in {SCREENS.relative_to(ROOT)}")


def shot(page: Page, name: str) -> None:
    path = SCREENS / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    smaller(path)


def smaller(path: Path) -> None:
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


def the_phone(playwright: Playwright, folder: Path, url: str) -> None:
    """One visit of the morning: today in three themes, check-in, report, signature, what is not sent."""
    phone = Phone(playwright, folder / "phone", url)
    phone.position = NEAR_THE_SITE
    page = phone.open()
    on_the_phone.sign_in(page, "anran")
    expect(page.locator(".btn.next")).to_be_visible()
    shot(page, "phone-today")
    for theme, words in (("dark", "深色"), ("sunlight", "强光"), ("", "浅色")):
        page.get_by_role("link", name="我的").tap()
        page.get_by_text(words, exact=True).tap()
        page.get_by_role("link", name="今天").tap()
        expect(page.locator(".btn.next")).to_be_visible()
        if theme:
            shot(page, f"phone-today-{theme}")
    phone.go_offline()
    next_step(page, "到场签到")
    expect(page.get_by_role("status").filter(has_text="已到场")).to_be_visible()
    shot(page, "phone-check-in")
    next_step(page, "开始处理")
    write(page, "故障现象", "2 号控制器电池告警，缓存转为直写")
    option(page, "故障原因", "自然老化")
    write(page, "怎么查到的，为什么坏", "电池满充容量降到 41%，低于 60% 的更换线")
    option(page, "处理办法", "修复")
    write(page, "做了什么，怎么验证", "在线更换电池模块，学习通过，缓存恢复回写")
    shot(page, "phone-report")
    option(page, "结果", "已修好")
    tap(page, "面板灯含义")
    next_step(page, "请客户签字")
    expect(page.get_by_text(re.compile("第 1 版"))).to_be_visible()
    on_the_phone.write_with_finger(page)
    shot(page, "phone-signature")
    tap(page, "稍后签")
    page.get_by_label("手机号后四位").fill("2117")
    tap(page, "收回")
    expect(page.get_by_role("heading", name="故障报告")).to_be_visible()
    page.goto(f"{url}/#/sync")
    expect(page.get_by_text("待发送，按先后")).to_be_visible()
    shot(page, "phone-sync")
    phone.kill()


def the_small_phone(playwright: Playwright, folder: Path, url: str) -> None:
    phone = SmallPhone(playwright, folder / "small", url)
    page = phone.open()
    on_the_phone.sign_in(page, "zhouben")
    page.get_by_role("link", name="我的").tap()
    page.get_by_text("English", exact=True).tap()
    page.get_by_role("link", name="Today").tap()
    expect(sync_line(page)).to_be_visible()
    expect(page.locator(".btn.next")).to_be_visible()
    shot(page, "phone-today-en")
    phone.kill()


def the_desk(playwright: Playwright, folder: Path, server: Server) -> str:
    """Board, dispatch, review, paper, intake; returns the link that the office made for a customer."""
    desk = Desk(playwright, folder / "desk", server.url)
    page = desk.open("/console/")
    at_the_desk.sign_in(page, "admin")
    expect(page.locator("tbody tr").first).to_be_visible()
    shot(page, "desk-board")
    at_the_desk.go_to(page, "派工")
    expect(page.get_by_text("没有工程师。")).to_have_count(0)
    expect(page.get_by_text("安然").first).to_be_visible()
    shot(page, "desk-dispatch")
    at_the_desk.go_to(page, "报告")
    expect(page.locator(".evidence")).to_be_visible()
    page.wait_for_function(
        "[...document.querySelectorAll('.photos img')].every((one) => one.complete && one.naturalWidth)"
    )
    shot(page, "desk-review")
    pages_of(at_the_desk.paper(page, "PDF"), "paper")
    at_the_desk.type_call(page, at_the_desk.Call())
    page.get_by_role("heading", name="什么事").click()  # closes the list of engineers
    expect(page.locator(".el-select-dropdown:visible")).to_have_count(0)
    shot(page, "desk-intake")
    page.evaluate("localStorage['fp.language'] = 'en', localStorage['fp.theme'] = 'dark'")
    page.goto(f"{server.url}/console/reports")
    expect(page.locator(".evidence")).to_be_visible()
    page.wait_for_timeout(700)
    shot(page, "desk-review-en-dark")
    pages_of(at_the_desk.paper(page, "PDF"), "paper-en")
    link = customers_link(page, server)
    desk.kill()
    return link


def the_customer(playwright: Playwright, folder: Path, url: str, link: str) -> None:
    """Her own page: it works again, she is asked."""
    eve = Phone(playwright, folder / "eve", url)
    page = eve.open(link)
    expect(page.get_by_role("heading", name="已修好，请您确认")).to_be_visible()
    shot(page, "customer-phone")
    eve.kill()


def pages_of(pdf: bytes, name: str) -> None:
    """The paper's pages as pictures, where pdftoppm is installed."""
    if shutil.which("pdftoppm") is None:
        print("no pdftoppm here (Debian: apt install poppler-utils): the paper is not drawn")
        return
    command = ["pdftoppm", "-png", "-r", "80", "-l", "2" if name == "paper" else "1", "-", str(SCREENS / name)]
    subprocess.run(command, input=pdf, check=True)
    for path in SCREENS.glob(f"{name}-[0-9]*.png"):
        smaller(path)


if __name__ == "__main__":
    main()
