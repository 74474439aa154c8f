"""Taking a call: number, clocks and first log line; preview; what is refused and by which field."""

from datetime import timedelta

import pytest

from backend.core import clock
from backend.workorders.models import LogEntry, WorkOrder
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract, make_customer, make_site
from tests.factories.people import make_branch
from tests.factories.work import make_finding, make_report, make_work_order

JANUARY = clock.parse("2026-01-12T00:00:00Z").date()


@pytest.fixture
def asset(cast):
    return make_asset(cast.site, make_contract(cast.customer, ["B@1"]))


def call(cast, *assets, **given):
    return {
        "customer_id": cast.customer.id,
        "site_id": cast.site.id,
        "contact_id": cast.eve.id,
        "asset_ids": [asset.id for asset in assets],
        "channel": "phone",
        "priority": "important",
        "symptom": "服务器无法启动",
        "caller_name": "Eve",
        "caller_phone": "13900000009",
        "phone_reason": "客户能按指引操作",
    } | given


def clocks_of(row):
    return {(c["name"], c["clause"]): (c["due"], c["state"]) for c in row["clocks"]}


def test_a_call_gets_a_number_and_its_clocks_from_the_letter(cast, as_, asset):
    answer = as_(cast.cleo).post("/api/work-orders", json=call(cast, asset))
    assert answer.status_code == 201
    row = answer.json
    assert (row["number"], row["state"]) == ("WO-2026-000001", "new")
    assert row["letters"] == ["B@1"]
    assert clocks_of(row)[("arrive", "B-02")] == ("2026-11-20T10:00:00.000Z", "running")
    assert clocks_of(row)[("resolve", "B-02")] == ("2026-11-20T10:00:00.000Z", "running")
    assert [entry["what"] for entry in row["log"]] == ["reported"]
    assert row["customer"]["name"] == cast.customer.name and row["assets"][0]["label"].startswith("IBM")


def test_a_promise_to_answer_at_once_is_kept_by_the_call_itself(cast, as_, asset):
    row = as_(cast.cleo).post("/api/work-orders", json=call(cast, asset)).json
    respond = next(c for c in row["clocks"] if c["name"] == "respond")
    assert (respond["is_at_once"], respond["state"], respond["met_by"]) == (True, "met", row["log"][0]["id"])


def test_a_call_typed_in_later_counts_from_when_it_came(cast, as_, asset):
    earlier = clock.iso(NOW - timedelta(hours=9))
    row = as_(cast.cleo).post("/api/work-orders", json=call(cast, asset, reported_at=earlier)).json
    assert clocks_of(row)[("arrive", "B-02")][1] == "missed"
    assert row["reported_at"] == earlier


def test_numbers_run_by_the_local_year(cast, as_, asset):
    client = as_(cast.cleo)
    with clock.fixed(clock.parse("2026-12-31T16:30:00Z")):  # 2027 in Chengdu
        assert client.post("/api/work-orders", json=call(cast, asset)).json["number"] == "WO-2027-000001"
    assert client.post("/api/work-orders", json=call(cast, asset)).json["number"] == "WO-2026-000001"
    assert client.post("/api/work-orders", json=call(cast, asset)).json["number"] == "WO-2026-000002"


def test_the_same_call_sent_twice_is_one_work_order(cast, as_, asset, session):
    from backend.core.ids import new_id

    body = call(cast, asset, id=new_id())
    client = as_(cast.cleo)
    first, second = client.post("/api/work-orders", json=body), client.post("/api/work-orders", json=body)
    assert first.json["number"] == second.json["number"]
    session.rollback()
    assert session.query(WorkOrder).count() == 1 and session.query(LogEntry).count() == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"symptom": ""}, "$.symptom"),
        ({"channel": "pigeon"}, "$.channel"),
        ({"priority": "urgent"}, "$.priority"),
        ({"reported_at": "2026-11-20T02:02:01Z"}, "$.reported_at"),
        ({"reported_at": "2026-11-20T02:00:00"}, "$.reported_at"),
        ({"asset_ids": ["x"]}, "$.asset_ids[0]"),
        ({"state": "closed"}, "$.state"),
        ({"number": "WO-1"}, "$.number"),
        ({"clocks": []}, "$.clocks"),
    ],
)
def test_a_bad_call_names_its_field_and_leaves_nothing(cast, as_, asset, session, given, field):
    answer = as_(cast.cleo).post("/api/work-orders", json=call(cast, asset, **given))
    assert (answer.status_code, answer.json["field"]) == (422, field)
    assert session.query(WorkOrder).count() == 0


