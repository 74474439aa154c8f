"""Each of the four letters from the call to the closed work order, and on every screen what it alone promises."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import at_the_desk
from tests.e2e.a_walk import (
    Engineer,
    Fault,
    approve,
    arrive,
    cannot_close_yet,
    closed,
    decision,
    report,
    say,
    see_clauses,
    see_sentence,
    sign_and_leave,
    term,
)
from tests.e2e.at_the_desk import Call
from tests.e2e.house import Desk, Phone, Server
from tests.e2e.on_the_phone import next_step

Desks = Callable[[str], Desk]
ANRAN = Engineer("安然", "anran", "2117")
SERVER_DOWN = Fault(
    "面板报 1000-0004，进不了系统", "质量缺陷", "内存条 3 槽接触不良，自检停住", "修复", "3 槽内存重新插紧，连续重启三次正常",
    "面板代码的含义",
)  # fmt: skip


def at_desk(desks: Desks, name: str) -> Page:
    page = desks(name).open("/console/")
    at_the_desk.sign_in(page, name)
    return page


@pytest.mark.promise("B-01", "B-02", "B-03", "B-12", "B-13", "B-14", "B-15")
def test_letter_b_by_how_grave_it_is_and_no_end_without_cause_and_fix(
    server: Server, phone: Phone, desks: Desks
) -> None:
    call = Call(asset="68B19D0", symptom="Power S1014 停机，离港系统用不了")
    keli = at_desk(desks, "keli")
    at_the_desk.type_call(keli, call)  # normal
    see_clauses(keli, "B-01", "B-02", "B-07")
    say(keli, "渠道", "上门")
    expect(term(keli, "响应", "B-14")).to_be_visible()
    say(keli, "渠道", "电话")
    say(keli, "影响", "受影响")
    expect(term(keli, "响应", "B-13")).to_be_visible()
    say(keli, "影响", "办不了公")
    expect(term(keli, "派人", "B-12")).to_be_visible()
    expect(decision(keli).get_by_text("必须上门，不能只用电话处理")).to_be_visible()
    number = at_the_desk.save_call(keli)
    see_sentence(keli, "B-12", "工程师立即前往故障地点")
    cannot_close_yet(keli, ("B-15", "交故障报告才能结单"), ("B-15", "报告写明原因和处理才能结单"))
    expect(keli.get_by_text("还没有报告。")).to_be_in_viewport()

    page = arrive(phone, server, call, ANRAN)
    next_step(page, "开始处理")
    report(page, SERVER_DOWN)
    expect(page.get_by_role("button", name="B-03", exact=True)).to_be_visible()  # guidance is the letter's to ask
    next_step(page, "请客户签字")
    sign_and_leave(page, ANRAN)

    approve(at_desk(desks, "admin"), number, SERVER_DOWN)
    closed(keli, number, ("派人", "B-12"), ("到场", "B-02"), ("解决", "B-02"))
