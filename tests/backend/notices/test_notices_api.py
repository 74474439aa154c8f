"""Reading notices: mine alone, the newest first, marked as read once; on an engineer's phone too."""

from datetime import timedelta

import pytest

from backend.core import clock
from backend.core.db import write_transaction
from backend.notices import services, sync
from backend.notices.models import Notice
from tests.backend.sync_api.conftest import Phone
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_visit, make_work_order
from tests.support import again

MINUTE = timedelta(minutes=1)


@pytest.fixture
def work_order(cast):
    from backend.workorders import services as work_orders

    row = make_work_order(cast.site, [make_asset(cast.site, make_contract(cast.customer, ["B@1"]))])
    with write_transaction() as session:
        work_orders.add_log_entry(session, session.merge(row), what="reported", at=NOW, now=NOW)
    return again(row)


def about(work_order, name="arrive", threshold=75):
    one = next(c for c in work_order.clocks if c["name"] == name)
    return {"clock": name, "threshold": threshold} | {key: one[key] for key in ("clause", "starts", "due")}


def told(work_order, person, n=0, **given):
    with write_transaction() as session:
        values = {"kind": "clock_near", "about": about(work_order), "now": NOW + n * MINUTE} | given
        return services.tell(session, [person.id], subject=f"s{n}", work_order_id=work_order.id, **values)[0]


def test_mine_are_listed_newest_first_with_the_work_order_as_it_stands(cast, as_, work_order):
    for n in range(3):
        told(work_order, cast.cleo, n)
    told(work_order, cast.adam)
    first = as_(cast.cleo).get("/api/notices?limit=2").json
    second = as_(cast.cleo).get(f"/api/notices?limit=2&cursor={first['next_cursor']}").json
    rows = first["rows"] + second["rows"]
    assert [row["created_at"] for row in rows] == [clock.iso(NOW + n * MINUTE) for n in (2, 1, 0)]
    assert second["next_cursor"] is None
    assert (rows[0]["number"], rows[0]["clock_state"]) == (work_order.number, "running")
    with clock.fixed(NOW + 7 * 60 * MINUTE):
        assert as_(cast.cleo).get("/api/notices").json["rows"][0]["clock_state"] == "near"


def test_a_notice_about_a_term_that_moved_since_says_so(cast, as_, work_order):
    told(work_order, cast.cleo, about=about(work_order) | {"due": clock.iso(NOW)})
    assert as_(cast.cleo).get("/api/notices").json["rows"][0]["clock_state"] is None


def test_reading_counts_down_and_keeps_the_first_time(cast, as_, work_order):
    one, two = told(work_order, cast.cleo, 1), told(work_order, cast.cleo, 2)
    cleo = as_(cast.cleo)
    assert cleo.get("/api/notices/unread").json == {"unread": 2}
    assert cleo.post(f"/api/notices/{one.id}/read").json == {"unread": 1}
    with clock.fixed(NOW + 9 * MINUTE):
        assert cleo.post(f"/api/notices/{one.id}/read").json == {"unread": 1}
    assert again(one).read_at == NOW
    assert [row["id"] for row in cleo.get("/api/notices?unread=true").json["rows"]] == [two.id]


def test_read_all_takes_what_she_had_before_her_and_not_what_came_since(cast, as_, work_order):
    for n in (1, 2, 3):
        told(work_order, cast.cleo, n)
    told(work_order, cast.adam)
    until = clock.iso(NOW + 2 * MINUTE)
    assert as_(cast.cleo).post("/api/notices/read-all", json={"until": until}).json == {"unread": 1}
    assert as_(cast.adam).get("/api/notices/unread").json == {"unread": 1}


def test_anothers_notice_is_not_there(cast, as_, work_order):
    theirs = told(work_order, cast.adam)
    assert as_(cast.cleo).post(f"/api/notices/{theirs.id}/read").status_code == 404
    assert as_(cast.cleo).post("/api/notices/read-all", json={}).status_code == 422


def test_the_same_subject_is_told_nobody_twice(cast, session, work_order):
    with write_transaction() as writing:
        values = {"kind": "clock_near", "subject": "one", "work_order_id": work_order.id, "now": NOW}
        assert len(services.tell(writing, [cast.cleo.id], **values)) == 1
        assert len(services.tell(writing, [cast.cleo.id, cast.adam.id], **values)) == 1
        assert services.tell(writing, [], **values) == []


def test_an_engineer_has_hers_on_her_phone_and_reads_them_offline(cast, as_, work_order):
    make_visit(work_order, [cast.ana])
    hers, the_desks = told(work_order, cast.ana), told(work_order, cast.cleo)
    phone = Phone(as_(cast.ana), cast.ana)
    phone.pull()
    row = phone.row("notice", hers.id)
    assert (row["kind"], row["read_at"], row["about"]["clock"]) == ("clock_near", None, "arrive")
    assert ("notice", the_desks.id) not in phone.rows
    read = phone.op("notice.read", hers.id, {}, occurred_at=clock.iso(NOW - MINUTE))
    assert phone.results(read)[0]["status"] == "applied"
    phone.pull()
    assert phone.row("notice", hers.id)["read_at"] is not None
    again_ = phone.results(phone.op("notice.read", the_desks.id, {}))[0]
    assert again_["status"] == "rejected"


def test_old_notices_go_and_younger_stay(cast, session, work_order):
    old, young = told(work_order, cast.cleo, 1), told(work_order, cast.cleo, 2)
    now = NOW + sync.KEPT + MINUTE + timedelta(milliseconds=1)
    with write_transaction() as writing:
        assert sync.forget(writing, now) is False
    session.expire_all()
    assert session.get(Notice, old.id) is None and session.get(Notice, young.id) is not None
