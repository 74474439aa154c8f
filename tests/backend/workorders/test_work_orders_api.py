"""One work order over HTTP: log, clocks, gates, changes, its end, lists, board, search."""

from datetime import timedelta

import pytest

from backend.core import clock
from backend.core.db import write_transaction
from backend.core.ids import new_id
from backend.workorders import services
from backend.workorders.models import LogEntry, WorkOrder
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract, make_customer, make_site
from tests.factories.work import make_log_entry, make_work_order
from tests.support import again, counted_queries

HOUR = timedelta(hours=1)


@pytest.fixture
def asset(cast):
    return make_asset(cast.site, make_contract(cast.customer, ["B@1"]))


@pytest.fixture
def work_order(cast, asset):
    """A work order under letter B, reported now, settled."""
    row = make_work_order(cast.site, [asset], phone_reason="能按指引操作")
    enter(row, "reported")
    return again(row)


def enter(work_order, what, at=NOW, **given):
    """An entry as visits and reports write it."""
    with write_transaction() as session:
        row = session.get(WorkOrder, work_order.id)
        return services.add_log_entry(session, row, what=what, at=at, now=max(NOW, at), **given)


def state_of(work_order, name):
    return next(c["state"] for c in again(work_order).clocks if c["name"] == name)


class TestLog:
    def test_a_line_written_by_hand_moves_state_and_clocks(self, cast, as_, work_order):
        answer = as_(cast.cleo).post(
            f"/api/work-orders/{work_order.id}/log", json={"what": "solved", "note": "电话里修好"}
        )
        assert (answer.status_code, answer.json["author_id"]) == (201, cast.cleo.id)
        assert again(work_order).state == "resolved"
        assert state_of(work_order, "resolve") == "met"

    def test_late_work_recomputes_from_the_corrected_time(self, work_order):
        with clock.fixed(NOW + 30 * HOUR):
            enter(work_order, "decided_on_site", NOW + 30 * HOUR)
            assert state_of(work_order, "arrive") == "missed"
            enter(work_order, "arrived", NOW + 30 * HOUR, corrected_at=NOW + HOUR)
        clock_ = next(c for c in again(work_order).clocks if c["name"] == "arrive")
        assert (clock_["state"], clock_["met_at"]) == ("met", clock.iso(NOW + HOUR))
        assert clock_["met_received_at"] == clock.iso(NOW + 30 * HOUR), "it says that it was known only later"

    def test_what_came_at_once_is_not_called_late(self, work_order):
        minute = timedelta(minutes=1)
        for late, said in ((minute - timedelta(milliseconds=1), None), (minute, clock.iso(NOW + 2 * HOUR + minute))):
            entry = enter(work_order, "arrived", NOW + 2 * HOUR, received_at=NOW + 2 * HOUR + late)
            stands = next(c for c in again(work_order).clocks if c["name"] == "arrive")
            assert stands["met_received_at"] == said
            with write_transaction() as session:
                services.void_log_entry(session, session.get(LogEntry, entry.id), reason="x", now=NOW + 3 * HOUR)

    @pytest.mark.promise("D-13")
    @pytest.mark.promise("B-02")
    def test_a_reason_for_a_missed_clock_is_said_by_office_or_engineer_and_excuses_nothing(
        self, cast, as_, work_order
    ):
        with clock.fixed(NOW + 9 * HOUR):
            path = f"/api/work-orders/{work_order.id}/log"
            body = {"what": "missed_reason", "note": "机场高速封路", "data": {"clock": "arrive", "clause": "B-02"}}
            assert as_(cast.cleo).post(path, json=body | {"note": " "}).json["faults"][0]["path"] == "$.note"
            assert as_(cast.cleo).post(path, json=body | {"data": {}}).json["faults"][0]["path"] == "$.data.clock"
            assert as_(cast.cleo).post(path, json=body).status_code == 201
            stands = {one["name"]: one for one in as_(cast.cleo).get(path.removesuffix("/log")).json["clocks"]}
        assert (stands["arrive"]["state"], stands["arrive"]["missed_reason"]) == ("missed", "机场高速封路")
        assert (stands["resolve"]["state"], stands["resolve"]["missed_reason"]) == ("missed", "")
        assert stands["arrive"]["excused_by"] is None

    def test_a_voided_line_no_longer_counts_and_stays_readable(self, cast, as_, work_order):
        client = as_(cast.cleo)
        url = f"/api/work-orders/{work_order.id}/log"
        entry = client.post(url, json={"what": "solved"}).json
        assert client.post(f"{url}/{entry['id']}/void", json={"reason": ""}).json["field"] == "$.reason"
        assert client.post(f"{url}/{entry['id']}/void", json={"reason": "点错了"}).json["void_reason"] == "点错了"
        assert (again(work_order).state, state_of(work_order, "resolve")) == ("new", "running")

    @pytest.mark.parametrize("what", ["reported", "sent", "closed", "report_submitted", "nonsense", "arrived\0"])
    def test_what_the_product_writes_is_not_written_by_hand(self, cast, as_, work_order, what):
        answer = as_(cast.adam).post(f"/api/work-orders/{work_order.id}/log", json={"what": what})
        assert (answer.status_code, answer.json["field"]) == (422, "$.what")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"what": "waiting"}, "$.note"),
            ({"what": "rejected", "note": " "}, "$.note"),
            ({"what": "accepted", "data": {"how": "phone"}}, "$.data.who"),
            ({"what": "accepted", "data": {"who": "王敏"}}, "$.data.how"),
            ({"what": "rejected", "note": "x", "data": {"who": "王敏", "how": "dream"}}, "$.data.how"),
            ({"what": "promised"}, "$.data.promised_for"),
            ({"what": "promised", "data": {"promised_for": "soon"}}, "$.data.promised_for"),
            ({"what": "excused", "note": "x"}, "$.data.clock"),
            ({"what": "contacted", "at": "2026-11-20T02:00:01Z"}, "$.at"),
        ],
    )
    def test_a_line_without_what_it_needs_is_refused(self, cast, as_, work_order, body, field):
        answer = as_(cast.adam).post(f"/api/work-orders/{work_order.id}/log", json=body)
        assert (answer.status_code, answer.json["field"]) == (422, field)

    def test_only_an_admin_excuses_a_clock(self, cast, as_, work_order):
        body = {"what": "excused", "note": "客户停电", "data": {"clock": "arrive"}}
        url = f"/api/work-orders/{work_order.id}/log"
        assert as_(cast.cleo).post(url, json=body).status_code == 403
        with clock.fixed(NOW + 9 * HOUR):
            assert as_(cast.adam).post(url, json=body).status_code == 201
        assert (state_of(work_order, "arrive"), state_of(work_order, "resolve")) == ("excused", "missed")

    def test_an_excuse_given_while_the_clock_runs_counts_when_it_falls_due(self, cast, as_, work_order):
        client = as_(cast.adam)
        for name in ("arrive", "resolve"):
            body = {"what": "excused", "note": "客户约明天下午", "data": {"clock": name}}
            assert client.post(f"/api/work-orders/{work_order.id}/log", json=body).status_code == 201
        enter(work_order, "contacted")
        assert state_of(work_order, "arrive") == "running"
        with clock.fixed(NOW + 30 * HOUR):
            row = client.get("/api/work-orders").json["rows"][0]
            stands = {one["name"]: (one["state"], one["excuse"]) for one in row["clocks"]}
            assert stands["arrive"] == stands["resolve"] == ("excused", "客户约明天下午")
            assert client.get("/api/board").json["missed"] == 0
            assert client.get("/api/work-orders", query_string={"clock": "missed"}).json["rows"] == []
            enter(work_order, "arrived", NOW + 30 * HOUR)
        assert state_of(work_order, "arrive") == "excused"

    def test_work_solved_by_phone_keeps_no_clock_of_an_arrival(self, cast, as_, work_order):
        as_(cast.cleo).post(f"/api/work-orders/{work_order.id}/log", json={"what": "solved", "note": "电话里修好"})
        with clock.fixed(NOW + 30 * HOUR):
            row = as_(cast.cleo).get("/api/work-orders").json["rows"][0]
            stands = {one["name"]: one["state"] for one in row["clocks"]}
            assert (stands["respond"], stands["arrive"], stands["resolve"]) == ("met", "idle", "met")
            assert as_(cast.cleo).get("/api/board").json["missed"] == 0

    def test_a_line_sent_twice_is_one_line(self, cast, as_, work_order, session):
        body = {"id": new_id(), "what": "contacted"}
        client = as_(cast.cleo)
        for _ in range(2):
            assert client.post(f"/api/work-orders/{work_order.id}/log", json=body).status_code == 201
        session.rollback()
        assert session.query(LogEntry).filter_by(what="contacted").count() == 1

    def test_a_foreign_engineer_does_not_see_it(self, cast, as_, work_order):
        assert as_(cast.ben).get(f"/api/work-orders/{work_order.id}").status_code == 404
        answer = as_(cast.ben).post(f"/api/work-orders/{work_order.id}/log", json={"what": "note"})
        assert answer.status_code == 404

    def test_the_owner_sees_hers_without_a_visit(self, cast, as_, work_order):
        as_(cast.cleo).patch(
            f"/api/work-orders/{work_order.id}",
            json={"base": {"owner_id": None}, "fields": {"owner_id": cast.ben.id}},
        )
        assert as_(cast.ben).get(f"/api/work-orders/{work_order.id}").status_code == 200
        assert len(as_(cast.ben).get("/api/work-orders").json["rows"]) == 1


