"""What a pull promises: no gap, any page size, resets instead of silence."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.server import RequestRefused
from sync.server.cursor import Cursor, Place, open_cursor, seal_cursor
from sync.server.model import Record
from sync.server.pull import FeedHead, PullRequest, digest_of, inventory, pull
from tests.sync.server.toy import Toy, ToyFeed

KEY = b"only for tests"
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def filled(count: int, bucket: str = "shared") -> Toy:
    toy = Toy()
    for n in range(count):
        put(toy, bucket, f"n{n}")
    return toy


def put(toy: Toy, bucket: str, record_id: str, why: str | None = None) -> None:
    before = toy.state.records.get(("note", record_id))
    rev = before.rev + 1 if before else 1
    toy.state.records["note", record_id] = Record(rev, {"title": f"{record_id}.{rev}"})
    toy.state.head += 1
    toy.state.feed[bucket, "note", record_id] = (toy.state.head, why)


def ask(
    toy: Toy, cursor: str | None, limit: int = 500, buckets: Any = ("shared",), schema: int = 1, **given: Any
) -> Any:
    request = PullRequest("d", schema, cursor, limit, given.get("digest", False), list(buckets))
    answer = pull(request, given.get("feed") or toy.feed(), KEY, NOW)
    return None if answer.text is None else json.loads(answer.text)


def all_of(toy: Toy, limit: int, cursor: str | None = None, **given: Any) -> tuple[list[Any], str | None]:
    changes: list[Any] = []
    while True:
        page = ask(toy, cursor, limit, **given)
        if page is None:
            return changes, cursor
        changes += page["changes"]
        assert len(page["changes"]) <= limit
        cursor = page["cursor"]
        if not page["more"]:
            return changes, cursor


@pytest.mark.parametrize("limit", [1, 2, 499, 500, 501])
def test_page_size_is_irrelevant(limit: int) -> None:
    toy = filled(501)
    changes, cursor = all_of(toy, limit)
    assert [change["id"] for change in changes] == [f"n{n}" for n in range(501)]
    assert ask(toy, cursor, limit) is None


def test_a_record_that_changes_between_two_pages_comes_in_its_last_state() -> None:
    toy = filled(5)
    page = ask(toy, None, 2)
    put(toy, "shared", "n0")
    put(toy, "shared", "n3")
    changes, _ = all_of(toy, 2, page["cursor"])
    assert [(change["id"], change["rev"]) for change in changes] == [("n2", 1), ("n4", 1), ("n0", 2), ("n3", 2)]


def test_removals_from_before_the_first_pull_are_not_sent_and_later_ones_are() -> None:
    toy = filled(3)
    put(toy, "shared", "n1", why="scope")
    changes, cursor = all_of(toy, 500)
    assert [change["id"] for change in changes] == ["n0", "n2"]
    put(toy, "shared", "n2", why="deleted")
    assert [(c["op"], c["why"]) for c in all_of(toy, 500, cursor)[0]] == [("remove", "deleted")]


def test_a_bucket_that_comes_or_goes_is_said() -> None:
    toy = filled(2)
    put(toy, "mine", "m1")
    first = ask(toy, None, buckets=["shared"])
    second = ask(toy, first["cursor"], buckets=["shared", "mine"])
    assert second["buckets"] == {"added": ["mine"], "removed": []}
    assert [change["id"] for change in second["changes"]] == ["m1"]
    third = ask(toy, second["cursor"], buckets=["mine"])
    assert third["buckets"] == {"added": [], "removed": ["shared"]}
    assert ask(toy, third["cursor"], buckets=["mine"]) is None


def test_several_buckets_share_a_page() -> None:
    toy = filled(3)
    for n in range(3):
        put(toy, "mine", f"m{n}")
    for limit in (1, 2, 3, 4, 7):
        changes, _ = all_of(toy, limit, buckets=["shared", "mine"])
        assert [change["id"] for change in changes] == ["n0", "n1", "n2", "m0", "m1", "m2"]


@pytest.mark.parametrize(
    "text", ["-1", "0", "9223372036854775808", "a", "{}", "....", "é", "AAAA" * 2_000, "' OR 1=1--"]
)
def test_a_cursor_that_we_did_not_seal_is_refused(text: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        ask(filled(1), text)
    assert (refused.value.status, refused.value.slug) == (400, "cursor-invalid")


def test_every_flipped_character_of_a_cursor_is_noticed() -> None:
    sealed = seal_cursor(Cursor("epoch-1", 1, {"shared": Place(7, 3)}), KEY)
    assert open_cursor(sealed, KEY) == Cursor("epoch-1", 1, {"shared": Place(7, 3)})
    for place in range(len(sealed) - 1):
        other = "A" if sealed[place] != "A" else "B"
        with pytest.raises(RequestRefused):
            open_cursor(sealed[:place] + other + sealed[place + 1 :], KEY)


def reset_of(toy: Toy, cursor: str, **given: Any) -> str:
    with pytest.raises(RequestRefused) as refused:
        ask(toy, cursor, **given)
    assert refused.value.status == 410
    return refused.value.more["reset"]


def test_a_cursor_of_another_epoch_or_schema_is_a_reset() -> None:
    toy = filled(2)
    cursor = ask(toy, None)["cursor"]
    assert reset_of(toy, cursor, schema=2) == "schema"
    toy.state.epoch = "epoch-2"
    assert reset_of(toy, cursor) == "epoch"


def test_a_cursor_beyond_the_head_means_that_the_server_went_back() -> None:
    toy = filled(5)
    cursor = ask(toy, None)["cursor"]
    restored = filled(3)
    assert reset_of(restored, cursor) == "epoch"
    assert restored.state.epoch != "epoch-1", "from now on every cursor of before is a reset"


def test_a_cursor_older_than_what_is_kept_is_a_reset() -> None:
    toy = filled(2)
    cursor = ask(toy, None)["cursor"]
    put(toy, "shared", "n1", why="scope")
    put(toy, "shared", "n2")

    class Pruned(ToyFeed):
        def head(self) -> FeedHead:
            return FeedHead(self.toy.state.epoch, self.toy.state.head, 3)

    assert reset_of(toy, cursor, feed=Pruned(toy)) == "retention"
    assert ask(toy, None, feed=Pruned(toy))["changes"]


def test_a_row_goes_out_as_the_text_that_was_stored() -> None:
    toy = Toy()
    toy.state.records["note", "n"] = Record(1, {"b": "𠮷", "a": 1})
    toy.state.head, toy.state.feed["shared", "note", "n"] = 1, (1, None)
    request = PullRequest("d", 1, None, 500, False, ["shared"])
    assert '"row":{"a":1,"b":"𠮷"}' in (pull(request, toy.feed(), KEY, NOW).text or "")


def test_the_digest_comes_with_the_last_page_only() -> None:
    toy = filled(3)
    assert "digest" not in ask(toy, None, 2, digest=True)
    page = ask(toy, None, 3, digest=True)
    rows = [("note", f"n{n}", 1) for n in range(3)]
    assert page["digest"] == {"shared": digest_of(rows)}


def test_inventory_repairs_what_is_missing_old_and_too_much() -> None:
    toy = filled(4)
    put(toy, "shared", "n2")
    have = [["note", "n0", 1], ["note", "n2", 1], ["note", "gone", 9]]
    answer = json.loads(inventory("shared", have, toy.feed(), limit=500))
    wanted = [("put", "n1"), ("put", "n2"), ("put", "n3"), ("remove", "gone")]
    assert sorted((change["op"], change["id"]) for change in answer["changes"]) == wanted
    assert answer["more"] is False
    small = json.loads(inventory("shared", have, toy.feed(), limit=2))
    assert len(small["changes"]) == 2 and small["more"] is True
