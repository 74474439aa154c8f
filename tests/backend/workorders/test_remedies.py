"""What the customer chose, what is given in exchange, spells out of service, suspensions, upgrades: on work orders."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from backend.assets.models import Asset
from backend.core import clock
from backend.core.db import write_transaction
from backend.workorders import services
from backend.workorders.models import WorkOrder
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_finding, make_report, make_signature, make_work_order
from tests.support import again

TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)


def enter(row, what, at=NOW, **given):
    with write_transaction() as session:
        order = session.get(WorkOrder, row.id)
        return services.add_log_entry(session, order, what=what, at=at, now=max(NOW, at), **given)


@pytest.fixture
def contract(cast):
    return make_contract(cast.customer, ["D@1"])


def laptop(cast, contract, invoiced_on=TODAY - 3 * DAY, **given):
    values = {"category": "laptop", "brand": "DELL", "model": "Latitude 5450", "invoiced_on": invoiced_on,
              "accepted_on": invoiced_on, "price": Decimal("5200.00")}  # fmt: skip
    return make_asset(cast.site, contract, **(values | given))


def order_of(cast, contract, *assets, **given):
    row = make_work_order(cast.site, list(assets), contract_id=contract.id, fault="no-boot", **given)
    enter(row, "reported")
    return row


CHOICE = {"what": "remedy_chosen", "data": {"remedy": "refund", "by": "马丽华", "how": "phone"}}


class TestChoice:
    @pytest.mark.promise("D-05")
    def test_a_refund_is_the_full_invoice_price_and_the_choice_says_who_and_how(self, cast, as_, contract):
        row = order_of(cast, contract, laptop(cast, contract))
        url = f"/api/work-orders/{row.id}"
        assert as_(cast.cleo).post(f"{url}/log", json=CHOICE).status_code == 201
        page = as_(cast.cleo).get(url).json
        assert page["entitlement"]["remedies"] == ["refund", "exchange", "repair"]
        assert (page["remedy"]["remedy"], page["remedy"]["by"], page["remedy"]["how"]) == (
            "refund",
            "马丽华",
            "phone",
        )
        assert page["remedy"]["refund"] == {"amount": "5200.00", "currency": "CNY"}

    @pytest.mark.promise("D-06")
    def test_on_day_eight_a_refund_is_no_longer_offered_and_refused_by_name(self, cast, as_, contract):
        row = order_of(cast, contract, laptop(cast, contract, TODAY - 10 * DAY))
        answer = as_(cast.cleo).post(f"/api/work-orders/{row.id}/log", json=CHOICE)
        assert (answer.status_code, answer.json["field"]) == (422, "$.data.remedy")
        assert answer.json["faults"][0]["message"]["zh"] == "承诺书现在给出的是：换货、修理。"

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"remedy": "refund", "by": " ", "how": "phone"}, "$.data.by"),
            ({"remedy": "refund", "by": "马丽华"}, "$.data.how"),
            ({"by": "马丽华", "how": "phone"}, "$.data.remedy"),
        ],
    )
    def test_a_choice_without_what_it_needs_is_refused(self, cast, as_, contract, data, field):
        row = order_of(cast, contract, laptop(cast, contract))
        answer = as_(cast.cleo).post(f"/api/work-orders/{row.id}/log", json={"what": "remedy_chosen", "data": data})
        assert (answer.status_code, answer.json["field"]) == (422, field)

    def test_the_last_choice_stands_and_a_voided_one_does_not(self, cast, as_, contract):
        row = order_of(cast, contract, laptop(cast, contract))
        client, url = as_(cast.cleo), f"/api/work-orders/{row.id}/log"
        client.post(url, json=CHOICE)
        with clock.fixed(NOW + timedelta(minutes=5)):
            later = client.post(url, json={**CHOICE, "data": {**CHOICE["data"], "remedy": "repair"}}).json
        assert again(row).remedy["remedy"] == "repair"
        client.post(f"{url}/{later['id']}/void", json={"reason": "客户改了主意"})
        assert again(row).remedy["remedy"] == "refund"


class TestExchange:
    @pytest.mark.promise("D-05", "D-06")
    def test_the_unit_given_in_exchange_has_its_guarantees_from_that_day_and_the_old_one_points_to_it(
        self, cast, as_, session, contract
    ):
        old = laptop(cast, contract, TODAY - 10 * DAY)
        row = order_of(cast, contract, old)
        client, url = as_(cast.cleo), f"/api/work-orders/{row.id}"
        client.post(f"{url}/log", json={**CHOICE, "data": {**CHOICE["data"], "remedy": "exchange"}})
        answer = client.post(f"{url}/exchange", json={"asset_id": old.id, "serial": "7XK0D99"})
        assert answer.status_code == 200
        entry = next(one for one in answer.json["log"] if one["what"] == "exchanged")
        assert (entry["data"]["restarted"], entry["data"]["clauses"]) == (["accepted_on", "invoiced_on"], ["D-05"])
        new = session.get(Asset, entry["data"]["new_asset_id"])
        assert (new.serial, new.invoiced_on, new.accepted_on, str(new.price)) == ("7XK0D99", TODAY, TODAY, "5200.00")
        page = client.get(f"/api/assets/{old.id}").json
        assert (page["replaced_by_id"], len(page["work_orders"])) == (new.id, 1)
        assert client.get(f"/api/assets/{new.id}").json["replaces_id"] == old.id

    def test_an_exchange_nobody_chose_is_refused_with_what_is_offered(self, cast, as_, contract):
        old = laptop(cast, contract)
        row = order_of(cast, contract, old)
        url = f"/api/work-orders/{row.id}/exchange"
        answer = as_(cast.cleo).post(url, json={"asset_id": old.id, "serial": "7XK0D99"})
        assert (answer.status_code, answer.json["field"]) == (422, "$.remedy")
        assert "退货、换货、修理" in answer.json["faults"][0]["message"]["zh"]

    def test_one_asset_is_exchanged_once_and_only_one_of_the_work_order(self, cast, as_, contract):
        old, other = laptop(cast, contract), laptop(cast, contract)
        row = order_of(cast, contract, old)
        client, url = as_(cast.cleo), f"/api/work-orders/{row.id}"
        client.post(f"{url}/log", json={**CHOICE, "data": {**CHOICE["data"], "remedy": "exchange"}})
        body = {"asset_id": old.id, "serial": "7XK0D99"}
        assert client.post(f"{url}/exchange", json=body).status_code == 200
        assert client.post(f"{url}/exchange", json=body).json["field"] == "$.asset_id"
        assert client.post(f"{url}/exchange", json=body | {"asset_id": other.id}).json["field"] == "$.asset_id"

    @pytest.mark.promise("C-02")
    def test_furniture_that_cannot_be_repaired_is_replaced_and_keeps_the_dates_of_the_delivery(
        self, cast, as_, session
    ):
        contract = make_contract(cast.customer, ["C@1"])
        accepted_on = date(2025, 3, 1)
        desk = make_asset(
            cast.site, contract, category="desk", material="wood", brand="锦木", accepted_on=accepted_on
        )
        row = order_of(cast, contract, desk)
        client, url = as_(cast.cleo), f"/api/work-orders/{row.id}"
        owed = client.patch(url, json={"base": {"unrepairable": False}, "fields": {"unrepairable": True}}).json[
            "owed"
        ]
        assert [(one["what"], one["clause"]) for one in owed] == [("replacement", "C-02")]
        answer = client.post(f"{url}/exchange", json={"asset_id": desk.id, "serial": "RT-NEW-1"})
        new_id = next(one for one in answer.json["log"] if one["what"] == "exchanged")["data"]["new_asset_id"]
        assert session.get(Asset, new_id).accepted_on == accepted_on


class TestThreeGuarantees:
    @pytest.mark.promise("D-07")
    @pytest.mark.parametrize(
        ("state", "result", "counts"),
        [("approved", None, True), ("submitted", "accepted", True), ("submitted", "absent", False), ("submitted", None, False),
         ("draft", None, False), ("withdrawn", "accepted", False)],
    )  # fmt: skip
    def test_repairs_of_the_same_fault_count_by_their_signed_or_approved_reports_and_are_named(
        self, cast, as_, contract, state, result, counts
    ):
        asset = laptop(cast, contract, TODAY - 200 * DAY)
        for day, number in ((100, "FR-2026-000011"), (50, "FR-2026-000012")):
            earlier = make_work_order(cast.site, [asset], fault="no-boot", reported_at=NOW - day * DAY)
            report = make_report(earlier, cast.ana, number=number, state=state)
            make_finding(report, asset)
            if result:
                make_signature(report, result)
        row = order_of(cast, contract, asset)
        decided = as_(cast.cleo).get(f"/api/work-orders/{row.id}").json["entitlement"]
        named = [one["report"] for one in decided["repairs"]]
        assert named == (["FR-2026-000011", "FR-2026-000012"] if counts else [])
        assert ("exchange" in decided["remedies"]) is counts
        assert ("D-07" in [one["clause"] for one in decided["reasons"]]) is counts

    @pytest.mark.promise("D-07")
    def test_an_approval_is_counted_by_other_open_work_on_the_asset_at_once(self, cast, as_, contract):
        asset = laptop(cast, contract, TODAY - 200 * DAY)
        earlier = make_work_order(cast.site, [asset], fault="no-boot", reported_at=NOW - 50 * DAY)
        report = make_report(earlier, cast.ana, number="FR-2026-000011", state="submitted")
        make_finding(report, asset)
        row = order_of(cast, contract, asset)
        assert again(row).entitlement["repairs"] == []
        answer = as_(cast.adam).post(f"/api/reports/{report.id}/approve", json={})
        assert answer.status_code == 200, answer.json
        assert [one["report"] for one in again(row).entitlement["repairs"]] == ["FR-2026-000011"]

    @pytest.mark.promise("D-10")
    def test_hand_in_to_hand_back_extends_the_warranty_and_voiding_one_recomputes(self, cast, as_, contract):
        asset = laptop(cast, contract, date(2026, 3, 16))
        row = order_of(cast, contract, asset)
        assert again(row).entitlement["warranty_end"] == "2029-03-16"
        client, url = as_(cast.cleo), f"/api/work-orders/{row.id}/log"
        client.post(url, json={"what": "handed_in", "at": "2026-11-16T09:00:00+08:00"})
        back = client.post(url, json={"what": "handed_back", "at": "2026-11-18T18:00:00+08:00"}).json
        assert again(row).entitlement["warranty_end"] == "2029-03-19"
        client.post(f"{url}/{back['id']}/void", json={"reason": "还没有交回"})
        assert (
            again(row).entitlement["warranty_end"] == "2029-03-21"
        )  # 16 to 20 November so far, rolled to no rest day
        spells = client.get(f"/api/assets/{asset.id}").json["log_spells"]
        assert [(one["from_on"], one["to_on"], one["reason"]) for one in spells] == [("2026-11-16", None, "repair")]

    @pytest.mark.promise("D-10")
    def test_waiting_for_a_part_inside_a_hand_in_counts_its_days_once_and_for_other_work_too(
        self, cast, as_, contract
    ):
        asset = laptop(cast, contract, date(2026, 3, 16))
        other = order_of(cast, contract, asset)
        row = order_of(cast, contract, asset)
        client, url = as_(cast.cleo), f"/api/work-orders/{row.id}/log"
        client.post(url, json={"what": "handed_in", "at": "2026-11-16T09:00:00+08:00"})
        client.post(
            url,
            json={
                "what": "waiting",
                "note": "等主板",
                "data": {"reason": "parts"},
                "at": "2026-11-17T09:00:00+08:00",
            },
        )
        client.post(url, json={"what": "resumed", "at": "2026-11-18T09:00:00+08:00"})
        client.post(url, json={"what": "handed_back", "at": "2026-11-18T18:00:00+08:00"})
        assert again(row).entitlement["warranty_end"] == "2029-03-19"
        assert again(other).entitlement["warranty_end"] == "2029-03-19"

    @pytest.mark.promise("D-10")
    def test_waiting_that_a_repair_ends_ends_for_other_work_on_the_asset_too(self, cast, as_, contract):
        asset = laptop(cast, contract, date(2026, 3, 16))
        other, row = order_of(cast, contract, asset), order_of(cast, contract, asset)
        client, url = as_(cast.cleo), f"/api/work-orders/{row.id}/log"
        waits = {"what": "waiting", "note": "等主板", "data": {"reason": "parts"}, "at": "2026-11-17T09:00:00+08:00"}
        client.post(url, json=waits)
        assert again(other).entitlement["warranty_end"] == "2029-03-20"  # 17 to 20 November, so far
        client.post(url, json={"what": "solved", "at": "2026-11-18T09:00:00+08:00"})
        assert [again(one).entitlement["warranty_end"] for one in (row, other)] == ["2029-03-19"] * 2

    def test_waiting_for_the_customer_is_no_spell(self, cast, as_, contract):
        row = order_of(cast, contract, laptop(cast, contract, date(2026, 3, 16)))
        body = {
            "what": "waiting",
            "note": "客户不在",
            "data": {"reason": "customer"},
            "at": "2026-11-17T09:00:00+08:00",
        }
        as_(cast.cleo).post(f"/api/work-orders/{row.id}/log", json=body)
        assert again(row).entitlement["warranty_end"] == "2029-03-16"


class TestSuspension:
    @pytest.mark.parametrize(
        ("flag", "clause"),
        [
            pytest.param("payment_breach", "A-15", marks=pytest.mark.promise("A-15")),
            pytest.param("confidentiality_breach", "A-16", marks=pytest.mark.promise("A-16")),
            pytest.param("is_genuine", "A-17", marks=pytest.mark.promise("A-17")),
        ],
    )
    def test_a_flag_with_its_reason_suspends_and_the_office_overrides_with_hers(self, cast, as_, flag, clause):
        contract = make_contract(cast.customer, ["A@1"])
        software = make_asset(cast.site, contract, category="software", brand="北科", purchased_on=TODAY - 30 * DAY)
        row = order_of(cast, contract, software, owner_id=cast.cleo.id)
        client, url = as_(cast.cleo), f"/api/work-orders/{row.id}"
        of = f"/api/assets/{software.id}" if flag == "is_genuine" else f"/api/customers/{cast.customer.id}"
        old = flag == "is_genuine"
        edit = {"base": {flag: old}, "fields": {flag: not old}}
        assert client.patch(of, json=edit).json["field"] == "$.reason"
        noted = client.patch(of, json=edit | {"reason": "财务来函"}).json["flag_notes"][flag]
        assert (noted["reason"], noted["by"]) == ("财务来函", "Cleo")
        decided = again(row).entitlement
        assert (decided["status"], [one["clause"] for one in decided["reasons"]]) == ("suspended", [clause])
        assert client.post(f"{url}/lift-suspension", json={"reason": " "}).json["field"] == "$.reason"
        page = client.post(f"{url}/lift-suspension", json={"reason": "已付款，凭证在途"}).json
        assert page["entitlement"]["status"] == "covered"
        suspended = page["entitlement"]["suspended"]
        assert ([one["clause"] for one in suspended["reasons"]], suspended["note"]) == ([clause], "已付款，凭证在途")
        entry = next(one for one in page["log"] if one["what"] == "overridden")
        assert entry["data"] == {"suspended": [clause]}
        assert client.post(f"{url}/lift-suspension", json={"reason": "再来"}).status_code == 409
        assert client.post(f"{url}/suspend-again", json={"reason": " "}).json["field"] == "$.reason"
        page = client.post(f"{url}/suspend-again", json={"reason": "点错了单"}).json
        decided = page["entitlement"]
        assert (decided["status"], [one["clause"] for one in decided["reasons"]]) == ("suspended", [clause])
        assert decided["suspended"] is None
        entry = next(one for one in page["log"] if one["what"] == "overridden")
        assert (entry["void_reason"], entry["data"]["voided_by_id"]) == ("点错了单", cast.cleo.id)
        assert client.post(f"{url}/suspend-again", json={"reason": "再来"}).status_code == 409
        again_lifted = client.post(f"{url}/lift-suspension", json={"reason": "款已到账"}).json
        assert again_lifted["entitlement"]["suspended"]["note"] == "款已到账"

    @pytest.mark.promise("A-08")
    def test_training_completed_is_entered_with_a_reason_and_decides(self, cast, as_):
        contract = make_contract(cast.customer, ["A@1"])
        software = make_asset(cast.site, contract, category="software", purchased_on=TODAY - 30 * DAY)
        row = order_of(cast, contract, software, channel="onsite")
        assert again(row).missing == ["$.customer.training_completed"]
        edit = {"base": {"training_completed": None}, "fields": {"training_completed": False}, "reason": "没有签到表"}
        as_(cast.cleo).patch(f"/api/customers/{cast.customer.id}", json=edit)
        decided = again(row).entitlement
        assert (decided["status"], decided["charges"]["call_out"]) == ("chargeable", "fee")


@pytest.mark.promise("A-14")
class TestUpgrade:
    @pytest.fixture
    def upgrade(self, cast):
        contract = make_contract(cast.customer, ["A@1"])
        software = make_asset(cast.site, contract, category="software", purchased_on=date(2025, 1, 10))
        return order_of(cast, contract, software, kind="upgrade", channel="remote")

    def test_a_quote_at_the_ceiling_stands_and_a_cent_above_is_refused_with_the_ceiling(self, cast, as_, upgrade):
        client, url = as_(cast.cleo), f"/api/work-orders/{upgrade.id}"
        assert again(upgrade).missing == ["$.request.product_price"]
        edit = {"base": {"product_price": None, "upgrade_quote": None},
                "fields": {"product_price": "20000.00", "upgrade_quote": "3000.00"}}  # fmt: skip
        page = client.patch(url, json=edit).json
        assert (page["entitlement"]["upgrade_ceiling"], page["quote"]["total"]["amount"]) == ("3000.00", "3000.00")
        more = {"base": {"upgrade_quote": "3000.00"}, "fields": {"upgrade_quote": "3000.01"}}
        answer = client.patch(url, json=more)
        assert (answer.status_code, answer.json["field"]) == (422, "$.fields.upgrade_quote")
        assert "3000.00" in answer.json["faults"][0]["message"]["zh"]
        assert str(again(upgrade).upgrade_quote) == "3000.00"

    def test_a_quote_that_a_lower_price_leaves_above_the_ceiling_shows_the_gate(self, cast, as_, session, upgrade):
        with write_transaction():
            row = session.get(WorkOrder, upgrade.id)
            row.product_price, row.upgrade_quote = Decimal("10000.00"), Decimal("2000.00")
        enter(upgrade, "contacted")
        gate = next(one for one in again(upgrade).gates if one["gate"] == "quote_above_ceiling")
        assert not gate["holds"] and "1500.00" in gate["why"]["zh"]

    def test_inside_the_first_year_an_upgrade_is_free(self, cast, as_):
        contract = make_contract(cast.customer, ["A@1"])
        software = make_asset(cast.site, contract, category="software", purchased_on=TODAY - 30 * DAY)
        row = order_of(cast, contract, software, kind="upgrade", channel="remote", product_price=Decimal("20000.00"))
        assert (again(row).entitlement["status"], again(row).quote["total"]["amount"]) == ("covered", "0.00")


@pytest.mark.promise("B-08", "C-12")
class TestChangedCharges:
    @pytest.mark.parametrize("letter", ["B", "C"])
    def test_a_cause_found_on_site_changes_the_charges_and_says_what_was_told_before(
        self, cast, as_, session, letter
    ):
        contract = make_contract(cast.customer, [f"{letter}@1"])
        asset = make_asset(cast.site, contract, category="desk" if letter == "C" else "server", material="wood")
        row = order_of(cast, contract, asset)
        assert again(row).quote["was"] is None
        finding = make_finding(make_report(row, cast.ana), asset, cause_category="user_damage")
        enter(row, "contacted")
        page = as_(cast.cleo).get(f"/api/work-orders/{row.id}").json
        assert (page["entitlement"]["status"], page["quote"]["was"]["status"]) == ("chargeable", "covered")
        assert page["quote"]["was"]["total"] == {"amount": "0.00", "currency": "CNY"}
        with write_transaction():
            session.merge(finding).cause_category = "quality"
        enter(row, "note")
        enter(row, "contacted")
        assert again(row).quote["was"] is None
