"""Releases that come and go: kinds that gain and lose fields reach phones as changes; the schemas that are spoken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from backend.core import sync
from backend.core.db import write_transaction
from backend.core.sync import registry_of
from backend.sync_api import shapes
from backend.sync_api.models import SyncRecord
from tests.backend.sync_api.toy import Note, note_json

DEFINITIONS = Path(__file__).resolve().parents[3] / "pwa" / "src" / "app" / "definitions.ts"


@pytest.fixture
def released(app: Any) -> Iterator[Any]:
    """released(project, owners): the toy notes as another release declares them."""
    registry = registry_of(app)
    before = registry.records["note"]

    def release(project: Any, owners: dict[str, Any]) -> None:
        now = replace(before, project=project, owners=owners)
        registry.records["note"] = registry.of_model[Note] = now

    yield release
    registry.records["note"] = registry.of_model[Note] = before


def look(now: Any) -> int:
    """The worker's task to its end; how many slices it took."""
    slices, more = 0, True
    while more:
        with write_transaction() as session:
            more = shapes.run(session, now)
        slices += more
    return slices


def rows(session: Any) -> dict[str, tuple[int, str]]:
    session.rollback()
    session.expire_all()
    found = session.scalars(sa.select(SyncRecord).where(SyncRecord.kind == "note"))
    return {row.record_id: (row.rev, row.row) for row in found}


def test_a_field_that_a_release_adds_reaches_every_phone_by_itself(
    phone: Any, cast: Any, session: Any, now: Any, released: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(shapes, "SLICE", 2)
    ana = phone(cast.ana)
    ana.results(*[ana.note(title=str(n)) for n in range(5)])
    look(now)
    ana.pull()
    before = rows(session)
    assert look(now) == 0, "nothing to do twice"
    owners = registry_of().records["note"].owners
    released(lambda note: {**note_json(note), "colour": "none"}, {**owners, "colour": "both"})
    assert look(now) >= 3, "in slices"
    after = rows(session)
    assert {rev for rev, _ in after.values()} == {2} and before.keys() == after.keys()
    changes = ana.pull()
    assert {change["row"]["colour"] for change in changes} == {"none"} and len(changes) == 5


def test_a_field_that_a_release_takes_away_leaves_the_rows_and_stays_in_their_history(
    phone: Any, cast: Any, session: Any, now: Any, released: Any
) -> None:
    ana = phone(cast.ana)
    ana.results(ana.note(title="kept"))
    look(now)
    ana.pull()
    owners = {name: owner for name, owner in registry_of().records["note"].owners.items() if name != "title"}
    released(lambda note: {name: value for name, value in note_json(note).items() if name != "title"}, owners)
    look(now)
    [change] = ana.pull()
    assert "title" not in change["row"]
    [(record_id, (rev, _))] = rows(session).items()
    history = ana.client.get(f"/api/records/note/{record_id}/history").json["history"]
    assert rev == 2 and [line["old_value"] for line in history if line["field"] == "title"] == ["kept"]


def test_the_phone_and_the_server_name_the_same_schema() -> None:
    said = re.search(r"^const SCHEMA = (\d+)$", DEFINITIONS.read_text(), re.M)
    assert said and int(said[1]) == sync.SCHEMA


def test_a_phone_too_old_is_told_to_update_and_its_work_is_taken(phone: Any, cast: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(sync, "OLDEST_SCHEMA", 3)
    ana = phone(cast.ana)
    assert ana.results(ana.note())[0]["status"] == "applied"
    for schema, status in ((1, 426), (2, 426), (3, 200), (4, 200)):
        answer = ana.get(schema=schema)
        assert answer.status_code == status
    assert ana.get(schema=1).json["type"] == "/problems/update-needed"
