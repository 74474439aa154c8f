"""A report that the office returns: read beside its evidence, sent back with a comment, mended, signed anew, approved."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from io import BytesIO

from docx import Document
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.e2e import at_the_desk, on_the_phone
from tests.e2e.house import Desk, Phone, Server
from tests.e2e.on_the_phone import back_to_visit, customer_accepts, next_step, see_sent, take_back, write

COMMENT = "请写明怎么查到的，测了什么值"
OVERALL = "其他都好，改完再交"
CAUSE = "日志查到 3 次欠压，万用表测得 12 V 输出只有 9.6 V"


def submitted_of(server: Server, name: str) -> tuple[str, str]:
    """Number and cause of a report of that engineer which waits for review, signed by its customer."""
    with closing(sqlite3.connect(server.folder / "fieldpledge.db")) as database:
        return database.execute(
            "SELECT r.number, f.cause_text FROM report r JOIN user_account u ON u.id = r.author_id"
            " JOIN signature s ON s.id = r.signature_id JOIN finding f ON f.report_id = r.id"
            " WHERE u.sign_in_name = ? AND r.state = 'submitted' AND s.result = 'accepted'", (name,),
        ).fetchone()  # fmt: skip


def test_a_returned_report_is_mended_signed_anew_and_approved(
    server: Server, phone: Phone, desks: Callable[[str], Desk]
) -> None:
    number, cause = submitted_of(server, "anran")
    admin = desks("admin").open("/console/")
    at_the_desk.sign_in(admin, "admin")
    return_it(admin, number, cause)
    page = phone.open()
    on_the_phone.sign_in(page, "anran")
    mend_it(page, number)
    second_version(admin, number, cause)
    read_the_papers(admin, cause)


def return_it(admin: Page, number: str, cause: str) -> None:
    """Read beside its evidence; a comment at the cause, and one about the whole."""
    at_the_desk.filter_reports(admin, "已提交", 工程师="安然")
    admin.locator(".column tbody tr").filter(has_text=number).click()
    expect(admin.locator("article.text")).to_contain_text(cause)
    expect(admin.locator(".evidence")).to_contain_text("签字与报告一致，签后没有改动")
    admin.keyboard.press("r")
    expect(admin.get_by_role("status").filter(has_text="请在要改的地方写一句")).to_be_visible()
    for name, words in (("对故障原因写意见", COMMENT), ("对总的意见写意见", OVERALL)):
        admin.get_by_role("button", name=name).click()
        expect(admin.get_by_role("textbox", name=name)).to_be_focused()  # beside it a key is the page's: A approves
        admin.keyboard.type(words)
    admin.reload()  # nothing typed is lost
    expect(admin.get_by_role("textbox", name="对故障原因写意见")).to_have_value(COMMENT)
    admin.keyboard.press("a")
    expect(admin.get_by_role("status").filter(has_text="还有写好的意见")).to_be_visible()
    admin.get_by_role("button", name="退回，带 2 条意见").click()
    expect(admin.get_by_role("status").filter(has_text="已退回")).to_be_visible()


def mend_it(page: Page, number: str) -> None:
    """On the phone it lies above the day's visits, with the comment in words; mended it is signed anew."""
    row = page.get_by_role("link").filter(has_text=f"报告 {number} 被退回")
    expect(row).to_contain_text(OVERALL)
    row.tap()
    note = page.locator(".note.near").filter(has_text="办公室退回")
    for words in (OVERALL, f"原因说明：{COMMENT}"):
        expect(note).to_contain_text(words)
    expect(page.get_by_text("改动会成为新版，要重新请签，原版保留")).to_be_visible()
    write(page, "怎么查到的，为什么坏", CAUSE)
    next_step(page, "请客户签字")
    expect(page.get_by_text(re.compile("第 2 版，.*锁定"))).to_be_visible()
    expect(page.get_by_text(CAUSE)).to_be_visible()
    customer_accepts(page)
    take_back(page, "安然", "2117")
    expect(page.get_by_text(f"报告 {number} 已提交")).to_be_visible()
    back_to_visit(page)
    page.goto(re.sub("#.*", "#/", page.url))
    see_sent(page)
    expect(row).to_have_count(0)


def second_version(admin: Page, number: str, cause: str) -> None:
    """What was asked and what was changed stand beside version 2; it is approved."""
    at_the_desk.filter_reports(admin, "已提交", 工程师="安然")
    admin.locator(".column tbody tr").filter(has_text=number).click()
    expect(admin.locator("article.text")).to_contain_text("第 2 版")
    expect(admin.locator("article.text")).to_contain_text(CAUSE)
    evidence = admin.locator(".evidence")
    for words in (COMMENT, OVERALL, "第 2 版改了什么（比第 1 版）", "签字与报告一致，签后没有改动"):
        expect(evidence).to_contain_text(words)
    expect(evidence.locator("del")).to_have_text([cause])
    expect(evidence.locator("ins")).to_have_text([CAUSE])
    admin.keyboard.press("a")
    expect(admin.get_by_role("status").filter(has_text="已通过")).to_be_visible()
    at_the_desk.filter_reports(admin, "已批准", 工程师="安然")
    admin.locator(".column tbody tr").filter(has_text=number).click()
    expect(admin.locator("article.text")).to_contain_text("第 2 版")


def read_the_papers(admin: Page, cause: str) -> None:
    """PDF and Word of the approved version say what was signed last, and that a first version was."""
    pdf = PdfReader(BytesIO(at_the_desk.paper(admin, "PDF")))
    word = Document(BytesIO(at_the_desk.paper(admin, "Word")))
    for text in ("".join(page.extract_text() for page in pdf.pages), at_the_desk.text_of(word)):
        squeezed = re.sub(r"\s", "", text)
        for words in (CAUSE, "第1版", "第2版", "程立"):
            assert re.sub(r"\s", "", words) in squeezed, words
        assert re.sub(r"\s", "", cause) not in squeezed
