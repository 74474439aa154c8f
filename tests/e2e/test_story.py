"""The main job end to end, by taps and keys alone: a call, a basement without network, a signed report, its papers.

One test walks the eight steps on the real server with the demo company; the smaller ones look at a single promise.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from zipfile import ZipFile

import pytest
from docx import Document
from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.e2e import at_the_desk, on_the_phone
from tests.e2e.at_the_desk import Call
from tests.e2e.house import Desk, Phone, Server
from tests.e2e.on_the_phone import (
    SENDING_MS,
    add_part,
    customer_accepts,
    next_step,
    open_visit,
    option,
    see_it_kept,
    see_sent,
    sync_line,
    take_back,
    take_photo,
    tap,
    write,
)

PHONE_BY_ENGINEER, PHONE_BY_OFFICE = "138 8205 9001", "138 8205 7002"
SYMPTOM_CORRECTED = "A 列 08 柜 2 号电源模块红灯，蜂鸣器响，1 号模块正常"
NEAR_THE_SITE = {"latitude": 30.578520, "longitude": 103.947610, "accuracy": 12.0}


@pytest.mark.promise("B-19")
def test_the_story(server: Server, phone: Phone, desks: Callable[[str], Desk]) -> None:
    call = Call()
    phone.position = NEAR_THE_SITE
    keli = desks("keli").open("/console/")
    number = the_call(keli, call)
    the_morning(phone, call)
    page = the_basement(phone, server)
    todays_visit_is_there(page, call, number)
    check_in(page)
    page = the_finding(page, phone)
    the_customer_signs(page)
    leave(page)
    the_office_meanwhile(server, keli, call)
    network_again(page, phone)
    nothing_twice_and_in_order(server)
    one_question_for_both(page, keli)
    what_the_server_made_of_it(keli, number)
    the_admin(desks, number)


def the_call(keli: Page, call: Call) -> str:
    """Step 1."""
    at_the_desk.sign_in(keli, "keli")
    number = at_the_desk.take_call(keli, call)
    expect(keli.locator(".decision").get_by_text("到场")).to_be_visible()
    expect(keli.get_by_text(call.engineer).first).to_be_visible()
    return number


def the_morning(phone: Phone, call: Call) -> None:
    """Signed in, fetched, put away and opened again: a browser writes its cookies down only after half a minute."""
    on_the_phone.sign_in(phone.open(), "anran")
    phone.close()
    page = phone.open()
    expect(page.locator("a.visit").filter(has_text=call.symptom)).to_be_visible()
    see_sent(page)


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
    open_visit(page, call.symptom)
    for words in (number, call.site, call.caller, call.phone, "B-02", "B-07", call.asset, "在线换电池模块，学习通过"):
        expect(page.get_by_text(words).first).to_be_visible()

    tap(page, "改联系人")
    sheet = page.get_by_role("dialog", name="联系人")
    write(page, "电话", PHONE_BY_ENGINEER)
    sheet.get_by_role("button", name="好了").tap()
    expect(page.get_by_text(PHONE_BY_ENGINEER)).to_be_visible()


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
    customer_accepts(page)
    take_back(page, "安然", "2117")
    expect(page.get_by_role("heading", name="签退")).to_be_visible()


def leave(page: Page) -> None:
    """Step 5, on: out, and one line says honestly what is not sent."""
    next_step(page, "签退离场")
    next_step(page, "回到今天")
    expect(sync_line(page)).to_contain_text(re.compile(r"离线 · \d+ 项待发送"))


def the_office_meanwhile(server: Server, keli: Page, call: Call) -> None:
    """Step 6: the server is back, the phone is not; the office changes the number too, and corrects the symptom."""
    server.start()
    keli.reload()
    at_the_desk.correct(keli, "电话", PHONE_BY_OFFICE)
    at_the_desk.correct(keli, "故障现象", SYMPTOM_CORRECTED)


def network_again(page: Page, phone: Phone) -> None:
    """Step 6, on: without a tap everything goes; one question comes back, and the office's correction by itself."""
    phone.go_offline(False)
    see_sent(page, "1 项需要您")
    page.locator("a.visit").filter(has_text=SYMPTOM_CORRECTED).wait_for()
    sync_line(page).tap()  # the line says first what needs her, this page how much still waits, too
    expect(page.get_by_text("全部已发送").first).to_be_visible(timeout=SENDING_MS)


def nothing_twice_and_in_order(server: Server) -> None:
    """The server's ledger: each number of the phone once, without a gap, and one collision among them."""
    rows = ledger(server, "SELECT seq, type, status FROM sync_op WHERE author_id = :who ORDER BY n")
    assert [seq for seq, _, _ in rows] == list(range(1, len(rows) + 1))
    kinds = Counter(kind for _, kind, _ in rows)
    once = (
        "visit.accept",
        "visit.depart",
        "visit.check_in",
        "visit.check_out",
        "report.start",
        "report.submit",
        "signature.add",
    )
    assert {kind: kinds[kind] for kind in once} == dict.fromkeys(once, 1)
    assert (kinds["photo.add"], kinds["part_line.add"]) == (2, 1)
    assert Counter(status for _, _, status in rows if status not in ("applied", "merged")) == {"conflict": 1}


