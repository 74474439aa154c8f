"""Push and pull over HTTP on tables: rights, revs, history, scope, conflicts, stuck ones, what a crash leaves."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from backend.core.db import db, write_transaction
from backend.core.editing import Collision
from backend.core.ids import new_id
from backend.core.sync import rescope, touch
from backend.sync_api import services
from backend.sync_api.models import SyncFeed, SyncHistory, SyncOperation, SyncRecord, SyncSecurityEvent
from backend.sync_api.publish import start_epoch
from tests.backend.sync_api.toy import Note, edit_at_the_desk
from tests.support import counted_queries


def statuses(results: list[dict[str, Any]]) -> list[str]:
    return [result["status"] for result in results]


# -- who may ask ---------------------------------------------------------------------------------------------------


def test_nobody_pushes_or_pulls_without_a_sign_in(toys: None, client: Any) -> None:
    for method, path in (
        ("post", "/api/sync/v1/push"),
        ("get", "/api/sync/v1/pull"),
        ("post", "/api/sync/v1/inventory"),
    ):
        assert getattr(client, method)(path).status_code == 401


def test_a_push_without_our_header_is_refused(phone: Any, cast: Any) -> None:
    ana = phone(cast.ana)
    ana.client.sends_header = False
    assert ana.push().status_code == 403


def test_a_revoked_phone_is_refused_and_told_so(phone: Any, cast: Any, as_: Any) -> None:
    ana = phone(cast.ana)
    ana.results(ana.note())
    assert as_(cast.ana).delete(f"/api/devices/{ana.device_id}").status_code == 200
    response = ana.push(ana.note())
    assert (response.status_code, response.json["type"]) == (403, "/problems/device-revoked")


def test_text_plain_and_wrong_encodings_are_refused(phone: Any, cast: Any) -> None:
    ana = phone(cast.ana)
    assert ana.send(b"{}", **{"Content-Type": "text/plain"}).status_code == 415
    assert ana.send(b"{}", **{"Content-Encoding": "br"}).status_code == 415
    assert ana.send(b"{}", **{"Content-Encoding": "gzip"}).status_code == 400
    assert ana.push(ana.note(), packed=True).status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "-1"}, "limit"),
        ({"limit": "1000000000"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"schema": "x"}, "schema"),
        ({"device_id": "' OR 1=1--"}, "device_id"),
        ({"device_id": "0198C0DE-0000-7000-8000-0000000000D1"}, "device_id"),
        ({"cursor": "-1"}, "cursor"),
        ({"cursor": str(2**63)}, "cursor"),
    ],
)
def test_a_bad_parameter_of_a_pull_is_named(phone: Any, cast: Any, query: Any, field: str) -> None:
    response = phone(cast.ana).get(**query)
    assert (response.status_code, response.json["field"]) == (400, field)


# -- what is written -----------------------------------------------------------------------------------------------


def test_what_a_service_writes_reaches_the_phone_with_the_same_commit(phone: Any, cast: Any, session: Any) -> None:
    ana = phone(cast.ana)
    with write_transaction() as writing:
        writing.add(Note(id=(note_id := new_id()), title="desk", tags=[]))
    ana.pull()
    assert ana.row("note", note_id)["title"] == "desk"
    with pytest.raises(RuntimeError), write_transaction() as writing:
        writing.get(Note, note_id).title = "never"
        writing.flush()
        raise RuntimeError
    assert ana.pull() == []
    with write_transaction() as writing:
        writing.delete(writing.get(Note, note_id))
    assert [(change["op"], change["why"]) for change in ana.pull()] == [("remove", "deleted")]
    assert ("note", note_id) not in ana.rows


def test_a_write_that_changes_nothing_moves_nothing(phone: Any, cast: Any, session: Any) -> None:
    ana = phone(cast.ana)
    ana.results(op := ana.note())
    ana.pull()
    with write_transaction() as writing:
        writing.get(Note, op["record"]["id"]).title = "B"
        writing.flush()
        writing.get(Note, op["record"]["id"]).title = "A"
    assert ana.pull() == []


def test_every_superseded_value_stays_in_the_history_with_who_wrote_over_it(
    phone: Any, cast: Any, session: Any
) -> None:
    ana = phone(cast.ana)
    ana.results(op := ana.note())
    note_id = op["record"]["id"]
    edit = ana.edit(note_id, {"title": "B"}, {"title": "A"}, base_rev=1)
    ana.results(edit)
    with write_transaction() as writing:
        edit_at_the_desk(writing, note_id, {"title": "B"}, {"title": "C"}, cast.cleo.id, _now())
    rows = session.execute(sa.select(SyncHistory).order_by(SyncHistory.rev)).scalars().all()
    assert [(r.field, r.rev, json.loads(r.old_value), r.author_id, r.device_id, r.op_id) for r in rows] == [
        ("title", 2, "A", cast.ana.id, ana.device_id, edit["op_id"]),
        ("title", 3, "B", cast.cleo.id, None, None),
    ]


def _now() -> Any:
    from backend.core import clock

    return clock.now()


def test_a_console_edit_merges_like_a_push_and_collides_only_where_it_must(
    phone: Any, cast: Any, session: Any
) -> None:
    ana = phone(cast.ana)
    op = ana.note(body="甲。乙。丙。")
    note_id = op["record"]["id"]
    ana.results(
        op, ana.edit(note_id, {"title": "pen", "body": "甲1。乙。丙。"}, {"title": "A", "body": "甲。乙。丙。"})
    )
    base, fields = {"body": "甲。乙。丙。", "due": None}, {"body": "甲。乙。丙3。", "due": "2026-11-30"}
    with write_transaction() as writing:
        edit_at_the_desk(writing, note_id, base, fields, cast.cleo.id, _now())
    ana.pull()
    assert (ana.row("note", note_id)["body"], ana.row("note", note_id)["due"]) == ("甲1。乙。丙3。", "2026-11-30")
    with pytest.raises(Collision) as collided, write_transaction() as writing:
        base, fields = {"title": "A", "due": "2026-11-30"}, {"title": "desk", "due": None}
        edit_at_the_desk(writing, note_id, base, fields, cast.cleo.id, _now())
    assert [fault.path for fault in collided.value.faults] == ["$.fields.title"]
    assert collided.value.extra["current"]["title"] == "pen"
    assert ana.pull() == [], "nothing of a colliding edit is written"


def test_a_domain_problem_is_a_result_with_its_slug_and_its_path(phone: Any, cast: Any) -> None:
    ana = phone(cast.ana)
    ana.results(op := ana.note())
    close = lambda: ana.op("note.close", op["record"]["id"], {})  # noqa: E731
    assert statuses(ana.results(close())) == ["applied"]
    problem = ana.results(close())[0]["problem"]
    assert (problem["type"], problem["field"]) == ("/problems/not-allowed-now", "args.closed")
    assert problem["faults"][0]["message"]["zh"] == "已经关闭。"


# -- confidentiality -----------------------------------------------------------------------------------------------


def test_a_record_that_she_never_held_is_not_there_for_her(phone: Any, cast: Any, session: Any) -> None:
    ana, ben = phone(cast.ana), phone(cast.ben)
    with write_transaction() as writing:
        writing.add(Note(id=(hers := new_id()), title="A", tags=[], holders=[f"engineer:{cast.ana.id}"]))
    ana.pull(), ben.pull()
    assert ("note", hers) in ana.rows and ("note", hers) not in ben.rows
    result = ben.results(ben.edit(hers, {"title": "B"}, {"title": "A"}))[0]
    unknown = ben.results(ben.edit(new_id(), {"title": "B"}, {"title": "A"}))[0]
    assert result["problem"] == unknown["problem"], "nothing tells that it exists"
    tagged = ben.results(ben.op("tag.add", new_id(), {"note_id": hers, "name": "x"}))[0]
    assert tagged["problem"]["field"] == "args.note_id"
    assert statuses(ana.results(ana.edit(hers, {"title": "B"}, {"title": "A"}))) == ["applied"]
    assert (
        ben.client.post("/api/sync/v1/inventory", json={"bucket": f"engineer:{cast.ana.id}", "have": []}).status_code
        == 400
    )


def test_work_on_a_record_that_was_reassigned_meanwhile_is_late_work(phone: Any, cast: Any, session: Any) -> None:
    ana, ben = phone(cast.ana), phone(cast.ben)
    with write_transaction() as writing:
        writing.add(Note(id=(note_id := new_id()), title="A", tags=[], holders=[f"engineer:{cast.ana.id}"]))
    ana.pull()
    with write_transaction() as writing:
        writing.get(Note, note_id).holders = [f"engineer:{cast.ben.id}"]
    late = ana.edit(note_id, {"title": "late"}, {"title": "A"})
    assert statuses(ana.results(late)) == ["applied"]
    assert [(change["op"], change["why"]) for change in ana.pull()] == [("remove", "scope")]
    ben.pull()
    assert ben.row("note", note_id)["title"] == "late"


# -- scope ---------------------------------------------------------------------------------------------------------


def test_a_scope_round_trip_gives_back_what_was_there(phone: Any, cast: Any, session: Any) -> None:
    ana = phone(cast.ana)
    bucket = f"engineer:{cast.ana.id}"
    ids = [new_id() for _ in range(4)]
    with write_transaction() as writing:
        for note_id in ids:
            writing.add(Note(id=note_id, title="A", tags=[], holders=[]))
    ana.pull()
    assert ana.of("note") == []
    scope = lambda wanted: _rescope(bucket, {("note", i) for i in wanted})  # noqa: E731
    scope(ids[:3])
    ana.pull()
    before = dict(ana.rows)
    assert len(before) == 3
    scope(ids[3:])
    changes = ana.pull()
    assert (
        sorted((change["op"], change.get("why")) for change in changes) == [("put", None)] + [("remove", "scope")] * 3
    )
    scope(ids[:3])
    ana.pull()
    assert ana.rows == before
    scope(ids[:3])
    assert ana.pull() == [], "the same scope again moves nothing"
    scope([*ids[:3], new_id()])
    assert ana.pull() == [], "a record that is not there is left out"


def _rescope(bucket: str, wanted: Any) -> None:
    with write_transaction() as writing:
        rescope(writing, bucket, wanted, ["note"])


def test_conflicts_follow_their_record_into_a_scope_and_out(phone: Any, cast: Any, session: Any) -> None:
    ana, ben = phone(cast.ana), phone(cast.ben)
    both = [f"engineer:{cast.ana.id}"]
    with write_transaction() as writing:
        writing.add(Note(id=(note_id := new_id()), title="A", tags=[], holders=both))
    ana.pull()
    with write_transaction() as writing:
        edit_at_the_desk(writing, note_id, {"title": "A"}, {"title": "desk"}, cast.cleo.id, _now())
    assert statuses(ana.results(ana.edit(note_id, {"title": "pen"}, {"title": "A"}))) == ["conflict"]
    ben.pull()
    assert ben.of("conflict") == []
    with write_transaction() as writing:
        writing.get(Note, note_id).holders = [f"engineer:{cast.ben.id}"]
    ben.pull(), ana.pull()
    assert [row["phone_value"] for row in ben.of("conflict")] == ["pen"]
    assert [row["phone_value"] for row in ana.of("conflict")] == ["pen"], "its author keeps seeing it"


def test_touch_asks_the_buckets_again(phone: Any, cast: Any, session: Any) -> None:
    ana = phone(cast.ana)
    with write_transaction() as writing:
        writing.add(Note(id=(note_id := new_id()), title="A", tags=[], holders=[]))
    with write_transaction() as writing:
        writing.execute(sa.update(Note).values(holders=[f"engineer:{cast.ana.id}"]))
        note = writing.get(Note, note_id, populate_existing=True)
        touch(writing, note)
    ana.pull()
    assert ana.of("note")


# -- conflicts -----------------------------------------------------------------------------------------------------


def collided(ana: Any, cast: Any) -> tuple[str, str]:
    """A note whose title the desk and Ana both wrote; (note id, conflict id)."""
    op = ana.note()
    note_id = op["record"]["id"]
    ana.results(op)
    with write_transaction() as writing:
        edit_at_the_desk(writing, note_id, {"title": "A"}, {"title": "desk"}, cast.cleo.id, _now())
    return note_id, ana.results(ana.edit(note_id, {"title": "pen"}, {"title": "A"}))[0]["conflict_id"]


@pytest.mark.parametrize(
    ("args", "title", "choice"),
    [
        ({"choice": "mine"}, "pen", "mine"),
        ({"choice": "theirs"}, "desk", "theirs"),
        ({"choice": "edit", "value": "both"}, "both", "edit"),
    ],
)
def test_one_tap_settles_a_conflict(phone: Any, cast: Any, session: Any, args: Any, title: str, choice: str) -> None:
    ana = phone(cast.ana)
    note_id, conflict_id = collided(ana, cast)
    settle = ana.op("conflict.settle", conflict_id, args, base={"server_value": "desk"})
    assert statuses(ana.results(settle)) == ["applied"]
    ana.pull()
    row = ana.row("conflict", conflict_id)
    assert (row["state"], row["choice"], row["settled_by_id"]) == ("settled", choice, cast.ana.id)
    assert ana.row("note", note_id)["title"] == title


def test_an_open_conflict_shows_what_the_desk_wrote_since(phone: Any, cast: Any, session: Any) -> None:
    ana = phone(cast.ana)
    note_id, conflict_id = collided(ana, cast)
    ana.pull()
    with write_transaction() as writing:
        edit_at_the_desk(writing, note_id, {"title": "desk"}, {"title": "again"}, cast.cleo.id, _now())
    assert {change["kind"] for change in ana.pull()} == {"note", "conflict"}
    assert ana.row("conflict", conflict_id)["server_value"] == "again"


def test_a_conflict_made_and_taken_further_by_one_request_keeps_both_values(
    phone: Any, cast: Any, session: Any
) -> None:
    ana = phone(cast.ana)
    op = ana.note()
    ana.results(op)
    note_id = op["record"]["id"]
    with write_transaction() as writing:
        edit_at_the_desk(writing, note_id, {"title": "A"}, {"title": "desk"}, cast.cleo.id, _now())
    ana.results(ana.edit(note_id, {"title": "B"}, {"title": "A"}), ana.edit(note_id, {"title": "C"}, {"title": "B"}))
    changes = [change for change in ana.pull() if change["kind"] == "conflict"]
    assert {(change["rev"], change["row"]["phone_value"]) for change in changes} == {(2, "C")}
    kept = session.scalars(sa.select(SyncHistory.old_value).where(SyncHistory.field == "phone_value"))
    assert list(kept) == ['"B"']


def test_a_choice_made_on_a_value_that_has_changed_leaves_the_conflict_open(
    phone: Any, cast: Any, session: Any
) -> None:
    ana = phone(cast.ana)
    note_id, conflict_id = collided(ana, cast)
    with write_transaction() as writing:
        edit_at_the_desk(writing, note_id, {"title": "desk"}, {"title": "desk 2"}, cast.cleo.id, _now())
    result = ana.results(ana.op("conflict.settle", conflict_id, {"choice": "mine"}, base={"server_value": "desk"}))[0]
    assert (result["status"], result["conflict_id"]) == ("conflict", conflict_id)
    ana.pull()
    assert (ana.row("conflict", conflict_id)["state"], ana.row("conflict", conflict_id)["server_value"]) == (
        "open",
        "desk 2",
    )


def test_a_choice_without_the_value_seen_holds_for_the_revision_it_was_made_on(
    phone: Any, cast: Any, session: Any
) -> None:
    ana = phone(cast.ana)
    note_id, conflict_id = collided(ana, cast)
    stale = ana.op("conflict.settle", conflict_id, {"choice": "mine", "value": None}, base_rev=7)
    assert statuses(ana.results(stale)) == ["conflict"]
    for bad in (
        {},
        {"choice": "maybe"},
        {"choice": "edit"},
        {"choice": "mine", "value": "x"},
        {"choice": "mine", "by": 1},
    ):
        phone_of = phone(cast.ana)
        result = phone_of.results(phone_of.op("conflict.settle", conflict_id, bad))[0]
        assert (result["status"], result["problem"]["field"]) == ("rejected", "args.choice")
    assert statuses(
        ana.results(ana.op("conflict.settle", conflict_id, {"choice": "mine", "value": None}, base_rev=1))
    ) == ["applied"]
    late = ana.op("conflict.settle", conflict_id, {"choice": "theirs"}, base={"server_value": "desk"})
    assert statuses(ana.results(late)) == ["applied"]
    ana.pull()
    assert ana.row("note", note_id)["title"] == "pen", "what was settled stays settled"


def test_the_office_settles_from_its_side(phone: Any, cast: Any, session: Any, as_: Any) -> None:
    ana, cleo = phone(cast.ana), as_(cast.cleo)
    note_id, conflict_id = collided(ana, cast)
    listed = cleo.get("/api/conflicts").json["conflicts"]
    assert [(row["id"], row["server_value"], row["phone_value"]) for row in listed] == [(conflict_id, "desk", "pen")]
    url = f"/api/conflicts/{conflict_id}/settle"
    assert cleo.post(url, json={"choice": "theirs", "seen": "other"}).status_code == 409
    assert cleo.post(url, json={"choice": "edit", "seen": "desk"}).status_code == 422
    assert cleo.post(url, json={"choice": "maybe", "seen": "desk"}).status_code == 422
    assert cleo.post(url, json={"choice": "theirs", "seen": "desk"}).status_code == 200
    ana.pull()
    assert ana.row("note", note_id)["title"] == "pen", "theirs, for the desk, is what the phone wrote"
    assert ana.row("conflict", conflict_id)["state"] == "settled"
    assert cleo.get("/api/conflicts").json["conflicts"] == []


def test_an_engineer_lists_and_settles_only_what_reached_her(phone: Any, cast: Any, session: Any, as_: Any) -> None:
    ana = phone(cast.ana)
    op = ana.note()
    note_id = op["record"]["id"]
    ana.results(op)
    with write_transaction() as writing:
        writing.get(Note, note_id).holders = [f"engineer:{cast.ana.id}"]
        writing.get(Note, note_id).title = "desk"
    conflict_id = ana.results(ana.edit(note_id, {"title": "pen"}, {"title": "A"}))[0]["conflict_id"]
    ana.results(bad := ana.edit(note_id, {"due": "x"}, {"due": None}))
    for path, name, ident in (
        ("/api/conflicts", "conflicts", conflict_id),
        ("/api/stuck-operations", "stuck_operations", bad["op_id"]),
    ):
        assert [row["id"] for row in as_(cast.ana).get(path).json[name]] == [ident]
        assert as_(cast.ben).get(path).json[name] == []
    url = f"/api/conflicts/{conflict_id}/settle"
    assert as_(cast.ben).post(url, json={"choice": "mine", "seen": "desk"}).status_code == 404
    assert as_(cast.ana).post(url, json={"choice": "mine", "seen": "desk"}).status_code == 200


# -- stuck ---------------------------------------------------------------------------------------------------------


def test_a_stuck_operation_is_seen_by_its_author_and_the_office_and_handed_over(
    phone: Any, cast: Any, as_: Any
) -> None:
    ana, ben = phone(cast.ana), phone(cast.ben)
    ana.results(op := ana.note())
    bad = ana.edit(op["record"]["id"], {"due": "2026-12-01"}, {"due": None})
    assert statuses(ana.results(bad)) == ["rejected"]
    ana.pull(), ben.pull()
    row = ana.row("stuck_operation", bad["op_id"])
    assert (row["state"], row["payload"]["args"], row["problem"]["type"]) == (
        "open",
        {"due": "2026-12-01"},
        "/problems/not-owner",
    )
    assert ben.of("stuck_operation") == []
    assert statuses(ben.results(ben.op("stuck_operation.hand_over", bad["op_id"], {}))) == ["rejected"]
    assert statuses(ana.results(ana.op("stuck_operation.hand_over", bad["op_id"], {}))) == ["applied"]
    listed = as_(cast.cleo).get("/api/stuck-operations").json["stuck_operations"]
    assert [(row["id"], row["state"]) for row in listed][0] == (bad["op_id"], "handed_over")
    desk = phone(cast.cleo)
    assert statuses(
        desk.results(desk.edit(op["record"]["id"], {"due": "2026-12-01"}, {"due": None}, mends=bad["op_id"]))
    ) == ["applied"]
    ana.pull()
    assert ana.row("stuck_operation", bad["op_id"])["state"] == "mended"
    assert ana.row("note", op["record"]["id"])["due"] == "2026-12-01"


def test_a_payload_that_no_json_value_can_hold_is_kept_and_reaches_the_phone(phone: Any, cast: Any) -> None:
    ana = phone(cast.ana)
    text = json.dumps(ana.envelope(ana.note(title="@"), ana.note())).replace('"@"', '"\\ud800 \\u0000"')
    assert statuses(ana.send(text.encode()).json["results"]) == ["rejected", "applied"]
    ana.pull()
    (row,) = ana.of("stuck_operation")
    assert "\\ud800 \\u0000" in row["payload"]["text"]


def test_parked_operations_are_run_again_after_the_mending_of_the_server(
    phone: Any, cast: Any, app: Any, session: Any
) -> None:
    from backend.core.sync import registry_of

    ana = phone(cast.ana)
    ops = [ana.note()]
    note_id = ops[0]["record"]["id"]
    ops += [ana.op("note.break", note_id, {}), ana.edit(note_id, {"title": "B"}, {"title": "A"})]
    assert statuses(ana.results(*ops)) == ["applied", "parked", "blocked"]
    types = registry_of(app).types
    broken = types["note.break"][1]
    types["note.break"][1] = type(broken)(**{**broken.__dict__, "handle": types["note.close"][1].handle})
    assert services.replay_stuck(_now()) == 1
    ana.pull()
    assert (ana.row("note", note_id)["closed"], ana.row("note", note_id)["title"]) == (True, "B")
    assert statuses(ana.results(*ops)) == ["applied"] * 3


def stuck_due(ana: Any) -> tuple[str, dict[str, Any]]:
    """A note and Ana's refused wish for its due date, with an edit that waits behind it."""
    ana.results(op := ana.note())
    note_id = op["record"]["id"]
    bad = ana.edit(note_id, {"due": "2026-12-01"}, {"due": None})
    assert statuses(ana.results(bad, ana.edit(note_id, {"title": "B"}, {"title": "A"}))) == ["rejected", "blocked"]
    return note_id, bad


