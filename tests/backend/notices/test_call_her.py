"""Sent · delivered · seen · accepted; and the dispatcher is asked to call, once, when a short arrival is not looked at."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from backend.core import clock
from backend.core.db import write_transaction
from backend.notices import unseen
from backend.notices.models import Notice
from backend.visits import services as visits
from backend.workorders import services
from backend.workorders.models import WorkOrder
from tests.backend.sync_api.conftest import Phone
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_work_order
from tests.support import counted_queries

AFTER = timedelta(seconds=180)
TICK = timedelta(milliseconds=1)


def sent(cast, as_, letters=("C@1",), **plan):
    """A visit planned by Cleo now, as the console plans it."""
    asset = make_asset(cast.site, make_contract(cast.customer, list(letters)), category="desk", brand="")
    order = make_work_order(cast.site, [asset])
    with write_transaction() as session:
        row = session.get(WorkOrder, order.id)
        services.add_log_entry(session, row, what="reported", at=NOW, now=NOW)
    body = {"engineer_ids": [cast.ana.id], "planned_from": clock.iso(NOW)} | plan
    answer = as_(cast.cleo).post(f"/api/work-orders/{order.id}/visits", json=body)
    assert answer.status_code == 201, answer.json
    return answer.json


def standing(as_, cast, visit, user=None):
    """What the work order's page says of the visit."""
    page = as_(user or cast.cleo).get(f"/api/work-orders/{visit['work_order_id']}").json
    [row] = next(one["sending"] for one in page["visits"] if one["id"] == visit["id"])
    return {name: row[name] for name in ("sent_at", "delivered_at", "seen_at", "accepted_at")}


def calls(session, now):
    with write_transaction() as writing:
        assert unseen.run(writing, now) is False
    session.rollback()
    rows = session.execute(sa.select(Notice.user_id, Notice.about).where(Notice.kind == "call_her")).all()
    return [(user_id, about["engineer_id"], about["sent_at"]) for user_id, about in rows]


def times(**given):
    return dict.fromkeys(("sent_at", "delivered_at", "seen_at", "accepted_at")) | {
        name: clock.iso(at) for name, at in given.items()
    }


@pytest.mark.promise("C-22")
@pytest.mark.promise("D-13")
def test_word_of_a_visit_is_sent_delivered_seen_and_accepted_each_with_its_time(cast, as_):
    visit = sent(cast, as_)
    assert standing(as_, cast, visit) == times(sent_at=NOW)
    phone = Phone(as_(cast.ana), cast.ana)
    phone.pull()
    assert standing(as_, cast, visit) == times(sent_at=NOW), "handed out is not yet delivered"
    phone.pull(ahead=1)
    assert standing(as_, cast, visit) == times(sent_at=NOW), "nor is a page that she is still storing"
    with clock.fixed(NOW + AFTER):
        phone.pull()  # its cursor says that the last answer arrived
        assert standing(as_, cast, visit) == times(sent_at=NOW, delivered_at=NOW + AFTER)
    with clock.fixed(NOW + 2 * AFTER):
        seen = phone.op("visit.seen", visit["id"], {}, occurred_at=clock.iso(NOW + 2 * AFTER))
        assert phone.results(seen)[0]["status"] == "applied"
        phone.pull()
        assert phone.row("visit", visit["id"])["seen_by"] == [cast.ana.id]
    with clock.fixed(NOW + 3 * AFTER):
        once_more = phone.op("visit.seen", visit["id"], {}, occurred_at=clock.iso(NOW + 3 * AFTER))
        taken = phone.op("visit.accept", visit["id"], {}, occurred_at=clock.iso(NOW + 3 * AFTER))
        assert {one["status"] for one in phone.results(once_more, taken)} == {"applied"}
        assert standing(as_, cast, visit) == times(
            sent_at=NOW, delivered_at=NOW + AFTER, seen_at=NOW + 2 * AFTER, accepted_at=NOW + 3 * AFTER
        )


