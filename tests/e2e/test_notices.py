"""Clocks that tell somebody: a warning at the desk and on the phone, why a clock was missed, call her, remote, a promise."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import at_the_desk, on_the_phone
from tests.e2e.house import Desk, Phone

WORKER_S = 60  # the worker looks every few seconds; a busy machine may be late


@pytest.fixture(autouse=True)
def call_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits three minutes in a test."""
    monkeypatch.setenv("FIELDPLEDGE_CALL_HER_AFTER_S", "1")


def api(page: Page, path: str, body: Any = None) -> Any:
    """What the console itself would ask, with this desk's session."""
    ask = """async ([path, body]) => {
        const given = body ? {method: 'POST', body: JSON.stringify(body)} : {}
        const headers = {'X-Fieldpledge': '1', 'Content-Type': 'application/json'}
        const answer = await fetch(path, {headers, ...given})
        return [answer.status, await answer.json()]
    }"""
    status, found = page.evaluate(ask, [path, body])
    assert status < 300, found
    return found


def orders(page: Page) -> list[dict[str, Any]]:
    return api(page, "/api/work-orders?state=all&limit=200")["rows"]


def notices(page: Page) -> list[dict[str, Any]]:
    return api(page, "/api/notices?limit=100")["rows"]


def open_order(page: Page, order: dict[str, Any]) -> None:
    page.goto(re.sub(r"/console/.*", f"/console/work-orders/{order['id']}", page.url))
    expect(page.get_by_role("heading", name=order["number"])).to_be_visible()


def like(page: Page, letter: str, **given: Any) -> dict[str, Any]:
    """A new call for a customer whose letter it is, about the same asset as an older one."""
    old = next(row for row in orders(page) if row["letters"] and row["letters"][0].startswith(letter))
    names = ("customer_id", "site_id", "asset_ids", "owner_id")
    body = {name: old[name] for name in names} | {"channel": "phone", "symptom": "试一次", "kind": "repair"} | given
    return api(page, "/api/work-orders", body)


def test_a_warning_reaches_the_desks_bell_and_the_phones_today(phone: Phone, desks: Callable[[str], Desk]) -> None:
    office = desks("keli").open("/console/")
    at_the_desk.sign_in(office, "keli")
    bell = office.get_by_role("button", name=re.compile("通知，[0-9]+ 条未读"))
    expect(bell).to_be_visible(timeout=WORKER_S * 1000)
    office.keyboard.press("b")
    panel = office.get_by_role("dialog", name="通知")
    first = panel.get_by_role("link").filter(has_text=re.compile("还剩|超")).first
    expect(first).to_be_visible()
    office.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    had = {row["id"] for row in notices(office)}
    office.keyboard.press("b")
    with office.expect_response(re.compile("/api/notices/read-all")):
        panel.get_by_role("button", name="全部标为已读").click()
    left = {row["id"] for row in notices(office) if not row["read_at"]}  # the worker may tell more at any time
    assert not had & left
    said = f"通知，{len(left)} 条未读" if left else "通知"
    expect(office.get_by_role("button", name=said, exact=True)).to_be_visible()
    panel.get_by_role("link").first.click()
    expect(office).to_have_url(re.compile("/console/work-orders/"))

    page = phone.open()
    on_the_phone.sign_in(page, "anran")
    page.get_by_role("link", name=re.compile("条新通知")).tap()
    expect(page.get_by_text(re.compile("到场还剩|到场超")).first).to_be_visible()
    on_the_phone.tap(page, "返回")
    expect(page.get_by_role("heading", name="今天")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("条新通知"))).to_have_count(0)


@pytest.mark.promise("D-13")
@pytest.mark.promise("D-14")
def test_a_missed_clock_asks_why_and_the_sentence_stands_beside_it(desks: Callable[[str], Desk]) -> None:
    office = desks("admin").open("/console/")
    at_the_desk.sign_in(office, "admin")
    missed = next(
        row for row in orders(office)
        if any(c["name"] == "resolve" and c["state"] == "missed" and not c["missed_reason"] for c in row["clocks"])
    )  # fmt: skip
    open_order(office, missed)
    task = office.locator("form.task").filter(has_text="解决").first
    task.get_by_role("textbox", name="还差一句原因").fill("备件当天没有到货")
    task.get_by_role("button", name="写下").click()
    expect(office.get_by_text("原因：备件当天没有到货")).to_be_visible()
    expect(office.locator("form.task").filter(has_text="解决")).to_have_count(0)