@pytest.mark.parametrize(
    ("body", "due"), [({}, "2026-12-01"), ({"args": {"due": "2026-12-24"}, "base": {"due": None}}, "2026-12-24")]
)
def test_the_office_does_with_one_tap_what_an_engineer_may_not(
    phone: Any, cast: Any, as_: Any, body: Any, due: str
) -> None:
    ana, cleo = phone(cast.ana), as_(cast.cleo)
    note_id, bad = stuck_due(ana)
    url = f"/api/stuck-operations/{bad['op_id']}/mend"
    assert as_(cast.ana).post(url, json=body).status_code == 403
    assert cleo.post(url, json=body).json["result"]["status"] == "applied"
    ana.pull()
    assert (ana.row("note", note_id)["due"], ana.row("note", note_id)["title"]) == (due, "B")
    assert {row["state"] for row in ana.of("stuck_operation")} == {"mended"}
    assert cleo.post(url, json=body).json["result"]["problem"]["type"] == "/problems/not-stuck"
    assert cleo.post(f"/api/stuck-operations/{new_id()}/mend", json={}).status_code == 404
    history = as_(cast.cleo).get(f"/api/records/note/{note_id}/history").json["history"]
    assert [(row["field"], row["old_value"]) for row in history] == [("title", "A"), ("due", None)]


