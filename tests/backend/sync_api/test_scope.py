"""What an engineer's phone holds, and that assignments, states and days move it (M-45)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from backend.core import clock
from backend.core.db import db, write_transaction
from backend.core.sync import registry_of
from backend.sync_api.models import SyncFeed
from backend.sync_api.scope import follow_everybody, scope_of
from backend.visits.models import Visit, VisitEngineer
from backend.workorders import services
from backend.workorders.models import WorkOrder
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contact, make_customer, make_site
from tests.factories.work import make_finding, make_log_entry, make_report, make_visit, make_work_order
from tests.support import again

DAY = timedelta(days=1)
MIDNIGHT = clock.parse("2026-11-19T16:00:00Z")  # the 20th begins in Chengdu


def held(user):
    """Keys in the user's bucket, as the feed says."""
    db.session.rollback()
    query = sa.select(SyncFeed.kind, SyncFeed.record_id).where(
        SyncFeed.bucket == f"engineer:{user.id}", SyncFeed.why.is_(None)
    )
    return {tuple(row) for row in db.session.execute(query)}


def scope(user, now=NOW):
    """The scope, of the kinds that are registered."""
    db.session.rollback()
    known = registry_of().records
    return {key for key in scope_of(db.session, user.id, now) if key[0] in known}


def change(row, **values):
    with write_transaction() as session:
        found = session.get(type(row), row.id)
        for name, value in values.items():
            setattr(found, name, value)


def test_a_visit_brings_the_work_order_with_everything_around_it(cast):
    asset, other = make_asset(cast.site), make_asset(cast.site, serial="other")
    elsewhere = make_contact(cast.customer, name="别处", site_id=make_site(cast.customer).id)
    work_order = make_work_order(cast.site, [asset])
    entry = make_log_entry(work_order, "reported")
    visit = make_visit(work_order, [cast.ana])
    wanted = {
        ("work_order", work_order.id),
        ("log_entry", entry.id),
        ("customer", cast.customer.id),
        ("site", cast.site.id),
        ("contact", cast.eve.id),
        ("asset", asset.id),
    }
    assert wanted <= held(cast.ana) and held(cast.ana) == scope(cast.ana)
    assert ("visit", visit.id) in scope_of(db.session, cast.ana.id, NOW)
    assert not {("asset", other.id), ("contact", elsewhere.id)} & held(cast.ana)
    assert held(cast.ben) == set()


@pytest.mark.parametrize(
    ("planned_from", "state", "is_held"),
    [
        (MIDNIGHT - 3 * DAY, "done", True),
        (MIDNIGHT - 3 * DAY - timedelta(milliseconds=1), "done", False),
        (MIDNIGHT - 9 * DAY, "on_site", True),
        (MIDNIGHT + 15 * DAY - timedelta(milliseconds=1), "cancelled", True),
        (MIDNIGHT + 15 * DAY, "cancelled", False),
        (MIDNIGHT + 90 * DAY, "planned", True),
        (MIDNIGHT, "superseded", False),
    ],
)
def test_the_window_is_whole_local_days_and_everything_open(cast, planned_from, state, is_held):
    work_order = make_work_order(cast.site)
    make_visit(work_order, [cast.ana], planned_from=planned_from, state=state)
    assert (("work_order", work_order.id) in scope(cast.ana)) is is_held


def test_what_she_owns_is_hers_while_it_is_open_and_three_days_longer(cast):
    open_ = make_work_order(cast.site, owner_id=cast.ana.id)
    just = make_work_order(cast.site, owner_id=cast.ana.id, state="closed", closed_at=MIDNIGHT - 3 * DAY)
    long = make_work_order(cast.site, owner_id=cast.ana.id, state="closed", closed_at=MIDNIGHT - 4 * DAY)
    ids = {ident for kind, ident in scope(cast.ana) if kind == "work_order"}
    assert ids == {open_.id, just.id} and long.id not in ids


