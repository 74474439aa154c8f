"""What a push promises whatever happens: exactly once, everything kept, nothing blocks, any split gives the same."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.server import RequestRefused
from sync.server.push import push, replay
from sync.server.reading import read_push
from tests.sync.server.toy import Passing, Toy

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
T = "2026-11-22T03:04:05.678Z"


def device(n: int) -> str:
    return f"0198c0de-0000-7000-8000-0000000000d{n}"


def note(n: int) -> str:
    return f"0198c0de-0000-7000-8000-{n:012x}"


class Pen:
    """A phone that numbers what it does."""

    def __init__(self, toy: Toy, who: str = "pia", n: int = 1) -> None:
        self.toy, self.who, self.device_id, self.seq = toy, who, device(n), 0
        self.salt = n

    def op(self, type_: str, n: int, args: Any, **given: Any) -> dict[str, Any]:
        self.seq += 1
        op_id = f"0198c0de-0000-7000-800{self.salt}-{self.seq:012d}"
        kind = given.pop("kind", type_.split(".")[0])
        out = {"op_id": op_id, "seq": self.seq, "type": type_, "v": 1, "record": {"kind": kind, "id": note(n)}}
        return out | {"args": args, "occurred_at": T} | given

    def add(self, n: int, **args: Any) -> dict[str, Any]:
        return self.op("note.add", n, {"title": "A", **args})

    def edit(self, n: int, args: Any, base: Any, **given: Any) -> dict[str, Any]:
        return self.op("note.edit", n, args, base=base, **given)

    def send(self, *ops: Any, now: datetime = NOW, **envelope: Any) -> list[dict[str, Any]]:
        body = json.dumps({"device_id": self.device_id, "ops": ops} | envelope).encode()
        toy = self.toy
        answer = push(read_push(body), toy.people[self.who], now, toy.registry, toy, toy)
        return json.loads(answer.text(now))["results"]


def statuses(results: list[dict[str, Any]]) -> list[str]:
    return [result["status"] for result in results]


@pytest.fixture
def toy() -> Toy:
    return Toy()


@pytest.fixture
def pen(toy: Toy) -> Pen:
    return Pen(toy)


def test_a_repeat_is_the_stored_result_byte_for_byte(toy: Toy, pen: Pen) -> None:
    ops = [pen.add(1), pen.edit(1, {"due": "x"}, {"due": None}), {"seq": 3, "void": "lost"}]
    pen.seq = 3
    stored = {seq: row.result for (_, seq), row in (pen.send(*ops), toy.state.ledger)[1].items()}
    body = json.dumps({"device_id": pen.device_id, "ops": ops}).encode()
    answer = push(read_push(body), toy.people["pia"], NOW + timedelta(days=30), toy.registry, toy, toy)
    for seq, text in enumerate(answer.results, 1):
        assert text == stored[seq][:-1] + ',"replayed":true}'


def test_nothing_is_kept_or_acked_when_the_commit_fails(toy: Toy, pen: Pen) -> None:
    toy.fail_commit = OSError("disk full")
    op = pen.add(1)
    with pytest.raises(OSError, match="disk full"):
        pen.send(op)
    assert not toy.state.ledger and not toy.state.records and not toy.state.devices
    toy.fail_commit = None
    assert statuses(pen.send(op)) == ["applied"]


def test_a_passing_error_stops_there_and_keeps_what_came_before(toy: Toy, pen: Pen) -> None:
    calls = []

    def lock(unit: Any, op: Any, ctx: Any) -> None:
        calls.append(op.seq)
        raise Passing()

    ops = [pen.add(1), pen.op("note.close", 1, {}), pen.add(2)]
    handler = toy.registry.types["note.close"][1]
    toy.registry.types["note.close"][1] = type(handler)(**{**handler.__dict__, "handle": lock})
    results = pen.send(*ops)
    assert statuses(results) == ["applied", "retry"]
    assert toy.state.devices[pen.device_id].acked_seq == 1
    toy.registry.types["note.close"][1] = handler
    assert statuses(pen.send(*ops)) == ["applied", "applied", "applied"]


def test_a_crash_undoes_what_the_operation_wrote_and_is_run_again_after_the_mending(toy: Toy, pen: Pen) -> None:
    ops = [pen.add(1), pen.op("note.break", 1, {}), pen.edit(1, {"title": "B"}, {"title": "A"}), pen.add(2)]
    assert statuses(pen.send(*ops)) == ["applied", "parked", "blocked", "applied"]
    assert toy.state.records["note", note(1)].row["title"] == "A"
    assert toy.crashes == [ops[1]["op_id"]]
    broken = toy.registry.types["note.break"][1]
    fixed = type(broken)(**{**broken.__dict__, "handle": toy.registry.types["note.close"][1].handle})
    toy.registry.types["note.break"][1] = fixed
    tried = replay(("parked",), NOW, toy.registry, toy, toy, lambda unit: unit.open_stuck(pen.device_id))
    assert tried == 1
    row = toy.state.records["note", note(1)].row
    assert (row["closed"], row["title"]) == (True, "B")
    assert statuses(pen.send(*ops)) == ["applied"] * 4


def test_an_unknown_type_is_run_once_the_server_knows_it(toy: Toy, pen: Pen) -> None:
    ops = [pen.add(1), pen.op("note.shut", 1, {})]
    assert statuses(pen.send(*ops)) == ["applied", "unsupported_version"]
    known = toy.registry.types["note.close"][1]
    toy.registry.add_type(type(known)(**{**known.__dict__, "type": "note.shut"}))
    replay(("unsupported_version",), NOW, toy.registry, toy, toy, lambda unit: unit.open_stuck(pen.device_id))
    assert toy.state.records["note", note(1)].row["closed"] is True
    assert statuses(pen.send(*ops)) == ["applied", "applied"]


def test_what_waits_is_run_in_order_when_the_root_is_mended_by_somebody_who_may(toy: Toy, pen: Pen) -> None:
    pen.send(pen.add(1))
    bad = pen.edit(1, {"due": "x"}, {"due": None})
    second, third = pen.edit(1, {"title": "B"}, {"title": "A"}), pen.edit(1, {"title": "C"}, {"title": "B"})
    assert statuses(pen.send(bad, second, third)) == ["rejected", "blocked", "blocked"]
    desk = Pen(toy, "dora", 2)
    assert statuses(desk.send(desk.edit(1, {"due": "x"}, {"due": None}, mends=bad["op_id"]))) == ["applied"]
    assert (
        toy.state.records["note", note(1)].row | {"due": "x", "title": "C"} == toy.state.records["note", note(1)].row
    )
    assert statuses(pen.send(bad, second, third)) == ["rejected", "applied", "applied"]
    assert [stuck.state for stuck in toy.state.stuck.values()] == ["mended", "mended", "mended"]


def test_one_of_the_waiting_that_fails_holds_up_what_stands_behind_it(toy: Toy, pen: Pen) -> None:
    pen.send(pen.add(1))
    bad = pen.edit(1, {"due": "x"}, {"due": None})
    worse, last = pen.edit(1, {"number": "1"}, {"number": None}), pen.edit(1, {"title": "C"}, {"title": "A"})
    pen.send(bad, worse, last)
    assert statuses(pen.send(pen.edit(1, {"count": 2}, {"count": 0}, mends=bad["op_id"]))) == ["applied"]
    assert [(s.status, s.root == s.stuck_id) for s in toy.state.stuck.values()] == [
        ("rejected", True),
        ("rejected", True),
        ("blocked", False),
    ]
    assert toy.state.stuck[last["op_id"]].root == worse["op_id"]


def test_a_mending_that_was_parked_mends_when_it_is_run_again(toy: Toy, pen: Pen) -> None:
    pen.send(pen.add(1))
    bad, waiting = pen.edit(1, {"due": "x"}, {"due": None}), pen.edit(1, {"title": "B"}, {"title": "A"})
    mending = pen.op("note.break", 1, {}, mends=bad["op_id"])
    assert statuses(pen.send(bad, waiting, mending)) == ["rejected", "blocked", "parked"]
    broken = toy.registry.types["note.break"][1]
    fixed = type(broken)(**{**broken.__dict__, "handle": toy.registry.types["note.close"][1].handle})
    toy.registry.types["note.break"][1] = fixed
    replay(("parked",), NOW, toy.registry, toy, toy, lambda unit: unit.open_stuck(pen.device_id))
    assert {stuck.state for stuck in toy.state.stuck.values()} == {"mended"}
    assert toy.state.records["note", note(1)].row["title"] == "B"


def test_nobody_mends_for_another_without_leave(toy: Toy, pen: Pen) -> None:
    desk = Pen(toy, "dora", 2)
    desk.send(desk.add(1))
    bad = desk.edit(1, {"count": 2}, {"count": 0})
    assert statuses(desk.send(bad)) == ["rejected"]
    result = pen.send(pen.edit(1, {"title": "B"}, {"title": "A"}, mends=bad["op_id"]))[0]
    assert (result["status"], result["problem"]["type"]) == ("rejected", "/problems/not-yours-to-mend")


def test_the_stuck_of_one_phone_does_not_hold_up_another(toy: Toy, pen: Pen) -> None:
    pen.send(pen.add(1), pen.edit(1, {"due": "x"}, {"due": None}))
    other = Pen(toy, "pia", 2)
    assert statuses(other.send(other.edit(1, {"title": "B"}, {"title": "A"}))) == ["applied"]


def test_another_users_operation_id_gives_nothing_away(toy: Toy, pen: Pen) -> None:
    op = pen.add(1)
    pen.send(op)
    desk = Pen(toy, "dora", 2)
    result = desk.send({**op, "seq": 1})[0]
    assert (result["status"], result["problem"]["type"]) == ("rejected", "/problems/operation-id-reused")
    assert toy.state.events == [("operation-id-reused", desk.device_id)]


def test_a_chain_that_does_not_follow_is_noted_and_the_work_is_taken(toy: Toy, pen: Pen) -> None:
    assert statuses(pen.send(pen.add(1), prev_hash="0" * 64)) == ["applied"]
    assert toy.state.events == [("chain-broken", pen.device_id)]
    link = toy.state.devices[pen.device_id].link
    assert statuses(pen.send(pen.add(2), prev_hash=link)) == ["applied"]
    assert len(toy.state.events) == 1


def test_device_time_neither_orders_nor_refuses(toy: Toy, pen: Pen) -> None:
    later = pen.add(1) | {"occurred_at": "2036-01-01T00:00:00.000Z"}
    earlier = pen.edit(1, {"title": "B"}, {"title": "A"}) | {"occurred_at": "2016-01-01T00:00:00.000Z"}
    assert statuses(pen.send(later, earlier)) == ["applied", "applied"]
    assert toy.state.records["note", note(1)].row["title"] == "B"


def random_work(seed: int) -> list[tuple[str, dict[str, Any]]]:
    """Work of two phones on three notes, good and bad; who and operation, in order."""
    chance = random.Random(seed)
    toy = Toy()
    pens = {"pia": Pen(toy, "pia", 1), "dora": Pen(toy, "dora", 2)}
    out: list[tuple[str, dict[str, Any]]] = [("pia", pens["pia"].add(n)) for n in range(3)]
    for _ in range(30):
        who = chance.choice(["pia", "dora"])
        pen, n = pens[who], chance.randrange(3)
        name = chance.choice(["title", "body", "due", "count", "number"])
        value = chance.choice(["A", "B", "甲。乙。", 1, None])
        kind = chance.random()
        if kind < 0.7:
            out.append((who, pen.edit(n, {name: value}, {name: chance.choice(["A", "甲。", None, 0])}, base_rev=1)))
        elif kind < 0.8:
            out.append((who, pen.op("note.close", n, {})))
        elif kind < 0.9:
            out.append((who, pen.op("note.break", n, {})))
        else:
            out.append((who, pen.add(10 + len(out))))
    return out


def dump(toy: Toy) -> str:
    """Records and ledger without the ids that the server makes."""
    records = sorted(
        (kind, record_id if kind == "note" else "", record.rev, json.dumps(record.row, sort_keys=True))
        for (kind, record_id), record in toy.state.records.items()
        if kind in ("note", "stuck_operation")
    )
    ledger = sorted((key, row.status, row.link) for key, row in toy.state.ledger.items())
    return json.dumps([records, ledger])


def played(work: list[tuple[str, dict[str, Any]]], sizes: random.Random | None, twice: bool = False) -> str:
    toy = Toy()
    pens = {"pia": Pen(toy, "pia", 1), "dora": Pen(toy, "dora", 2)}
    at = 0
    while at < len(work):
        who, batch = work[at][0], []
        size = sizes.randint(1, 12) if sizes else 1
        while at < len(work) and work[at][0] == who and len(batch) < size:
            batch.append(work[at][1])
            at += 1
        first = pens[who].send(*batch)
        if twice:
            again = pens[who].send(*batch)
            assert again == [{**result, "replayed": True} for result in first]
    return dump(toy)


@pytest.mark.parametrize("seed", range(40))
def test_any_split_into_batches_and_any_repeat_gives_the_same(seed: int) -> None:
    work = random_work(seed)
    one_by_one = played(work, None)
    assert played(work, random.Random(seed + 1)) == one_by_one
    assert played(work, random.Random(seed + 2), twice=True) == one_by_one


@pytest.mark.parametrize("seed", range(10))
def test_what_was_sent_is_in_the_ledger_once_with_one_status(seed: int) -> None:
    work = random_work(seed)
    toy = Toy()
    pens = {"pia": Pen(toy, "pia", 1), "dora": Pen(toy, "dora", 2)}
    for who, op in work:
        pens[who].send(op)
    assert sorted(row.op_id for row in toy.state.ledger.values()) == sorted(op["op_id"] for _, op in work)
    undone = {row.op_id for row in toy.state.ledger.values() if row.status not in ("applied", "merged", "conflict")}
    assert undone == {stuck.op_id for stuck in toy.state.stuck.values() if stuck.state == "open"}


def test_a_request_from_a_copied_phone_applies_nothing(toy: Toy, pen: Pen) -> None:
    pen.send(pen.add(1))
    copy_ = Pen(toy, "pia", 1)
    copy_.salt = 7
    with pytest.raises(RequestRefused) as refused:
        copy_.send(copy_.add(2), copy_.add(3))
    assert (refused.value.status, refused.value.slug) == (409, "sequence-reused")
    assert len(toy.state.ledger) == 1