class TestDecision:
    @pytest.mark.promise("C-08")
    def test_a_promised_date_becomes_the_resolve_clock(self, cast, as_):
        chair = make_asset(cast.site, make_contract(cast.customer, ["C@1"]), category="chair", material="leather")
        row = make_work_order(cast.site, [chair])
        enter(row, "reported")
        promised = "2026-11-25T09:00:00.000Z"
        body = {"what": "promised", "data": {"promised_for": "2026-11-25T17:00:00+08:00"}}
        as_(cast.cleo).post(f"/api/work-orders/{row.id}/log", json=body)
        assert [c["due"] for c in again(row).clocks if c["name"] == "resolve"] == [promised]

    @pytest.mark.promise("A-12", "A-13")
    def test_escalation_and_the_decision_to_go_start_their_clocks(self, cast):
        software = make_asset(cast.site, make_contract(cast.customer, ["A@1"]), category="software")
        row = make_work_order(cast.site, [software], owner_id=cast.ana.id)
        enter(row, "reported")
        enter(row, "remote_started", NOW + HOUR)
        enter(row, "decided_on_site", NOW + 3 * HOUR)
        dues = {(c["clause"], c["name"]): c["due"] for c in again(row).clocks}
        assert dues[("A-11", "resolve")] == clock.iso(NOW + 8 * HOUR)
        assert dues[("A-10", "resolve")] == clock.iso(NOW + 13 * HOUR)
        assert dues[("A-13", "arrive")] == clock.iso(NOW + 11 * HOUR)

    def test_another_priority_is_decided_again_and_the_log_says_so(self, cast, as_, work_order):
        answer = as_(cast.cleo).patch(
            f"/api/work-orders/{work_order.id}",
            json={"base": {"priority": "important"}, "fields": {"priority": "critical"}},
        )
        assert answer.status_code == 200
        assert "dispatch" in {c["name"] for c in answer.json["clocks"]}
        assert answer.json["log"][-1]["data"]["before"] == {"priority": "important"}

    def test_a_changed_contract_decides_open_work_again(self, cast, as_, work_order, asset):
        body = {"base": {"letters": ["B@1"]}, "fields": {"letters": ["D@1"]}}
        assert as_(cast.adam).patch(f"/api/contracts/{asset.contract_id}", json=body).status_code == 200
        assert {c["letter"] for c in again(work_order).clocks} == {"D"}

    def test_entries_in_any_order_of_arrival_settle_to_the_same(self, cast, asset):
        whats = [("reported", 0), ("contacted", 1), ("arrived", 2), ("solved", 3), ("rejected", 4), ("solved", 5)]
        outcomes = []
        for order in (whats, whats[::-1], whats[3:] + whats[:3]):
            row = make_work_order(cast.site, [asset])
            for what, hours in order:
                enter(row, what, NOW + 9 * HOUR, corrected_at=NOW + hours * HOUR)
            row = again(row)
            outcomes.append((row.state, [(c["name"], c["state"], c["met_at"]) for c in row.clocks]))
        assert outcomes[0] == outcomes[1] == outcomes[2]


