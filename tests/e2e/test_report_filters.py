"""The list of reports, narrowed as people narrow it: each filter alone and together, nothing found, and what is exported."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from io import BytesIO

from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from tests.e2e import at_the_desk
from tests.e2e.house import Desk, Server

NUMBER = re.compile(r"FR-\d{4}-\d{6}|R-[0-9A-Z]{8}")  # a draft has the phone's reference
ALL_OF = (
    "SELECT DISTINCT coalesce(r.number, r.short_ref) FROM report r JOIN work_order w ON w.id = r.work_order_id"
    " JOIN customer c ON c.id = w.customer_id JOIN user_account u ON u.id = r.author_id"
    " LEFT JOIN finding f ON f.report_id = r.id LEFT JOIN asset a ON a.id = f.asset_id"
    " WHERE "
)
LOCAL_DAY = "date(coalesce(r.submitted_at, r.created_at), '+8 hours')"  # every site of the demo company lies in China


def stored(server: Server, condition: str) -> set[str]:
    """Numbers of the reports for which an SQL condition holds, past the product's own filters."""
    with closing(sqlite3.connect(server.folder / "fieldpledge.db")) as database:
        return {number for (number,) in database.execute(ALL_OF + condition)}


def shown(page: Page, expected: set[str]) -> None:
    """The list shows exactly these, and its heading counts them."""
    expect(page.get_by_text(f"找到 {len(expected)} 份")).to_be_visible()
    rows = page.locator(".column tbody tr")
    expect(rows).to_have_count(len(expected))
    assert {NUMBER.search(text).group() for text in rows.all_inner_texts()} == expected  # type: ignore[union-attr]


def set_period(page: Page, first: str, last: str) -> None:
    start, end = page.locator(".el-range-input").nth(0), page.locator(".el-range-input").nth(1)
    start.click()
    start.fill(first)
    end.fill(last)
    end.press("Enter")
    page.keyboard.press("Escape")


def open_list(page: Page) -> None:
    """Afresh, without any filter."""
    at_the_desk.go_to(page, "报告")
    page.get_by_role("link", name="全部报告").click()


def a_day_of(server: Server, engineer: str) -> str:
    """The last day on which a report of that engineer was handed in that stands approved now."""
    with closing(sqlite3.connect(server.folder / "fieldpledge.db")) as database:
        query = (
            f"SELECT max({LOCAL_DAY}) FROM report r JOIN user_account u ON u.id = r.author_id"
            " WHERE u.name = ? AND r.state = 'approved'"
        )
        return database.execute(query, (engineer,)).fetchone()[0]


def test_each_filter_shows_what_it_says_and_the_export_follows(server: Server, desks: Callable[[str], Desk]) -> None:
    page = desks("admin").open("/console/")
    at_the_desk.sign_in(page, "admin")
    day = a_day_of(server, "安然")
    for field, words, condition in (
        ("客户", "西南空港管理局", "c.name = '西南空港管理局'"),
        ("工程师", "安然", "u.name = '安然'"),
        ("设备", "78F13K5", "a.serial = '78F13K5'"),
        ("影响", "一般", "w.priority = 'normal'"),
        ("状态", "已提交", "r.state = 'submitted'"),
    ):
        open_list(page)
        at_the_desk.choose(page, field, words)
        found = stored(server, condition)
        assert found, condition
        shown(page, found)

    open_list(page)
    set_period(page, day, day)
    shown(page, stored(server, f"{LOCAL_DAY} = '{day}'"))
    at_the_desk.choose(page, "工程师", "安然")
    at_the_desk.choose(page, "状态", "已批准")
    together = stored(server, f"{LOCAL_DAY} = '{day}' AND u.name = '安然' AND r.state = 'approved'")
    assert together
    shown(page, together)
    set_period(page, "2020-01-01", "2020-01-31")
    expect(page.get_by_text("没有符合的报告。")).to_be_visible()
    page.get_by_role("button", name="清除筛选，看全部").click()
    expect(page.locator(".column tbody tr").first).to_be_visible()

    at_the_desk.choose(page, "客户", "西南空港管理局")
    at_the_desk.choose(page, "状态", "已提交")
    found = stored(server, "c.name = '西南空港管理局' AND r.state = 'submitted'")
    shown(page, found)
    exported(page, found)


def exported(page: Page, expected: set[str]) -> None:
    """Excel and CSV hold the reports that the filters leave, and no other."""
    sheet = load_workbook(BytesIO(at_the_desk.download(page, "Excel"))).active
    assert sheet is not None
    cells = " ".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row)
    for text in (cells, at_the_desk.download(page, "CSV").decode("utf-8-sig")):
        assert set(re.findall(r"FR-\d{4}-\d{6}", text)) == expected
