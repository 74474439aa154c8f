"""A slice's function that crashes, wherever the engine calls it: that operation is parked, all others go on (M-20, M-25)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from backend.core import clock
from backend.core.problems import NotAllowedNow
from backend.core.sync import registry_of
from backend.sync_api import services
from backend.sync_api.models import SyncOperation, SyncSignature
from backend.sync_api.verify import verify
from tests.backend.sync_api.toy import Note

POISON = "poison"
A_BUG = ZeroDivisionError("a bug of ours")


def is_poisoned(row: Any) -> bool:
    return getattr(row, "title", None) == POISON


def breaking(function: Callable[..., Any], error: Exception = A_BUG) -> Callable[..., Any]:
    """As before; but what it is asked of a poisoned row it does not survive."""

    def broken(row: Any, *rest: Any) -> Any:
        out = function(row, *rest)  # first what it does, so that there is something to be undone
        if is_poisoned(row):
            raise error
        return out

    return broken


@contextmanager
def broken_in(app: Any, place: str, error: Exception = A_BUG) -> Iterator[None]:
    """The toy slice breaks at this place for a poisoned note, from now until it is mended."""
    registry, hooks = registry_of(app), app.extensions["before_commit"]
    kept, kept_hooks = (
        (dict(registry.records), dict(registry.of_model), dict(registry.types["note.edit"])),
        list(hooks),
    )
    note, edit = registry.records["note"], registry.types["note.edit"][1]

    def on_commit(session: Any) -> None:
        if session.scalar(sa.select(Note.id).where(Note.title == POISON).limit(1)):
            raise error

    def validate(args: Any) -> list[Any]:
        if args.get("title") == POISON:
            raise error
        return []

    def handle(session: Any, op: Any, context: Any) -> None:
        edit.handle(session, op, context)
        validate(op.args)

    def apply(row: Any, values: Any) -> None:
        note.apply(row, values)
        validate(values)

    changed: dict[str, Any] = {
        "row": lambda: {"project": breaking(note.project, error)},
        "buckets": lambda: {"buckets": breaking(note.buckets, error)},
        "follows": lambda: {"follows": breaking(lambda *_: (), error)},
        "apply": lambda: {"apply": apply},
    }
    if place in changed:
        registry.records["note"] = registry.of_model[Note] = replace(note, **changed[place]())
    elif place == "handler":
        registry.types["note.edit"][1] = replace(edit, handle=handle)
    elif place == "validation":
        registry.types["note.edit"][1] = replace(edit, validate=validate)
    elif place == "before the feed":
        hooks.insert(0, on_commit)
    else:
        hooks.append(on_commit)
    try:
        yield
    finally:
        registry.records.update(kept[0])
        registry.of_model.update(kept[1])
        registry.types["note.edit"].update(kept[2])
        hooks[:] = kept_hooks


PLACES = ["validation", "handler", "apply", "row", "buckets", "follows", "before the feed", "after the feed"]


def statuses(results: list[Any]) -> list[str]:
    return [result["status"] for result in results]


@pytest.mark.parametrize("place", PLACES)
def test_what_breaks_a_slice_is_parked_and_what_stands_around_it_goes_on(
    place: str, app: Any, phone: Any, cast: Any, session: Any
) -> None:
    ana = phone(cast.ana)
    ops = [ana.note() for _ in range(3)]
    ids = [op["record"]["id"] for op in ops]
    ops += [ana.edit(ids[0], {"title": "B"}, {"title": "A"}), ana.edit(ids[1], {"title": POISON}, {"title": "A"})]
    ops += [ana.edit(ids[1], {"body": "丁。"}, {"body": "甲。乙。丙。"}), ana.op("note.tally", ids[2], {})]
    with broken_in(app, place):
        expected = ["applied"] * 4 + ["parked", "blocked", "applied"]
        assert statuses(ana.results(*ops)) == expected
        assert statuses(ana.results(*ops)) == expected, "a repeat says the same"
        ana.pull()
        assert [ana.row("note", note_id)["title"] for note_id in ids] == ["B", "A", "A"]
        assert ana.row("note", ids[2])["count"] == 1, "once"
        assert ana.row("stuck_operation", ops[4]["op_id"])["problem"]["type"] == "/problems/parked"
    assert services.replay_stuck(clock.now()) == 1
    ana.pull()
    assert (ana.row("note", ids[1])["title"], ana.row("note", ids[1])["body"]) == (POISON, "丁。")
    assert list(verify(session)) == []


def test_an_insert_that_cannot_be_published_holds_what_hangs_on_it_and_mending_frees_it_in_the_same_request(
    app: Any, phone: Any, cast: Any
) -> None:
    ana = phone(cast.ana)
    with broken_in(app, "buckets"):
        bad, good = ana.note(title=POISON), ana.note()
        tag = ana.op("tag.add", good["op_id"], {"note_id": bad["record"]["id"], "name": "x"})
        assert statuses(ana.results(bad, good, tag)) == ["parked", "applied", "blocked"]
        again = ana.op("note.add", bad["record"]["id"], {"title": "whole"}, mends=bad["op_id"])
        other = ana.note(title=POISON)
        assert statuses(ana.results(again, other)) == ["applied", "parked"]
    ana.pull()
    assert ana.row("tag", good["op_id"])["name"] == "x"
    assert statuses(ana.results(bad, good, tag))[2] == "applied"


def test_a_problem_of_a_slice_at_the_end_is_a_refusal_and_no_bug(app: Any, phone: Any, cast: Any) -> None:
    ana = phone(cast.ana)
    with broken_in(app, "before the feed", NotAllowedNow()):
        results = ana.results(ana.note(), ana.note(title=POISON), ana.note())
    assert statuses(results) == ["applied", "rejected", "applied"]
    assert results[1]["problem"]["type"] == "/problems/not-allowed-now"


def test_the_chain_and_the_signature_of_a_request_taken_one_by_one_are_kept(
    app: Any, phone: Any, cast: Any, session: Any
) -> None:
    ana = phone(cast.ana)
    with broken_in(app, "buckets"):
        answer = ana.push(ana.note(), ana.note(title=POISON), ana.note(), signature="nobody's", key_id="0" * 64)
    assert (answer.status_code, answer.json["acked_seq"]) == (200, 3)
    assert session.scalars(sa.select(SyncSignature.seq)).all() == [3]
    assert session.scalars(sa.select(SyncOperation.seq).order_by(SyncOperation.n)).all() == [1, 2, 3]
    assert list(verify(session)) == []


def test_a_parked_one_that_still_breaks_keeps_no_other_from_being_run_again(
    app: Any, phone: Any, cast: Any, session: Any
) -> None:
    ana = phone(cast.ana)
    ops = [ana.note(), ana.note()]
    first, second = (op["record"]["id"] for op in ops)
    ops += [ana.edit(first, {"title": POISON}, {"title": "A"}), ana.op("note.shut", second, {})]
    with broken_in(app, "buckets"):
        assert statuses(ana.results(*ops))[2:] == ["parked", "unsupported_version"]
        registry_of(app).types["note.shut"] = {1: replace(registry_of(app).types["note.close"][1], type="note.shut")}
        ran = [turn(app) for _ in range(2)]
    assert ran == ["broken", "done"]
    ana.pull()
    assert (ana.row("note", first)["title"], ana.row("note", second)["closed"]) == ("A", True)


def turn(app: Any) -> str:
    """One turn of the worker."""
    from backend.core.db import write_transaction

    try:
        with write_transaction() as session:
            return "more" if services.replay_next(session, clock.now()) else "done"
    except ZeroDivisionError:
        return "broken"