def test_foreign_site_contact_and_assets_are_all_named(cast, as_, asset):
    other = make_customer(cast.chengdu, name="别家")
    site = make_site(other)
    body = call(cast, make_asset(site), site_id=site.id)
    answer = as_(cast.cleo).post("/api/work-orders", json=body)
    assert [fault["path"] for fault in answer.json["faults"]] == ["$.site_id", "$.asset_ids"]


def test_a_customer_of_another_branch_is_not_found(cast, as_):
    far = make_customer(cast.beijing, name="首都银行")
    body = call(cast, customer_id=far.id, site_id=make_site(far).id, contact_id=None)
    assert as_(cast.cleo).post("/api/work-orders", json=body).status_code == 404


def test_an_engineer_does_not_take_calls_in_the_console(cast, as_, asset):
    assert as_(cast.ana).post("/api/work-orders", json=call(cast, asset)).status_code == 403


@pytest.mark.promise("A-11")
def test_where_the_letter_wants_a_named_person_there_is_none_without(cast, as_):
    software = make_asset(cast.site, make_contract(cast.customer, ["A@1"]), category="software")
    client = as_(cast.cleo)
    refused = client.post("/api/work-orders", json=call(cast, software))
    assert (refused.status_code, refused.json["field"]) == (422, "$.owner_id")
    assert "A-11" in refused.json["detail"]
    taken = client.post("/api/work-orders", json=call(cast, software, owner_id=cast.ana.id))
    assert taken.status_code == 201
    gate = next(gate for gate in taken.json["gates"] if gate["gate"] == "owner_required")
    assert gate["holds"] is True


@pytest.mark.promise("C-11")
def test_work_goes_to_the_branch_of_the_sites_province(cast, as_):
    local = make_branch("西安分公司", province="陕西")
    site = make_site(cast.customer, province="陕西")
    row = as_(cast.cleo).post("/api/work-orders", json=call(cast, site_id=site.id, contact_id=None)).json
    assert row["branch_id"] == local.id


def test_without_a_contract_nothing_is_guessed(cast, as_):
    row = as_(cast.cleo).post("/api/work-orders", json=call(cast, make_asset(cast.site))).json
    assert (row["clocks"], row["entitlement"]["status"]) == ([], "undecided")
    assert row["missing"] == ["$.letters"]


def test_a_letter_that_is_not_installed_decides_nothing_and_breaks_nothing(cast, as_):
    asset = make_asset(cast.site, make_contract(cast.customer, ["Z@9"]))
    assert as_(cast.cleo).post("/api/work-orders", json=call(cast, asset)).json["missing"] == ["$.letters"]


def test_the_contract_may_name_a_term_for_the_report(cast, as_):
    asset = make_asset(cast.site, make_contract(cast.customer, ["B@1"], report_due_s=86_400))
    row = as_(cast.cleo).post("/api/work-orders", json=call(cast, asset)).json
    assert clocks_of(row)[("report", "HT-2025-001")] == (None, "idle")


def test_the_report_s_term_is_counted_from_the_fix_and_waits_until_then(cast, as_):
    asset = make_asset(cast.site, make_contract(cast.customer, ["B@1"], report_due_s=86_400))
    cleo = as_(cast.cleo)
    row = cleo.post("/api/work-orders", json=call(cast, asset)).json
    at = clock.iso(clock.parse(row["reported_at"]))
    cleo.post(f"/api/work-orders/{row['id']}/log", json={"what": "solved", "at": at})
    row = cleo.get(f"/api/work-orders/{row['id']}").json
    assert clocks_of(row)[("report", "HT-2025-001")] == ("2026-11-21T02:00:00.000Z", "running")


