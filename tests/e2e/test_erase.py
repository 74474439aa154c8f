"""An admin erases a photo for good at the desk: asked twice, with a reason, and said afterwards; a dispatcher cannot."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing

from playwright.sync_api import expect

from tests.e2e import at_the_desk
from tests.e2e.house import Desk, Server

WAITING = (
    "SELECT r.id, p.sha256 FROM report r JOIN photo p ON p.report_id = r.id JOIN sync_file f ON f.sha256 = p.sha256"
    " WHERE r.state = 'submitted' AND p.voided_at IS NULL AND f.state = 'stored'"
    " AND NOT EXISTS (SELECT 1 FROM signature s WHERE s.photo_id = p.id)"
    " AND NOT EXISTS (SELECT 1 FROM photo o WHERE o.sha256 = p.sha256 AND o.id <> p.id) ORDER BY r.id, p.taken_at"
)


def test_a_photo_is_erased_for_good_at_the_desk(server: Server, desks: Callable[[str], Desk]) -> None:
    with closing(sqlite3.connect(server.folder / "fieldpledge.db")) as database:
        report_id, sha256 = database.execute(WAITING).fetchone()
    bytes_path = server.folder / "files" / sha256[:2] / sha256
    assert bytes_path.is_file()
    page = desks("admin").open("/console/")
    at_the_desk.sign_in(page, "admin")
    page.goto(f"{server.url}/console/reports?id={report_id}")
    photos = page.locator(".evidence .photos .ph")
    expect(photos.first).to_be_visible()
    before = photos.count()
    one = photos.filter(has=page.locator(f"img[src$='{sha256}']"))
    one.get_by_role("button", name="永久删除这张照片").click()
    do = page.get_by_role("button", name="永久删除", exact=True)
    expect(do).to_be_disabled()
    page.get_by_label("为什么删除").fill("客户家人入镜，应客户要求")
    if folder := os.environ.get("FIELDPLEDGE_LOOK"):
        page.screenshot(path=f"{folder}/erase.png")
    do.click()
    expect(page.get_by_text("已永久删除。")).to_be_visible()
    expect(photos.get_by_text("已删除")).to_have_count(1)
    expect(photos).to_have_count(before)
    assert not bytes_path.exists()
    page.reload()
    expect(photos.get_by_text("已删除")).to_have_count(1)

    other = desks("keli").open("/console/")
    at_the_desk.sign_in(other, "keli")
    other.goto(f"{server.url}/console/reports?id={report_id}")
    expect(other.locator(".evidence .photos .ph").first).to_be_visible()
    expect(other.get_by_role("button", name="永久删除这张照片")).to_have_count(0)
