"""Single promises of the story: a first fetch, a basement without any position, and a signed file that somebody changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

from playwright.sync_api import Route, expect

from tests.e2e import at_the_desk, on_the_phone
from tests.e2e.house import Desk, Phone, Server
from tests.e2e.on_the_phone import next_step, tap


def test_today_waits_for_the_whole_first_fetch_and_does_not_call_half_of_it_a_day(phone: Phone) -> None:
    page = phone.open()

    def small_then_stuck(route: Route) -> None:
        address = route.request.url
        if "cursor=" in address:
            return  # on its way
        route.continue_(url=address.replace("limit=1000", "limit=20"))

    page.context.route("**/sync/v1/pull*", small_then_stuck)
    page.locator("input[name=username]").fill("anran")
    page.locator("input[name=password]").fill(on_the_phone.PASSWORD)
    with page.expect_request(lambda asked: "/pull" in asked.url and "cursor=" in asked.url):
        page.get_by_role("button", name="登录").click()
    expect(page.get_by_text("正在把您的工单取到手机上")).to_be_visible()
    expect(page.get_by_text("没有上门")).to_have_count(0)
    page.context.unroute("**/sync/v1/pull*")  # lets go what was held
    expect(page.locator("a.visit, .btn.next").first).to_be_visible()


def test_without_a_position_she_checks_in_with_a_reason_and_goes_on(phone: Phone) -> None:
    page = phone.open()
    on_the_phone.sign_in(page, "anran")
    page.context.clear_permissions()
    next_step(page, "到场签到")
    said = page.get_by_role("status").filter(has_text="已签到，没有位置")
    expect(said).to_be_visible(timeout=45_000)  # the phone waits 20 s for a satellite
    reason = page.get_by_role("radio", name="地下或室内，收不到信号")
    reason.tap()
    expect(reason).to_be_checked()
    next_step(page, "开始处理")
    expect(page.get_by_role("heading", name="故障报告")).to_be_visible()
    tap(page, "返回")
    page.get_by_role("link", name="看签到").tap()
    expect(page.get_by_role("radio", name="地下或室内，收不到信号")).to_be_checked()


def test_one_changed_character_of_the_signed_file_is_said_at_its_review(
    server: Server, desks: Callable[[str], Desk]
) -> None:
    with closing(sqlite3.connect(server.folder / "fieldpledge.db")) as database:
        report_id, sha256 = database.execute(
            "SELECT r.id, s.document_sha256 FROM report r JOIN signature s ON s.id = r.signature_id"
            " WHERE r.state = 'submitted' AND s.result = 'accepted'"
        ).fetchone()
    admin = desks("admin").open(f"/console/reports?id={report_id}")
    at_the_desk.sign_in(admin, "admin")
    expect(admin.get_by_text("签字与报告一致，签后没有改动")).to_be_visible()
    stored = next((server.folder / "files").rglob(sha256))
    text = stored.read_bytes()
    stored.chmod(0o644)
    stored.write_bytes(text.replace(b'"version":1', b'"version":2', 1))
    assert stored.read_bytes() != text
    admin.reload()
    expect(admin.get_by_text("签字与报告对不上")).to_be_visible()