def one_question_for_both(page: Page, keli: Page) -> None:
    """Step 6, on: phone and office see the same question; a tap on the phone settles it for both."""
    at_the_desk.go_to(keli, "待处理")
    question = keli.locator("article").filter(has_text=PHONE_BY_ENGINEER)
    expect(question).to_contain_text(PHONE_BY_OFFICE)
    card = page.locator("section.card").filter(has_text="联系电话，两边都改了，用哪个？")
    for said in ("您", "柯莉", "现在生效"):
        expect(card).to_contain_text(said)
    card.get_by_role("button", name="用我的").tap()
    expect(card).to_have_count(0)
    expect(question).to_have_count(0)  # the desk was told by the bell
    expect(page.get_by_text("全部已发送").first).to_be_visible()


def what_the_server_made_of_it(keli: Page, number: str) -> None:
    """Step 7: judged again, clocks from the corrected times, a number for the report; the office sees what was chosen."""
    at_the_desk.find(keli, number)
    expect(at_the_desk.field(keli, "电话")).to_contain_text(PHONE_BY_ENGINEER)
    expect(at_the_desk.field(keli, "故障现象")).to_contain_text(SYMPTOM_CORRECTED)
    expect(
        keli.locator(".fld").filter(has_text=re.compile("^签到.*已到场，离现场点 1[0-9] 米 ±12 米"))
    ).to_be_visible()
    expect(keli.get_by_role("link", name=re.compile(r"FR-\d{4}-\d{6}"))).to_be_visible()
    order = at_the_desk.asked(keli, f"/api{keli.url.split('/console')[1]}")
    arrived = next(one for one in order["check_ins"] if one["direction"] == "in")
    clocks = {one["name"]: one for one in order["clocks"]}
    assert clocks["arrive"]["met_at"] == arrived["corrected_at"] < arrived["received_at"]
    assert {clocks[name]["state"] for name in ("respond", "arrive", "resolve", "report")} == {"met"}


def the_admin(desks: Callable[[str], Desk], number: str) -> None:
    """Step 8: found by filters, read beside its evidence, approved, and taken out as paper and lists."""
    admin = desks("admin").open("/console/")
    at_the_desk.sign_in(admin, "admin")
    at_the_desk.filter_reports(admin, "已提交", 客户="西南空港管理局", 工程师="安然", 设备="78F13K5", 影响="一般")
    row = admin.locator(".column tbody tr")
    expect(row).to_have_count(1)
    report = re.search(r"FR-\d{4}-\d{6}", row.inner_text())
    assert report
    row.click()
    for words in (number, on_the_phone.CAUSE, on_the_phone.FIX, "YM11BG93C1F4", "评 5 分"):
        expect(admin.locator("article.text")).to_contain_text(words)
    evidence = admin.locator(".evidence")
    for words in ("手机、服务器判断一致", "签字与报告一致，签后没有改动"):
        expect(evidence).to_contain_text(words)
    expect(evidence.locator(".photos img")).to_have_count(2)
    check_papers(admin)
    admin.keyboard.press("a")
    expect(admin.get_by_role("status").filter(has_text="已通过")).to_be_visible()
    check_lists(admin, report.group())


def check_papers(admin: Page) -> None:
    """PDF and Word of the report on the screen, read back: what was found and done is in both."""
    pdf = PdfReader(BytesIO(at_the_desk.paper(admin, "PDF")))
    word = Document(BytesIO(at_the_desk.paper(admin, "Word")))
    for text in ("".join(page.extract_text() for page in pdf.pages), at_the_desk.text_of(word)):
        squeezed = re.sub(r"\s", "", text)
        for words in (on_the_phone.CAUSE, on_the_phone.FIX, "YM11BG93C1F4", "叶雯"):
            assert re.sub(r"\s", "", words) in squeezed, words


def check_lists(admin: Page, report: str) -> None:
    """Twenty as one ZIP, the list as Excel and CSV."""
    at_the_desk.filter_reports(admin, "已批准", 客户="西南空港管理局")
    expect(admin.get_by_role("row").filter(has_text=report)).to_be_visible()
    ticks = admin.get_by_role("checkbox", name=re.compile("^选 "))
    for at in range(20):
        ticks.nth(at).check()
    with ZipFile(BytesIO(at_the_desk.download(admin, "PDF 打包"))) as papers:
        assert len(papers.namelist()) == 20
        assert all(papers.read(name).startswith(b"%PDF") for name in papers.namelist())
    sheet = load_workbook(BytesIO(at_the_desk.download(admin, "Excel"))).active
    assert sheet is not None
    excel = {str(cell) for row in sheet.iter_rows(values_only=True) for cell in row}
    assert report in excel
    assert report in at_the_desk.download(admin, "CSV").decode("utf-8-sig")


def ledger(server: Server, query: str) -> list[tuple[int, str, str]]:
    """Rows of the server's own database for the engineer of the story."""
    with closing(sqlite3.connect(server.folder / "fieldpledge.db")) as database:
        who = database.execute("SELECT id FROM user_account WHERE sign_in_name = 'anran'").fetchone()[0]
        return database.execute(query, {"who": who}).fetchall()
