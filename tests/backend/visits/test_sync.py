"""What a phone pushes about visits and check-ins, and what comes back: the same services as online, days later."""

from __future__ import annotations

import pytest

from backend.core import clock
from backend.core.ids import new_id
from backend.visits.models import CheckIn
from tests.backend.sync_api.conftest import Phone
from tests.backend.visits.conftest import log_of
from tests.factories.customers import LAT_E7, LNG_E7
from tests.factories.people import make_user
from tests.support import again

TAPPED = "2026-11-20T01:31:08.000Z"
NO_FIX = {"verdict": "no_fix", "distance_m": None, "accuracy_m": None, "radius_m": 150, "reason": "no_position"}
ON_SITE = {"verdict": "on_site", "distance_m": 0, "accuracy_m": 12, "radius_m": 150, "reason": None}


@pytest.fixture
def phone(cast, as_, visit):
    made = Phone(as_(cast.ana), cast.ana)
    made.pull()
    return made


def statuses(phone, *ops):
    return [(r["status"], r.get("problem", {}).get("type", "").rpartition("/")[2]) for r in phone.results(*ops)]


def tapped(phone, type_, visit, **args):
    """An operation that makes a check-in."""
    given = {"direction": "in" if type_ == "visit.check_in" else "out", "phone_verdict": NO_FIX}
    return phone.op(type_, new_id(), {"visit_id": visit.id} | given | args, kind="check_in", occurred_at=TAPPED)


def fix_for(phone, check_in_op, **args):
    given = {"check_in_id": check_in_op["record"]["id"], "visit_id": check_in_op["args"]["visit_id"],
             "lat_e7": LAT_E7, "lng_e7": LNG_E7, "accuracy_m": 12, "fix_at": TAPPED, "phone_verdict": ON_SITE}  # fmt: skip
    return phone.op("visit.check_in_fix", new_id(), given | args, kind="check_in_fix")


def test_a_visit_from_accepting_to_leaving_in_one_push(cast, phone, session, work_order, visit):
    ops = [phone.op("visit.accept", visit.id, {}), phone.op("visit.depart", visit.id, {})]
    came = tapped(phone, "visit.check_in", visit)
    ops += [came, fix_for(phone, came), tapped(phone, "visit.check_out", visit)]
    assert statuses(phone, *ops) == [("applied", "")] * 5
    assert again(visit).state == "done"
    assert [e.what for e in log_of(session, work_order)] == [
        "sent", "visit_accepted", "departed", "arrived", "left",
    ]  # fmt: skip
    phone.pull()
    row = phone.row("check_in", came["record"]["id"])
    assert (row["tapped_at"], row["corrected_at"], row["engineer_id"]) == (TAPPED, TAPPED, cast.ana.id)
    assert row["server_verdict"] == row["phone_verdict"] == ON_SITE
    assert phone.row("visit", visit.id)["state"] == "done"
    assert phone.row("work_order", work_order.id)["state"] == "in_progress"


def test_the_same_push_again_changes_nothing(phone, session, work_order, visit):
    ops = (phone.op("visit.accept", visit.id, {}), tapped(phone, "visit.check_in", visit))
    first, second = phone.results(*ops), phone.results(*ops)
    assert [r["replayed"] for r in second] == [True, True]
    assert [r["rev"] for r in first] == [r["rev"] for r in second]
    assert session.query(CheckIn).count() == 1


def test_the_offset_of_the_phones_clock_is_kept_and_corrected(phone, session, visit):
    op = tapped(phone, "visit.check_in", visit) | {"clock": {"offset_ms": -700_000, "rtt_ms": 80, "age_s": 600}}
    assert statuses(phone, op) == [("applied", "")]
    row = session.query(CheckIn).one()
    assert row.clock_offset_ms == 700_000
    assert clock.iso(row.corrected_at) == "2026-11-20T01:19:28.000Z"
    assert row.flags == ["clock_offset"]


@pytest.mark.parametrize(
    "fix",
    [
        {"lat_e7": 910_000_000}, {"lat_e7": LNG_E7, "lng_e7": LAT_E7}, {"lat_e7": 0, "lng_e7": 0}, {"lat_e7": None},
        {"lat_e7": "31.2,121.4"}, {"lat_e7": "NaN"}, {"accuracy_m": -1}, {"accuracy_m": 0}, {"accuracy_m": 10**9},
        {"fix_at": "2026-11-17T01:31:08.000Z"}, {"fix_at": 7}, {"lat_e7": 2**53 - 1}, {"lng_e7": True},
        {"phone_verdict": "yes"},
    ],
)  # fmt: skip
def test_no_position_refuses_a_check_in_or_its_fix(phone, visit, fix):
    came = tapped(phone, "visit.check_in", visit, fix={"lat_e7": LAT_E7, "lng_e7": LNG_E7, "fix_at": TAPPED} | fix)
    assert statuses(phone, came, fix_for(phone, came, **fix)) == [("applied", "")] * 2
    assert again(visit).state == "on_site"


