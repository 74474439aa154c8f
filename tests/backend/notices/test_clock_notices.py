"""A clock that runs out tells the people concerned, each once, whatever happens to the worker."""

import subprocess
import sys
from datetime import timedelta

import pytest
import sqlalchemy as sa

from backend.core import clock
from backend.core.db import write_transaction
from backend.notices import clocks
from backend.notices.models import Notice
from backend.workorders import services
from backend.workorders.models import WorkOrder
from tests.backend.notices import a_worker
from tests.conftest import NOW
from tests.factories.customers import make_asset, make_contract
from tests.factories.people import make_user
from tests.factories.work import make_visit, make_work_order
from tests.support import again, counted_queries, save

MINUTE = timedelta(minutes=1)
HOUR = 60 * MINUTE
TICK = timedelta(milliseconds=1)


@pytest.fixture
def asset(cast):
    return make_asset(cast.site, make_contract(cast.customer, ["B@1"]))


def reported(site, asset, **given):
    """A work order under letter B: respond in 2 h, arrive and resolve in 8 h; answered at once."""
    row = make_work_order(site, [asset], **given)
    enter(row, "reported")
    enter(row, "contacted")
    return again(row)


def enter(work_order, what, at=NOW, **given):
    with write_transaction() as session:
        row = session.get(WorkOrder, work_order.id)
        return services.add_log_entry(session, row, what=what, at=at, now=max(NOW, at), **given)


def look(now, app=None):
    """The worker looks until there is nothing more."""
    more = True
    while more:
        with write_transaction() as session:
            more = clocks.run(session, now)


def told(session, **wanted):
    """(threshold, name of the person) of the arrival's notices."""
    session.rollback()
    rows = session.execute(sa.select(Notice.about, Notice.user_id)).all()
    return sorted((about["threshold"], user_id) for about, user_id in rows if about["clock"] == "arrive")


def expected(*pairs):
    return sorted((threshold, person.id) for threshold, people in pairs for person in people)


@pytest.mark.promise("B-02")
def test_half_three_quarters_and_the_miss_reach_the_people_concerned_once_each(cast, session, asset):
    work_order = reported(cast.site, asset, owner_id=cast.cleo.id)
    make_visit(work_order, [cast.ana])
    desk = make_user("Cora", cast.beijing, role="dispatcher")
    crew = (cast.ana, cast.cleo)
    for now, so_far in (
        (NOW + 4 * HOUR - TICK, []),
        (NOW + 4 * HOUR, [(50, crew)]),
        (NOW + 6 * HOUR - TICK, [(50, crew)]),
        (NOW + 6 * HOUR, [(50, crew), (75, crew)]),
        (NOW + 8 * HOUR, [(50, crew), (75, crew)]),
        (NOW + 8 * HOUR + TICK, [(50, crew), (75, crew), (100, (*crew, cast.adam))]),
        (NOW + 90 * HOUR, [(50, crew), (75, crew), (100, (*crew, cast.adam))]),
    ):
        look(now)
        assert told(session) == expected(*so_far), now
        look(now)
        assert told(session) == expected(*so_far), "looking again tells nothing again"
    assert desk.id not in {user for _, user in told(session)}, "another branch's dispatcher is not concerned"
    assert again(work_order).next_warning_at is None


@pytest.mark.parametrize(
    ("what", "given"),
    [("arrived", {}), ("excused", {"note": "客户改期", "data": {"clock": "arrive"}}), ("cancelled", {})],
)
def test_what_was_met_excused_or_ended_meanwhile_tells_nothing(cast, session, asset, what, given):
    work_order = reported(cast.site, asset)
    make_visit(work_order, [cast.ana])
    look(NOW + 4 * HOUR)
    enter(work_order, what, NOW + 5 * HOUR, **given)
    look(NOW + 9 * HOUR)
    assert {threshold for threshold, _ in told(session)} == {50}


def test_an_arrival_that_comes_late_but_was_in_time_ends_the_warnings(cast, session, asset):
    work_order = reported(cast.site, asset)
    look(NOW + 6 * HOUR)
    enter(work_order, "arrived", NOW + 9 * HOUR, corrected_at=NOW + HOUR)
    look(NOW + 9 * HOUR)
    assert {threshold for threshold, _ in told(session)} == {75}


