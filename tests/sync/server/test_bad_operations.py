"""The corpus of bad operations: each is a result or a problem that names the field, and what stands behind goes on."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.server import RequestRefused
from sync.server.push import push
from sync.server.reading import MAX_BODY, inflate, read_push
from tests.sync.server.toy import Toy

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DEVICE = "0198c0de-0000-7000-8000-0000000000d1"
FIRST = {
    "op_id": "0198c0de-0000-7000-8000-000000000001",
    "seq": 1,
    "type": "note.add",
    "v": 1,
    "record": {"kind": "note", "id": "0198c0de-0000-7000-8000-0000000000a1"},
    "args": {"title": "A", "count": 0},
    "occurred_at": "2026-11-22T03:04:05.678Z",
}
SECOND = FIRST | {
    "op_id": "0198c0de-0000-7000-8000-000000000002",
    "seq": 2,
    "record": {"kind": "note", "id": "0198c0de-0000-7000-8000-0000000000a2"},
}


def results_of(first: str, toy: Toy | None = None) -> list[dict[str, Any]]:
    """Results of a request of which `first` is the JSON text of the first operation; a sound one stands behind it."""
    toy = toy or Toy()
    body = f'{{"device_id":"{DEVICE}","ops":[{first},{json.dumps(SECOND)}]}}'.encode("utf-8", "surrogateescape")
    answer = push(read_push(body), toy.people["pia"], NOW, toy.registry, toy, toy)
    return json.loads(answer.text(NOW))["results"]


def with_(**members: Any) -> str:
    return json.dumps(FIRST | members)


def args(text: str) -> str:
    """The first operation with this JSON text as its args."""
    return json.dumps(FIRST | {"args": "@"}).replace('"@"', text)


def without(name: str) -> str:
    return json.dumps({key: value for key, value in FIRST.items() if key != name})


REFUSED = [
    ("op_id missing", without("op_id"), "op_id"),
    ("op_id empty", with_(op_id=""), "op_id"),
    ("op_id of 10 kB", with_(op_id="a" * 10_000), "op_id"),
    ("op_id not a UUID", with_(op_id="118"), "op_id"),
    ("op_id in upper case", with_(op_id=FIRST["op_id"].upper()), "op_id"),
    ("op_id a number", with_(op_id=118), "op_id"),
    ("op_id with a newline behind", with_(op_id=FIRST["op_id"] + "\n"), "op_id"),
    ("type missing", without("type"), "type"),
    ("type an object", with_(type={"$ne": None}), "type"),
    ("v a text", with_(v="1"), "v"),
    ("v true", with_(v=True), "v"),
    ("v nought", with_(v=0), "v"),
    ("record a text", with_(record="note"), "record"),
    ("record with more", with_(record={**FIRST["record"], "rev": 3}), "record"),
    ("record id not a UUID", with_(record={"kind": "note", "id": "1"}), "record.id"),
    ("record kind a list", with_(record={"kind": [], "id": FIRST["record"]["id"]}), "record.kind"),
    ("record of another kind", with_(record={**FIRST["record"], "kind": "tag"}), "record.kind"),
    ("args a list", args("[]"), "args"),
    ("args null", args("null"), "args"),
    ("unknown field in args", args('{"title":"A","colour":"red"}'), "args.colour"),
    ("server-owned field", args('{"number":"N-1"}'), "args.number"),
    ("another's field", args('{"due":"2026-11-22"}'), "args.due"),
    ("unknown member", with_(colour="red"), "colour"),
    ("__proto__", args('{"__proto__":{"admin":true}}'), "args.__proto__"),
    ("__proto__ deep inside", args('{"tags":[{"__proto__":1}]}'), "args.tags[0].__proto__"),
    ("constructor as member", with_(constructor=1), "constructor"),
    ("the same member twice", args('{"title":"A","title":"B"}'), "args.title"),
    ("the same member twice in the operation", json.dumps(FIRST)[:-1] + ',"v":1}', "v"),
    ("nested too deeply", args('{"tags":' + "[" * 40 + "]" * 40 + "}"), "args.tags" + "[0]" * 14),
    ("NaN", args('{"count":NaN}'), "args.count"),
    ("minus infinity", args('{"count":-Infinity}'), "args.count"),
    ("1e400", args('{"count":1e400}'), "args.count"),
    ("a fraction", args('{"count":1.5}'), "args.count"),
    ("-0.0", args('{"count":-0.0}'), "args.count"),
    ("2^53+1", args('{"count":9007199254740993}'), "args.count"),
    ("an integer of 4,000 digits", args('{"count":' + "9" * 4_000 + "}"), "args.count"),
    ("lone surrogate", args('{"title":"\\ud800"}'), "args.title"),
    ("lone low surrogate", args('{"title":"a\\udc00b"}'), "args.title"),
    ("lone surrogate in a name", args('{"\\ud800":1}'), "args.\\ud800"),
    ("NUL", args('{"title":"a\\u0000b"}'), "args.title"),
    ("invalid UTF-8", args('{"title":"\udcff\udcfe"}'), "args.title"),
    ("a text of 20,001 characters", args(json.dumps({"title": "字" * 20_001})), "args.title"),
    ("base a list", with_(base=[]), "base"),
    ("base_rev a text", with_(base_rev="7"), "base_rev"),
    ("occurred_at a number", with_(occurred_at=1_764_000_000), "occurred_at"),
    ("occurred_at of 10 kB", with_(occurred_at="2" * 10_000), "occurred_at"),
    ("mono_ms true", with_(mono_ms=True), "mono_ms"),
    ("clock with a text", with_(clock={"offset_ms": "0", "rtt_ms": 1, "age_s": 1}), "clock.offset_ms"),
    ("clock with a negative age", with_(clock={"offset_ms": 0, "rtt_ms": 1, "age_s": -1}), "clock.age_s"),
    ("clock with too little", with_(clock={"offset_ms": 0}), "clock"),
    ("files not hashes", with_(files=["photo.jpg"]), "files"),
    ("files too many", with_(files=["sha256:" + "a" * 64] * 51), "files"),
    ("mends not an id", with_(mends="the last one"), "mends"),
    ("mends what is not stuck", with_(mends=SECOND["op_id"]), "mends"),
    ("a void with more", '{"seq":1,"void":"lost","op_id":null}', "void"),
    ("a void without a reason", '{"seq":1,"void":7}', "void"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "field"), [pytest.param(text, field, id=name) for name, text, field in REFUSED])
def test_a_bad_operation_is_refused_by_name_and_the_next_is_applied(first: str, field: str) -> None:
    toy = Toy()
    bad, good = results_of(first, toy)
    assert (bad["status"], bad["problem"]["field"]) == ("rejected", field), bad
    assert good["status"] == "applied"
    assert [record.row for key, record in toy.state.records.items() if key[0] == "note"] == [
        {"title": "A", "body": "甲。乙。丙。", "due": None, "count": 0, "number": None, "tags": [], "closed": False}
    ]
    assert toy.state.ledger[DEVICE, 1].payload, "what came is kept"
    assert results_of(first, toy)[0] == {**bad, "replayed": True}


ACCEPTED = [
    ("-0 is 0", args('{"count":-0}')),
    ("the largest integer", args('{"count":9007199254740991}')),
    ("right-to-left override", args('{"title":"abc\\u202edef"}')),
    ("5,000 combining marks", args(json.dumps({"title": "e" + "\u0301" * 5_000}))),
    ("rare Han and emoji", args('{"title":"𠮷野家 🔧"}')),
    ("a BOM inside a text", args('{"title":"\ufeffA"}')),
    ("20,000 characters", args(json.dumps({"body": "字" * 20_000}))),
    ("year 0", with_(occurred_at="0000-01-01T00:00:00.000Z")),
    ("year 9999", with_(occurred_at="9999-12-31T23:59:59.999Z")),
    ("no zone", with_(occurred_at="2026-11-22T03:04:05")),
    ("25:61", with_(occurred_at="2026-11-22T25:61:00.000Z")),
    ("not a time at all", with_(occurred_at="yesterday")),
    ("a base_rev from the future", with_(base_rev=9_000)),
    ("a clock ten years off", with_(clock={"offset_ms": 315_576_000_000, "rtt_ms": 90, "age_s": 5})),
    ("a clock of 2^53-1", with_(clock={"offset_ms": 2**53 - 1, "rtt_ms": 2**53 - 1, "age_s": 2**53 - 1})),
    ("optional members null", with_(base=None, base_rev=None, mono_ms=None, clock=None, files=None, mends=None)),
]


@pytest.mark.parametrize("first", [pytest.param(text, id=name) for name, text in ACCEPTED])
def test_odd_but_legal_operations_are_applied(first: str) -> None:
    assert [result["status"] for result in results_of(first)] == ["applied", "applied"]


def test_one_operation_of_more_than_64_kib_is_refused_alone() -> None:
    bad, good = results_of(args(json.dumps({"title": "字" * 20_000, "tags": ["字" * 19_000]})))
    assert (bad["status"], bad["problem"]["type"]) == ("rejected", "/problems/operation-too-large")
    assert good["status"] == "applied"


@pytest.mark.parametrize("position", range(0, 100, 9))
def test_one_bad_operation_among_a_hundred_leaves_the_others_applied(position: int) -> None:
    toy = Toy()
    ops = []
    for place in range(100):
        op_id, record_id = f"0198c0de-0000-7000-8000-{place:012d}", f"0198c0de-0000-7000-9999-{place:012d}"
        ops.append(FIRST | {"op_id": op_id, "seq": place + 1, "record": {"kind": "note", "id": record_id}})
    for bad in ({"args": {"number": "1"}}, {"type": "note.close"}, {"args": {"count": 1.5}}):
        ops[position] = ops[position] | bad
        toy = Toy()
        body = json.dumps({"device_id": DEVICE, "ops": ops}).encode()
        answer = push(read_push(body), toy.people["pia"], NOW, toy.registry, toy, toy)
        statuses = [json.loads(result)["status"] for result in answer.results]
        assert statuses.count("applied") == 99 and statuses[position] == "rejected"
        assert answer.acked_seq == 100


# -- requests that cannot be read as a whole -----------------------------------------------------------------------

UNREADABLE = [
    ("empty", b"", 400, "body"),
    ("not JSON", b"seq=1", 400, "body"),
    ("HTML", b"<html>502</html>", 400, "body"),
    ("half", b'{"device_id":', 400, "body"),
    ("a list", b"[]", 400, "body"),
    ("a BOM in front", b"\xef\xbb\xbf{}", 400, "body"),
    ("nested 10,000 deep", b'{"ops":' + b"[" * 10_000 + b"]" * 10_000 + b"}", 400, "body"),
    ("no device", b'{"ops":[]}', 400, "device_id"),
    ("device not a UUID", b'{"device_id":"phone","ops":[]}', 400, "device_id"),
    ("device twice", f'{{"device_id":"{DEVICE}","device_id":"{DEVICE}","ops":[]}}'.encode(), 400, "device_id"),
    ("no ops", f'{{"device_id":"{DEVICE}"}}'.encode(), 400, "ops"),
    ("ops an object", f'{{"device_id":"{DEVICE}","ops":{{}}}}'.encode(), 400, "ops"),
    ("schema true", f'{{"device_id":"{DEVICE}","schema":true,"ops":[]}}'.encode(), 400, "schema"),
    ("app of 65", json.dumps({"device_id": DEVICE, "app": "a" * 65, "ops": []}).encode(), 400, "app"),
    ("an operation that is a number", json.dumps({"device_id": DEVICE, "ops": [7]}).encode(), 400, "ops[0].seq"),
    ("seq a text", json.dumps({"device_id": DEVICE, "ops": [{"seq": "1"}]}).encode(), 400, "ops[0].seq"),
    ("seq true", json.dumps({"device_id": DEVICE, "ops": [{"seq": True}]}).encode(), 400, "ops[0].seq"),
    ("seq 0", json.dumps({"device_id": DEVICE, "ops": [{"seq": 0}]}).encode(), 400, "ops[0].seq"),
    ("seq 2^63", json.dumps({"device_id": DEVICE, "ops": [{"seq": 2**63}]}).encode(), 400, "ops[0].seq"),
    ("seq twice", json.dumps({"device_id": DEVICE, "ops": [FIRST, FIRST]}).encode(), 400, "ops[1].seq"),
    ("seq falling", json.dumps({"device_id": DEVICE, "ops": [SECOND, FIRST]}).encode(), 400, "ops[1].seq"),
    (
        "201 operations",
        json.dumps({"device_id": DEVICE, "ops": [{"seq": n} for n in range(1, 202)]}).encode(),
        413,
        "ops",
    ),
]


@pytest.mark.parametrize(
    ("body", "status", "field"), [pytest.param(b, s, f, id=name) for name, b, s, f in UNREADABLE]
)
def test_a_request_that_cannot_be_read_is_a_problem_that_names_the_field(
    body: bytes, status: int, field: str
) -> None:
    with pytest.raises(RequestRefused) as refused:
        read_push(body)
    assert (refused.value.status, refused.value.field) == (status, field)
    assert refused.value.text["zh"] and refused.value.text["en"]


def test_a_body_is_measured_before_it_is_parsed() -> None:
    with pytest.raises(RequestRefused) as refused:
        inflate(b"[" * (MAX_BODY + 1), None)
    assert refused.value.status == 413


def test_a_gzip_bomb_costs_no_more_than_the_limit() -> None:
    bomb = gzip.compress(b" " * 200_000_000, compresslevel=9)
    assert len(bomb) < MAX_BODY
    tracemalloc.start()
    with pytest.raises(RequestRefused) as refused:
        inflate(bomb, "gzip")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.value.status == 413
    assert peak < 4 * MAX_BODY


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        pytest.param(b"{}", "gzip", 400, id="not gzip at all"),
        pytest.param(gzip.compress(b"{}")[:-4], "gzip", 400, id="cut off"),
        pytest.param(gzip.compress(b"{}") + b"more", "gzip", 400, id="more behind it"),
        pytest.param(b"{}", "br", 415, id="brotli"),
        pytest.param(b"{}", "deflate", 415, id="deflate"),
    ],
)
def test_a_wrong_or_damaged_encoding_is_refused(body: bytes, encoding: str, status: int) -> None:
    with pytest.raises(RequestRefused) as refused:
        inflate(body, encoding)
    assert refused.value.status == status


def test_gzip_is_read() -> None:
    assert inflate(gzip.compress(b"{}"), "gzip") == b"{}"
