"""A cause found on a phone changes who pays: charges, figures, gate, what was told before, and who is told of it once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from backend.core import clock
from backend.core.db import db, write_transaction
from backend.notices.models import Notice
from backend.workorders import settling
from backend.workorders.models import WorkOrder
from tests.backend.acknowledgements.on_site import DAMAGE, OnSite, told
from tests.backend.sync_api.conftest import Phone
from tests.conftest import NOW
from tests.support import again

PRICES = (
    ("labour", "fee", "visit", "300.00"),
    ("call_out", "fee", "visit", "150.00"),
    ("travel", "fee", "visit", "0.00"),
)
FREE = dict.fromkeys(DAMAGE, "free")


@pytest.fixture
def on_site(cast, as_, now):
    for kind, charge, per, amount in PRICES:
        body = {"kind": kind, "charge": charge, "per": per, "amount": amount, "valid_from": "2026-01-01",
                "text": {"zh": kind, "en": kind}}  # fmt: skip
        assert as_(cast.adam).post("/api/prices", json=body).status_code == 201
    ours = OnSite(cast, as_, ["B@1"], now)
    owned_by(ours.order, cast.adam.id)
    decide(ours.order)
    return ours


def owned_by(order, user_id):
    with write_transaction() as session:
        session.get_one(WorkOrder, order.id).owner_id = user_id


def decide(*orders):
    with write_transaction() as session:
        for order in orders:
            settling.mark(session, order.id, NOW)


def notices():
    db.session.rollback()
    query = sa.select(Notice).where(Notice.kind == "charges_changed").order_by(Notice.created_at, Notice.user_id)
    return list(db.session.scalars(query))


def who(rows):
    return {row.user_id for row in rows}


@pytest.mark.promise("B-08")
def test_user_damage_found_offline_is_charged_priced_asked_for_and_said_with_what_was_before(on_site):
    assert again(on_site.order).entitlement["charges"] == FREE
    on_site.send(*on_site.find(cause_category="user_damage"))  # pushed when there was a network again
    page = on_site.page()
    assert (page["entitlement"]["status"], page["entitlement"]["charges"]) == ("chargeable", DAMAGE)
    amounts = {line["kind"]: line["amount"] and line["amount"]["amount"] for line in page["quote"]["lines"]}
    assert amounts == {"labour": "300.00", "parts": None, "call_out": "150.00", "travel": "0.00"}
    was = page["quote"]["was"]
    assert (was["status"], was["charges"], was["total"]) == ("covered", FREE, {"amount": "0.00", "currency": "CNY"})
    gate = on_site.gate("user_damage_notice")
    assert (gate["before"], gate["holds"], gate["clause"]) == ("work", False, "B-08")
    on_site.send(
        on_site.answered("user_damage_notice", lines=told(DAMAGE, labour="300.00", call_out="150.00", travel="0.00"))
    )
    assert on_site.gate("user_damage_notice")["holds"]


def test_the_owner_and_the_dispatcher_are_told_once_and_she_who_found_it_is_not(on_site, cast, as_):
    push = on_site.find(cause_category="user_damage")
    on_site.send(*push)
    assert who(notices()) == {cast.adam.id, cast.cleo.id}
    on_site.send(*push)  # the receipt was lost: the phone sends the same again
    decide(on_site.order)
    assert len(notices()) == 2
    [shown] = as_(cast.cleo).get("/api/notices").json["rows"]
    about = shown["about"]
    assert (about["status_was"], about["total_was"]["amount"]) == ("covered", "0.00")
    assert (about["status"], about["total"], shown["number"]) == ("chargeable", None, again(on_site.order).number)


def test_each_further_change_is_told_by_itself(on_site, cast):
    on_site.send(*on_site.find(cause_category="wear"))
    assert notices() == []
    for n, (value, base) in enumerate((("user_damage", "wear"), ("wear", "user_damage"), ("user_damage", "wear"))):
        edit = on_site.phone.op(
            "finding.edit", on_site.finding, {"cause_category": value}, base={"cause_category": base}
        )
        with clock.fixed(NOW + timedelta(minutes=n)):
            on_site.send(edit)
    rows = [row for row in notices() if row.user_id == cast.cleo.id]
    assert [(row.about["status_was"], row.about["status"]) for row in rows] == [
        ("covered", "chargeable"), ("chargeable", "covered"), ("covered", "chargeable")]  # fmt: skip


def test_the_engineer_on_the_visit_learns_on_her_phone_what_the_office_changed(on_site, cast, as_):
    body = {"base": {"accepted_on": "2025-01-12"}, "fields": {"accepted_on": "2015-01-12"}}
    assert as_(cast.cleo).patch(f"/api/assets/{on_site.asset.id}", json=body).status_code == 200
    assert who(notices()) == {cast.ana.id, cast.adam.id}
    phone = Phone(as_(cast.ana), cast.ana)
    phone.pull()
    row = phone.row("notice", next(row.id for row in notices() if row.user_id == cast.ana.id))
    assert (row["kind"], row["visit_id"]) == ("charges_changed", on_site.visit.id)
    assert (row["about"]["status_was"], row["about"]["status"]) == ("covered", "at_cost")


def test_what_could_not_be_decided_before_is_no_change(on_site, cast, as_):
    assert notices() == []
    body = {"base": {"accepted_on": "2025-01-12"}, "fields": {"accepted_on": None}}
    assert as_(cast.adam).patch(f"/api/assets/{on_site.asset.id}", json=body).status_code == 200
    told_of = len(notices())
    assert told_of > 0  # it had been free, and now nobody can say
    body = {"base": {"accepted_on": None}, "fields": {"accepted_on": "2015-01-12"}}
    assert as_(cast.adam).patch(f"/api/assets/{on_site.asset.id}", json=body).status_code == 200
    assert len(notices()) == told_of