def test_the_office_drops_what_is_not_to_be_done_and_what_waited_goes_on(phone: Any, cast: Any, as_: Any) -> None:
    ana, cleo = phone(cast.ana), as_(cast.cleo)
    note_id, bad = stuck_due(ana)
    url = f"/api/stuck-operations/{bad['op_id']}/drop"
    assert as_(cast.ana).post(url).status_code == 403
    assert cleo.post(url).json["stuck_operations"][0]["state"] == "dropped_by_void"
    assert cleo.post(url).status_code == 200
    ana.pull()
    assert (ana.row("note", note_id)["due"], ana.row("note", note_id)["title"]) == (None, "B")
    assert cleo.get("/api/stuck-operations").json["stuck_operations"] == []


def test_a_history_is_shown_to_whoever_holds_the_record(phone: Any, cast: Any, as_: Any, session: Any) -> None:
    with write_transaction() as writing:
        writing.add(Note(id=(hers := new_id()), title="A", tags=[], holders=[f"engineer:{cast.ana.id}"]))
    url = f"/api/records/note/{hers}/history"
    assert (as_(cast.ana).get(url).status_code, as_(cast.ben).get(url).status_code) == (200, 404)


# -- ledger, epoch, races ------------------------------------------------------------------------------------------


def test_a_new_epoch_resets_every_cursor_and_touches_no_ledger(phone: Any, cast: Any, session: Any) -> None:
    ana = phone(cast.ana)
    ana.results(op := ana.note())
    ana.pull()
    with write_transaction() as writing:
        epoch = start_epoch(writing)
    response = ana.get(cursor=ana.cursor)
    assert (response.status_code, response.json["reset"], response.json["epoch"]) == (410, "epoch", epoch)
    ana.cursor = None
    assert [change["id"] for change in ana.pull() if change["kind"] == "note"] == [op["record"]["id"]]
    assert ana.results(op)[0]["replayed"] is True