def test_a_moved_due_warns_anew_of_what_lies_ahead(cast, session, asset):
    """A second report time: the eight hours count from there."""
    work_order = reported(cast.site, asset)
    look(NOW + 6 * HOUR)
    with write_transaction() as writing:
        row = writing.get(WorkOrder, work_order.id)
        row.reported_at = NOW + 2 * HOUR
        services.add_log_entry(writing, row, what="changed", at=NOW + 6 * HOUR, now=NOW + 6 * HOUR)
    look(NOW + 6 * HOUR)
    assert {threshold for threshold, _ in told(session)} == {75}
    look(NOW + 8 * HOUR)
    assert sorted(told(session)) == expected((75, [cast.cleo]), (75, [cast.cleo]))
    look(NOW + 10 * HOUR + TICK)
    assert told(session)[0] == (75, cast.cleo.id) and {t for t, _ in told(session)} == {75, 100}


def test_of_a_job_for_somebody_whose_account_is_off_nobody_gone_is_told(cast, session, asset):
    work_order = reported(cast.site, asset, owner_id=cast.dan.id)
    make_visit(work_order, [cast.ana], state="declined")
    look(NOW + 4 * HOUR)
    assert told(session) == expected((50, [cast.cleo]))


def test_quiet_work_orders_cost_the_worker_nothing(cast, session, asset):
    reported(cast.site, asset)
    look(NOW + MINUTE)
    with counted_queries() as few:
        look(NOW + MINUTE)
    for _ in range(20):
        reported(cast.site, asset)
    with counted_queries() as many:
        look(NOW + MINUTE)
    assert len(many) == len(few)
    plan = session.execute(
        sa.text("EXPLAIN QUERY PLAN SELECT id FROM work_order WHERE next_warning_at <= '2026' ORDER BY next_warning_at, id")
    ).all() if session.get_bind().dialect.name == "sqlite" else [("ix_work_order_next_warning_at",)]  # fmt: skip
    assert "ix_work_order_next_warning_at" in str(plan)


# ---------------------------------------------------------------- exactly once


def worker(app, tmp_path, now, how):
    process = subprocess.Popen(
        [sys.executable, "-m", a_worker.__name__, app.config["DATABASE_URL"], str(tmp_path), clock.iso(now), how],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def go(process):
    process.stdin.write("go\n")
    process.stdin.flush()


def test_a_worker_killed_between_deciding_and_the_commit_leaves_nothing_and_the_next_tells_once(
    app, cast, session, asset, tmp_path
):
    work_order = reported(cast.site, asset)
    make_visit(work_order, [cast.ana])
    now = NOW + 6 * HOUR
    session.rollback()
    process = worker(app, tmp_path, now, "hang")
    go(process)
    assert process.stdout.readline() == "decided\n"
    process.kill()  # SIGKILL
    process.wait(30)
    assert told(session) == []
    look(now)
    look(now)
    assert told(session) == expected((75, [cast.ana, cast.cleo]))


def test_two_workers_at_once_tell_everybody_once(app, cast, session, asset, tmp_path):
    orders = [reported(cast.site, asset) for _ in range(3 * clocks.SLICE)]
    now = NOW + 8 * HOUR + TICK
    session.rollback()
    both = [worker(app, tmp_path, now, "run") for _ in range(2)]
    for process in both:
        go(process)
    assert [process.wait(120) for process in both] == [0, 0]
    assert told(session) == expected(*[(100, [cast.cleo, cast.adam])] * len(orders))


def test_the_database_itself_refuses_a_second_one(cast, session, asset):
    work_order = reported(cast.site, asset)
    look(NOW + 4 * HOUR)
    session.rollback()
    first = session.scalar(sa.select(Notice).where(Notice.work_order_id == work_order.id).limit(1))
    with pytest.raises(sa.exc.IntegrityError):
        save(
            Notice(
                id=work_order.id, user_id=first.user_id, subject=first.subject, kind=first.kind,
                work_order_id=work_order.id, created_at=NOW,
            )
        )  # fmt: skip