class TestEnd:
    def test_closing_lists_what_is_missing(self, cast, as_, work_order):
        enter(work_order, "solved")
        answer = as_(cast.cleo).post(f"/api/work-orders/{work_order.id}/close", json={})
        assert (answer.status_code, answer.json["type"]) == (409, "/problems/gates-open")
        missing = {fault["path"] for fault in answer.json["faults"]}
        assert "$.gates.fault_report" in missing

    def test_an_admin_overrides_with_a_reason_and_the_log_keeps_it(self, cast, as_, work_order):
        enter(work_order, "solved")
        url = f"/api/work-orders/{work_order.id}/close"
        assert as_(cast.cleo).post(url, json={"reason": "急"}).status_code == 409
        assert as_(cast.adam).post(url, json={"reason": " "}).status_code == 409
        answer = as_(cast.adam).post(url, json={"reason": "客户已书面确认"})
        assert (answer.status_code, answer.json["state"]) == (200, "closed")
        words = {entry["what"]: entry for entry in answer.json["log"]}
        assert words["overridden"]["note"] == "客户已书面确认" and words["overridden"]["data"]["gates"]

    def test_work_without_gates_closes_once_it_is_solved(self, cast, as_):
        row = make_work_order(cast.site)
        enter(row, "reported")
        url = f"/api/work-orders/{row.id}/close"
        refused = as_(cast.cleo).post(url, json={})
        assert refused.json["field"] == "$.state"
        enter(row, "solved")
        assert as_(cast.cleo).post(url, json={}).json["state"] == "closed"
        assert as_(cast.cleo).post(url, json={}).json["type"] == "/problems/work-order-step-not-allowed"

    def test_cancelling_needs_a_reason_stops_the_clocks_and_can_be_taken_back(self, cast, as_, work_order):
        client = as_(cast.cleo)
        url = f"/api/work-orders/{work_order.id}"
        assert client.post(f"{url}/cancel", json={}).json["field"] == "$.reason"
        row = client.post(f"{url}/cancel", json={"reason": "客户撤单"}).json
        assert row["state"] == "cancelled" and row["closed_at"] == clock.iso(NOW)
        assert {c["state"] for c in row["clocks"]} <= {"idle", "met"}
        row = client.post(f"{url}/reopen", json={"reason": "还是坏的"}).json
        assert (row["state"], row["closed_at"]) == ("new", None)
        assert "running" in {c["state"] for c in row["clocks"]}

    def test_what_is_sent_late_to_a_cancelled_work_order_stays_attached(self, cast, as_, work_order):
        as_(cast.cleo).post(f"/api/work-orders/{work_order.id}/cancel", json={"reason": "x"})
        enter(work_order, "arrived", NOW + HOUR)
        row = as_(cast.cleo).get(f"/api/work-orders/{work_order.id}").json
        assert row["state"] == "cancelled" and row["log"][-1]["what"] == "arrived"


