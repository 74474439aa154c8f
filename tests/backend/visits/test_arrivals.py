"""Check-in and check-out (K-7): never refused, judged again, kept with both verdicts; the log says what counts (K-4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backend.core import clock
from backend.core.db import write_transaction
from backend.core.ids import new_id
from backend.core.problems import NotFound
from backend.visits import arrivals, services
from backend.visits.arrivals import CheckInWords
from backend.visits.models import CheckIn, CheckInFix
from backend.visits.problems import VisitStepNotAllowed
from tests.backend.visits.conftest import actor, log_of, phone_tap
from tests.factories.customers import LAT_E7, LNG_E7
from tests.factories.people import make_user
from tests.factories.work import make_log_entry, make_visit, make_work_order
from tests.support import again

ON_SITE = {"verdict": "on_site", "distance_m": 0, "accuracy_m": 12, "radius_m": 150, "reason": None}
NO_FIX = {"verdict": "no_fix", "distance_m": None, "accuracy_m": None, "radius_m": 150, "reason": "no_position"}


def a_fix(tap: Any, **given: Any) -> dict[str, Any]:
    at = clock.iso(tap.at - timedelta(seconds=3))
    return {"lat_e7": LAT_E7, "lng_e7": LNG_E7, "accuracy_m": 12, "fix_at": at} | given


def tap_in(session, user, visit, tap, now, **words) -> CheckIn:
    with write_transaction():
        row = session.merge(visit)
        return arrivals.check_in(session, actor(user), row, new_id(), tap, CheckInWords(**words), now)


def tap_out(session, user, visit, tap, now, **words) -> CheckIn:
    with write_transaction():
        row = session.merge(visit)
        return arrivals.check_out(session, actor(user), row, new_id(), tap, CheckInWords(**words), now)


def send_fix(session, user, check_in, fix, now, phone_verdict=None) -> CheckInFix:
    with write_transaction():
        row = session.get(CheckIn, check_in.id)
        tap = phone_tap(now)
        return arrivals.add_fix(session, actor(user), row, new_id(), fix, phone_verdict, tap, now)


def test_on_site_with_both_verdicts_and_an_arrival(session, cast, now, work_order, visit):
    tap = phone_tap(now, minutes_ago=61, offset_ms=800)
    row = tap_in(session, cast.ana, visit, tap, now, phone_verdict=ON_SITE, fix=a_fix(tap))
    assert again(visit).state == "on_site"
    assert row.phone_verdict == ON_SITE
    assert row.server_verdict == ON_SITE
    assert (row.tapped_at, row.corrected_at, row.received_at) == (tap.at, tap.corrected_at, now)
    entry = log_of(session, work_order, "arrived")[0]
    assert (entry.corrected_at, entry.received_at, entry.author_id) == (tap.corrected_at, now, cast.ana.id)
    assert entry.data == {"check_in_id": row.id, "verdict": "on_site"}


def test_the_server_judges_by_itself_and_keeps_the_phones_word(session, cast, now, visit):
    tap = phone_tap(now)
    far = a_fix(tap, lat_e7=LAT_E7 + 200_000)  # 2.2 km
    row = tap_in(session, cast.ana, visit, tap, now, phone_verdict=ON_SITE, fix=far)
    assert row.phone_verdict["verdict"] == "on_site"
    assert row.server_verdict["verdict"] == "off_site"
    assert again(visit).state == "on_site"


def test_off_site_counts_once_the_office_accepts_it(session, cast, now, as_, work_order, visit):
    tap = phone_tap(now, minutes_ago=30)
    row = tap_in(session, cast.ana, visit, tap, now, fix=a_fix(tap, lat_e7=LAT_E7 + 200_000), reason_code="moved")
    assert log_of(session, work_order, "arrived") == []
    path = f"/api/check-ins/{row.id}/accept"
    assert as_(cast.ana).post(path, json={}).status_code == 403
    answer = as_(cast.cleo).post(path, json={"note": "客户搬了门"})
    assert (answer.status_code, answer.json["is_accepted_by_office"]) == (200, True)
    entry = log_of(session, work_order, "arrived")[0]
    assert entry.corrected_at == tap.corrected_at
    assert (entry.author_id, entry.entered_by_id) == (cast.ana.id, cast.cleo.id)
    assert log_of(session, work_order, "check_in_accepted")[0].note == "客户搬了门"
    repeated = as_(cast.cleo).post(path, json={})
    assert (repeated.status_code, repeated.json["type"]) == (409, "/problems/check-in-counts-already")


def test_accepting_needs_a_check_in_of_ones_branch(session, cast, now, as_, visit):
    tap = phone_tap(now)
    row = tap_in(session, cast.ana, visit, tap, now)
    other = make_user("Clara", cast.beijing, role="dispatcher")
    assert as_(other).post(f"/api/check-ins/{row.id}/accept", json={}).status_code == 404
    assert as_(cast.cleo).post(f"/api/check-ins/{new_id()}/accept", json={}).status_code == 404
    assert as_(cast.cleo).post(f"/api/check-ins/{row.id}/accept", json={"note": 7}).json["field"] == "$.note"


def test_without_a_position_it_counts_with_its_reason(session, cast, now, work_order, visit):
    tap = phone_tap(now, minutes_ago=5)
    row = tap_in(session, cast.ana, visit, tap, now)
    assert row.server_verdict == NO_FIX
    assert again(visit).state == "on_site"
    assert log_of(session, work_order, "arrived") == []
    with write_transaction():
        arrivals.add_reason(session, actor(cast.ana), session.get(CheckIn, row.id), "indoors", "地下二层", tap, now)
    entry = log_of(session, work_order, "arrived")[0]
    assert entry.corrected_at == tap.corrected_at and entry.note == "地下二层"
    assert again(row).reason_code == "indoors"


def test_a_fix_that_follows_makes_it_an_arrival_at_the_tap(session, cast, now, work_order, visit):
    tap = phone_tap(now, minutes_ago=5)
    row = tap_in(session, cast.ana, visit, tap, now)
    fix = send_fix(session, cast.ana, row, a_fix(tap, fix_at=clock.iso(tap.at + timedelta(seconds=14))), now, ON_SITE)
    assert fix.age_s == -14
    kept = again(row)
    assert kept.server_verdict["verdict"] == kept.phone_verdict["verdict"] == "on_site"
    assert log_of(session, work_order, "arrived")[0].corrected_at == tap.corrected_at


def test_the_first_usable_fix_decides(session, cast, now, visit):
    tap = phone_tap(now)
    row = tap_in(session, cast.ana, visit, tap, now, fix=a_fix(tap, accuracy_m=-1))
    assert row.server_verdict["reason"] == "bad_accuracy"
    send_fix(session, cast.ana, row, a_fix(tap), now)
    send_fix(session, cast.ana, row, a_fix(tap, lat_e7=LAT_E7 + 200_000), now)
    assert again(row).server_verdict["verdict"] == "on_site"
    assert session.query(CheckInFix).count() == 3


def test_an_arrival_by_reason_is_voided_when_the_position_says_elsewhere(session, cast, now, work_order, visit):
    tap = phone_tap(now)
    row = tap_in(session, cast.ana, visit, tap, now, reason_code="indoors")
    assert log_of(session, work_order, "arrived")[0].voided_at is None
    send_fix(session, cast.ana, row, a_fix(tap, lat_e7=LAT_E7 + 200_000), now)
    assert log_of(session, work_order, "arrived")[0].voided_at is not None


@pytest.mark.parametrize(
    ("fix", "verdict", "reason"),
    [
        ({"lat_e7": 910_000_000}, "no_fix", "out_of_range"),
        ({"lat_e7": LNG_E7, "lng_e7": LAT_E7}, "no_fix", "out_of_range"),  # swapped: 104° north
        ({"lat_e7": 0, "lng_e7": 0}, "no_fix", "null_island"),
        ({"lat_e7": None}, "no_fix", "not_a_number"),
        ({"lat_e7": "31.2,121.4"}, "no_fix", "not_a_number"),
        ({"lng_e7": float("nan")}, "no_fix", "not_a_number"),
        ({"lng_e7": float("inf")}, "no_fix", "not_a_number"),
        ({"lng_e7": 10**400}, "no_fix", "not_a_number"),
        ({"lng_e7": 2**53 + 1}, "no_fix", "out_of_range"),
        ({"lat_e7": True}, "no_fix", "not_a_number"),
        ({"lat_e7": [LAT_E7]}, "no_fix", "not_a_number"),
        ({"accuracy_m": -1}, "no_fix", "bad_accuracy"),
        ({"accuracy_m": 0}, "no_fix", "bad_accuracy"),
        ({"accuracy_m": 10**9}, "uncertain", "low_accuracy"),
        ({"accuracy_m": None}, "no_fix", "not_a_number"),
        ({"fix_at": "yesterday"}, "no_fix", "not_a_number"),
        ({"fix_at": "0000-00-00T25:61:00Z"}, "no_fix", "not_a_number"),
    ],
)
def test_no_position_however_wrong_stops_a_check_in(session, cast, now, visit, fix, verdict, reason):
    tap = phone_tap(now)
    row = tap_in(session, cast.ana, visit, tap, now, fix=a_fix(tap, **fix), phone_verdict={"verdict": "no_fix"})
    assert (row.server_verdict["verdict"], row.server_verdict["reason"]) == (verdict, reason)
    assert again(visit).state == "on_site"
    assert session.query(CheckInFix).one().raw  # what was sent is kept


@pytest.mark.parametrize("fix", ["here", 7, [], {"a": "\x00"}, {"a": "\ud800"}, {"a": "x" * 100_000}, {}])
@pytest.mark.parametrize("words", ["on_site", 7, None, {"verdict": "everywhere"}])
def test_nor_does_anything_else_sent_in_its_place(session, cast, now, visit, fix, words):
    row = tap_in(session, cast.ana, visit, phone_tap(now), now, fix=fix, phone_verdict=words)
    assert row.server_verdict["verdict"] == "no_fix"
    assert row.phone_verdict == {}
    assert len(str(again(session.query(CheckInFix).one()).raw)) < 5_000


def test_a_fix_three_days_old_is_at_best_uncertain_and_flagged(session, cast, now, visit):
    tap = phone_tap(now)
    row = tap_in(session, cast.ana, visit, tap, now, fix=a_fix(tap, fix_at=clock.iso(tap.at - timedelta(days=3))))
    assert (row.server_verdict["verdict"], row.server_verdict["reason"]) == ("uncertain", "old_fix")
    assert "old_fix" in row.flags


def test_five_hundred_kilometres_in_a_minute_is_flagged_not_refused(session, cast, now, work_order, visit):
    far = make_visit(make_work_order(cast.site), [cast.ana])
    before = phone_tap(now, minutes_ago=1)
    tap_in(session, cast.ana, far, before, now, fix=a_fix(before, lat_e7=LAT_E7 + 45_000_000))
    tap = phone_tap(now)
    row = tap_in(session, cast.ana, visit, tap, now, fix=a_fix(tap))
    assert row.flags == ["impossible_speed"]
    assert row.server_verdict["verdict"] == "on_site"
    assert len(log_of(session, work_order, "arrived")) == 1


def test_the_same_digits_on_another_day_are_flagged(session, cast, now, visit):
    yesterday = make_visit(make_work_order(cast.site), [cast.ana])
    before = phone_tap(now, minutes_ago=24 * 60)
    tap_in(session, cast.ana, yesterday, before, now - timedelta(days=1), fix=a_fix(before))
    tap = phone_tap(now)
    assert tap_in(session, cast.ana, visit, tap, now, fix=a_fix(tap)).flags == ["repeated_decimals"]


def test_a_site_entered_in_gcj02_is_noticed(session, cast, now, visit):
    from backend.customers.rules.datum import wgs84_to_gcj02

    lat, lng = wgs84_to_gcj02(LAT_E7 / 1e7, LNG_E7 / 1e7)
    tap = phone_tap(now)
    there = a_fix(tap, lat_e7=round(lat * 1e7), lng_e7=round(lng * 1e7))
    row = tap_in(session, cast.ana, visit, tap, now, fix=there)
    assert row.server_verdict["verdict"] == "off_site"
    assert "gcj02_suspected" in row.flags


def test_a_clock_eleven_minutes_off_is_flagged_and_the_corrected_time_counts(session, cast, now, work_order, visit):
    tap = phone_tap(now, minutes_ago=20, offset_ms=11 * 60_000)
    row = tap_in(session, cast.ana, visit, tap, now, fix=a_fix(tap))
    assert row.flags == ["clock_offset"]
    assert log_of(session, work_order, "arrived")[0].corrected_at == now - timedelta(minutes=20)


def test_a_site_without_a_point_is_uncertain(session, cast, now, visit):
    cast.site.lat_e7 = None
    session.commit()
    tap = phone_tap(now)
    row = tap_in(session, cast.ana, visit, tap, now, fix=a_fix(tap))
    assert (row.server_verdict["verdict"], row.server_verdict["reason"]) == ("uncertain", "site_without_point")


def test_a_second_tap_is_kept_but_arrives_once(session, cast, now, work_order, visit):
    for minutes in (10, 5):
        tap = phone_tap(now, minutes_ago=minutes)
        tap_in(session, cast.ana, visit, tap, now, fix=a_fix(tap))
    assert session.query(CheckIn).count() == 2
    assert len(log_of(session, work_order, "arrived")) == 1


def test_a_colleague_arrives_for_herself(session, cast, now, work_order):
    zhou = make_user("Zhou", cast.chengdu)
    pair = make_visit(work_order, [cast.ana, zhou])
    for user, minutes in ((cast.ana, 5), (zhou, 20)):
        tap = phone_tap(now, minutes_ago=minutes)
        tap_in(session, user, pair, tap, now, fix=a_fix(tap))
    arrived = log_of(session, work_order, "arrived")
    assert min(entry.corrected_at for entry in arrived) == now - timedelta(minutes=20)
    tap_out(session, cast.ana, pair, phone_tap(now), now)
    assert again(pair).state == "on_site"
    tap_out(session, zhou, pair, phone_tap(now), now)
    assert again(pair).state == "done"


def test_check_out_ends_the_visit(session, cast, now, work_order, visit):
    tap = phone_tap(now, minutes_ago=40)
    tap_in(session, cast.ana, visit, tap, now, fix=a_fix(tap))
    out = phone_tap(now)
    row = tap_out(session, cast.ana, visit, out, now, fix=a_fix(out), phone_verdict=ON_SITE)
    assert (again(visit).state, row.direction, row.flags) == ("done", "out", [])
    assert log_of(session, work_order, "left")[0].corrected_at == out.corrected_at


def test_nobody_there_is_a_futile_visit(session, cast, now, work_order, visit):
    row = tap_out(session, cast.ana, visit, phone_tap(now), now, is_futile=True, reason_text="没人开门")
    assert again(visit).state == "futile"
    assert row.flags == ["no_check_in"]
    assert log_of(session, work_order, "left")[0].note == "没人开门"


@pytest.mark.parametrize("state", ["superseded", "cancelled"])
def test_late_work_on_a_visit_given_away_is_kept_flagged_and_changes_no_state(session, cast, now, work_order, state):
    gone = make_visit(work_order, [cast.ana], state=state)
    tap = phone_tap(now, minutes_ago=90)
    row = tap_in(session, cast.ana, gone, tap, now, fix=a_fix(tap), phone_verdict=ON_SITE)
    tap_out(session, cast.ana, gone, phone_tap(now), now)
    assert row.flags == ["late_visit"]
    assert again(gone).state == state
    assert log_of(session, work_order, "arrived")[0].data["late"] is True
    assert log_of(session, work_order, "left")[0].data["late"] is True


def test_late_work_of_one_who_was_taken_off_the_visit_is_kept(session, cast, now, work_order):
    zhou = make_user("Zhou", cast.chengdu)
    kept = make_visit(work_order, [zhou])
    make_log_entry(work_order, "sent", visit_id=kept.id, data={"engineer_ids": [cast.ana.id, zhou.id]})
    tap = phone_tap(now)
    row = tap_in(session, cast.ana, kept, tap, now, fix=a_fix(tap))
    assert row.flags == ["late_visit"]
    assert again(kept).state == "planned"


def test_an_engineer_never_sent_does_not_find_the_visit(session, cast, now, visit):
    with pytest.raises(NotFound):
        tap_in(session, cast.ben, visit, phone_tap(now), now)
    assert session.query(CheckIn).count() == 0


def test_another_engineer_cannot_move_ones_check_in(session, cast, now, visit):
    row = tap_in(session, cast.ana, visit, phone_tap(now), now)
    with pytest.raises(NotFound):
        send_fix(session, cast.ben, row, {}, now)
    with pytest.raises(NotFound), write_transaction():
        arrivals.add_reason(session, actor(cast.ben), session.get(CheckIn, row.id), "other", "", phone_tap(now), now)


def test_accept_decline_depart_follow_the_table(session, cast, now, work_order, visit):
    ana = actor(cast.ana)
    with write_transaction():
        row = session.merge(visit)
        services.accept_visit(session, ana, row, phone_tap(now), now)
        services.accept_visit(session, ana, row, phone_tap(now), now)
        services.depart(session, ana, row, phone_tap(now), now)
    assert again(visit).state == "travelling"
    assert len(log_of(session, work_order, "visit_accepted")) == 1
    assert len(log_of(session, work_order, "departed")) == 1
    with pytest.raises(VisitStepNotAllowed) as problem, write_transaction():
        services.decline_visit(session, ana, session.merge(visit), "不顺路", phone_tap(now), now)
    assert problem.value.extra == {"state": "travelling"}


def test_accepting_a_visit_called_off_meanwhile_is_said(session, cast, now, work_order):
    gone = make_visit(work_order, [cast.ana], state="cancelled")
    with pytest.raises(VisitStepNotAllowed), write_transaction():
        services.accept_visit(session, actor(cast.ana), session.merge(gone), phone_tap(now), now)


def test_declining_needs_a_reason_and_the_office_plans_again(session, cast, now, as_, work_order, visit):
    from backend.core.problems import Invalid

    with pytest.raises(Invalid) as problem, write_transaction():
        services.decline_visit(session, actor(cast.ana), session.merge(visit), "  ", phone_tap(now), now)
    assert problem.value.faults[0].path == "$.reason"
    with write_transaction():
        services.decline_visit(session, actor(cast.ana), session.merge(visit), "发烧", phone_tap(now), now)
    assert again(visit).state == "declined"
    assert log_of(session, work_order, "visit_declined")[0].note == "发烧"
    zhou = make_user("Zhou", cast.chengdu)
    body = {"base": {"engineer_ids": [cast.ana.id]}, "fields": {"engineer_ids": [cast.ana.id, zhou.id]}}
    assert as_(cast.cleo).patch(f"/api/visits/{visit.id}", json=body).json["state"] == "planned"
