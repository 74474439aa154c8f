"""What the fault tests share: the toy kinds, days, phones on the app of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.backend.sync_api.toy import only_toys
from tests.factories.people import make_user
from tests.faults.day import Day


@pytest.fixture
def toys(app: Any) -> Iterator[None]:
    with only_toys(app):
        yield


@pytest.fixture
def day(app: Any, toys: None, cast: Any, tmp_path: Path) -> Callable[..., Day]:
    """`day(seed)`: a random day on a server that never heard of one; each call empties what the last one left."""
    from tests.faults.backups import Backup

    people = {"ana": cast.ana, "ben": cast.ben, "cai": make_user("Cai", cast.chengdu)}
    empty = Backup(tmp_path / "empty.zip")

    def make(seed: int, **wanted: Any) -> Day:
        empty.put_back(app)
        return Day(app, people, cast.cleo, seed, tmp_path, **wanted)

    return make
