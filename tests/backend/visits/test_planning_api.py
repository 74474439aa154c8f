"""Planning over HTTP: each endpoint works, is forbidden, invalid, repeated."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.core import clock
from backend.core.ids import new_id
from backend.visits.models import CheckIn, CheckInFix
from tests.backend.visits.conftest import log_of
from tests.factories.customers import LAT_E7, LNG_E7, make_customer, make_site
from tests.factories.people import make_user
from tests.factories.work import make_visit, make_work_order
from tests.support import again, save


def plan(cast, now, **given):
    return {"engineer_ids": [cast.ana.id], "planned_from": clock.iso(now + timedelta(hours=1))} | given


def test_a_planned_visit_is_sent_and_logged(cast, as_, now, session, work_order):
    answer = as_(cast.cleo).post(f"/api/work-orders/{work_order.id}/visits", json=plan(cast, now, note="带梯子"))
    assert answer.status_code == 201
    assert (answer.json["state"], answer.json["lead_id"], answer.json["note"]) == ("planned", cast.ana.id, "带梯子")
    entry = log_of(session, work_order, "sent")[0]
    assert entry.author_id == cast.cleo.id and entry.visit_id == answer.json["id"]
    assert entry.data["engineer_ids"] == [cast.ana.id]
    assert len(log_of(session, work_order, "decided_on_site")) == 1


def test_a_second_visit_does_not_decide_again(cast, as_, now, session, work_order):
    cleo = as_(cast.cleo)
    for _ in range(2):
        assert cleo.post(f"/api/work-orders/{work_order.id}/visits", json=plan(cast, now)).status_code == 201
    assert len(log_of(session, work_order, "decided_on_site")) == 1
    assert len(log_of(session, work_order, "sent")) == 2


def test_somebody_sent_after_the_acceptance_opens_the_work_again_until_the_visit_falls_away(
    cast, as_, now, work_order
):
    cleo, path = as_(cast.cleo), f"/api/work-orders/{work_order.id}"
    for what, data in (("solved", {}), ("accepted", {"who": "叶雯", "how": "phone"})):
        assert cleo.post(f"{path}/log", json={"what": what, "note": "", "data": data}).status_code == 201
    assert again(work_order).state == "accepted"
    with clock.fixed(now + timedelta(minutes=1)):
        visit = cleo.post(f"{path}/visits", json=plan(cast, now, note="收回备用机")).json
        assert again(work_order).state == "assigned"
        cleo.post(f"/api/visits/{visit['id']}/cancel", json={"reason": "客户自己送回"})
    assert again(work_order).state == "accepted"


def test_engineers_and_foreign_branches_cannot_plan(cast, as_, now, work_order):
    path = f"/api/work-orders/{work_order.id}/visits"
    assert as_(cast.ana).post(path, json=plan(cast, now)).status_code == 403
    other = make_user("Clara", cast.beijing, role="dispatcher")
    assert as_(other).post(path, json=plan(cast, now)).status_code == 404


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"engineer_ids": []}, "$.engineer_ids"),
        ({"engineer_ids": ["nobody"]}, "$.engineer_ids[0]"),
        ({"engineer_ids": [new_id()]}, "$.engineer_ids"),
        ({"planned_from": "2026-11-22 10:00"}, "$.planned_from"),
        ({"planned_until": "2020-01-01T00:00:00Z"}, "$.planned_until"),
        ({"lead_id": new_id()}, "$.lead_id"),
        ({"state": "done"}, "$.state"),
    ],
)
def test_a_wrong_plan_names_its_field_and_changes_nothing(cast, as_, now, session, work_order, given, path):
    answer = as_(cast.cleo).post(f"/api/work-orders/{work_order.id}/visits", json=plan(cast, now, **given))
    assert answer.status_code == 422
    assert answer.json["field"] == path
    assert log_of(session, work_order) == []


def test_dispatchers_and_disabled_engineers_are_not_sent(cast, as_, now, work_order):
    for user in (cast.cleo, cast.dan):
        answer = as_(cast.cleo).post(
            f"/api/work-orders/{work_order.id}/visits", json=plan(cast, now, engineer_ids=[user.id])
        )
        assert (answer.status_code, answer.json["field"]) == (422, "$.engineer_ids")


@pytest.mark.parametrize("state", ["closed", "cancelled"])
def test_nobody_is_sent_on_an_ended_work_order(cast, as_, now, state):
    ended = make_work_order(cast.site, state=state)
    answer = as_(cast.cleo).post(f"/api/work-orders/{ended.id}/visits", json=plan(cast, now))
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/work-order-ended")


def test_a_changed_time_is_kept_with_what_it_was(cast, as_, now, session, work_order, visit):
    seen = clock.iso(visit.planned_from)
    later = clock.iso(visit.planned_from + timedelta(hours=3))
    body = {"base": {"planned_from": seen}, "fields": {"planned_from": later}}
    answer = as_(cast.cleo).patch(f"/api/visits/{visit.id}", json=body)
    assert (answer.status_code, answer.json["planned_from"]) == (200, later)
    assert log_of(session, work_order, "visit_changed")[0].data["before"] == {"planned_from": seen}


def test_the_same_change_again_changes_nothing(cast, as_, now, session, work_order, visit):
    body = {"base": {"note": ""}, "fields": {"note": "带梯子"}}
    cleo = as_(cast.cleo)
    assert cleo.patch(f"/api/visits/{visit.id}", json=body).status_code == 200
    assert cleo.patch(f"/api/visits/{visit.id}", json=body).status_code == 200
    assert again(visit).note == "带梯子"


def test_a_change_over_somebody_elses_is_a_collision_that_shows_the_current_plan(cast, as_, visit):
    body = {"base": {"note": "旧的"}, "fields": {"note": "带梯子"}}
    answer = as_(cast.cleo).patch(f"/api/visits/{visit.id}", json=body)
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/collision")
    assert answer.json["current"]["note"] == ""
    assert again(visit).note == ""


def test_a_colleague_joins_and_is_sent(cast, as_, session, work_order, visit):
    zhou = make_user("Zhou", cast.chengdu)
    body = {"base": {"engineer_ids": [cast.ana.id]}, "fields": {"engineer_ids": [cast.ana.id, zhou.id]}}
    answer = as_(cast.cleo).patch(f"/api/visits/{visit.id}", json=body)
    assert answer.json["id"] == visit.id
    assert answer.json["engineer_ids"] == [cast.ana.id, zhou.id]
    assert log_of(session, work_order, "sent")[-1].data["engineer_ids"] == [cast.ana.id, zhou.id]


def test_giving_the_visit_to_another_supersedes_it(cast, as_, session, work_order, visit):
    zhou = make_user("Zhou", cast.chengdu)
    body = {"base": {"engineer_ids": [cast.ana.id]}, "fields": {"engineer_ids": [zhou.id]}}
    answer = as_(cast.cleo).patch(f"/api/visits/{visit.id}", json=body)
    assert answer.status_code == 200 and answer.json["id"] != visit.id
    assert (answer.json["lead_id"], answer.json["state"]) == (zhou.id, "planned")
    old = again(visit)
    assert old.state == "superseded" and old.engineer_ids == [cast.ana.id]
    assert log_of(session, work_order, "visit_superseded")[0].data["by_visit_id"] == answer.json["id"]


def test_an_ended_visit_is_not_changed(cast, as_, work_order):
    done = make_visit(work_order, [cast.ana], state="done")
    answer = as_(cast.cleo).patch(f"/api/visits/{done.id}", json={"base": {"note": ""}, "fields": {"note": "x"}})
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/visit-step-not-allowed")
    assert answer.json["state"] == "done"


def test_a_visit_is_called_off_with_its_reason_once(cast, as_, session, work_order, visit):
    cleo = as_(cast.cleo)
    for _ in range(2):
        answer = cleo.post(f"/api/visits/{visit.id}/cancel", json={"reason": "客户自己修好了"})
        assert (answer.status_code, answer.json["state"]) == (200, "cancelled")
    entries = log_of(session, work_order, "visit_cancelled")
    assert [entry.note for entry in entries] == ["客户自己修好了"]


def test_calling_off_needs_a_reason_and_the_right_person(cast, as_, visit):
    path = f"/api/visits/{visit.id}/cancel"
    assert as_(cast.cleo).post(path, json={"reason": ""}).json["field"] == "$.reason"
    assert as_(cast.ana).post(path, json={"reason": "不想去"}).status_code == 403
    other = make_user("Clara", cast.beijing, role="dispatcher")
    assert as_(other).post(path, json={"reason": "不是我们的"}).status_code == 404
    assert as_(cast.cleo).post(f"/api/visits/{new_id()}/cancel", json={"reason": "没有"}).status_code == 404


def test_a_visit_where_somebody_works_is_not_called_off(cast, as_, work_order):
    busy = make_visit(work_order, [cast.ana], state="on_site")
    answer = as_(cast.cleo).post(f"/api/visits/{busy.id}/cancel", json={"reason": "算了"})
    assert answer.status_code == 409
    assert again(busy).state == "on_site"


def test_the_week_shows_each_sees_her_own(cast, as_, now, work_order, visit):
    elsewhere = make_site(make_customer(cast.beijing, name="北京机场"))
    make_visit(make_work_order(elsewhere), [cast.ben])
    rows = as_(cast.cleo).get("/api/visits").json["rows"]
    assert [row["id"] for row in rows] == [visit.id]
    assert rows[0]["customer_name"] == cast.customer.name and rows[0]["number"] == work_order.number
    assert [row["id"] for row in as_(cast.ana).get("/api/visits").json["rows"]] == [visit.id]
    assert len(as_(cast.ben).get("/api/visits").json["rows"]) == 1
    assert len(as_(cast.adam).get("/api/visits").json["rows"]) == 2


def test_the_week_is_cut_by_time_engineer_state_and_page(cast, as_, now, work_order, visit):
    late = make_visit(work_order, [cast.ana], planned_from=now + timedelta(days=9), state="done")
    cleo = as_(cast.cleo)
    assert len(cleo.get("/api/visits", query_string={"until": clock.iso(now + timedelta(days=7))}).json["rows"]) == 1
    assert cleo.get("/api/visits?state=done").json["rows"][0]["id"] == late.id
    assert cleo.get("/api/visits?state=open").json["rows"][0]["id"] == visit.id
    assert cleo.get(f"/api/visits?engineer_id={cast.ben.id}").json["rows"] == []
    first = cleo.get("/api/visits?limit=1").json
    second = cleo.get("/api/visits", query_string={"limit": 1, "cursor": first["next_cursor"]}).json
    assert [first["rows"][0]["id"], second["rows"][0]["id"]] == [visit.id, late.id]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1000000000", "cursor=xx", "state=gone", "from=yesterday", "engineer_id=1%20OR%201=1"]
)
def test_a_wrong_question_is_named(cast, as_, query):
    answer = as_(cast.cleo).get(f"/api/visits?{query}")
    assert answer.status_code == 422
    assert answer.json["field"] == f"$.{query.split('=')[0]}"


def test_engineers_come_with_load_distance_and_reasons(cast, as_, now, session, work_order, visit):
    make_user("Zhou", cast.chengdu, skills=["网络"])
    answer = as_(cast.cleo).get(f"/api/engineers?work_order_id={work_order.id}")
    assert answer.status_code == 200
    rows = {row["name"]: row for row in answer.json["rows"]}
    assert set(rows) == {"Ana", "Zhou"}
    assert rows["Ana"]["load"][0]["visits"] == 1
    assert "offline" in [reason["code"] for reason in rows["Zhou"]["reasons"]]
    assert rows["Zhou"]["distance_m"] is None
    assert [v["id"] for v in rows["Ana"]["today"]] == [visit.id]


@pytest.mark.promise("C-23")
def test_the_account_manager_is_the_first_choice(cast, as_, session, work_order):
    zhou = make_user("Zhou", cast.chengdu)
    cast.customer.account_manager_id = zhou.id
    session.commit()
    rows = as_(cast.cleo).get(f"/api/engineers?work_order_id={work_order.id}").json["rows"]
    assert rows[0]["name"] == "Zhou"
    assert rows[0]["reasons"][0]["code"] == "account_manager"


@pytest.mark.parametrize(("hours_ago", "is_near"), [(1, True), (8, True), (9, False), (100, False)])
def test_where_somebody_was_yesterday_says_nothing_about_now(cast, as_, now, visit, work_order, hours_ago, is_near):
    at = now - timedelta(hours=hours_ago)
    judged = {"verdict": "on_site", "distance_m": 0, "accuracy_m": 10, "radius_m": 150, "reason": None}
    row = save(
        CheckIn(
            id=new_id(), visit_id=visit.id, work_order_id=work_order.id, engineer_id=cast.ana.id, direction="in",
            tapped_at=at, corrected_at=at, quality="good", received_at=at, server_verdict=judged,
        )
    )  # fmt: skip
    save(
        CheckInFix(
            id=new_id(), check_in_id=row.id, visit_id=visit.id, work_order_id=work_order.id, engineer_id=cast.ana.id,
            lat_e7=LAT_E7, lng_e7=LNG_E7, accuracy_m=10, fix_at=at, age_s=0, received_at=at, server_verdict=judged,
        )
    )  # fmt: skip
    ana = as_(cast.cleo).get(f"/api/engineers?work_order_id={work_order.id}").json["rows"][0]
    assert ana["distance_m"] == 0 and ana["distance_at"] == clock.iso(at)
    assert ("near" in [reason["code"] for reason in ana["reasons"]]) is is_near


def test_engineers_are_not_for_engineers(cast, as_):
    assert as_(cast.ana).get("/api/engineers").status_code == 403
    assert as_(cast.cleo).get(f"/api/engineers?work_order_id={new_id()}").status_code == 404


def test_a_work_orders_page_and_row_show_visits_engineers_and_check_ins(cast, as_, work_order, visit):
    cleo = as_(cast.cleo)
    page = cleo.get(f"/api/work-orders/{work_order.id}").json
    assert [row["id"] for row in page["visits"]] == [visit.id]
    assert page["engineers"] == [{"id": cast.ana.id, "name": "Ana"}]
    row = cleo.get("/api/work-orders").json["rows"][0]
    assert row["engineers"][0]["name"] == "Ana"
    assert (row["visit_state"], row["next_visit_at"]) == ("planned", clock.iso(visit.planned_from))
    assert as_(cast.ana).get(f"/api/work-orders/{work_order.id}").status_code == 200
    assert as_(cast.ben).get(f"/api/work-orders/{work_order.id}").status_code == 404


def test_a_cancelled_work_order_calls_its_visits_off(cast, as_, session, work_order, visit):
    answer = as_(cast.cleo).post(f"/api/work-orders/{work_order.id}/cancel", json={"reason": "客户不修了"})
    assert answer.status_code == 200
    assert again(visit).state == "cancelled"
    assert log_of(session, work_order, "visit_cancelled")[0].note == "客户不修了"
