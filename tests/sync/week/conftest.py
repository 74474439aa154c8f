"""A house for each week: a folder, and an empty database on whichever the suite runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

House = tuple[Path, str]


@pytest.fixture
def house(database_kind: str, database_url: str, tmp_path: Path) -> Iterator[Callable[[int], House]]:
    """`house(seed)` → (folder, URL of the database; empty: SQLite in the folder)."""
    made: list[str] = []
    engine = sa.create_engine(database_url, isolation_level="AUTOCOMMIT")

    def make(seed: int) -> House:
        if database_kind == "sqlite":
            return tmp_path / f"{seed}", ""
        made.append(f"week_{seed}")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE week_{seed}")
        return tmp_path / f"{seed}", engine.url.set(database=made[-1]).render_as_string(hide_password=False)

    yield make
    with engine.connect() as connection:
        for name in made:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()
