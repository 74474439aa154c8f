"""Old phones and new servers, new phones and old servers: protocol n with n−1 and n−2, every pair (TESTS.md S8, invariant 17).

Three generations of one small application. Second: notes gain `colour`, and can be painted. Third: notes lose `count`, closing
a note takes a reason (version 2 of its operation, beside the old one), painting is gone again.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from sync.server.push import replay
from sync.server.registry import FieldRule, Kind, OperationType
from tests.sync.server.test_push import NOW, Pen, device, note
from tests.sync.server.toy import Toy

GENERATIONS = (1, 2, 3)
NINETY_DAYS_AGO = "2026-08-24T03:04:05.678Z"


def grow(toy: Toy, generation: int) -> Toy:
    """The server as it stands after so many releases."""
    toy.registry.schema = generation
    if generation >= 2:
        colour = FieldRule(frozenset({"pen", "desk"}))
        toy.registry.kinds["note"] = Kind("note", {**toy.registry.kinds["note"].fields, "colour": colour})
        toy.registry.add_type(OperationType("note.paint", "note", "act", paint))
    if generation >= 3:
        fields = {name: rule for name, rule in toy.registry.kinds["note"].fields.items() if name != "count"}
        toy.registry.kinds["note"] = Kind("note", fields)
        toy.registry.add_type(replace(toy.registry.types["note.close"][1], v=2, handle=close_with_reason))
        del toy.registry.types["note.paint"]
    return toy


def paint(unit: Any, op: Any, _ctx: Any) -> None:
    unit.write(op.key, {**unit.record(op.key).row, "colour": op.args["colour"]})


def close_with_reason(unit: Any, op: Any, _ctx: Any) -> None:
    unit.write(op.key, {**unit.record(op.key).row, "closed": True, "number": op.args["why"]})


class OldPhone(Pen):
    """A phone of a generation, with work of ninety days ago."""

    def __init__(self, toy: Toy, generation: int) -> None:
        super().__init__(toy, "pia", generation)
        self.generation = generation

    def work(self) -> list[dict[str, Any]]:
        """Everything that this generation can do, each on a note of its own."""
        ops = [self.add(n) for n in range(1, 6)]
        ops.append(self.edit(1, {"title": "B"}, {"title": "A"}))
        if self.generation < 3:
            ops += [self.edit(2, {"count": 7}, {"count": 0}), self.op("note.close", 3, {})]
        else:
            ops.append(self.op("note.close", 3, {"why": "done"}, v=2))
        if self.generation == 2:
            ops += [self.op("note.paint", 4, {"colour": "red"}), self.edit(5, {"colour": "blue"}, {"colour": None})]
        return [{**op, "occurred_at": NINETY_DAYS_AGO} for op in ops]


def fates(toy: Toy, phone: OldPhone, ops: list[dict[str, Any]]) -> dict[str, str]:
    """What became of each operation, by its type and field."""
    results = phone.send(*ops, schema=phone.generation)
    assert [result["op_id"] for result in results] == [op["op_id"] for op in ops]
    assert toy.state.devices[phone.device_id].acked_seq == len(ops), "nothing holds the rest up"
    names = [f"{op['type']} {next(iter(op['args']), '')}".strip() for op in ops]
    return dict(zip(names, (result["status"] for result in results), strict=True))


@pytest.mark.parametrize("server", GENERATIONS)
@pytest.mark.parametrize("phone", GENERATIONS)
def test_every_pair_takes_what_it_can_and_keeps_the_rest_whole(server: int, phone: int) -> None:
    toy = grow(Toy(), server)
    ana = OldPhone(toy, phone)
    ops = ana.work()
    said = fates(toy, ana, ops)
    newer_server = {"note.edit count": "rejected"} if server == 3 and phone < 3 else {}
    newer_server |= {"note.paint colour": "unsupported_version"} if server == 3 and phone == 2 else {}
    older_server: dict[str, str] = {}
    if server == 1 and phone == 2:
        older_server = {"note.paint colour": "unsupported_version", "note.edit colour": "unsupported_version"}
    if server < 3 and phone == 3:
        older_server = {"note.close why": "unsupported_version"}
    assert {name: status for name, status in said.items() if status != "applied"} == newer_server | older_server
    for op in ops:
        row = toy.state.ledger[ana.device_id, op["seq"]]
        assert json.loads(row.payload) == op, "kept as it was sent"
        if row.status != "applied":
            stuck = toy.state.records["stuck_operation", op["op_id"]].row
            assert stuck["payload"] == op and stuck["state"] == "open", "readable for its author and the office"


def test_what_an_older_server_did_not_know_runs_by_itself_after_its_update() -> None:
    toy = Toy()
    ana = OldPhone(toy, 3)
    said = fates(toy, ana, ana.work())
    assert said["note.close why"] == "unsupported_version"
    grow(toy, 3)
    replay(("unsupported_version",), NOW, toy.registry, toy, toy, lambda unit: unit.open_stuck(device(3)))
    assert toy.state.records["note", note(3)].row["number"] == "done"
    assert toy.state.ledger[device(3), 7].status == "applied"


def test_a_field_that_an_older_server_did_not_know_is_written_after_its_update() -> None:
    toy = Toy()
    ana = OldPhone(toy, 2)
    assert fates(toy, ana, ana.work())["note.edit colour"] == "unsupported_version"
    grow(toy, 2)
    replay(("unsupported_version",), NOW, toy.registry, toy, toy, lambda unit: unit.open_stuck(device(2)))
    assert [toy.state.records["note", note(n)].row["colour"] for n in (4, 5)] == ["red", "blue"]


def test_what_waits_behind_an_unknown_operation_waits_for_it_alone_and_runs_with_it() -> None:
    toy = Toy()
    ana = OldPhone(toy, 3)
    ops = ana.work()
    ops.append(ana.edit(3, {"title": "after"}, {"title": "A"}))
    ops.append(ana.edit(1, {"title": "C"}, {"title": "B"}))
    results = ana.send(*ops, schema=3)
    assert [result["status"] for result in results[-3:]] == ["unsupported_version", "blocked", "applied"]
    grow(toy, 3)
    replay(("unsupported_version",), NOW, toy.registry, toy, toy, lambda unit: unit.open_stuck(device(3)))
    assert toy.state.records["note", note(3)].row["title"] == "after"