def test_seen_offline_was_delivered_by_then(cast, as_):
    visit = sent(cast, as_)
    phone = Phone(as_(cast.ana), cast.ana)
    phone.pull()
    with clock.fixed(NOW + 9 * AFTER):
        good = {"offset_ms": 0, "rtt_ms": 80, "age_s": 60}
        phone.results(phone.op("visit.seen", visit["id"], {}, occurred_at=clock.iso(NOW + AFTER), clock=good))
        assert standing(as_, cast, visit) == times(sent_at=NOW, delivered_at=NOW + AFTER, seen_at=NOW + AFTER)


def test_a_poll_that_confirms_nothing_writes_nothing(cast, as_):
    visit = sent(cast, as_)
    phone = Phone(as_(cast.ana), cast.ana)
    phone.pull()
    phone.pull()
    with counted_queries() as asked:
        phone.pull()
    assert not [one for one in asked if one.lstrip().upper().startswith(("UPDATE", "INSERT", "BEGIN IMMEDIATE"))]
    assert standing(as_, cast, visit)["delivered_at"] is not None


def test_a_cursor_of_before_confirms_nothing(cast, as_):
    phone = Phone(as_(cast.ana), cast.ana)
    phone.pull()
    visit = sent(cast, as_)
    old = phone.cursor
    phone.pull()
    phone.cursor = old
    assert phone.get(cursor=old).status_code == 200
    assert standing(as_, cast, visit)["delivered_at"] is None


def test_another_engineer_has_not_seen_it_and_one_taken_off_may_say_so(cast, as_):
    visit = sent(cast, as_)
    ben = Phone(as_(cast.ben), cast.ben)
    assert ben.results(ben.op("visit.seen", visit["id"], {}))[0]["status"] == "rejected"
    ana = Phone(as_(cast.ana), cast.ana)
    ana.pull()
    with write_transaction() as session:
        row = session.get(visits.Visit, visit["id"])
        row.engineers = [visits.VisitEngineer(engineer_id=cast.ben.id)]
        row.lead_id = cast.ben.id
    assert ana.results(ana.op("visit.seen", visit["id"], {}))[0]["status"] == "applied"
    assert standing(as_, cast, visit)["seen_at"] is None


@pytest.mark.promise("C-22")
def test_not_seen_after_three_minutes_the_branchs_dispatcher_is_asked_to_call_once(cast, as_, session, app):
    assert app.config["CALL_HER_AFTER_S"] == AFTER.total_seconds()
    visit = sent(cast, as_)
    assert calls(session, NOW + AFTER - TICK) == []
    asked = [(cast.cleo.id, cast.ana.id, clock.iso(NOW))]
    for now in (NOW + AFTER, NOW + AFTER, NOW + 100 * AFTER):
        assert calls(session, now) == asked
    row = as_(cast.cleo).get("/api/notices").json["rows"][0]
    assert (row["engineer_name"], row["engineer_phone"], row["visit_id"]) == ("Ana", "13800000001", visit["id"])
    assert (row["work_order_id"], row["visit_state"], row["seen_at"]) == (visit["work_order_id"], "planned", None)


@pytest.mark.parametrize("type_", ["visit.seen", "visit.accept", "visit.depart"])
def test_who_has_looked_or_gone_is_not_called(cast, as_, session, type_):
    visit = sent(cast, as_)
    phone = Phone(as_(cast.ana), cast.ana)
    phone.pull()
    assert phone.results(phone.op(type_, visit["id"], {}))[0]["status"] == "applied"
    assert calls(session, NOW + AFTER) == []


def test_eight_hours_are_no_reason_to_call_and_neither_is_a_visit_called_off(cast, as_, session):
    sent(cast, as_, ["B@1"])
    off = sent(cast, as_, planned_until=None)
    as_(cast.cleo).post(f"/api/visits/{off['id']}/cancel", json={"reason": "客户取消"})
    assert calls(session, NOW + AFTER) == []
