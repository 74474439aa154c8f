"""A phone that cannot send: its file is carried to the office, shown, imported; the phone's own sync adds nothing to it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from playwright.sync_api import expect

from tests.e2e import at_the_desk, on_the_phone
from tests.e2e.house import Desk, Phone, Server
from tests.e2e.on_the_phone import next_step


def kept(server: Server) -> tuple[int, int]:
    """Check-ins and ledger rows of the server."""
    with closing(sqlite3.connect(server.folder / "fieldpledge.db")) as database:
        (check_ins,) = database.execute("SELECT count(*) FROM check_in").fetchone()
        (rows,) = database.execute("SELECT count(*) FROM sync_op").fetchone()
    return check_ins, rows


def test_a_rescue_file_is_shown_imported_and_told_line_by_line(
    server: Server, phone: Phone, desks: Callable[[str], Desk], tmp_path: Path
) -> None:
    phone.position = {"latitude": 30.57862, "longitude": 103.94718, "accuracy": 12}
    page = phone.open()
    on_the_phone.sign_in(page, "anran")
    on_the_phone.see_sent(page)
    before, _ = kept(server)
    phone.go_offline()
    next_step(page, "到场签到")
    expect(page.get_by_role("status").filter(has_text="已到场")).to_be_visible()
    page.goto(phone.url + "/#/me")
    with page.expect_download() as download:
        page.get_by_role("button", name="导出到文件").first.tap()
    file = tmp_path / "rescue.zip"
    download.value.save_as(file)
    assert kept(server)[0] == before

    desk = desks("admin").open("/console/needs")
    at_the_desk.sign_in(desk, "admin")
    at_the_desk.go_to(desk, "待处理")
    desk.get_by_role("link", name="救援文件").click()
    desk.locator("input[type=file]").set_input_files(file)
    expect(desk.get_by_role("heading", name="安然的手机")).to_be_visible()
    expect(desk.get_by_role("status")).to_contain_text(re.compile(r"还没有 [1-9]"))
    assert kept(server)[0] == before
    desk.get_by_role("button", name="导入到安然名下").click()
    expect(desk.get_by_text("导入完了。")).to_be_visible()
    expect(desk.locator("tbody tr").filter(has_text="签到").first).to_contain_text("已收下")
    assert kept(server)[0] == before + 1
    rows = kept(server)[1]

    phone.go_offline(False)
    on_the_phone.see_sent(page)
    assert kept(server) == (before + 1, rows)
    desk.locator("input[type=file]").set_input_files(file)
    expect(desk.get_by_role("status")).to_contain_text("早已收到")
    expect(desk.get_by_role("status")).not_to_contain_text("还没有")
    desk.locator("input[type=file]").set_input_files(
        {"name": "x.zip", "mimeType": "application/zip", "buffer": b"PK broken"}
    )
    expect(desk.get_by_role("alert")).to_contain_text("什么都没有改动")
