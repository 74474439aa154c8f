"""A due that moved is said with when it was due first, and why: priority, letter, calendar, or something in the log."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.core import clock
from backend.core.db import write_transaction
from backend.core.ids import new_id
from backend.letters.models import LetterFile
from backend.workorders import services
from backend.workorders.models import WorkOrder
from backend.workorders.rules.moved import moved_of
from tests.backend.letters.support import FIFTH
from tests.backend.sync_api.conftest import Phone
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_visit, make_work_order
from tests.support import again, save

HOUR = timedelta(hours=1)


@pytest.fixture
def order(cast):
    """Under letter E: 3 office hours to arrive, 45 minutes by night where it is critical."""
    text = FIFTH.read_text("utf-8")
    save(LetterFile(id=new_id(), letter="E", version=3, text=text, installed_at=NOW, installed_by_id=cast.adam.id))
    contract = make_contract(cast.customer, ["E@3"])
    asset = make_asset(cast.site, contract, brand="Otto", category="other", material="steel")
    row = make_work_order(cast.site, [asset], contract_id=contract.id)
    log(row, "reported", NOW)
    return row


def log(row, what, at, now=None, **given):
    with write_transaction() as session:
        order = session.get_one(WorkOrder, row.id)
        services.add_log_entry(session, order, what=what, at=at, now=now or at, **given)


def clock_of(row, name):
    return next(one for one in again(row).clocks if one["name"] == name and one["governs"])


def edit(client, row, field, old, new):
    path = f"/api/{'contracts' if field == 'letters' else 'work-orders'}/{row}"
    answer = client.patch(path, json={"base": {field: old}, "fields": {field: new}})
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_changed_priority_says_when_it_was_due_and_why_and_changed_back_nothing(cast, as_, order):
    first = clock_of(order, "arrive")
    assert first["moved"] is None
    page = edit(as_(cast.cleo), order.id, "priority", "important", "critical")
    [shown] = [one for one in page["clocks"] if one["name"] == "arrive" and one["governs"]]
    assert shown["due"] != first["due"]
    assert shown["moved"] == {"due": first["due"], "clause": "E-2", "at": clock.iso(NOW), "why": "priority"}
    log(order, "contacted", NOW + HOUR)  # decided again for something else: it stays told
    assert clock_of(order, "arrive")["moved"]["why"] == "priority"
    edit(as_(cast.cleo), order.id, "priority", "critical", "important")
    assert clock_of(order, "arrive")["moved"] is None


def test_another_letter_says_so_across_its_clauses_and_the_engineers_phone_reads_it(cast, as_, order):
    make_visit(order, [cast.ana])
    first = clock_of(order, "arrive")
    edit(as_(cast.adam), order.contract_id, "letters", ["E@3"], ["B@1"])
    now_due = clock_of(order, "arrive")
    assert (now_due["clause"][0], now_due["moved"]["clause"], now_due["moved"]["why"]) == ("B", "E-2", "letter")
    assert now_due["moved"]["due"] == first["due"] != now_due["due"]
    phone = Phone(as_(cast.ana), cast.ana)
    phone.pull()
    clocks = phone.row("work_order", order.id)["clocks"]
    assert [one["moved"] for one in clocks if one["name"] == "arrive" and one["governs"]] == [now_due["moved"]]


def test_a_corrected_day_and_a_wait_that_became_known_say_so_and_the_first_due_stays(cast, as_, order):
    first = clock_of(order, "resolve")
    body = {"day": "2026-11-23", "what": "rest", "label": {"zh": "年会", "en": "Day"}, "source": "通知"}
    assert as_(cast.adam).post("/api/calendar/days", json=body).status_code == 201
    assert clock_of(order, "resolve")["moved"] | {"at": ""} == {
        "due": first["due"], "clause": "E-13", "at": "", "why": "calendar"}  # fmt: skip
    log(order, "waiting", NOW + HOUR, data={"reason": "customer"})
    log(order, "resumed", NOW + 3 * HOUR)
    assert (clock_of(order, "resolve")["moved"]["due"], clock_of(order, "resolve")["moved"]["why"]) == (
        first["due"],
        "log",
    )


def one(due, **given):
    return {"name": "arrive", "clause": "X-1", "governs": True, "due": due} | given


@pytest.mark.parametrize(
    ("before", "now", "moved"),
    [
        ([], one("b"), None),
        ([one("a")], one("a"), None),
        ([one("a")], one("b"), ("a", "letter")),
        ([one("b", moved={"due": "a", "clause": "X-1", "at": "t", "why": "log"})], one("b"), ("a", "log")),
        ([one("b", moved={"due": "a", "clause": "X-1", "at": "t", "why": "log"})], one("c"), ("a", "letter")),
        ([one("b", moved={"due": "a", "clause": "X-1", "at": "t", "why": "log"})], one("a"), None),
        ([one("a")], one(None), None),
        ([one(None)], one("b"), None),
        ([one("a", governs=False)], one("b"), None),
        ([one("a")], one("b", governs=False), None),
    ],
)
def test_of_each_name_the_clock_that_governs_is_compared_with_what_was_first_told(before, now, moved):
    [found] = moved_of(before, [now], "contract", "t")
    assert (found["moved"] and (found["moved"]["due"], found["moved"]["why"])) == moved
