"""What a phone pushes about work orders, contacts, sites and assets, and what comes back on its next pull."""

import pytest

from backend.core import clock
from backend.core.db import db, write_transaction
from backend.core.ids import new_id
from backend.letters.services import copy_letters
from backend.workorders import settling
from backend.workorders.models import LogEntry
from tests.backend.sync_api.conftest import Phone
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract, make_customer, make_site
from tests.factories.work import make_visit, make_work_order
from tests.support import again, counted_queries


@pytest.fixture
def work_order(cast):
    row = make_work_order(cast.site, [make_asset(cast.site, make_contract(cast.customer, ["B@1"]))])
    make_visit(row, [cast.ana])
    return row


@pytest.fixture
def phone(cast, as_, work_order):
    """Ana's phone, pulled once."""
    made = Phone(as_(cast.ana), cast.ana)
    made.pull()
    return made


def status_of(phone, *ops):
    return [result["status"] for result in phone.results(*ops)]


def test_the_phone_holds_what_the_visit_needs(cast, phone, work_order):
    row = phone.row("work_order", work_order.id)
    assert row["symptom"] == work_order.symptom and row["reported_at"] == clock.iso(NOW)
    assert phone.row("contact", cast.eve.id)["phone"] == "13900000009"
    assert phone.row("asset", work_order.asset_ids[0])["serial"] == "7XK0-1122"
    assert phone.row("asset", work_order.asset_ids[0])["accepted_on"] == "2025-01-12"
    assert phone.row("site", cast.site.id)["radius_m"] == 150
    assert phone.row("customer", cast.customer.id)["name"] == cast.customer.name
    assert phone.row("company", cast.company.id)["name"]["en"] == "Example Co"
    assert {row["name"] for row in phone.of("user")} == {"Ana", "Ben", "Cleo", "Adam"}


def test_letters_come_as_reference_and_only_once(cast, phone):
    for _ in range(2):
        with write_transaction() as session:
            copy_letters(session)
    changes = phone.pull()
    assert {row["letter"] for row in phone.of("letter")} >= {"A", "B", "C", "D"}
    assert len([c for c in changes if c["kind"] == "letter"]) == len(phone.of("letter"))
    assert all(c["rev"] == 1 for c in changes if c["kind"] == "letter")
    clause = next(row for row in phone.of("letter") if row["letter"] == "B")["clauses"][0]
    assert set(clause) == {"id", "article", "quote", "text"}


def test_the_same_contact_changed_on_both_sides_is_one_conflict_and_the_symptom_goes_through(
    cast, as_, phone, work_order
):
    office = as_(cast.cleo)
    body = {"base": {"phone": "13900000009"}, "fields": {"phone": "13911111111"}}
    assert office.patch(f"/api/contacts/{cast.eve.id}", json=body).status_code == 200
    body = {"base": {"symptom": work_order.symptom}, "fields": {"symptom": "开机黑屏"}}
    assert office.patch(f"/api/work-orders/{work_order.id}", json=body).status_code == 200
    edit = phone.op("contact.edit", cast.eve.id, {"phone": "13922222222"}, base={"phone": "13900000009"}, base_rev=1)
    assert status_of(phone, edit) == ["conflict"]
    phone.pull()
    assert phone.row("contact", cast.eve.id)["phone"] == "13911111111"
    assert phone.row("work_order", work_order.id)["symptom"] == "开机黑屏"
    assert [c["phone_value"] for c in phone.of("conflict")] == ["13922222222"]
    shown = office.get(f"/api/work-orders/{work_order.id}").json["conflicts"]
    assert [(c["field"], c["server_value"], c["phone_value"]) for c in shown] == [
        ("phone", "13911111111", "13922222222")
    ]
    assert office.get("/api/board").json["needs_person"] == 1
    elsewhere = make_work_order(make_site(make_customer(cast.chengdu, name="别家")))
    assert office.get(f"/api/work-orders/{elsewhere.id}").json["conflicts"] == []


@pytest.mark.parametrize("name", ["priority", "owner_id", "number", "state", "clocks", "reported_at"])
def test_what_is_not_hers_is_refused_by_its_name(phone, work_order, name):
    op = phone.op("work_order.edit", work_order.id, {name: None}, base={name: None})
    result = phone.results(op)[0]
    assert (result["status"], result["problem"]["field"]) == ("rejected", f"args.{name}")


def test_a_serial_read_off_the_machine_a_place_and_a_note_are_hers_to_write(cast, phone, work_order):
    asset_id = work_order.asset_ids[0]
    ops = (
        phone.op("asset.edit", asset_id, {"serial": "7XK0-1123"}, base={"serial": "7XK0-1122"}),
        phone.op("site.edit", cast.site.id, {"notes": "从北门进"}, base={"notes": ""}),
        phone.op("work_order.edit", work_order.id, {"symptom": "蓝屏"}, base={"symptom": work_order.symptom}),
        phone.op("asset.edit", asset_id, {"brand": "DELL"}, base={"brand": "IBM"}),
    )
    assert status_of(phone, *ops) == ["applied", "applied", "applied", "rejected"]
    assert again(work_order).symptom == "蓝屏"


def test_an_unknown_asset_made_on_site_is_there_until_the_office_merges_it(cast, phone):
    new = new_id()
    args = {"site_id": cast.site.id, "category": "switch", "serial": "SW-1"}
    assert status_of(phone, phone.op("asset.add", new, args)) == ["applied"]
    phone.pull()
    assert phone.row("asset", new)["is_provisional"] is True
    assert phone.row("asset", new)["customer_id"] == cast.customer.id