@pytest.mark.promise("C-22")
def test_sent_and_not_looked_at_the_desk_is_asked_to_call_her(desks: Callable[[str], Desk]) -> None:
    office = desks("admin").open("/console/")
    at_the_desk.sign_in(office, "admin")
    call = like(office, "C")
    dispatcher = next(u for u in api(office, "/api/users") if u["sign_in_name"] == "keli")
    engineer = next(e for e in api(office, f"/api/engineers?work_order_id={call['id']}")["rows"] if e["phone"])
    visit = {"engineer_ids": [engineer["id"]], "planned_from": call["reported_at"]}
    api(office, f"/api/work-orders/{call['id']}/visits", visit)
    open_order(office, call)
    expect(office.get_by_text("还没送达")).to_be_visible()
    desk = desks("keli").open("/console/")
    at_the_desk.sign_in(desk, "keli")
    assert call["branch_id"] in {dispatcher["branch_id"], *dispatcher.get("branch_ids", [])}
    asked = re.compile(f"派给{engineer['name']}，还没看到。请打电话")
    expect(desk.get_by_role("button", name=re.compile("条未读"))).to_be_visible(timeout=WORKER_S * 1000)
    desk.keyboard.press("b")
    panel = desk.get_by_role("dialog", name="通知")
    expect(panel.get_by_text(asked)).to_be_visible(timeout=WORKER_S * 1000)
    expect(panel.locator(f"a[href='tel:{engineer['phone']}']").first).to_be_visible()


@pytest.mark.promise("A-12")
def test_what_the_phone_cannot_solve_goes_on_remotely_and_both_terms_stay(desks: Callable[[str], Desk]) -> None:
    office = desks("admin").open("/console/")
    at_the_desk.sign_in(office, "admin")
    call = like(office, "A")
    before = {one["clause"] for one in call["clocks"]}
    open_order(office, call)
    office.get_by_role("button", name="转远程").click()
    expect(office.locator(".ev").filter(has_text="转远程")).to_be_visible()
    after = {one["clause"] for one in api(office, f"/api/work-orders/{call['id']}")["clocks"]}
    assert before < after
    expect(office.get_by_role("button", name="转远程")).to_have_count(0)


@pytest.mark.promise("C-08")
def test_a_promised_date_is_logged_both_dates_stay_and_the_note_is_printed(desks: Callable[[str], Desk]) -> None:
    office = desks("admin").open("/console/")
    at_the_desk.sign_in(office, "admin")
    open_order(office, like(office, "C"))
    for button, date, why in (
        ("一时修不好，约定日期", "2027-03-01T17:00", "面板要从厂里发"),
        ("改约日期", "2027-03-04T10:00", "厂里缺料，晚三天"),
    ):
        office.get_by_role("button", name=button).click()
        office.get_by_label("为什么短时间修不好，客户会读到").fill(why)
        office.get_by_label("哪天几点修好").fill(date)
        office.get_by_role("button", name="写下约定").click()
        expect(office.locator(".ev").filter(has_text=why)).to_be_visible()
    expect(office.get_by_text("答应 2027-03-04")).to_be_visible()
    expect(office.get_by_text("原答应 2027-03-01")).to_be_visible()
    note = office.get_by_role("link", name="给客户的说明").get_attribute("href")
    answer = office.request.get(office.evaluate("href => new URL(href, location).href", note))
    assert (answer.status, answer.body()[:5]) == (200, b"%PDF-")


@pytest.mark.promise("D-14")
def test_a_stand_in_is_lent_by_phone_without_a_network_and_comes_back(
    phone: Phone, desks: Callable[[str], Desk]
) -> None:
    office = desks("admin").open("/console/")
    at_the_desk.sign_in(office, "admin")
    yesterday = office.evaluate("new Date(Date.now() - 25 * 3600e3).toISOString()")
    call = like(office, "D", reported_at=yesterday)
    engineer = next(u for u in api(office, "/api/users") if u["sign_in_name"] == "zhouben")
    visit = {"engineer_ids": [engineer["id"]], "planned_from": office.evaluate("new Date().toISOString()")}
    visit_id = api(office, f"/api/work-orders/{call['id']}/visits", visit)["id"]
    page = phone.open()
    on_the_phone.sign_in(page, "zhouben")
    page.evaluate("id => { location.hash = `#/visits/${id}` }", visit_id)
    card = page.locator("[data-test=loaner]")
    expect(card.get_by_text("没有按时修好，欠客户一台备用机。")).to_be_visible()
    phone.go_offline()
    card.get_by_role("button", name="借出备用机").click()
    card.get_by_role("button", name="借出备用机").click()
    expect(card.get_by_role("alert")).to_contain_text("请写是哪台备用机")
    card.get_by_label("哪台备用机").fill("超越 E300 TF21P8812")
    card.get_by_label("交给谁").fill("黄志伟")
    card.get_by_role("button", name="借出备用机").click()
    expect(card.get_by_text("超越 E300 TF21P8812 已借给黄志伟")).to_be_visible()
    phone.go_offline(False)
    open_order(office, call)
    lent = office.get_by_text("超越 E300 TF21P8812 已借给黄志伟")
    expect(lent).to_be_visible(timeout=WORKER_S * 1000)
    card.get_by_role("button", name="收回备用机").click()
    expect(card.get_by_text("超越 E300 TF21P8812 已收回")).to_be_visible()
    expect(office.get_by_text("超越 E300 TF21P8812 已收回")).to_be_visible(timeout=WORKER_S * 1000)
