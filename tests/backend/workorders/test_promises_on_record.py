"""What a letter promises for a call stands in the work order's record: terms, charges and steps, each with its clause."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from backend.assets.models import Asset
from backend.core import clock
from backend.core.db import write_transaction
from backend.workorders import settling
from backend.workorders.models import WorkOrder
from tests.backend.letters.support import raw_letter, written
from tests.backend.links.conftest import Customer, make_link
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract
from tests.factories.work import make_finding, make_report

AGES = {
    "new": date(2026, 11, 2),
    "second_year": date(2025, 3, 3),
    "fifth_year": date(2022, 3, 1),
    "old": date(2010, 3, 1),
}
GOODS = {
    "A": {"category": "software", "brand": "北科", "stores_data": False},
    "B": {"category": "server", "brand": "IBM"},
    "C": {"category": "desk", "brand": "锦木", "material": "wood", "stores_data": False},
    "D": {"category": "laptop", "brand": "DELL"},
}
NIGHT = clock.iso(NOW - timedelta(hours=8))  # 02:00 in Chengdu
EVENING = clock.iso(NOW - timedelta(hours=14))  # 20:00 in Chengdu, the day before


def taken(cast: Any, as_: Any, letter: str, age: str = "new", version: int = 1, **call: Any) -> dict[str, Any]:
    """The record after a call, read again from the server."""
    contract = make_contract(cast.customer, [f"{letter}@{version}"])
    dates = dict.fromkeys(("purchased_on", "invoiced_on", "accepted_on"), AGES[age])
    body = {
        "customer_id": cast.customer.id, "site_id": cast.site.id, "channel": "phone", "priority": "normal",
        "symptom": "请来看看", "owner_id": cast.ana.id, "phone_reason": "客户能按指引操作",
        "asset_ids": [make_asset(cast.site, contract, **GOODS[letter], **dates).id],
    }  # fmt: skip
    client = as_(cast.cleo)
    made = client.post("/api/work-orders", json=body | call)
    assert made.status_code == 201, made.json
    return client.get(f"/api/work-orders/{made.json['id']}").json


def terms(row: dict[str, Any]) -> dict[tuple[str, str], timedelta]:
    """Per clock and clause how long after the report it falls due."""
    reported = clock.parse(row["reported_at"])
    return {(one["name"], one["clause"]): clock.parse(one["due"]) - reported for one in row["clocks"]}


def cited(row: dict[str, Any]) -> set[str]:
    return {reason["clause"] for reason in row["entitlement"]["reasons"]}


def promise(case: tuple[Any, ...]) -> Any:
    """A row of a table below; its first word names the promises it shows."""
    return pytest.param(*case[1:], marks=pytest.mark.promise(*case[0].split()), id=case[0].replace(" ", "+"))


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


TERMS = [
    ("A-03 A-11", "A", {"reported_at": NIGHT}, {("respond", "A-11"): hours(1), ("resolve", "A-11"): hours(8)}),
    ("A-10", "A", {"channel": "remote"}, {("respond", "A-10"): hours(0), ("resolve", "A-10"): hours(12)}),
    ("A-13", "A", {"channel": "onsite"}, {("arrive", "A-13"): hours(8)}),
    ("B-01 B-21", "B", {"reported_at": NIGHT}, {("respond", "B-01"): hours(2), ("arrive", "B-02"): hours(8)}),
    ("B-12", "B", {"priority": "critical"}, {("dispatch", "B-12"): hours(0)}),
    ("B-13", "B", {"priority": "important"}, {("respond", "B-13"): hours(0)}),
    ("B-14", "B", {"channel": "onsite"}, {("respond", "B-14"): hours(0)}),
    ("C-07 C-22", "C", {}, {("arrive", "C-22"): hours(1 / 3)}),  # the two hours of C-07, bettered
    ("C-14", "C", {"reported_at": NIGHT}, {("arrive", "C-22"): hours(1 / 3)}),
    ("D-13", "D", {}, {("respond", "D-13"): hours(0), ("arrive", "D-13"): hours(0.5)}),
    ("D-15", "D", {"reported_at": EVENING}, {("arrive", "D-13"): hours(13.5)}),  # 20:00, so 09:30 of the next day
    ("D-14", "D", {"reported_at": EVENING}, {("resolve", "D-14"): hours(24)}),
]


@pytest.mark.parametrize(("letter", "call", "expected"), [promise(case) for case in TERMS])
def test_a_call_has_the_terms_of_its_letter_with_their_clauses(cast, as_, letter, call, expected):
    row = taken(cast, as_, letter, **call)
    assert row["letters"] == [f"{letter}@1"]
    assert expected.items() <= terms(row).items()


FREE = dict.fromkeys(("labour", "parts", "call_out", "travel"), "free")
AT_COST = dict.fromkeys(FREE, "cost")
CHARGES = [
    ("A-04", "A", "old", {"kind": "training", "channel": "onsite"}, FREE, "A-04"),
    ("A-05", "A", "old", {"kind": "training", "channel": "walk_in"}, FREE, "A-05"),
    ("A-06", "A", "old", {"kind": "advice", "channel": "network"}, FREE, "A-06"),
    ("A-07", "A", "old", {"channel": "onsite"}, FREE | {"call_out": "fee"}, "A-07"),
    ("B-04", "B", "old", {"kind": "advice", "channel": "fax"}, FREE, "B-04"),
    ("B-04", "B", "old", {"kind": "advice", "channel": "mail"}, FREE, "B-04"),
    ("B-07", "B", "second_year", {}, FREE, "B-07"),
    ("B-09", "B", "old", {}, AT_COST, "B-09"),
    ("C-03 C-18", "C", "second_year", {}, FREE, "C-19"),  # three years, bettered by the five of C-19
    ("C-19", "C", "fifth_year", {}, FREE, "C-19"),
    ("C-13", "C", "new", {"kind": "reupholstery"}, AT_COST, "C-13"),
    ("C-15", "C", "old", {"kind": "delivery"}, FREE, "C-15"),
    ("C-15", "C", "old", {"kind": "design"}, FREE, "C-15"),
    ("C-05", "C", "old", {"kind": "inspection"}, FREE, "C-05"),
    ("D-16 D-24", "D", "old", {"kind": "advice"}, FREE, "D-24"),
    ("D-19", "D", "old", {"kind": "callback"}, FREE, "D-19"),
    ("D-25", "D", "old", {"kind": "delivery"}, FREE, "D-25"),
    ("D-22", "D", "old", {}, {"labour": "free", "parts": "market", "call_out": "fee", "travel": "free"}, "D-22"),
]  # fmt: skip


@pytest.mark.parametrize(("letter", "age", "call", "charges", "clause"), [promise(case) for case in CHARGES])
def test_each_kind_of_charge_is_said_one_by_one_with_the_clause(cast, as_, letter, age, call, charges, clause):
    row = taken(cast, as_, letter, age, **call)
    assert row["entitlement"]["charges"] == charges
    assert clause in cited(row)
    assert row["channel"] == call.get("channel", "phone")


@pytest.mark.promise("C-16")
@pytest.mark.parametrize(
    ("age", "remedies"),
    [("new", ["exchange", "repair", "maintenance"]), ("second_year", ["repair", "maintenance"])],
)
def test_what_the_customer_may_choose_follows_the_age(cast, as_, age, remedies):
    row = taken(cast, as_, "C", age)
    assert row["entitlement"]["remedies"] == remedies and "C-16" in cited(row)


@pytest.mark.promise("B-06", "B-20")
def test_the_makers_own_letter_on_the_same_asset_wins_where_it_is_better(cast, as_):
    maker = raw_letter("B") | {"letter": "M", "version": "1"}
    maker = written(maker).replace("due: 8 h", "due: 4 h").replace("years: '3'", "years: '4'").replace("B-", "M-")
    assert as_(cast.adam).post("/api/letters", json={"text": maker}).status_code == 201
    contract = make_contract(cast.customer, ["B@1", "M@1"])
    asset = make_asset(cast.site, contract, accepted_on=date(2023, 6, 1))  # three years are over, four are not
    body = {"customer_id": cast.customer.id, "site_id": cast.site.id, "asset_ids": [asset.id], "channel": "onsite",
            "priority": "normal", "symptom": "电源红灯"}  # fmt: skip
    row = as_(cast.cleo).post("/api/work-orders", json=body).json
    assert row["letters"] == ["B@1", "M@1"]
    assert row["entitlement"]["charges"] == FREE and "M-07" in cited(row)
    assert terms(row)["arrive", "M-02"] == hours(4) and ("arrive", "B-02") not in terms(row)


GATES = [
    ("A-11", "A", {}, ("owner_required", "dispatch", True)),
    ("B-12", "B", {"priority": "critical"}, ("onsite_required", "dispatch", False)),
    ("B-13", "B", {"priority": "important"}, ("phone_reason", "dispatch", True)),
    ("B-15", "B", {}, ("cause_and_fix", "close", False)),
    ("B-16", "B", {"kind": "training"}, ("training_signoff", "close", False)),
    ("D-18", "D", {}, ("backup_notice", "work", False)),
]


@pytest.mark.parametrize(("letter", "call", "gate"), [promise(case) for case in GATES])
def test_what_must_be_on_record_stands_there_with_its_clause_until_it_is(cast, as_, request, letter, call, gate):
    row = taken(cast, as_, letter, **call)
    clauses = {(one["gate"], one["before"], one["holds"]): one["clause"] for one in row["gates"]}
    assert clauses[gate] == request.node.callspec.id


@pytest.mark.promise("D-03")
def test_damage_in_transit_is_ours_whatever_the_age(cast, as_, session):
    row = taken(cast, as_, "D", "old")
    assert row["entitlement"]["charges"]["call_out"] == "fee"
    order = session.get(WorkOrder, row["id"])
    make_finding(
        make_report(order, cast.ana), session.get(Asset, row["asset_ids"][0]), cause_category="transit_damage"
    )
    with write_transaction():
        settling.mark(session, order.id, NOW)
    row = as_(cast.cleo).get(f"/api/work-orders/{row['id']}").json
    assert row["entitlement"]["charges"] == FREE and "D-03" in cited(row)


@pytest.mark.promise("B-19")
def test_the_asset_keeps_every_fault_with_its_cause_for_whoever_comes_next(cast, as_, session):
    row = taken(cast, as_, "B")
    order = session.get(WorkOrder, row["id"])
    report = make_report(order, cast.ana, state="approved", number="FR-2026-000077", submitted_at=NOW)
    make_finding(report, session.get(Asset, row["asset_ids"][0]))
    page = as_(cast.cleo).get(f"/api/assets/{row['asset_ids'][0]}").json
    assert [one["number"] for one in page["work_orders"]] == [row["number"]]
    assert [(one["number"], one["cause_text"]) for one in page["reports"]] == [("FR-2026-000077", "电源模块损坏")]


@pytest.mark.promise("C-21")
def test_the_customers_page_is_her_whole_file(cast, as_):
    row = taken(cast, as_, "C")
    file = as_(cast.cleo).get(f"/api/customers/{row['customer_id']}").json
    assert [one["name"] for one in file["sites"]] == [cast.site.name]
    assert [one["name"] for one in file["contacts"]] == ["Eve"]
    assert [one["id"] for one in file["assets"]] == row["asset_ids"]
    assert [one["letters"] for one in file["contracts"]] == [["C@1"]]
    assert [one["number"] for one in file["work_orders"]] == [row["number"]]


LINES = [("A-09", "A"), ("B-21", "B"), ("C-14", "C"), ("D-16 D-23", "D")]


@pytest.mark.parametrize("letter", [promise(case) for case in LINES])
def test_the_lines_a_letter_names_stand_on_the_customers_page(app, cast, as_, session, letter):
    raw = raw_letter(letter) | {"version": "2"}
    for n, contact in enumerate(raw["contacts"]):
        contact["value"] = f"400-700-000{n}"
    assert as_(cast.adam).post("/api/letters", json={"text": written(raw)}).status_code == 201
    row = taken(cast, as_, letter, version=2)
    _, token = make_link(session, cast, session.get(WorkOrder, row["id"]))
    lines = {
        one["value"]: one["kind"] for one in Customer(app.test_client(), token).get().json["company"]["contacts"]
    }
    assert {one["value"]: one["kind"] for one in raw["contacts"]}.items() <= lines.items()
