"""Deciding again what a change touched: one row written whatever it touches, worked off in slices that nothing loses."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from backend import worker
from backend.core import clock
from backend.core.db import db, write_transaction
from backend.core.ids import new_id
from backend.letters.rules import CalendarNeverOpens
from backend.workorders import again as deciding
from backend.workorders import settling
from backend.workorders.models import DecideAgain, WorkOrder, WorkOrderAsset
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract, make_customer, make_site
from tests.factories.work import make_work_order
from tests.support import counted_queries, save

MANY = deciding.AT_ONCE + 25


@pytest.fixture
def asset(cast):
    return make_asset(cast.site, make_contract(cast.customer, ["B@1"]))


def make_many(cast, asset, count=MANY, **given):
    """Open work orders on one asset, decided under its letter."""
    rows = [
        WorkOrder(
            id=new_id(), branch_id=cast.chengdu.id, customer_id=cast.customer.id, site_id=cast.site.id,
            asset_ids=[asset.id], channel="phone", priority="important", reported_at=NOW, created_at=NOW, **given,
        )
        for _ in range(count)
    ]  # fmt: skip
    save(*rows, *(WorkOrderAsset(work_order_id=row.id, asset_id=asset.id) for row in rows))
    with write_transaction() as session:
        for row in rows:
            settling.mark(session, row.id, NOW)
    return [row.id for row in rows]


def change(as_, cast, asset, old, new):
    body = {"base": {"letters": [old]}, "fields": {"letters": [new]}}
    assert as_(cast.adam).patch(f"/api/contracts/{asset.contract_id}", json=body).status_code == 200


def letters_of(ids):
    """Which letter decided each of them, as stored now."""
    db.session.rollback()
    db.session.expire_all()
    return [row.letters for row in db.session.scalars(sa.select(WorkOrder).where(WorkOrder.id.in_(ids)))]


def in_slices(monkeypatch, ms=0):
    """Every slice ends after its first part."""
    monkeypatch.setattr(deciding, "SLICE_S", ms / 1000)


def left():
    db.session.rollback()
    return deciding.left(db.session)


def test_little_open_work_is_decided_with_the_change(cast, as_, asset):
    ids = make_many(cast, asset, deciding.AT_ONCE)
    change(as_, cast, asset, "B@1", "D@1")
    assert left() == 0
    assert letters_of(ids) == [["D@1"]] * len(ids)


def test_much_open_work_waits_for_the_worker_and_the_desk_sees_how_much(cast, as_, asset):
    ids = make_many(cast, asset)
    change(as_, cast, asset, "B@1", "D@1")
    assert as_(cast.cleo).get("/api/decisions/again").json == {"left": MANY}
    assert letters_of(ids) == [["B@1"]] * MANY
    worker.run_due(clock.now(), "w1")
    assert left() == 0
    assert letters_of(ids) == [["D@1"]] * MANY
    assert db.session.scalar(sa.select(sa.func.count()).select_from(DecideAgain)) == 0


def test_ended_work_and_other_contracts_are_not_touched(cast, as_, asset):
    other = make_asset(cast.site, make_contract(cast.customer, ["C@1"]), serial="B-2")
    make_many(cast, asset)
    elsewhere, ended = make_many(cast, other, 3), make_many(cast, asset, 2)
    with write_transaction() as session:
        session.execute(sa.update(WorkOrder).where(WorkOrder.id.in_(ended)).values(state="closed"))
    change(as_, cast, asset, "B@1", "D@1")
    assert left() == MANY
    worker.run_due(clock.now(), "w1")
    assert letters_of(elsewhere) == [["C@1"]] * 3
    assert letters_of(ended) == [["B@1"]] * 2


def test_a_change_writes_the_same_number_of_statements_however_much_it_touches(cast, as_, asset):
    admin, counts = as_(cast.adam), []
    body = {"base": {"number": "HT-2025-001"}, "fields": {"number": "HT-2025-001"}}
    for more in (MANY, 4 * MANY):
        make_many(cast, asset, more)
        address = f"/api/contracts/{asset.contract_id}"
        with counted_queries() as seen:
            assert admin.patch(address, json=body).status_code == 200
        counts.append(len(seen))
        worker.run_due(clock.now(), "w1")
        with write_transaction() as session:
            session.execute(sa.update(worker.TaskLease).values(due_at=NOW))
    assert counts[0] == counts[1]


def test_one_work_order_costs_the_same_statements_however_many_others_there_are(cast, as_, asset):
    [one] = make_many(cast, asset, 1)

    def statements():
        with counted_queries() as seen, write_transaction() as session:
            settling.mark(session, one, NOW)
        return len(seen)

    alone = statements()
    make_many(cast, asset, 60)
    assert statements() == alone


def test_a_slice_costs_the_same_statements_however_many_are_left(cast, asset, monkeypatch):
    in_slices(monkeypatch)
    counts = []
    for more in (MANY, 4 * MANY):
        make_many(cast, asset, more)
        with write_transaction() as session:
            deciding.ask(session, "all", "", NOW)
        with counted_queries() as seen, write_transaction() as session:
            assert deciding.run(session, NOW)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_worker_killed_between_slices_or_in_one_loses_nothing(cast, as_, asset, monkeypatch):
    in_slices(monkeypatch)
    ids = make_many(cast, asset)
    change(as_, cast, asset, "B@1", "D@1")
    with write_transaction() as session:
        assert deciding.run(session, NOW)
    assert left() == MANY - deciding.TOGETHER
    with pytest.raises(KeyboardInterrupt), write_transaction() as session:  # killed before its commit
        deciding.run(session, NOW)
        raise KeyboardInterrupt
    assert left() == MANY - deciding.TOGETHER
    worker.run_due(clock.now(), "the next one")
    assert (left(), letters_of(ids)) == (0, [["D@1"]] * MANY)


def test_of_two_workers_one_decides_and_the_other_takes_over_when_its_lease_runs_out(cast, as_, asset, monkeypatch):
    in_slices(monkeypatch)
    ids = make_many(cast, asset)
    change(as_, cast, asset, "B@1", "D@1")
    worker.run_due(clock.now(), "w0")  # the row of the lease is made
    change(as_, cast, asset, "D@1", "C@1")
    lease = {"owner": "w1", "leased_until": NOW + timedelta(seconds=worker.LEASE_S), "due_at": NOW}
    with write_transaction() as session:
        session.execute(sa.update(worker.TaskLease).where(worker.TaskLease.name == "decide again").values(**lease))
        deciding.run(session, NOW)  # w1 is in the middle, and dies
    worker.run_due(NOW, "w2")
    assert left() == MANY - deciding.TOGETHER
    with clock.fixed(NOW + timedelta(seconds=worker.LEASE_S + 1)):
        worker.run_due(clock.now(), "w2")
    assert (left(), letters_of(ids)) == (0, [["C@1"]] * MANY)


def test_what_is_asked_again_on_its_way_begins_anew(cast, asset, monkeypatch):
    in_slices(monkeypatch)
    make_many(cast, asset)
    for _ in range(2):
        with write_transaction() as session:
            deciding.ask(session, "all", "", NOW)
        with write_transaction() as session:
            deciding.run(session, NOW)
    assert left() == MANY - deciding.TOGETHER


def test_a_work_order_that_cannot_be_decided_stops_no_other(cast, as_, asset, monkeypatch, caplog):
    ids = make_many(cast, asset)
    change(as_, cast, asset, "B@1", "D@1")
    decided = settling.decided

    def fails_for_one(case, now):
        if case.reported_at != NOW:
            raise CalendarNeverOpens
        return decided(case, now)

    monkeypatch.setattr(settling, "decided", fails_for_one)
    with write_transaction() as session:
        session.execute(
            sa.update(WorkOrder).where(WorkOrder.id == ids[7]).values(reported_at=NOW - timedelta(hours=1))
        )
    worker.run_due(clock.now(), "w1")
    assert left() == 0
    assert letters_of([ident for ident in ids if ident != ids[7]]) == [["D@1"]] * (MANY - 1)
    assert letters_of([ids[7]]) == [["B@1"]]
    assert ids[7] in caplog.text


def test_a_list_decides_nothing(cast, as_, asset, monkeypatch):
    make_many(cast, asset, 3)

    def decides(*_args):
        raise AssertionError("a list decided")

    monkeypatch.setattr(settling, "decided", decides)
    client = as_(cast.cleo)
    assert len(client.get("/api/work-orders").json["rows"]) == 3
    assert client.get("/api/board").status_code == 200


def test_an_assets_date_and_a_customers_flag_decide_their_open_work_again(cast, as_, asset):
    [ours] = make_many(cast, asset, 1)
    client = as_(cast.adam)

    def status():
        return client.get(f"/api/work-orders/{ours}").json["entitlement"]["status"]

    before = status()
    body = {"base": {"accepted_on": "2025-01-12"}, "fields": {"accepted_on": "2015-01-12"}}
    assert client.patch(f"/api/assets/{asset.id}", json=body).status_code == 200
    assert (before, status()) == ("covered", "at_cost")
    change(as_, cast, asset, "B@1", "A@1")
    body = {"base": {"payment_breach": False}, "fields": {"payment_breach": True}, "reason": "财务来函"}
    assert client.patch(f"/api/customers/{cast.customer.id}", json=body).status_code == 200
    assert status() == "suspended"
    body = {"base": {"province": "四川"}, "fields": {"province": "北京"}}
    assert client.patch(f"/api/sites/{cast.site.id}", json=body).status_code == 200


@pytest.mark.parametrize(("what", "named"), [("asset", "asset"), ("customer", "customer"), ("branch", "chengdu")])
def test_what_a_change_does_not_touch_is_left_as_it_is(cast, asset, what, named):
    [ours] = make_many(cast, asset, 1)
    far = make_customer(cast.beijing)
    theirs = make_work_order(make_site(far))
    ref = asset.id if what == "asset" else getattr(cast, named).id
    touched = db.session.scalars(deciding._touched(db.session, what, ref)).all()
    assert (ours in touched, theirs.id in touched) == (True, False)
