"""Tasks that come due by themselves: each runs for itself, one that fails stops no other and is tried again."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
import sqlalchemy as sa

from backend import worker
from backend.core.db import DatabaseBusy, db
from backend.customers.models import Customer
from tests.conftest import NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
def tasks(app, monkeypatch):
    """Three tasks; the middle one fails as often as `fails` says, after it wrote something."""
    ran, fails = [], []
    monkeypatch.setitem(app.extensions, "tasks", {})
    worker.every(app, "first", 60, lambda _session, _now: ran.append("first"))

    def second(session, _now):
        session.execute(sa.update(Customer).values(name="half done"))
        if fails:
            raise fails.pop()
        ran.append("second")

    worker.every(app, "second", 60, second)
    worker.every(app, "third", 60, lambda _session, _now: ran.append("third"))
    return ran, fails


@pytest.mark.parametrize("error", [RuntimeError("broken"), DatabaseBusy()])
def test_a_task_that_fails_stops_no_other_leaves_nothing_half_done_and_is_tried_again(cast, tasks, caplog, error):
    (ran, fails), customer_id = tasks, cast.customer.id
    fails.append(error)
    with caplog.at_level(logging.ERROR):
        assert worker.run_due(NOW, "w1") == 2
    assert ran == ["first", "third"]
    assert ("worker: second" in caplog.text) == isinstance(error, RuntimeError)
    assert db.session.get(Customer, customer_id).name != "half done"
    assert worker.run_due(NOW + 5 * SECOND, "w1") == 1
    assert ran == ["first", "third", "second"]
    assert worker.run_due(NOW + 10 * SECOND, "w1") == 0


def test_another_worker_takes_a_failing_task_over_when_its_lease_runs_out(cast, tasks):
    ran, fails = tasks
    fails.append(RuntimeError("broken"))
    worker.run_due(NOW, "w1")
    assert worker.run_due(NOW + SECOND, "w2") == 0
    assert worker.run_due(NOW + (worker.LEASE_S + 1) * SECOND, "w2") == 3
    assert ran == ["first", "third", "first", "second", "third"]


def test_what_ends_the_process_is_no_failure_of_a_task(cast, tasks):
    _, fails = tasks
    fails.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        worker.run_due(NOW, "w1")