class TestLists:
    def test_filters_find_and_leave_out(self, cast, as_, asset):
        mine = make_work_order(cast.site, [asset], priority="critical", symptom="蓝屏")
        make_work_order(cast.site, priority="normal", state="closed", reported_at=NOW - 48 * HOUR)
        client = as_(cast.cleo)

        def found(**query):
            return [row["id"] for row in client.get("/api/work-orders", query_string=query).json["rows"]]

        for query in (
            {"state": "open"},
            {"state": "new"},
            {"asset_id": asset.id},
            {"priority": "critical"},
            {"q": "蓝屏"},
            {"q": "7XK0"},
            {"q": "蜀都 蓝屏"},
            {"from": clock.iso(NOW)},
            {"from": clock.iso(NOW), "until": clock.iso(NOW + HOUR)},
            {"customer_id": cast.customer.id, "state": "open"},
        ):
            assert found(**query) == [mine.id], query
        assert len(found()) == 2
        assert found(q="蓝屏 9ZZ") == found(until=clock.iso(NOW - 49 * HOUR)) == []

    def test_missed_and_near_turn_by_themselves(self, cast, as_, work_order):
        client = as_(cast.cleo)

        def found(**query):
            return len(client.get("/api/work-orders", query_string=query).json["rows"])

        for hours, missed, near in ((5.9, 0, 0), (6, 0, 1), (8, 0, 1), (8.1, 1, 0)):
            with clock.fixed(NOW + hours * HOUR):
                assert (found(clock="missed"), found(clock="near")) == (missed, near), hours
                states = {c["name"]: c["state"] for c in client.get("/api/work-orders").json["rows"][0]["clocks"]}
                assert states["arrive"] == ("missed" if missed else "near" if near else "running")
                board = client.get("/api/board").json
                assert (board["missed"], board["near"]) == (missed, near)

    def test_opening_a_list_costs_the_same_queries_however_long_it_is(self, cast, as_, asset):
        client = as_(cast.cleo)
        counts = []
        for _ in range(2):
            for _ in range(6):
                make_work_order(cast.site, [asset], owner_id=cast.ana.id)
            with counted_queries() as seen:
                client.get("/api/work-orders")
            counts.append(len(seen))
        assert counts[0] == counts[1] <= 20
        assert not [statement for statement in seen if statement.startswith(("UPDATE", "INSERT"))]

    def test_pages_meet_also_among_equal_instants(self, cast, as_):
        made = {make_work_order(cast.site).id for _ in range(7)}
        seen, cursor = [], None
        while True:
            query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
            page = as_(cast.cleo).get("/api/work-orders", query_string=query).json
            seen += [row["id"] for row in page["rows"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
        assert len(seen) == 7 and set(seen) == made

    def test_by_what_is_due_first(self, cast, as_, asset):
        later = make_work_order(cast.site, [asset], reported_at=NOW)
        sooner = make_work_order(cast.site, [asset], reported_at=NOW - HOUR)
        for row in (later, sooner):
            enter(row, "reported", row.reported_at)
        rows = as_(cast.cleo).get("/api/work-orders", query_string={"sort": "due"}).json["rows"]
        assert [row["id"] for row in rows] == [sooner.id, later.id]

    def test_a_dispatcher_sees_her_branch_alone(self, cast, as_):
        far = make_work_order(make_site(make_customer(cast.beijing, name="首都银行")))
        near = make_work_order(cast.site)
        client = as_(cast.cleo)
        assert [row["id"] for row in client.get("/api/work-orders").json["rows"]] == [near.id]
        assert client.get(f"/api/work-orders/{far.id}").status_code == 404
        assert client.get("/api/board").json["open"] == 1
        assert as_(cast.adam).get("/api/board").json["open"] == 2

    def test_the_customers_page_and_the_assets_page_show_the_work(self, cast, as_, work_order, asset):
        client = as_(cast.cleo)
        for url in (f"/api/customers/{cast.customer.id}", f"/api/assets/{asset.id}"):
            assert [row["id"] for row in client.get(url).json["work_orders"]] == [work_order.id]


class TestChanges:
    def patch(self, client, work_order, base, fields):
        return client.patch(f"/api/work-orders/{work_order.id}", json={"base": base, "fields": fields})

    def test_a_collision_shows_the_present_row(self, cast, as_, work_order):
        client = as_(cast.cleo)
        old = work_order.caller_name
        assert self.patch(client, work_order, {"caller_name": old}, {"caller_name": "甲"}).status_code == 200
        answer = self.patch(client, work_order, {"caller_name": old}, {"caller_name": "乙"})
        assert (answer.status_code, answer.json["current"]["caller_name"]) == (409, "甲")

    def test_two_sentences_of_one_symptom_join(self, cast, as_, work_order):
        client = as_(cast.cleo)
        seen = "无法启动。风扇响。"
        self.patch(client, work_order, {"symptom": work_order.symptom}, {"symptom": seen})
        self.patch(client, work_order, {"symptom": seen}, {"symptom": "无法启动，指示灯红。风扇响。"})
        answer = self.patch(client, work_order, {"symptom": seen}, {"symptom": "无法启动。风扇很响。"})
        assert answer.status_code == 409  # neighbouring sentences touch
        seen = "一。二。三。"
        self.patch(client, work_order, {"symptom": again(work_order).symptom}, {"symptom": seen})
        self.patch(client, work_order, {"symptom": seen}, {"symptom": "一改。二。三。"})
        answer = self.patch(client, work_order, {"symptom": seen}, {"symptom": "一。二。三改。"})
        assert answer.json["symptom"] == "一改。二。三改。"

    @pytest.mark.parametrize("name", ["state", "number", "clocks", "customer_id", "reported_at", "entitlement"])
    def test_what_is_the_servers_is_not_written(self, cast, as_, work_order, name):
        answer = self.patch(as_(cast.adam), work_order, {name: None}, {name: None})
        assert (answer.status_code, answer.json["field"]) == (422, f"$.fields.{name}")

    def test_work_goes_only_to_a_branch_that_is_there_and_ones_own(self, cast, as_, work_order):
        base = {"branch_id": work_order.branch_id}
        answer = self.patch(as_(cast.adam), work_order, base, {"branch_id": new_id()})
        assert (answer.status_code, answer.json["field"]) == (422, "$.fields.branch_id")
        assert self.patch(as_(cast.cleo), work_order, base, {"branch_id": cast.beijing.id}).status_code == 403
        assert self.patch(as_(cast.adam), work_order, base, {"branch_id": cast.beijing.id}).status_code == 200
        assert as_(cast.cleo).get(f"/api/work-orders/{work_order.id}").status_code == 200  # her customer's still

    def test_other_assets_are_asked_by_and_decided_again(self, cast, as_, work_order, asset):
        second = make_asset(cast.site, serial="NEU-1")
        answer = self.patch(
            as_(cast.cleo), work_order, {"asset_ids": [asset.id]}, {"asset_ids": [second.id, second.id]}
        )
        assert [row["id"] for row in answer.json["assets"]] == [second.id]
        assert answer.json["clocks"] == []
        rows = as_(cast.cleo).get("/api/work-orders", query_string={"asset_id": asset.id}).json["rows"]
        assert rows == []


class TestSearch:
    def test_everything_one_sees_is_found_by_what_people_type(self, cast, as_, work_order, asset):
        client = as_(cast.cleo)

        def kinds(q):
            return {row["kind"] for row in client.get("/api/search", query_string={"q": q}).json["rows"]}

        assert kinds("蜀都") == {"customer", "work_order"}
        assert kinds("7XK0") == {"asset", "work_order"}
        assert kinds(work_order.number) == {"work_order"}
        assert kinds("900000009") == {"contact"}
        assert kinds("航站") == {"site", "work_order"}
        assert kinds("zzz") == kinds("%%") == set()
        assert client.get("/api/search").json["field"] == "$.q"

    def test_nothing_of_another_branch_is_found(self, cast, as_):
        far = make_site(make_customer(cast.beijing, name="首都银行"), name="首都机房")
        make_asset(far, serial="7XK0-9")
        make_work_order(far, symptom="首都")
        for who in (cast.cleo, cast.ana):
            for q in ("首都", "7XK0"):
                assert as_(who).get("/api/search", query_string={"q": q}).json["rows"] == []


def test_rows_made_without_a_log_are_settled_by_their_first_entry(cast, session):
    row = make_work_order(cast.site)
    make_log_entry(row, "solved")
    enter(row, "contacted")
    assert again(row).state == "resolved"


@pytest.mark.promise("B-12")
def test_a_changed_priority_says_in_the_log_which_terms_it_moved(cast, as_, work_order):
    path = f"/api/work-orders/{work_order.id}"
    seen = as_(cast.cleo).get(path).json
    before = {(one["name"], one["clause"]): one["due"] for one in seen["clocks"]}
    body = {"base": {"priority": "important"}, "fields": {"priority": "critical"}}
    changed = as_(cast.cleo).patch(path, json=body).json
    [line] = [entry for entry in changed["log"] if entry["what"] == "changed"]
    after = {(one["name"], one["clause"]): one["due"] for one in changed["clocks"]}
    assert (
        {(one["name"], one["clause"]): one["due"] for one in line["data"]["clocks"]}
        == {key: due for key, due in before.items() if after.get(key) != due}
        != {}
    )
