"""Eve's link to a work order of Ana's, and a browser that comes with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from backend.core import clock
from backend.core.db import write_transaction
from backend.links import services
from backend.links.models import SCOPES
from backend.workorders import settling
from tests.backend.reports.conftest import Job
from tests.backend.reports.conftest import job as job  # the fixture: a visit of Ana's at the airport
from tests.backend.visits.conftest import actor
from tests.factories.work import make_log_entry


class Customer:
    """A browser without an account, which sends its link's token (or whatever it is given) with every request."""

    def __init__(self, client: Any, token: str) -> None:
        self.client, self.token = client, token

    def get(self, path: str = "", **given: Any) -> Any:
        return self._open("GET", path, **given)

    def post(self, path: str, body: Any) -> Any:
        return self._open("POST", path, json=body)

    def _open(self, method: str, path: str, **given: Any) -> Any:
        headers = {"Authorization": f"Link {self.token}"} | given.pop("headers", {})
        return self.client.open(f"/api/link{path}", method=method, headers=headers, **given)


def make_link(session: Any, cast: Any, work_order: Any, **given: Any) -> tuple[Any, str]:
    """A link and its token."""
    values = {"scope": list(SCOPES), "days": 30} | given
    with write_transaction():
        return services.make(session, actor(cast.cleo), work_order, values, clock.now())


@pytest.fixture
def link(session: Any, cast: Any, job: Job) -> tuple[Any, str]:
    return make_link(session, cast, job.work_order)


@pytest.fixture
def eve(app: Any, link: Any) -> Customer:
    return Customer(app.test_client(), link[1])


@pytest.fixture
def comes_with(app: Any) -> Callable[[str], Customer]:
    return lambda token: Customer(app.test_client(), token)


def log(job: Job, what: str, minutes_ago: float = 0, **given: Any) -> Any:
    """A line of the log, and the work order settled as after any other write."""
    row = make_log_entry(job.work_order, what, job.now - timedelta(minutes=minutes_ago), **given)
    with write_transaction():
        settling.mark(job.session, job.work_order.id, clock.now())
    return row


@pytest.fixture
def solved(job: Job) -> Job:
    """Ana was there and it works again; nobody has accepted yet."""
    log(job, "arrived", 60, visit_id=job.visit.id, author_id=job.cast.ana.id)
    log(job, "solved", 20, visit_id=job.visit.id, author_id=job.cast.ana.id)
    return job
