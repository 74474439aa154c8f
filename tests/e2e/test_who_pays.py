"""At the desk: who pays with a figure, the signed sentence behind it, a remedy, a suspension and its override."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.at_the_desk import Call, asked, field, go_to, sign_in, type_call

SOFTWARE = Call(
    "袁浩",
    "135 5108 7702",
    "岷江测绘设计院",
    "院部三楼",
    "3DMA-2609-1183",
    "测图版打不开",
    owner="刘志强",
    engineer="",
)


def go(page: Page, address: str) -> None:
    page.goto(urljoin(page.url, address))


def work_order(page: Page, fits: object) -> str:
    """The address of the newest work order of the demo company that fits."""
    rows = asked(page, "/api/work-orders?limit=200")["rows"]
    return next(f"/console/work-orders/{row['id']}" for row in rows if fits(row))  # type: ignore[operator]


@pytest.mark.promise("D-22", "D-09", "A-07")
def test_a_charge_has_its_price_its_clause_and_the_sentence_that_was_signed(desks):
    page = desks("admin").open("/console/")
    sign_in(page, "admin")
    address = work_order(
        page, lambda row: row["entitlement"]["charges"]["call_out"] == "fee" and row["letters"] == ["D@1"]
    )
    go(page, address)
    panel = page.locator(".decision")
    expect(panel.get_by_text("¥120.00", exact=False).first).to_be_visible()
    panel.get_by_role("button", name=re.compile("D-(09|22)")).first.click()
    expect(page.locator("blockquote").filter(has_text=re.compile("免费保修|上门服务费")).first).to_be_visible()


@pytest.mark.promise("B-09")
def test_an_admin_enters_a_price_and_the_list_shows_it(desks):
    page = desks("admin").open("/console/")
    sign_in(page, "admin")
    go_to(page, "价目")
    page.get_by_role("button", name="新价格").click()
    form = page.locator("form.record")
    for label, value in (("项目", "travel"), ("收法", "fee"), ("单位", "km")):
        form.locator("label").filter(has_text=label).locator("select").select_option(value)
    for label, text in (
        ("价格", "2.80"),
        ("中文名称", "交通费，每公里，市区外"),
        ("英文名称", "Travel, each kilometre"),
    ):
        form.locator("label").filter(has_text=label).locator("input").fill(text)
    form.locator("input[name=valid_from]").fill("2026-01-01")
    form.get_by_role("button", name="保存").click()
    row = page.locator("tbody tr").filter(has_text="交通费，每公里，市区外")
    expect(row.get_by_text("¥2.80")).to_be_visible()


@pytest.mark.promise("B-07", "C-16")
def test_the_office_records_the_remedy_and_gives_another_unit(desks):
    page = desks("keli").open("/console/")
    sign_in(page, "keli")
    fits = lambda row: (  # noqa: E731
        row["entitlement"]["remedies"] == ["exchange", "repair"] and row["letters"] == ["B@1"]
        and row["state"] not in ("closed", "cancelled") and len(row["asset_ids"]) == 1
    )  # fmt: skip
    go(page, work_order(page, fits))
    panel = page.locator(".decision")
    panel.get_by_label("客户选").select_option("exchange")
    panel.get_by_role("button", name="记下").click()
    expect(panel.get_by_role("alert")).to_contain_text("请写是谁选的")
    panel.get_by_label("谁选的").fill("叶雯")
    panel.get_by_role("button", name="记下").click()
    expect(panel.get_by_text("客户选了换货")).to_be_visible()
    panel.get_by_label("换上的新机序列号").fill("78F13K9")
    panel.get_by_role("button", name="换新").click()
    expect(page.locator(".ev").filter(has_text="换新")).to_be_visible()


@pytest.mark.promise("A-15", "A-16", "A-17")
def test_a_payment_breach_suspends_and_the_dispatcher_serves_with_a_reason(desks):
    page = desks("keli").open("/console/")
    sign_in(page, "keli")
    address = work_order(page, lambda row: row["letters"] == ["A@1"] and row["state"] not in ("closed", "cancelled"))
    go(page, address)
    customer = asked(page, address.replace("/console", "/api"))["customer_id"]
    go(page, f"/console/customers/{customer}")
    field(page, "欠款违约").get_by_role("button").click()
    line = page.locator(".fld").filter(has=page.get_by_label("欠款违约", exact=True))
    line.locator("select").select_option("yes")
    line.get_by_role("button", name="保存").click()
    expect(line.get_by_role("alert")).to_contain_text("请写明原因")
    line.get_by_label("为什么改").fill("三期款逾期 60 天")
    line.get_by_role("button", name="保存").click()
    expect(page.get_by_text("三期款逾期 60 天")).to_be_visible()
    go(page, address)
    panel = page.locator(".decision")
    expect(panel.get_by_role("heading", name="服务已中止")).to_be_visible()
    expect(panel.get_by_role("button", name="A-15")).to_be_visible()
    panel.get_by_label("为什么照常服务").fill("财务确认本周到账")
    panel.get_by_role("button", name="照常服务").click()
    expect(panel.get_by_text("本可中止服务，仍照常服务：财务确认本周到账")).to_be_visible()
    expect(panel.get_by_role("heading", name="服务已中止")).to_have_count(0)
    panel.get_by_label("为什么撤回").fill("点错了单")
    panel.get_by_role("button", name="撤回特批").click()
    expect(panel.get_by_role("heading", name="服务已中止")).to_be_visible()
    expect(page.locator(".ev.voided").filter(has_text="点错了单")).to_be_visible()
    go(page, f"/console/customers/{customer}")
    flag(page, "违反保密", "yes", "测图成果给了外单位")
    asset = asked(page, f"/api/assets?q={SOFTWARE.asset}")["rows"][0]["id"]
    go(page, f"/console/assets/{asset}")
    flag(page, "正版", "no", "加密锁是仿制的")
    type_call(page, SOFTWARE)  # the next call is told at once why it may be declined
    expect(panel.get_by_role("heading", name="服务已中止")).to_be_visible()
    for clause in ("A-15", "A-16", "A-17"):
        expect(panel.get_by_role("button", name=clause, exact=True)).to_be_visible()


@pytest.mark.promise("D-07")
def test_repairs_of_the_same_fault_are_counted_and_named_by_their_reports(desks):
    page = desks("keli").open("/console/")
    sign_in(page, "keli")
    go(page, work_order(page, lambda row: row["letters"] == ["D@1"] and len(row["entitlement"]["repairs"]) >= 2))
    panel = page.locator(".decision")
    expect(panel.get_by_role("button", name="D-07", exact=True)).to_be_visible()
    expect(panel.get_by_text("换货", exact=True).first).to_be_visible()
    named = panel.locator("p").filter(has_text="同一故障已修 2 次").get_by_role("link")
    expect(named).to_have_text([re.compile(r"^FR-\d{4}-\d{6}$")] * 2)


def flag(page: Page, label: str, answer: str, why: str) -> None:
    """Change a flag that decides who pays, with the reason it asks for."""
    field(page, label).get_by_role("button").click()
    line = page.locator(".fld").filter(has=page.get_by_label(label, exact=True))
    line.locator("select").select_option(answer)
    line.get_by_label("为什么改").fill(why)
    line.get_by_role("button", name="保存").click()
    expect(page.get_by_text(why)).to_be_visible()
