"""The demo company, loaded once for all tests of this folder that only look at it."""

from __future__ import annotations

import pytest

from tests.conftest import NOW


@pytest.fixture(scope="package")
def loaded(app_once, tmp_path_factory):
    """The session on a database that holds the demo company as of NOW. Loading takes seconds: change nothing."""
    from backend.core.db import db
    from backend.demo.seed import DEMO_FOLDER, load_company
    from tests.support import empty_tables

    kept = app_once.config["VAR_DIR"]
    app_once.config["VAR_DIR"] = str(tmp_path_factory.mktemp("demo"))
    with app_once.app_context():
        empty_tables()
        load_company(DEMO_FOLDER, NOW)
        yield db.session
        db.session.remove()
    app_once.config["VAR_DIR"] = kept