def test_a_reason_chosen_later_is_a_line_of_the_log(phone, session, work_order, visit):
    came = tapped(phone, "visit.check_in", visit)
    entry_id = new_id()
    args = {"check_in_id": came["record"]["id"], "reason_code": "indoors", "reason_text": "地下二层"}
    why = phone.op("visit.check_in_reason", entry_id, args, kind="log_entry")
    assert statuses(phone, came, why) == [("applied", "")] * 2
    assert [e.what for e in log_of(session, work_order)][1:] == ["check_in_reason", "arrived"]
    phone.pull()
    assert phone.row("log_entry", entry_id)["note"] == "地下二层"
    assert phone.row("check_in", came["record"]["id"])["reason_code"] == "indoors"


def test_a_step_that_no_longer_fits_is_refused_and_what_stands_behind_it_goes_on(cast, as_, phone, visit):
    assert as_(cast.cleo).post(f"/api/visits/{visit.id}/cancel", json={"reason": "取消"}).status_code == 200
    got = statuses(phone, phone.op("visit.accept", visit.id, {}), tapped(phone, "visit.check_in", visit))
    assert got == [("rejected", "visit-step-not-allowed"), ("applied", "")]
    assert again(visit).state == "cancelled"


def test_declining_needs_a_reason(phone, visit):
    result = phone.results(phone.op("visit.decline", visit.id, {"reason": ""}))[0]
    assert (result["status"], result["problem"]["field"]) == ("rejected", "args.reason")


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ({"server_verdict": ON_SITE}, "args.server_verdict"),
        ({"flags": []}, "args.flags"),
        ({"engineer_id": "x"}, "args.engineer_id"),
        ({"colour": 1}, "args.colour"),
        ({"reason_text": 7}, "args.reason_text"),
    ],
)
def test_what_is_the_servers_is_refused_by_its_name(phone, session, visit, args, field):
    result = phone.results(tapped(phone, "visit.check_in", visit, **args))[0]
    assert (result["status"], result["problem"]["field"]) == ("rejected", field)
    assert session.query(CheckIn).count() == 0


def test_work_done_offline_on_a_visit_given_away_is_kept_late_and_both_see_it(
    cast, as_, phone, session, work_order, visit
):
    zhou = make_user("Zhou", cast.chengdu)
    body = {"base": {"engineer_ids": [cast.ana.id]}, "fields": {"engineer_ids": [zhou.id]}}
    assert as_(cast.cleo).patch(f"/api/visits/{visit.id}", json=body).status_code == 200
    phone.pull()
    assert phone.of("visit") == []
    came = tapped(phone, "visit.check_in", visit)
    assert statuses(phone, came, fix_for(phone, came)) == [("applied", "")] * 2
    phone.pull()
    other = Phone(as_(zhou), zhou)
    other.pull()
    for one in (phone, other):
        assert one.row("check_in", came["record"]["id"])["flags"] == ["late_visit"]
        assert one.row("visit", visit.id)["state"] == "superseded"
    assert log_of(session, work_order, "arrived")[0].data["late"]


def test_a_stranger_neither_sees_nor_touches_it(cast, as_, session, phone, visit):
    ben = Phone(as_(cast.ben), cast.ben)
    ben.pull()
    assert ben.of("visit") == []
    got = statuses(ben, ben.op("visit.accept", visit.id, {}), tapped(ben, "visit.check_in", visit))
    assert [status for status, _ in got] == ["rejected", "rejected"]
    assert session.query(CheckIn).count() == 0


def test_the_office_replans_and_the_phone_hears_of_it(cast, as_, phone, visit):
    seen = clock.iso(visit.planned_from)
    body = {
        "base": {"planned_from": seen, "note": ""},
        "fields": {"planned_from": "2026-11-20T08:00:00.000Z", "note": "带梯子"},
    }
    assert as_(cast.cleo).patch(f"/api/visits/{visit.id}", json=body).status_code == 200
    zhou = make_user("Zhou", cast.chengdu)
    body = {"base": {"engineer_ids": [cast.ana.id]}, "fields": {"engineer_ids": [cast.ana.id, zhou.id]}}
    assert as_(cast.cleo).patch(f"/api/visits/{visit.id}", json=body).status_code == 200
    phone.pull()
    row = phone.row("visit", visit.id)
    assert (row["planned_from"], row["note"]) == ("2026-11-20T08:00:00.000Z", "带梯子")
    assert row["engineer_ids"] == [cast.ana.id, zhou.id]


@pytest.mark.parametrize(
    "occurred_at", ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2026-11-20", "25:61"]
)
@pytest.mark.parametrize("fix_at", ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", TAPPED])
def test_no_device_time_stops_a_check_in(phone, session, visit, occurred_at, fix_at):
    came = tapped(phone, "visit.check_in", visit, reason_code="indoors") | {"occurred_at": occurred_at}
    assert statuses(phone, came, fix_for(phone, came, fix_at=fix_at)) == [("applied", "")] * 2
    row = session.query(CheckIn).one()
    assert row.corrected_at <= row.received_at
    assert again(visit).state == "on_site"
