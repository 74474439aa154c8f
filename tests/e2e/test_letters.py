"""Each of the four letters from the call to the closed work order, and on every screen what it alone promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

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
    read_letter,
    report,
    say,
    see_clauses,
    see_sentence,
    send,
    sign_and_leave,
    term,
)
from tests.e2e.at_the_desk import Call
from tests.e2e.house import Desk, Phone, Server
from tests.e2e.on_the_phone import back_to_visit, next_step, take_back, write_with_finger

Desks = Callable[[str], Desk]
ANRAN = Engineer("安然", "anran", "2117")
LIU = Engineer("刘志强", "liuzhiqiang", "2112")
LUO = Engineer("罗晓宇", "luoxiaoyu", "2125")
ZHOU = Engineer("周本", "zhouben", "2118")
LICENCE = Fault(
    "提示找不到加密锁",
    "配置",
    "换主机后加密锁服务没有随系统启动",
    "调整配置",
    "服务改为自动启动，重启两次都能打开",
    "换机前先停加密锁服务",
)
CHAIR = Fault(
    "左后腿一坐就响", "质量缺陷", "左后腿焊口虚焊，裂开 3 毫米", "修复", "补焊打磨，坐 100 公斤不响", "每月看一次螺钉"
)
LAPTOP = Fault(
    "开机黑屏，风扇转", "质量缺陷", "屏线插头没有压到位", "修复", "重新压接屏线，开合二十次不黑", "重要文件请另存一份"
)
SERVER_DOWN = Fault(
    "面板报 1000-0004，进不了系统", "质量缺陷", "内存条 3 槽接触不良，自检停住", "修复", "3 槽内存重新插紧，连续重启三次正常",
    "面板代码的含义",
)  # fmt: skip


def at_desk(desks: Desks, name: str) -> Page:
    page = desks(name).open("/console/")
    at_the_desk.sign_in(page, name)
    return page


@pytest.mark.promise("B-01", "B-02", "B-03", "B-04", "B-06", "B-12", "B-13", "B-14", "B-15", "B-21")
def test_letter_b_by_how_grave_it_is_and_no_end_without_cause_and_fix(
    server: Server, phone: Phone, desks: Desks
) -> None:
    call = Call(asset="68B19D0", symptom="Power S1014 停机，离港系统用不了")
    keli = at_desk(desks, "keli")
    read_letter(keli, "B")
    at_the_desk.type_call(keli, call)  # normal
    see_clauses(keli, "B-01", "B-02", "B-07")
    say(keli, "渠道", "传真")
    at_the_desk.choose(keli, "类型", "咨询")
    see_clauses(keli, "B-04")
    at_the_desk.choose(keli, "类型", "维修")
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


@pytest.mark.promise("A-01", "A-02", "A-03", "A-06", "A-07", "A-08", "A-09", "A-10", "A-11", "A-12", "A-13", "A-14")
def test_letter_a_by_phone_then_remotely_then_on_site_until_the_user_accepts(
    server: Server, phone: Phone, desks: Desks
) -> None:
    call = Call(
        "袁浩", "135 5108 7702", "岷江测绘设计院", "院部三楼", "3DMA-2609-1183", "测图版打不开，提示找不到加密锁",
        owner="刘志强", engineer="",
    )  # fmt: skip
    keli = at_desk(desks, "keli")
    read_letter(keli, "A")
    at_the_desk.type_call(keli, call)
    assert_terms(keli, ("响应", "A-11"), ("解决", "A-11"))
    see_clauses(keli, "A-01", "A-06")
    say(keli, "渠道", "远程")
    assert_terms(keli, ("响应", "A-10"), ("解决", "A-10"))
    say(keli, "渠道", "上门")
    assert_terms(keli, ("到场", "A-13"))
    see_clauses(keli, "A-07", "A-08")
    at_the_desk.choose(keli, "类型", "升级")
    see_clauses(keli, "A-14")
    at_the_desk.choose(keli, "类型", "维修")
    say(keli, "渠道", "电话")
    number = at_the_desk.save_call(keli)
    expect(keli.locator(".fld").filter(has_text="负责人")).to_contain_text("刘志强")

    keli.get_by_role("button", name="转远程").click()
    assert_terms(keli, ("响应", "A-10"), ("响应", "A-11"))
    expect(term(keli, "响应", "A-10").locator(".chip.met")).to_be_visible()
    keli.get_by_label("经过", exact=True).select_option(label="决定上门")
    keli.get_by_role("button", name="记一笔").click()
    assert_terms(keli, ("到场", "A-13"))
    send(keli, LIU)
    cannot_close_yet(keli, ("A-01", "客户验收才能结单"))
    expect(keli.get_by_label("经过", exact=True)).to_be_focused()

    page = arrive(phone, server, call, LIU)
    next_step(page, "开始处理")
    report(page, LICENCE)
    what_is_left_leads_there(page, "A-01")
    sign_and_leave(page, LIU)

    approve(at_desk(desks, "admin"), number, LICENCE)
    closed(keli, number, ("响应", "A-11"), ("解决", "A-11"), ("到场", "A-13"))


@pytest.mark.promise("C-02", "C-03", "C-07", "C-11", "C-13", "C-15", "C-16", "C-18", "C-19", "C-21", "C-22")
@pytest.mark.promise("C-04", "C-10", "C-14", "C-23")
def test_letter_c_goes_to_the_branch_of_the_province_in_twenty_minutes_and_costs_nothing(
    server: Server, phone: Phone, desks: Desks
) -> None:
    call = Call(
        "谭永红", "133 0836 9021", "蓉城图书馆", "渝中联合阅览室", "RT-YY-0610", "阅览椅左后腿一坐就响", owner="冉静", engineer="",
    )  # fmt: skip
    keli = at_desk(desks, "keli")
    read_letter(keli, "C")
    expect(keli.get_by_text("沙发：脱胶、断线、木架不稳、配件损坏")).to_be_visible()
    at_the_desk.type_call(keli, call)
    assert_terms(keli, ("到场", "C-22"))
    see_clauses(keli, "C-19", "C-16")
    expect(decision(keli).locator(".pay")).to_have_text("人工免费配件免费上门免费交通免费")
    for kind, clause in (("搬迁", "C-13"), ("送货", "C-15"), ("维修", "C-19")):
        at_the_desk.choose(keli, "类型", kind)
        see_clauses(keli, clause)
    number = at_the_desk.save_call(keli)
    see_sentence(keli, "C-22", "20分钟内赶到现场")
    at_the_desk.pick(keli, "修不好", "是")
    see_clauses(keli, "C-02")
    expect(decision(keli).get_by_text("免费更换")).to_be_visible()
    at_the_desk.pick(keli, "修不好", "否")
    keli.get_by_role("button", name="派人", exact=True).click()
    expect(keli.locator(".person").filter(has_text="唐敏")).to_contain_text("是这位客户的客户经理")

    ranjing = at_desk(desks, "ranjing")  # the branch of the site's province finds it, and sends its own engineer
    at_the_desk.find(ranjing, number)
    send(ranjing, LUO)

    page = arrive(phone, server, call, LUO)
    expect(page.get_by_text("C-22").first).to_be_visible()
    next_step(page, "开始处理")
    report(page, CHAIR)
    next_step(page, "请客户签字")
    sign_and_leave(page, LUO)

    admin = at_desk(desks, "admin")
    approve(admin, number, CHAIR)
    closed(ranjing, number, ("到场", "C-22"))
    at_the_desk.go_to(admin, "客户")
    admin.get_by_text(call.customer).first.click()
    for words in (call.symptom, call.asset, "TS-2025-002", call.site):
        expect(admin.get_by_text(words).first).to_be_visible()
    expect(at_the_desk.field(admin, "客户经理")).to_contain_text("唐敏")


@pytest.mark.promise("D-06", "D-09", "D-12", "D-13", "D-14", "D-16", "D-18", "D-23", "D-24")
def test_letter_d_thirty_minutes_a_loaner_else_three_guarantees_and_the_backup_said_first(
    server: Server, phone: Phone, desks: Desks
) -> None:
    call = Call(
        "郑凯", "139 8172 6191", "双流区实验中学", "西航港校区", "9PLM3T7", "新笔记本开机黑屏，风扇转", engineer="周本",
    )  # fmt: skip
    keli = at_desk(desks, "keli")
    read_letter(keli, "D")
    at_the_desk.type_call(keli, call)
    assert_terms(keli, ("响应", "D-13"), ("到场", "D-13"), ("解决", "D-14"))
    see_clauses(keli, "D-06", "D-09", "D-18")
    expect(decision(keli).get_by_text("修不好要借备用机")).to_be_visible()
    expect(decision(keli).get_by_text("换货", exact=True)).to_be_visible()
    at_the_desk.choose(keli, "类型", "咨询")
    see_clauses(keli, "D-24")
    at_the_desk.choose(keli, "类型", "维修")
    number = at_the_desk.save_call(keli)
    see_sentence(keli, "D-14", "授权服务机构将提供备机")

    page = arrive(phone, server, call, ZHOU)
    page.get_by_role("button", name="D-13", exact=True).first.tap()  # the sentence, and whom to call
    sheet = page.get_by_role("dialog", name="D-13")
    expect(sheet.locator("blockquote")).to_contain_text("30分钟内到达现场维修")
    expect(sheet.get_by_role("link", name="0523-84931881")).to_have_attribute("href", "tel:0523-84931881")
    sheet.get_by_role("button", name="关闭").tap()
    backup_is_said_first(page)
    report(page, LAPTOP)
    next_step(page, "请客户签字")
    sign_and_leave(page, ZHOU)

    approve(at_desk(desks, "admin"), number, LAPTOP)
    closed(keli, number, ("到场", "D-13"), ("解决", "D-14"))
    expect(keli.locator("[data-test=acknowledgement]")).to_contain_text("客户同意")


def assert_terms(page: Page, *terms: tuple[str, str]) -> None:
    for name, clause in terms:
        expect(term(page, name, clause)).to_be_visible()


def what_is_left_leads_there(page: Page, clause: str) -> None:
    """On leaving, the phone lists what the letter still wants; a tap on it leads to the signature."""
    back_to_visit(page)
    page.goto(page.url.rstrip("/") + "/check-out")
    left = page.locator("[data-test=gates-left] a").filter(has_text=clause)
    left.tap(position={"x": 300, "y": 10})
    expect(page.get_by_role("heading", name="请客户签字")).to_be_visible()


def backup_is_said_first(page: Page) -> None:
    """Before work the customer reads and signs what D-18 wants her to know."""
    next_step(page, "动手前请客户确认")
    expect(page.get_by_role("heading", name="备份数据")).to_be_visible()
    expect(page.get_by_role("button", name="D-18").first).to_be_visible()
    next_step(page, "交给客户看")
    expect(page.get_by_text("自行备份").first).to_be_visible()
    write_with_finger(page)
    next_step(page, "同意并签字")
    expect(page.get_by_text("谢谢，已经签好")).to_be_visible()
    take_back(page, ZHOU.name, ZHOU.digits)
    next_step(page, "开始处理")


def days_ago(n: int) -> str:
    return (date.today() - timedelta(days=n)).isoformat()


def try_on(page: Page, **facts: str) -> None:
    """The facts typed into the form, and the letters asked."""
    for name, value in facts.items():
        field = page.locator(f"form [name={name}]")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.get_by_role("button", name="判定", exact=True).click()


@pytest.mark.promise("B-20", "C-12", "D-03", "D-05", "D-10", "D-11", "D-15")
def test_letters_tried_on_facts_that_seldom_come_together(desks: Desks) -> None:
    page = at_desk(desks, "admin")
    at_the_desk.open_letter(page, "D@1")
    page.get_by_role("link", name="试算").click()
    said = decision(page)

    try_on(page, brand="DELL", category="laptop", price="6880.00", invoiced_on=days_ago(2), accepted_on=days_ago(2))
    see_clauses(page, "D-05")
    for words in ("退货", "退款，发票全价", "¥6,880.00"):
        expect(said).to_contain_text(words)
    try_on(page, invoiced_on="2021-10-03", accepted_on="2021-10-03")  # ends on a day of the golden week
    see_clauses(page, "D-11", "D-22")
    expect(said.get_by_role("heading")).to_contain_text("2024-10-08")
    try_on(page, cause_category="transit_damage")
    see_clauses(page, "D-03")
    expect(said.get_by_role("heading")).to_contain_text("免费")
    try_on(page, cause_category="", reported_at=f"{days_ago(1)}T20:00")  # after hours: half an hour from nine
    expect(term(page, "到场", "D-13")).to_contain_text("09:30")
    page.get_by_role("button", name="加一段").click()
    page.get_by_label("从", exact=True).fill("2024-03-01")
    page.get_by_label("到", exact=True).fill("2024-03-20")
    try_on(page)
    see_clauses(page, "D-10")
    expect(said.get_by_role("heading")).not_to_contain_text("2024-10-08")

    page.reload()
    page.locator("label").filter(has_text="D@1").get_by_role("checkbox").uncheck()
    page.locator("label").filter(has_text="B@1").get_by_role("checkbox").check()
    try_on(page, category="desk", accepted_on=days_ago(4 * 366))
    see_clauses(page, "B-09", "B-02")
    page.locator("label").filter(has_text="C@1").get_by_role("checkbox").check()
    try_on(page)  # both: per term and charge the better one, named
    see_clauses(page, "C-19", "C-22")
    expect(term(page, "解决", "B-02")).to_be_visible()
    expect(said.get_by_role("heading")).to_contain_text("免费")
    try_on(page, cause_category="user_damage")
    see_clauses(page, "C-12")
