"""One call under a letter from the desk to its end: taken, sent, worked, signed, reviewed, closed. test_letters.py walks it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.backend.letters.support import raw_letter
from tests.e2e import at_the_desk, on_the_phone
from tests.e2e.at_the_desk import Call
from tests.e2e.house import Phone, Server
from tests.e2e.on_the_phone import customer_accepts, next_step, open_visit, option, see_sent, take_back, write


@dataclass(frozen=True)
class Engineer:
    """Who goes: name, how she signs in, the last four digits of her number."""

    name: str
    sign_in_name: str
    digits: str


@dataclass(frozen=True)
class Fault:
    """What she finds and does, in the words of the phone's answers."""

    found: str
    cause: str
    cause_text: str
    fix: str
    fix_text: str
    guidance: str


def decision(page: Page) -> Locator:
    """What the letter says to it, at intake and on a work order."""
    return page.locator(".decision")


def see_clauses(page: Page, *clauses: str) -> None:
    """Each clause stands in the decision, to be tapped for its sentence."""
    for clause in clauses:
        expect(decision(page).get_by_role("button", name=clause, exact=True).first).to_be_visible()


def term(page: Page, name: str, clause: str) -> Locator:
    """One clock of the decision: 到场 by the clause."""
    of_name = decision(page).locator(".wide").filter(has_text=re.compile(f"^{name}"))
    return of_name.filter(has=page.get_by_role("button", name=clause, exact=True))


def see_sentence(page: Page, clause: str, quote: str) -> None:
    """A click on the clause shows the sentence that was signed."""
    decision(page).get_by_role("button", name=clause, exact=True).first.click()
    expect(page.locator("blockquote").filter(has_text=quote)).to_be_visible()
    page.keyboard.press("Escape")


def read_letter(page: Page, letter: str) -> None:
    """The letter's page holds every clause (id, place, the sentence that was signed, what it means) and whom to call."""
    at_the_desk.open_letter(page, f"{letter}@1")
    clauses, contacts = (raw_letter(letter)[part] for part in ("clauses", "contacts"))
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(len(clauses))
    for row, one in zip(rows.all_inner_texts(), clauses, strict=True):
        assert row.startswith("\t".join([one["id"], one["article"], one["quote"], one["text"]["zh"]]))
    for contact in contacts:
        line = page.locator(".whom li").filter(has_text=contact["label"]["zh"])
        expect(line).to_contain_text(contact["clause"])
        expect(line).to_contain_text("原文空着" if "__" in contact["value"] else contact["value"])


def say(page: Page, group: str, words: str) -> None:
    """Another answer of a row of buttons at intake: 渠道, 影响."""
    page.get_by_role("radiogroup", name=group).get_by_role("radio", name=words, exact=True).click()


def send(page: Page, engineer: Engineer) -> None:
    """派人: she is picked among those the dialog names."""
    page.get_by_role("button", name="派人", exact=True).click()
    dialog = page.get_by_role("dialog", name="派人")
    dialog.locator(".person").filter(has_text=engineer.name).click()
    dialog.get_by_role("button", name=re.compile(f"派.*{engineer.name}")).last.click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".fld").filter(has_text="待接单").filter(has_text=engineer.name)).to_be_visible()


def close(page: Page) -> None:
    """结单, with nothing to explain."""
    page.get_by_role("button", name="结单", exact=True).click()
    page.get_by_role("dialog", name="结单").get_by_role("button", name="结单").click()


def cannot_close_yet(page: Page, *missing: tuple[str, str]) -> None:
    """The desk tries, and is told all that is missing, each by its clause; the first one's link leads where it is mended."""
    close(page)
    dialog = page.get_by_role("dialog", name="结单")
    expect(dialog.locator(".note.bad")).to_contain_text("故障还没有解决")
    for clause, words in missing:
        line = dialog.locator(".why").filter(has_text=words)
        expect(line.get_by_role("button", name=clause, exact=True)).to_be_visible()
    dialog.get_by_role("button", name="去办").first.click()
    expect(dialog).to_have_count(0)


def place_of(server: Server, site: str) -> dict[str, float]:
    """Where the engineer's phone will find itself when she has arrived."""
    with closing(sqlite3.connect(server.folder / "fieldpledge.db")) as database:
        lat, lng = database.execute("SELECT lat_e7, lng_e7 FROM site WHERE name = ?", (site,)).fetchone()
    return {"latitude": lat / 1e7, "longitude": lng / 1e7, "accuracy": 10.0}


def arrive(phone: Phone, server: Server, call: Call, engineer: Engineer) -> Page:
    """Fetched, accepted, departed, checked in at the place."""
    phone.position = place_of(server, call.site)
    page = phone.open()
    on_the_phone.sign_in(page, engineer.sign_in_name)
    open_visit(page, call.symptom)
    for verb in ("接单", "出发", "到场签到"):
        next_step(page, verb)
    expect(page.get_by_role("status").filter(has_text="已到场")).to_be_visible()
    return page


def report(page: Page, fault: Fault) -> None:
    """Cause and fix, until nothing but the signature is missing."""
    expect(page.get_by_role("heading", name="故障报告")).to_be_visible()
    write(page, "故障现象", fault.found)
    option(page, "故障原因", fault.cause)
    write(page, "怎么查到的，为什么坏", fault.cause_text)
    option(page, "处理办法", fault.fix)
    write(page, "做了什么，怎么验证", fault.fix_text)
    option(page, "结果", "已修好")
    write(page, "向客户说明", fault.guidance)


def sign_and_leave(page: Page, engineer: Engineer) -> None:
    """The customer signs, the phone is taken back, she checks out, and everything is sent."""
    customer_accepts(page)
    take_back(page, engineer.name, engineer.digits)
    next_step(page, "签退离场")
    next_step(page, "回到今天")
    see_sent(page, re.compile("全部已发送|1 项需要您"))  # one engineer of the demo is asked something


def approve(admin: Page, number: str, fault: Fault) -> None:
    """The admin reads the report beside its evidence and approves it."""
    at_the_desk.find(admin, number)
    admin.get_by_role("link", name=re.compile(r"FR-\d{4}-\d{6}")).click()
    for words in (fault.cause_text, "评 5 分"):
        expect(admin.locator("article.text")).to_contain_text(words)
    admin.keyboard.press("a")
    expect(admin.get_by_role("status").filter(has_text="已通过")).to_be_visible()


def closed(page: Page, number: str, *terms: tuple[str, str]) -> None:
    """Nothing is missing any more: the clocks were met, the work order closes."""
    at_the_desk.find(page, number)
    for name, clause in terms:
        expect(term(page, name, clause).locator(".chip.met")).to_be_visible()
    close(page)
    expect(page.get_by_text("已结", exact=True).first).to_be_visible()
    expect(page.locator(".ev").filter(has_text="结单").first).to_be_visible()