def test_work_that_nobody_dispatched_gets_its_number_from_the_server(cast, phone, work_order):
    new = new_id()
    args = {
        "customer_id": cast.customer.id,
        "site_id": cast.site.id,
        "asset_ids": work_order.asset_ids,
        "channel": "onsite",
        "symptom": "顺便看看打印机",
        "short_ref": "AN-7K2",
    }
    op = phone.op("work_order.add", new, args, occurred_at="2026-11-20T01:30:00.000Z")
    assert status_of(phone, op) == ["applied"]
    phone.pull()
    row = phone.row("work_order", new)
    assert (row["number"], row["short_ref"], row["owner_id"]) == ("WO-2026-000001", "AN-7K2", cast.ana.id)
    assert row["reported_at"] == "2026-11-20T01:30:00.000Z" and row["clocks"]
    assert [e["what"] for e in phone.of("log_entry") if e["work_order_id"] == new] == ["reported"]


def test_work_for_a_customer_she_does_not_serve_is_refused(cast, phone):
    far = make_site(make_customer(cast.beijing, name="首都银行"))
    args = {"customer_id": far.customer_id, "site_id": far.id, "channel": "onsite", "symptom": "x"}
    assert status_of(phone, phone.op("work_order.add", new_id(), args)) == ["rejected"]


def test_a_line_written_offline_counts_from_its_corrected_time(cast, phone, work_order):
    new = new_id()
    op = phone.op(
        "log_entry.add",
        new,
        {"work_order_id": work_order.id, "what": "contacted", "note": "已联系"},
        occurred_at="2026-11-20T01:40:00.000Z",
        clock={"offset_ms": 60_000, "rtt_ms": 80, "age_s": 600},
    )
    assert status_of(phone, op) == ["applied"]
    phone.pull()
    row = phone.row("log_entry", new)
    assert (row["at"], row["corrected_at"]) == ("2026-11-20T01:40:00.000Z", "2026-11-20T01:41:00.000Z")
    assert (row["quality"], row["source"], row["author_id"]) == ("good", "phone", cast.ana.id)
    assert again(work_order).last_contact_at == clock.parse("2026-11-20T01:41:00Z")


def test_her_own_wrong_tap_is_voided_a_colleagues_is_not(cast, phone, work_order, session):
    mine, theirs = new_id(), new_id()
    phone.results(phone.op("log_entry.add", mine, {"work_order_id": work_order.id, "what": "solved"}))
    with write_transaction() as write:
        write.add(
            LogEntry(
                id=theirs, work_order_id=work_order.id, what="note", at=NOW, corrected_at=NOW, received_at=NOW,
                author_id=cast.cleo.id,
            )
        )  # fmt: skip
    assert again(work_order).state == "resolved"
    ops = [phone.op("log_entry.void", ident, {"reason": "点错了"}) for ident in (mine, theirs)]
    assert status_of(phone, *ops) == ["applied", "rejected"]
    assert again(work_order).state != "resolved"


@pytest.mark.parametrize(("what", "times"), [("contacted", 1), ("note", 0)])
def test_a_hundred_lines_in_one_push_decide_the_work_order_once_and_remarks_never(
    cast, phone, work_order, monkeypatch, what, times
):
    settled = []
    plain = settling.settle
    monkeypatch.setattr(settling, "settle", lambda *args: (settled.append(1), plain(*args)))
    ops = [
        phone.op("log_entry.add", new_id(), {"work_order_id": work_order.id, "what": what, "note": str(n)})
        for n in range(100)
    ]
    assert set(status_of(phone, *ops)) == {"applied"}
    assert len(settled) == times


def test_settling_thirty_work_orders_asks_as_often_as_settling_one(cast, phone, work_order):
    """Counted, not timed (K-12): what deciding reads is read together."""
    asset = make_asset(cast.site, make_contract(cast.customer, ["B@1"]))
    rows = [make_work_order(cast.site, [asset]) for _ in range(30)]
    asked = {}
    for few in (rows[:1], rows):
        db.session.expire_all()
        with write_transaction() as session:
            for row in few:
                settling.mark(session, row.id, NOW)
            with counted_queries() as seen:
                settling.settle_all(session)
        asked[len(few)] = len([one for one in seen if one.startswith("SELECT")])
    assert asked[30] == asked[1] > 0


def test_ben_neither_sees_nor_writes_anas_work(cast, as_, phone, work_order):
    ben = Phone(as_(cast.ben), cast.ben)
    ben.pull()
    assert ben.of("work_order") == []
    op = ben.op("work_order.edit", work_order.id, {"symptom": "x"}, base={"symptom": work_order.symptom})
    add = ben.op("log_entry.add", new_id(), {"work_order_id": work_order.id, "what": "note"})
    assert status_of(ben, op, add) == ["rejected", "rejected"]
    assert again(work_order).symptom == work_order.symptom


def test_the_phone_gets_the_clocks_as_the_log_moves_them(cast, as_, phone, work_order):
    as_(cast.cleo).post(f"/api/work-orders/{work_order.id}/log", json={"what": "contacted"})
    phone.pull()
    states = {c["name"]: c["state"] for c in phone.row("work_order", work_order.id)["clocks"]}
    assert states["respond"] == "met" and states["arrive"] == "running"
    assert again(work_order).clocks == phone.row("work_order", work_order.id)["clocks"]
