"""Every vector of sync/vectors, played on the server half with the toy's dictionaries as its ports."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.server import Refused, RequestRefused
from sync.server.canonical import canonical, content_hash, first_link, hash_of, next_link
from sync.server.clocks import corrected_time, instant_text, parse_instant
from sync.server.merge import merge_fields, require_base, require_writer
from sync.server.pull import PullRequest, digest_of, is_news, pull
from sync.server.push import push
from sync.server.reading import read_push
from sync.server.text import merge_texts, segments_of
from tests.sync.exchanges import Exchange
from tests.sync.server.toy import Toy, rules, vectors

KEY = b"only for tests"
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def cases(name: str, part: str = "cases") -> Any:
    return pytest.mark.parametrize("case", [pytest.param(c, id=c["name"][:60]) for c in vectors(name)[part]])


@cases("canonical")
def test_canonical_json(case: Any) -> None:
    assert canonical(case["value"]) == case["canonical"]
    assert hash_of(case["value"]) == case["hash"]


@cases("content-hash")
def test_content_hash(case: Any) -> None:
    assert content_hash(case["operation"]) == case["hash"]


@cases("chain")
def test_chain(case: Any) -> None:
    link = first_link(case["device_id"])
    assert link == case["link_0"]
    links = []
    for operation in case["operations"]:
        link = next_link(link, content_hash(operation), operation["seq"])
        links.append(link)
    assert links == case["links"]


@cases("text", "segments")
def test_segments(case: Any) -> None:
    assert segments_of(case["text"]) == case["segments"]


@cases("text")
def test_text_merge_either_way_round(case: Any) -> None:
    assert merge_texts(case["base"], case["mine"], case["theirs"]) == case["merged"]
    assert merge_texts(case["base"], case["theirs"], case["mine"]) == case["merged"]


@cases("merge")
def test_merge(case: Any) -> None:
    fields, expect = rules(vectors("merge")["writers"]), case["expect"]
    if "problem" in expect:
        with pytest.raises(Refused) as refused:
            require_base(case["args"], case["base"])
            require_writer(fields, case["args"], case["side"], inserting=False)
        assert (refused.value.slug, refused.value.field.split(".")[1]) == (expect["problem"], expect["field"])
        return
    merged = merge_fields(fields, case["current"], case["base"], case["args"], case["others_wrote"])
    got = {
        "changes": merged.changes,
        "collided": sorted(collision.field for collision in merged.collisions),
        "joined": sorted(merged.joined),
        "status": merged.status,
    }
    assert canonical(got) == canonical(expect)


@cases("clock")
def test_corrected_time(case: Any) -> None:
    got = corrected_time(case["occurred_at"], case["clock"], parse_instant(case["received_at"]))
    assert {"corrected_at": instant_text(got.at), "quality": got.quality, "clock_off": got.clock_off} == case[
        "expect"
    ]


@cases("digest")
def test_digest(case: Any) -> None:
    assert digest_of([tuple(row) for row in case["rows"]]) == case["digest"]


@cases("protocol")
def test_exchanges(case: Any) -> None:
    toy, exchange = Toy(), Exchange()
    for place, step in enumerate(case["steps"]):
        status, body = ask(toy, step["by"], exchange.filled(step["request"]))
        assert status == step["response"]["status"], (place, body)
        assert exchange.differences(step["response"]["body"], body) == [], (place, body)


def ask(toy: Toy, by: str, request: dict[str, Any]) -> tuple[int, Any]:
    """A request of the vectors, answered without HTTP."""
    actor = toy.people[by]
    try:
        if request["path"] == "/push":
            envelope = read_push(json.dumps(request["body"]).encode())
            return 200, json.loads(push(envelope, actor, NOW, toy.registry, toy, toy).text(NOW))
        query = request["query"]
        asked = PullRequest(
            query["device_id"],
            query.get("schema", 1),
            query.get("cursor"),
            query.get("limit", 500),
            False,
            toy.buckets_of(actor),
        )
        if request["path"] == "/bell":
            return _bell(toy, actor, query)
        answer = pull(asked, toy.feed(), KEY, NOW)
        return (204, None) if answer.text is None else (200, json.loads(answer.text))
    except RequestRefused as problem:
        return problem.status, problem.as_json()


def _bell(toy: Toy, actor: Any, query: dict[str, Any]) -> tuple[int, Any]:
    device = toy.state.devices.get(query["device_id"])
    if device is not None and device.user_id != actor.id:
        raise RequestRefused(403, "device-of-another-user", "device_id")
    head, buckets = toy.feed().head(), toy.buckets_of(actor)
    newest = max((seq for (bucket, *_), (seq, _) in toy.state.feed.items() if bucket in buckets), default=0)
    if is_news(head, query["epoch"], query["after"], newest):
        return 200, {"epoch": head.epoch, "feed_head": head.seq}
    return 204, None


def test_every_vector_names_a_must_of_the_protocol() -> None:
    from tests.sync.server.toy import VECTORS

    musts = {
        line[4:8]
        for line in (VECTORS.parent / "PROTOCOL.md").read_text(encoding="utf-8").split("\n")
        if line.startswith("- **M-")
    }
    for path in VECTORS.glob("*.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        for case in document["cases"]:
            assert case["must"] and set(case["must"]) <= musts, (path.name, case["name"])
