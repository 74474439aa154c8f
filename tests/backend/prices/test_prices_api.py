"""The price list over HTTP, and what it makes of work orders."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from backend.assets.models import Asset
from backend.core import clock
from backend.core.db import write_transaction
from backend.core.ids import new_id
from backend.reports import services as reports
from backend.workorders import services
from backend.workorders.models import WorkOrder
from tests.backend.visits.conftest import actor, phone_tap
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_finding, make_log_entry, make_report, make_work_order
from tests.support import again

CALL_OUT = {
    "kind": "call_out", "charge": "fee", "per": "visit", "amount": "120.00", "valid_from": "2026-01-01",
    "text": {"zh": "上门费，每次", "en": "Call-out, each visit"},
}  # fmt: skip
LABOUR = {**CALL_OUT, "kind": "labour", "charge": "cost", "amount": "80.00"}


@pytest.fixture
def work_order(cast):
    """A server four years after acceptance under letter B: everything at cost (B-09)."""
    contract = make_contract(cast.customer, ["B@1"])
    asset = make_asset(cast.site, contract, accepted_on=date(2022, 1, 12))
    row = make_work_order(cast.site, [asset], contract_id=contract.id)
    settle(row)
    return row


def settle(row, what="reported"):
    with write_transaction() as session:
        order = session.get(WorkOrder, row.id)
        services.add_log_entry(session, order, what=what, at=clock.now(), now=clock.now())


def line_of(row, kind):
    return next(line for line in again(row).quote["lines"] if line["kind"] == kind)


class TestList:
    def test_an_admin_enters_a_price_in_the_companys_currency(self, cast, as_):
        answer = as_(cast.adam).post("/api/prices", json=CALL_OUT)
        assert (answer.status_code, answer.json["currency"], answer.json["changed_by_id"]) == (
            201,
            "CNY",
            cast.adam.id,
        )
        rows = as_(cast.cleo).get("/api/prices").json["rows"]
        assert [(row["amount"], row["text"]["zh"]) for row in rows] == [("120.00", "上门费，每次")]

    def test_a_dispatcher_reads_and_an_engineer_does_not(self, cast, as_):
        assert as_(cast.cleo).post("/api/prices", json=CALL_OUT).status_code == 403
        assert as_(cast.ana).get("/api/prices").status_code == 403

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"per": "km"}, "$.per"),
            ({"part_no": "X"}, "$.part_no"),
            ({"kind": "parts", "per": "piece"}, "$.part_no"),
            ({"kind": "parts", "per": "percent", "part_no": "X"}, "$.part_no"),
            ({"valid_until": "2025-12-31"}, "$.valid_until"),
            ({"amount": 120}, "$.amount"),
            ({"amount": "-1.00"}, "$.amount"),
            ({"text": {"zh": "上门费"}}, "$.text.en"),
            ({"branch_id": "018f0000-0000-7000-8000-000000000001"}, "$.branch_id"),
            ({"contract_id": "018f0000-0000-7000-8000-000000000001"}, "$.contract_id"),
            ({"kind": "parking"}, "$.kind"),
        ],
    )
    def test_a_price_that_does_not_fit_is_refused_at_its_field(self, cast, as_, change, field):
        answer = as_(cast.adam).post("/api/prices", json=CALL_OUT | change)
        assert (answer.status_code, answer.json["field"]) == (422, field)

    def test_a_price_is_changed_field_by_field_and_a_stale_change_is_told(self, cast, as_):
        client = as_(cast.adam)
        price = client.post("/api/prices", json=CALL_OUT).json
        url = f"/api/prices/{price['id']}"
        assert (
            client.patch(url, json={"base": {"amount": "120.00"}, "fields": {"amount": "150.00"}}).json["amount"]
            == "150.00"
        )
        stale = client.patch(url, json={"base": {"amount": "120.00"}, "fields": {"amount": "90.00"}})
        assert (stale.status_code, stale.json["current"]["amount"]) == (409, "150.00")
        assert (
            client.patch(url, json={"base": {"per": "visit"}, "fields": {"per": "km"}}).json["field"]
            == "$.fields.per"
        )
        assert (
            client.patch(
                "/api/prices/018f0000-0000-7000-8000-000000000001", json={"base": {}, "fields": {}}
            ).status_code
            == 404
        )


@pytest.mark.promise("B-09")
class TestQuote:
    def test_without_a_price_the_quote_says_null_and_names_the_clause(self, work_order):
        assert line_of(work_order, "labour") == {
            "kind": "labour", "charge": "cost", "per": None, "unit_amount": None, "amount": None, "clause": "B-09",
            "quantity": None, "counted": None, "counted_by": None, "part_no": None, "text": None,
        }  # fmt: skip

    def test_a_price_entered_later_is_quoted_at_once_on_open_work(self, cast, as_, work_order):
        as_(cast.adam).post("/api/prices", json=LABOUR)
        assert line_of(work_order, "labour")["amount"] == {"amount": "80.00", "currency": "CNY"}
        page = as_(cast.cleo).get(f"/api/work-orders/{work_order.id}").json
        assert page["quote"] == again(work_order).quote

    def test_closed_work_keeps_what_it_was_quoted(self, cast, as_, work_order):
        settle(work_order, "cancelled")
        as_(cast.adam).post("/api/prices", json=LABOUR)
        assert line_of(work_order, "labour")["amount"] is None

    def test_the_price_of_the_day_of_the_report_holds(self, cast, as_, work_order):
        client = as_(cast.adam)
        client.post("/api/prices", json=LABOUR)
        client.post("/api/prices", json=LABOUR | {"amount": "99.00", "valid_from": "2026-11-21"})
        assert line_of(work_order, "labour")["amount"]["amount"] == "80.00"
        with clock.fixed(NOW + timedelta(days=2)):
            settle(work_order, "contacted")
        assert line_of(work_order, "labour")["amount"]["amount"] == "80.00"

    def test_a_part_in_a_report_is_quoted_by_its_number_until_it_is_voided(self, cast, as_, session, work_order):
        client = as_(cast.adam)
        fan = {
            **CALL_OUT,
            "kind": "parts",
            "charge": "market",
            "per": "piece",
            "part_no": "00RR598",
            "amount": "640.00",
        }
        client.post("/api/prices", json=fan)
        client.post("/api/prices", json={**fan, "charge": "cost", "per": "percent", "part_no": "", "amount": "85.00"})
        report = make_report(work_order, cast.ana)
        finding = make_finding(report, session.get(Asset, work_order.asset_ids[0]))
        values = {"name": "系统风扇组件", "part_no": "00RR598", "quantity": 2}
        with write_transaction():
            part = reports.add_part_line(session, actor(cast.ana), finding, new_id(), values, phone_tap(NOW), NOW)
        assert line_of(work_order, "parts")["amount"] == {"amount": "1088.00", "currency": "CNY"}
        with write_transaction():
            reports.void_part_line(session, actor(cast.ana), part, "写错了", NOW)
        assert (line_of(work_order, "parts")["part_no"], line_of(work_order, "parts")["amount"]) == (None, None)

    def test_the_intake_sees_the_quote_before_anything_is_stored(self, cast, as_, work_order):
        as_(cast.adam).post("/api/prices", json=LABOUR)
        body = {
            "customer_id": cast.customer.id, "site_id": cast.site.id, "asset_ids": again(work_order).asset_ids,
            "channel": "phone",
        }  # fmt: skip
        quote = as_(cast.cleo).post("/api/decisions/preview", json=body).json["quote"]
        assert quote["lines"][0]["amount"] == {"amount": "80.00", "currency": "CNY"}


HOURLY = {**LABOUR, "per": "hour", "amount": "80.00"}
BY_KM = {**CALL_OUT, "kind": "travel", "charge": "cost", "per": "km", "amount": "2.80"}


@pytest.mark.promise("B-09")
class TestCounted:
    """What is charged by the hour or the kilometre becomes a figure."""

    @pytest.fixture
    def dispatcher(self, cast, as_, work_order):
        for price in (HOURLY, BY_KM):
            assert as_(cast.adam).post("/api/prices", json=price).status_code == 201
        return as_(cast.cleo)

    def say(self, client, work_order, **data):
        return client.post(f"/api/work-orders/{work_order.id}/log", json={"what": "counted", "data": data})

    def shown(self, work_order, kind):
        line = line_of(work_order, kind)
        return line["amount"] and line["amount"]["amount"], line["counted"], line["counted_by"]

    def test_hours_and_kilometres_are_entered_at_the_desk_and_the_last_word_holds(self, dispatcher, work_order):
        assert self.shown(work_order, "labour") == self.shown(work_order, "travel") == (None, None, None)
        assert self.say(dispatcher, work_order, hours="1.5").status_code == 201
        assert self.shown(work_order, "labour") == ("120.00", "1.5", "entered")
        self.say(dispatcher, work_order, km="32")
        self.say(dispatcher, work_order, hours="2")
        assert self.shown(work_order, "labour") == ("160.00", "2", "entered")
        assert self.shown(work_order, "travel") == ("89.60", "32", "entered")

    def test_hours_on_site_count_from_check_in_to_check_out_until_somebody_says_otherwise(
        self, dispatcher, work_order
    ):
        came = NOW - timedelta(hours=2)
        make_log_entry(work_order, "arrived", came, visit_id="v1")
        settle(work_order)
        assert self.shown(work_order, "labour") == (None, None, None)  # she is still there
        make_log_entry(work_order, "left", came + timedelta(minutes=80), visit_id="v1")
        settle(work_order)
        assert self.shown(work_order, "labour") == ("106.40", "1.33", "visits")
        self.say(dispatcher, work_order, hours="1")
        assert self.shown(work_order, "labour") == ("80.00", "1", "entered")

    @pytest.mark.parametrize(
        ("data", "fields"),
        [
            ({}, ["$.data.hours", "$.data.km"]),
            ({"hours": "two"}, ["$.data.hours"]),
            ({"hours": "1.333", "km": "5"}, ["$.data.hours"]),
            ({"km": "-3"}, ["$.data.km"]),
        ],
    )
    def test_what_is_no_number_is_refused_at_its_field(self, dispatcher, work_order, data, fields):
        answer = self.say(dispatcher, work_order, **data)
        assert (answer.status_code, [fault["path"] for fault in answer.json["faults"]]) == (422, fields)
        assert self.shown(work_order, "travel") == (None, None, None)