def test_the_same_operation_fifty_times_at_once_is_one_row_and_one_result(
    app: Any, phone: Any, cast: Any, session: Any
) -> None:
    ana = phone(cast.ana)
    body = json.dumps(ana.envelope(ana.note(), ana.note())).encode()
    db.session.remove()
    answers: list[Any] = []
    from tests.support import signed_in

    clients = [signed_in(app, cast.ana) for _ in range(8)]
    db.session.remove()

    def send(client: Any, times: int) -> None:
        for _ in range(times):
            response = client.post("/api/sync/v1/push", data=body, headers={"Content-Type": "application/json"})
            answers.append((response.status_code, response.json.get("results")))

    threads = [threading.Thread(target=send, args=(client, 7)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _ in answers} == {200}
    plain = {json.dumps([{k: v for k, v in r.items() if k != "replayed"} for r in results]) for _, results in answers}
    assert len(answers) == 56 and len(plain) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(SyncOperation)) == 2
    assert session.scalar(sa.select(sa.func.count()).select_from(Note)) == 2


def test_no_pull_misses_a_row_while_many_write(app: Any, phone: Any, cast: Any, session: Any) -> None:
    writers = [phone(cast.ana) for _ in range(4)]
    reader = phone(cast.ben)
    bodies = [[json.dumps(w.envelope(w.note(), w.note())).encode() for _ in range(8)] for w in writers]
    db.session.remove()
    done = threading.Event()
    failures: list[Any] = []

    def write(writer: Any, texts: list[bytes]) -> None:
        for text in texts:
            response = writer.send(text)
            if response.status_code != 200:
                failures.append(response.text)

    def read() -> None:
        while not done.is_set():
            reader.pull(limit=3)
        reader.pull(limit=3)

    threads = [threading.Thread(target=write, args=pair) for pair in zip(writers, bodies, strict=True)]
    reading = threading.Thread(target=read)
    for thread in (*threads, reading):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reading.join()
    assert not failures
    assert len(reader.of("note")) == 64


