"""The laws of the merge (S2) by Hypothesis; the same by fast-check in tests/sync/client/merge-laws.test.ts.

An edit is idempotent; edits of different fields commute; nobody's value is lost: written, joined or collided.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from sync.server.canonical import same
from sync.server.merge import Merged, merge_fields
from sync.server.registry import FieldRule
from sync.server.text import merge_texts, segments_of

FIELDS = {"a": FieldRule(), "b": FieldRule(), "long": FieldRule(merge="text")}
texts = st.lists(st.sampled_from(["甲。", "乙。", "丙！", "a. ", "b\n", "c"]), max_size=6).map("".join)
values = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), texts)
rows = st.fixed_dictionaries({"a": values, "b": values, "long": st.one_of(st.none(), texts)})
laws = settings(
    max_examples=int(os.environ.get("RUNS") or 500), deadline=None, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
SEED = int(os.environ.get("SEED") or 20_261_122)


def merged(current: dict[str, Any], base: dict[str, Any], new: dict[str, Any]) -> tuple[Merged, dict[str, Any]]:
    out = merge_fields(FIELDS, current, base, new, False)
    return out, {**current, **out.changes}


def alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(same(one[name], other[name]) for name in FIELDS)


@seed(SEED)
@laws
@given(rows, rows, rows)
def test_every_field_is_left_written_joined_or_in_conflict(current: Any, base: Any, new: Any) -> None:
    out, after = merged(current, base, new)
    collided = {collision.field for collision in out.collisions}
    for name in FIELDS:
        if name in collided:
            assert same(after[name], current[name]) and not same(current[name], base[name])
        elif name in out.joined:
            assert isinstance(after[name], str)
        elif same(new[name], current[name]):
            assert same(after[name], current[name])
        else:
            assert same(after[name], new[name]) and same(current[name], base[name]), "written only over what was seen"
    assert (out.status == "conflict") == bool(collided)


@seed(SEED)
@laws
@given(rows, rows, rows)
def test_the_same_edit_again_changes_nothing_that_it_wrote(current: Any, base: Any, new: Any) -> None:
    out, once = merged(current, base, new)
    again, twice = merged(once, base, new)
    for name in FIELDS:
        assert name in out.joined or same(once[name], twice[name])
    assert {c.field for c in again.collisions} >= {c.field for c in out.collisions}


@seed(SEED)
@laws
@given(rows, rows, values, values)
def test_edits_of_different_fields_commute(current: Any, base: Any, mine: Any, theirs: Any) -> None:
    def edit(row: Any, name: str, value: Any) -> Any:
        return {**row, **merge_fields(FIELDS, row, {name: base[name]}, {name: value}, False).changes}

    assert alike(edit(edit(current, "a", mine), "b", theirs), edit(edit(current, "b", theirs), "a", mine))


@seed(SEED)
@laws
@given(texts, texts, texts)
def test_joining_texts_does_not_depend_on_who_came_first(base: str, mine: str, theirs: str) -> None:
    joined = merge_texts(base, mine, theirs)
    assert joined == merge_texts(base, theirs, mine)
    assert merge_texts(base, mine, base) == mine and merge_texts(base, base, theirs) == theirs
    if joined is not None:
        assert set(segments_of(joined)) <= set(segments_of(mine)) | set(segments_of(theirs)) | set(segments_of(base))


@seed(SEED)
@laws
@given(texts)
def test_the_segments_joined_are_the_text(text: str) -> None:
    assert "".join(segments_of(text)) == text