def test_several_assets_share_one_clock_and_keep_their_own_entitlement(cast, as_):
    contract = make_contract(cast.customer, ["B@1"])
    old = make_asset(cast.site, contract, serial="OLD", accepted_on=clock.parse("2019-01-01T00:00:00Z").date())
    new = make_asset(cast.site, contract, serial="NEW")
    row = as_(cast.cleo).post("/api/work-orders", json=call(cast, old, new)).json
    assert len([c for c in row["clocks"] if c["name"] == "arrive"]) == 1
    assert row["entitlement"]["status"] == "at_cost"
    by_asset = {one["asset_id"]: one["status"] for one in row["entitlement"]["by_asset"]}
    assert by_asset == {old.id: "at_cost", new.id: "covered"}


class TestPreview:
    def body(self, cast, *assets, **given):
        return {
            "customer_id": cast.customer.id,
            "site_id": cast.site.id,
            "asset_ids": [asset.id for asset in assets],
            "kind": "repair",
            "channel": "phone",
            "priority": "critical",
            "reported_at": clock.iso(NOW),
        } | given

    def test_it_shows_what_a_call_would_get_and_stores_nothing(self, cast, as_, asset, session):
        shown = as_(cast.cleo).post("/api/decisions/preview", json=self.body(cast, asset)).json
        assert {clock_["name"] for clock_ in shown["clocks"]} == {"dispatch", "respond", "arrive", "resolve"}
        assert shown["entitlement"]["status"] == "covered"
        assert "onsite_required" in {gate["gate"] for gate in shown["gates"]}
        assert session.query(WorkOrder).count() == 0

    def test_it_says_what_user_damage_would_cost(self, cast, as_, asset):
        body = self.body(cast, asset, cause_category="user_damage")
        shown = as_(cast.cleo).post("/api/decisions/preview", json=body).json
        assert shown["entitlement"]["charges"]["labour"] == "fee"

    def test_it_names_open_work_on_the_same_asset(self, cast, as_, asset):
        client = as_(cast.cleo)
        made = client.post("/api/work-orders", json=call(cast, asset)).json
        shown = client.post("/api/decisions/preview", json=self.body(cast, asset)).json
        assert [row["number"] for row in shown["open_work_orders"]] == [made["number"]]

    def test_it_equals_what_intake_then_stores(self, cast, as_, asset):
        client = as_(cast.cleo)
        shown = client.post("/api/decisions/preview", json=self.body(cast, asset, priority="important")).json
        row = client.post("/api/work-orders", json=call(cast, asset)).json
        keys = ("name", "clause", "starts", "due", "target", "calendar")
        assert [[c[k] for k in keys] for c in shown["clocks"]] == [[c[k] for k in keys] for c in row["clocks"]]
        assert shown["entitlement"] == row["entitlement"]

    @pytest.mark.promise("D-07")
    def test_it_counts_earlier_repairs_of_the_same_fault_from_reports(self, cast, as_):
        laptop = make_asset(
            cast.site, make_contract(cast.customer, ["D@1"]), category="laptop", brand="DELL", accepted_on=JANUARY,
            invoiced_on=JANUARY,
        )  # fmt: skip
        client = as_(cast.cleo)
        body = self.body(cast, laptop, fault="no-boot", priority=None)
        remedies = [client.post("/api/decisions/preview", json=body).json["entitlement"]["remedies"]]
        for number in (1, 2):
            order = make_work_order(
                cast.site, [laptop], fault="no-boot", reported_at=NOW - timedelta(days=9 * number)
            )
            report = make_report(order, cast.ana, state="approved", number=f"FR-2026-00000{number}", submitted_at=NOW)
            make_finding(report, laptop)
            remedies.append(client.post("/api/decisions/preview", json=body).json["entitlement"]["remedies"])
        assert remedies == [["repair"], ["repair"], ["exchange", "repair"]]