def test_a_security_event_is_kept_for_a_reused_id(phone: Any, cast: Any, session: Any) -> None:
    ana = phone(cast.ana)
    ana.results(op := ana.note())
    ana.results({**ana.note(), "op_id": op["op_id"]})
    events = session.execute(sa.select(SyncSecurityEvent)).scalars().all()
    assert [(event.what, event.user_id, event.op_id) for event in events] == [
        ("operation-id-reused", cast.ana.id, op["op_id"])
    ]


def test_digest_and_inventory_agree_with_what_the_phone_holds(phone: Any, cast: Any, session: Any) -> None:
    from sync.server.pull import digest_of

    ana = phone(cast.ana)
    ana.results(*(ana.note() for _ in range(5)))
    ana.pull()
    digest = ana.get(cursor=ana.cursor, digest=1).json["digest"]["reference"]
    assert digest == digest_of(
        (kind, i, rev) for (kind, i), (rev, _) in ana.rows.items() if "reference" in ana.held[kind, i]
    )
    have = [[kind, i, rev] for (kind, i), (rev, _) in list(ana.rows.items())[2:]] + [["note", new_id(), 3]]
    answer = ana.client.post("/api/sync/v1/inventory", json={"bucket": "reference", "have": have}).json
    assert sorted(change["op"] for change in answer["changes"]) == ["put", "put", "remove"]


def test_the_feed_holds_one_row_per_record_however_often_it_changes(phone: Any, cast: Any, session: Any) -> None:
    ana = phone(cast.ana)
    ana.results(op := ana.note())
    count = lambda table: session.scalar(sa.select(sa.func.count()).select_from(table))  # noqa: E731
    before = count(SyncFeed), count(SyncRecord)
    title = "A"
    for n in range(10):
        ana.results(ana.edit(op["record"]["id"], {"title": f"{n}"}, {"title": title}))
        title = f"{n}"
    session.rollback()
    assert (count(SyncFeed), count(SyncRecord)) == before


def test_an_idle_poll_asks_four_times_whatever_lies_behind(cast: Any, phone: Any) -> None:
    """Who asks, where the feed stands, what is acked, what was sent to her and not delivered (counted, not timed: K-12)."""
    ana = phone(cast.ana)
    asked = []
    for notes in (1, 60):
        ana.results(*[ana.note() for _ in range(notes)])
        ana.pull()
        with counted_queries() as seen:
            assert ana.get(cursor=ana.cursor).status_code == 204
        asked.append(len([one for one in seen if one.startswith("SELECT")]))
    assert asked == [4, 4]