def test_reassigning_moves_the_whole_subtree_and_back(cast):
    work_order = make_work_order(cast.site, [make_asset(cast.site)])
    make_log_entry(work_order, "reported")
    visit = make_visit(work_order, [cast.ana])
    before = held(cast.ana)
    for gone, new in ((cast.ana, cast.ben), (cast.ben, cast.ana)):
        with write_transaction() as session:
            row = session.get(Visit, visit.id)
            row.engineers = [VisitEngineer(engineer_id=new.id)]
            row.lead_id = new.id
        assert held(gone) == set()
        assert held(new) == scope(new) == before


def test_a_new_line_a_new_contact_and_an_asset_made_on_site_follow_by_themselves(cast):
    work_order = make_work_order(cast.site)
    make_visit(work_order, [cast.ana])
    entry = make_log_entry(work_order, "contacted")
    contact = make_contact(cast.customer, name="新来的", site_id=cast.site.id)
    asset = make_asset(cast.site, is_provisional=True)
    new = {("log_entry", entry.id), ("contact", contact.id), ("asset", asset.id)}
    assert new <= held(cast.ana) and held(cast.ana) == scope(cast.ana)


def test_what_ends_leaves_with_the_days(cast):
    work_order = make_work_order(cast.site)
    visit = make_visit(work_order, [cast.ana])
    change(visit, state="done")
    assert held(cast.ana)
    for days, is_held in ((3, True), (4, False)):
        with clock.fixed(NOW + days * DAY):
            more = True
            while more:
                with write_transaction() as session:
                    more = follow_everybody(session, clock.now())
        assert bool(held(cast.ana)) is is_held


def test_a_changed_owner_moves_it(cast):
    work_order = make_work_order(cast.site, owner_id=cast.ana.id)
    assert ("work_order", work_order.id) in held(cast.ana)
    change(work_order, owner_id=cast.ben.id)
    assert held(cast.ana) == set() and ("work_order", work_order.id) in held(cast.ben)
    change(work_order, owner_id=cast.cleo.id)
    assert held(cast.ben) == set() and held(cast.cleo) == set()


def test_the_last_five_reports_of_an_asset_come_along_and_a_sixth_moves_the_first_out(cast):
    asset = make_asset(cast.site)
    reports = []
    for number in range(6):
        old = make_work_order(cast.site, [asset], state="closed")
        report = make_report(old, cast.ben, state="approved", submitted_at=NOW - (10 - number) * DAY)
        make_finding(report, asset)
        reports.append(report)
    draft = make_report(old, cast.ben)
    make_finding(draft, asset)
    make_visit(make_work_order(cast.site, [asset]), [cast.ana])
    found = {ident for kind, ident in scope_of(db.session, cast.ana.id, NOW) if kind == "report"}
    assert found == {report.id for report in reports[1:]}
    change(draft, state="submitted", submitted_at=NOW)
    found = {ident for kind, ident in scope_of(db.session, cast.ana.id, NOW) if kind == "report"}
    assert found == {report.id for report in reports[2:]} | {draft.id}


def test_the_scope_costs_the_same_queries_however_much_there_is(cast):
    from tests.support import counted_queries

    counts, ana_id = [], cast.ana.id
    for _ in range(2):
        for _ in range(5):
            make_visit(make_work_order(cast.site, [make_asset(cast.site)]), [cast.ana])
        db.session.rollback()
        with counted_queries() as seen:
            scope_of(db.session, ana_id, NOW)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 30


def test_a_colleagues_customer_is_not_on_her_phone(cast):
    far = make_site(make_customer(cast.beijing, name="首都银行"))
    make_visit(make_work_order(far), [cast.ben])
    make_visit(make_work_order(cast.site), [cast.ana])
    assert not {ident for _, ident in held(cast.ana)} & {ident for _, ident in held(cast.ben)}


def test_a_changed_log_alone_moves_no_scope(cast):
    work_order = make_work_order(cast.site)
    make_visit(work_order, [cast.ana])
    row = again(work_order)
    with write_transaction() as session:
        found = session.get(WorkOrder, row.id)
        services.add_log_entry(session, found, what="note", at=NOW, now=NOW)
        session.flush()
        assert not session.info.get("scope_moved")
