"""The demo's work: a year of it played through the services, in every state, decided by the letters, truly signed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import sqlalchemy as sa

from backend.accounts.models import User
from backend.acknowledgements.models import Acknowledgement
from backend.acknowledgements.services import check_of
from backend.core import storage
from backend.links.models import CustomerLink
from backend.reports import signing
from backend.reports.models import OUTCOMES, RESULTS, Finding, Photo, Report, Signature
from backend.reports.rules import states as report_states
from backend.sync_api.models import SyncConflict, SyncStuck
from backend.visits.models import CheckIn, Visit
from backend.visits.rules import states as visit_states
from backend.workorders import settling
from backend.workorders.models import LogEntry, WorkOrder
from backend.workorders.rules import states as order_states
from tests.conftest import NOW


def _count_by(session, column):
    return Counter(session.scalars(sa.select(column)))


def test_every_state_of_a_work_order_a_visit_and_a_report_occurs(loaded):
    assert set(_count_by(loaded, WorkOrder.state)) == set(order_states.STATES)
    assert set(_count_by(loaded, Visit.state)) == set(visit_states.STATES)
    assert set(_count_by(loaded, Report.state)) == set(report_states.STATES)


def test_every_outcome_every_answer_of_a_customer_and_every_verdict_occurs(loaded):
    assert set(_count_by(loaded, Finding.outcome)) >= set(OUTCOMES) - {"no_fault_found"}
    assert set(_count_by(loaded, Signature.result)) == set(RESULTS)
    verdicts = {row["verdict"] for row in loaded.scalars(sa.select(CheckIn.server_verdict))}
    assert verdicts == {"on_site", "uncertain", "off_site", "no_fix"}


def test_it_is_a_year_of_work_with_numbers_in_the_order_of_the_calls(loaded):
    rows = loaded.execute(sa.select(WorkOrder.number, WorkOrder.reported_at).order_by(WorkOrder.reported_at)).all()
    assert rows[0].reported_at < NOW - timedelta(days=350)
    assert all(row.reported_at <= NOW for row in rows)
    assert [row.number for row in rows] == sorted(row.number for row in rows)
    assert {number[:8] for number, _ in rows} == {"WO-2025-", "WO-2026-"}


def test_each_letter_decides_and_hardly_anything_is_undecided(loaded):
    orders = list(loaded.scalars(sa.select(WorkOrder)))
    assert {letter[0] for order in orders for letter in order.letters} == set("ABCD")
    statuses = Counter(order.entitlement["status"] for order in orders)
    assert statuses["undecided"] < len(orders) * 0.05
    assert {"covered", "at_cost", "chargeable"} <= set(statuses)


def test_clocks_are_met_missed_and_excused_and_most_are_met(loaded):
    found = Counter(one["state"] for order in loaded.scalars(sa.select(WorkOrder)) for one in order.clocks)
    assert {"met", "missed", "excused", "running"} <= set(found)
    assert found["missed"] < found["met"] / 10


def test_nothing_lies_after_the_moment_of_loading(loaded):
    for column in (LogEntry.corrected_at, LogEntry.received_at, CheckIn.received_at, Report.submitted_at):
        assert loaded.scalar(sa.select(sa.func.max(column))) <= NOW


def test_every_signature_holds(loaded):
    def read(sha256):
        return storage.read(sha256) if storage.is_stored(sha256) else None

    signed = list(loaded.scalars(sa.select(Report).where(Report.signature_id.is_not(None))))
    assert len(signed) > 60
    for report in signed:
        said = signing.verify(loaded, report, read)
        assert said.ok, (report.number, said.reason, said.path)
    flags = [flag for row in loaded.scalars(sa.select(Signature)) for flag in row.flags]
    assert flags == []


def test_every_photo_is_a_file_of_its_own(loaded):
    photos = list(loaded.scalars(sa.select(Photo)))
    assert len(photos) > 12
    assert len({photo.sha256 for photo in photos}) == len(photos)
    for photo in photos:
        assert len(storage.read(photo.sha256)) == photo.size_bytes


def test_this_week_is_planned(loaded):
    week = sa.select(Visit).where(Visit.planned_from > NOW, Visit.planned_from < NOW + timedelta(days=6))
    planned = [visit for visit in loaded.scalars(week) if visit.state in ("planned", "accepted")]
    assert len(planned) >= 10
    assert len({visit.lead_id for visit in planned}) >= 5


def test_the_third_report_of_one_fault_offers_an_exchange(loaded):
    order = loaded.scalar(sa.select(WorkOrder).where(WorkOrder.fault == "screen-flicker").order_by(
        WorkOrder.reported_at.desc()))  # fmt: skip
    assert order.entitlement["remedies"] == ["exchange", "repair"]


def test_one_question_waits_that_office_and_engineer_both_see(loaded):
    conflict = loaded.scalar(sa.select(SyncConflict).where(SyncConflict.state == "open"))
    order = loaded.scalar(sa.select(WorkOrder).where(WorkOrder.fault == "hang", WorkOrder.state == "waiting"))
    assert (conflict.record_kind, conflict.record_id, conflict.field) == ("work_order", order.id, "symptom")
    assert "闪退" in order.symptom
    people = dict(loaded.execute(sa.select(User.id, User.sign_in_name)).all())
    assert people[conflict.server_author_id] == "duanli" and people[conflict.phone_author_id] == "liuzhiqiang"
    assert conflict.server_at < conflict.phone_at < NOW
    assert loaded.scalar(sa.select(sa.func.count()).select_from(SyncStuck)) == 0


def test_under_five_per_cent_of_the_demos_decisions_are_undecided(loaded):
    decided = list(loaded.scalars(sa.select(WorkOrder.entitlement["status"].as_string())))
    assert len(decided) > 100
    assert decided.count("undecided") * 20 < len(decided)


def test_the_demo_has_charged_work_with_an_amount_and_its_clause(loaded):
    quotes = list(loaded.scalars(sa.select(WorkOrder.quote)))
    charged = [line for quote in quotes for line in quote["lines"] if line["charge"] in ("fee", "cost", "market")]
    assert len(charged) > 10 and all(line["clause"] for line in charged)
    assert any(quote["total"] and quote["total"]["amount"] != "0.00" for quote in quotes)


def test_deciding_everything_again_now_changes_no_clock(loaded):
    """What a story's last step left decided holds: nothing was decided as of some other story's day."""
    opened = [order for order in loaded.scalars(sa.select(WorkOrder)) if order.state in order_states.OPEN]
    kept = {order.number: settling.clocks_at(order.clocks, NOW) for order in opened}
    try:
        for order in opened:
            settling.mark(loaded, order.id, NOW)
        settling.settle_all(loaded)
        assert {order.number: settling.clocks_at(order.clocks, NOW) for order in opened} == kept
    finally:
        loaded.rollback()


def test_a_first_look_finds_a_link_a_stand_in_lent_a_notice_signed_before_work_and_a_moved_due(loaded):
    link = loaded.scalars(sa.select(CustomerLink)).one()
    assert link.state_at(NOW) == "active" and "accept" in link.scope
    orders = loaded.scalars(sa.select(WorkOrder)).all()
    assert "handed_out" in {owed["state"] for order in orders for owed in order.owed if owed["what"] == "loaner"}
    signed = loaded.scalars(sa.select(Acknowledgement)).one()
    assert (signed.about, signed.answer) == ("backup_notice", "accepted")
    assert check_of(signed, storage.read_file)["ok"]
    moved = [one["moved"] for order in orders for one in order.clocks if one["moved"]]
    assert "priority" in {one["why"] for one in moved}
