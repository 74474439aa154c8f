"""The main job end to end, by taps and keys alone: a call, a basement without network, a signed report, its papers.

One test walks the eight steps on the real server with the demo company; the smaller ones look at a single promise.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e import at_the_desk, on_the_phone
from tests.e2e.at_the_desk import Call
from tests.e2e.house import Desk, Phone, Server
from tests.e2e.on_the_phone import (
    add_part,
    next_step,
    option,
    see_it_kept,
    sync_line,
    take_photo,
    tap,
    write,
    write_with_finger,
)

NEAR_THE_SITE = {"latitude": 30.578520, "longitude": 103.947610, "accuracy": 12.0}


def test_the_story(server: Server, phone: Phone, desks: Callable[[str], Desk]) -> None:
    call = Call()
    phone.position = NEAR_THE_SITE
    number = the_call(desks, call)
    the_morning(phone)
    page = the_basement(phone, server)
    todays_visit_is_there(page, call, number)
    check_in(page)
    page = the_finding(page, phone)
    the_customer_signs(page)
    leave(page)


def the_call(desks: Callable[[str], Desk], call: Call) -> str:
    """Step 1."""
    desk = desks("keli")
    keli = desk.open("/console/")
    at_the_desk.sign_in(keli, "keli")
    number = at_the_desk.take_call(keli, call)
    expect(keli.locator(".decision").get_by_text("到场")).to_be_visible()
    expect(keli.get_by_text(call.engineer).first).to_be_visible()
    return number


def the_morning(phone: Phone) -> None:
    on_the_phone.sign_in(phone.open(), "anran")


def the_basement(phone: Phone, server: Server) -> Page:
    """Step 2: no server, no network, the browser dead and started anew."""
    server.stop()
    phone.go_offline()
    phone.kill()
    page = phone.open()
    phone.go_offline()
    return page


def todays_visit_is_there(page: Page, call: Call, number: str) -> None:
    """Step 2, on: today's visit with site, contact, asset, promises and the last reports, out of the phone alone."""
    expect(page.get_by_role("heading", name="今天")).to_be_visible()
    expect(sync_line(page)).to_contain_text("离线")
    page.locator("a.visit").filter(has_text=call.symptom).tap()
    expect(page.get_by_role("heading", name=call.symptom)).to_be_visible()
    for words in (number, call.site, call.caller, call.phone, "B-02", "B-07", call.asset, "在线换电池模块，学习通过"):
        expect(page.get_by_text(words).first).to_be_visible()


def check_in(page: Page) -> None:
    """Step 3."""
    for verb in ("接单", "出发", "到场签到"):
        next_step(page, verb)
    card = page.get_by_role("status").filter(has_text="已到场")
    expect(card).to_be_visible()
    expect(page.get_by_text("±12").first).to_be_visible()
    expect(page.get_by_text("联网后服务器再判一次")).to_be_visible()


def the_finding(page: Page, phone: Phone) -> Page:
    """Step 4: survives a reload, a closed tab and a killed browser."""
    next_step(page, "开始处理")
    write(page, "故障现象", "2 号电源模块红灯，蜂鸣器响")
    option(page, "故障原因", "自然老化")
    page.reload()
    option(page, "处理办法", "更换配件")
    take_photo(page, 1)
    write(page, "怎么查到的，为什么坏", on_the_phone.CAUSE)
    context = page.context
    page.close()
    page = context.new_page()
    page.goto(phone.url + "/")
    expect(page.get_by_label("怎么查到的，为什么坏")).to_have_value(on_the_phone.CAUSE)
    expect(page.get_by_text("照片 1 张")).to_be_visible()
    add_part(page)
    take_photo(page, 2)
    write(page, "做了什么，怎么验证", on_the_phone.FIX)
    option(page, "结果", "已修好")
    tap(page, "面板灯含义")
    page.get_by_label("向客户说明").press_sequentially("，另请每季度看一次")
    see_it_kept(page.get_by_label("向客户说明"))
    phone.kill()
    page = phone.open()
    phone.go_offline()
    expect(page.get_by_label("向客户说明")).to_have_value("面板灯含义，另请每季度看一次")
    for words in ("YM11BG87A0A2", "YM11BG93C1F4", "照片 2 张"):
        expect(page.get_by_text(words).first).to_be_visible()
    expect(page.get_by_role("radiogroup", name="结果").get_by_role("radio", name="已修好")).to_be_checked()
    return page


def the_customer_signs(page: Page) -> None:
    """Step 5: the frozen summary of this job alone, ink, an answer, a rating."""
    next_step(page, "请客户签字")
    expect(page.get_by_text(re.compile("第 1 版，.*锁定"))).to_be_visible()
    expect(page.get_by_text(on_the_phone.CAUSE).first).to_be_visible()
    page.goto(re.sub("#.*", "#/", page.url))
    expect(
        page.get_by_role("heading", name="请客户签字")
    ).to_be_visible()  # the phone in a customer's hand shows this job alone
    next_step(page, "确认签字")
    expect(page.get_by_text("还没有笔迹，不能算签字")).to_be_visible()
    write_with_finger(page)
    next_step(page, "确认签字")
    answer = page.get_by_role("dialog", name="您对这次服务")
    answer.get_by_role("radio", name="验收", exact=True).tap()
    answer.get_by_role("radio", name="很满意", exact=True).tap()
    answer.get_by_role("button", name="确认签字").tap()
    expect(page.get_by_text("谢谢，已经签好")).to_be_visible()
    tap(page, "安然收回手机")
    page.get_by_label("手机号后四位").fill("2117")
    tap(page, "收回")
    expect(page.get_by_role("heading", name="签退")).to_be_visible()


def leave(page: Page) -> None:
    """Step 5, on: out, and one line says honestly what is not sent."""
    next_step(page, "签退离场")
    next_step(page, "回到今天")
    expect(sync_line(page)).to_contain_text(re.compile(r"离线 · \d+ 项待发送"))
