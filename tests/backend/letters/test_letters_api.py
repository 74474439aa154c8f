"""The installed letters over HTTP and as copies for the phone."""

import pytest
import sqlalchemy as sa

from backend.core.db import db, write_transaction
from backend.letters.loader import installed_letters, load_letter
from backend.letters.models import LetterCopy
from backend.letters.services import copy_letters
from backend.sync_api.models import SyncFeed


def test_everybody_reads_every_installed_letter_with_the_words_that_were_signed(cast, as_):
    client = as_(cast.ana)
    rows = client.get("/api/letters").json["rows"]
    assert {row["letter"] for row in rows} == set(installed_letters())
    for row in rows:
        shown = client.get(f"/api/letters/{row['ref']}").json
        letter = load_letter(row["ref"])
        assert [clause["id"] for clause in shown["clauses"]] == [clause.id for clause in letter.clauses]
        assert all(clause["quote"] and set(clause["text"]) == {"zh", "en"} for clause in shown["clauses"])


@pytest.mark.promise("C-10")
def test_what_a_letter_repairs_in_each_kind_of_goods_is_read_with_it(cast, as_):
    listed = as_(cast.ana).get("/api/letters/C@1").json["coverage"]
    assert [(one["clause"], one["category"]) for one in listed] == [
        ("C-10", category) for category in ("desk", "cabinet", "chair", "clerk_desk", "sofa")
    ]
    assert listed[4]["text"]["zh"] == "脱胶、断线、木架不稳、配件损坏" and listed[4]["text"]["en"]


@pytest.mark.parametrize("ref", ["Z", "B@99", "..%2Fsecret", "B@0", "b%00", "B@1/x"])
def test_a_letter_that_is_not_installed_is_not_found(cast, as_, ref):
    assert as_(cast.ana).get(f"/api/letters/{ref}").status_code == 404


def test_copies_follow_the_files_and_an_unchanged_one_is_not_written(cast):
    def positions():
        db.session.rollback()
        query = sa.select(SyncFeed.record_id, SyncFeed.seq).where(SyncFeed.kind == "letter")
        return {row.record_id: row.seq for row in db.session.execute(query)}

    def copy():
        with write_transaction() as session:
            copy_letters(session)
        return positions()

    first = copy()
    assert len(first) == len(installed_letters()) and copy() == first
    with write_transaction() as session:
        changed = session.scalar(sa.select(LetterCopy).limit(1))
        changed.clauses = changed.clauses[1:]
    moved = {ident for ident, seq in copy().items() if seq != first[ident]}
    assert moved == {changed.id}


def test_the_worker_copies_them_by_itself(cast, app):
    from backend import worker
    from backend.core import clock

    worker.run_due(clock.now(), "test")
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(LetterCopy)) == len(installed_letters())
