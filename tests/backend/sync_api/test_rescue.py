"""A phone's rescue file: imported once, twice, or after the phone did sync; damaged, foreign and hostile ones change nothing."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa

from backend.accounts.models import Device
from backend.core.db import db
from backend.core.ids import new_id
from backend.reports.models import Report
from backend.sync_api.models import SyncFile, SyncOperation, SyncRecord, SyncStuck
from backend.sync_api.verify import verify
from backend.workorders.models import LogEntry
from tests.backend.sync_api.conftest import Phone
from tests.factories.work import make_visit, make_work_order

TEXT = "现场照片的说明。".encode()


def rescue_json(phone: Phone, *ops: Any, **given: Any) -> dict[str, Any]:
    return {
        "format": "sync-rescue", "version": 1, "store": f"sync:https://house:{phone.user.id}",
        "device_id": phone.device_id, "schema": 1, "epoch": None, "acked_seq": 0, "made_at": "2026-11-20T02:00:00.000Z",
        "drafts": [], "operations": [{**op, "is_acked": False, "status": None} for op in ops], "stuck": [], "files": [],
    } | given  # fmt: skip


def packed(content: Any, files: dict[str, bytes] | None = None, how: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        archive.writestr("rescue.json", content if isinstance(content, (str, bytes)) else json.dumps(content))
        for name, data in (files or {}).items():
            archive.writestr(name, data)
    return out.getvalue()


def send(admin: Any, data: bytes) -> Any:
    return admin.post("/api/rescues", data=data, headers={"Content-Type": "application/octet-stream"})


def bring_in(admin: Any, data: bytes) -> list[dict[str, Any]]:
    sent = send(admin, data)
    assert sent.status_code == 201, sent.text
    done = admin.post(f"/api/rescues/{sent.json['id']}/import")
    assert done.status_code == 200, done.text
    return done.json["lines"]


def outcomes(lines: list[dict[str, Any]]) -> list[str]:
    return [line["outcome"] for line in lines]


def state_of_all() -> list[Any]:
    """What an import may change, as text: ledger, records, stuck operations, files."""
    db.session.rollback()
    columns = (
        (SyncOperation.op_id, SyncOperation.seq, SyncOperation.status, SyncOperation.n),
        (SyncRecord.kind, SyncRecord.record_id, SyncRecord.rev, SyncRecord.row),
        (SyncStuck.id, SyncStuck.state),
        (SyncFile.sha256, SyncFile.state),
    )
    return [sorted(map(repr, db.session.execute(sa.select(*each)))) for each in columns]


@pytest.fixture
def admin(cast: Any, as_: Any) -> Any:
    return as_(cast.adam)


@pytest.fixture
def ana(phone: Any, cast: Any) -> Phone:
    return phone(cast.ana)


def test_it_is_shown_before_anything_is_changed(ana: Phone, admin: Any, cast: Any, session: Any) -> None:
    note = ana.note()
    before = state_of_all()
    shown = send(admin, packed(rescue_json(ana, note, drafts=[draft(note, "title", "写到一半")]))).json
    assert (shown["user_name"], shown["device_id"]) == (cast.ana.name, ana.device_id)
    assert (shown["first_at"], shown["last_at"]) == (note["occurred_at"], "2026-11-20T01:59:30.000Z")
    assert [(line["what"], line["outcome"]) for line in shown["lines"]] == [("operation", "new"), ("draft", "new")]
    assert state_of_all() == before


def draft(op: Any, field: str, value: Any, base: Any = "A") -> dict[str, Any]:
    return {"record": op["record"], "field": field, "value": value, "base": base,
            "touched_at": "2026-11-20T01:59:30.000Z"}  # fmt: skip


def test_the_second_time_and_the_phones_own_sync_change_nothing(ana: Phone, admin: Any, session: Any) -> None:
    ops = [ana.note() for _ in range(120)]
    data = packed(rescue_json(ana, *ops))
    assert outcomes(bring_in(admin, data)) == ["applied"] * 120
    kept = state_of_all()
    assert outcomes(bring_in(admin, data)) == ["there"] * 120
    assert all(result.get("replayed") for result in ana.results(*ops))
    assert state_of_all() == kept
    assert ana.results(ana.note())[0]["status"] == "applied"  # and the phone goes on with its next number
    assert list(verify(db.session)) == []


def test_after_the_phone_did_sync_a_part_the_rest_is_taken(ana: Phone, admin: Any, session: Any) -> None:
    ops = [ana.note() for _ in range(5)]
    ana.results(*ops[:2])
    assert outcomes(bring_in(admin, packed(rescue_json(ana, *ops)))) == ["there"] * 2 + ["applied"] * 3


def test_a_refused_one_needs_a_person_and_the_rest_goes_on(ana: Phone, admin: Any, session: Any) -> None:
    ops = [ana.note(), ana.edit(new_id(), {"title": "x"}, {"title": "y"}), ana.note()]
    lines = bring_in(admin, packed(rescue_json(ana, *ops)))
    assert outcomes(lines) == ["applied", "person", "applied"]
    assert lines[1]["detail"]["en"]


def test_numbers_that_the_phone_had_given_up_are_recorded_as_lost(ana: Phone, admin: Any, session: Any) -> None:
    ops = [ana.note() for _ in range(4)]
    assert outcomes(bring_in(admin, packed(rescue_json(ana, ops[0], ops[3])))) == ["applied", "applied"]
    numbers = db.session.execute(sa.select(SyncOperation.seq, SyncOperation.status).order_by(SyncOperation.seq)).all()
    assert [tuple(row) for row in numbers] == [(1, "applied"), (2, "void"), (3, "void"), (4, "applied")]


def test_a_copied_phones_numbers_went_to_other_work_and_still_nothing_is_lost(
    ana: Phone, admin: Any, session: Any
) -> None:
    ana.results(ana.note(), ana.note())
    ana.seq = 0
    copied = [ana.note(), ana.note()]
    data = packed(rescue_json(ana, *copied))
    assert outcomes(bring_in(admin, data)) == ["applied", "applied"]
    kept = state_of_all()
    assert outcomes(bring_in(admin, data)) == ["there", "there"]
    assert state_of_all() == kept


def test_a_revoked_phones_file_is_taken_and_the_phone_was_not_seen_by_it(
    ana: Phone, admin: Any, as_: Any, cast: Any, session: Any
) -> None:
    ana.results(ana.note())
    assert admin.delete(f"/api/devices/{ana.device_id}").status_code == 200
    seen = db.session.get(Device, ana.device_id).last_seen_at
    db.session.rollback()
    assert outcomes(bring_in(admin, packed(rescue_json(ana, ana.note())))) == ["applied"]
    assert db.session.get(Device, ana.device_id).last_seen_at == seen
    db.session.rollback()
    assert ana.push(ana.note()).json["type"] == "/problems/device-revoked"


def test_the_author_stays_the_engineer_and_the_admin_entered_it(app: Any, cast: Any, admin: Any, as_: Any, session: Any) -> None:  # fmt: skip
    work_order = make_work_order(cast.site)
    visit = make_visit(work_order, [cast.ana])
    ana, entry_id, report_id = Phone(as_(cast.ana), cast.ana), new_id(), new_id()
    ops = [
        ana.op("log_entry.add", entry_id, {"work_order_id": work_order.id, "what": "note", "note": "夜里到的"}),
        ana.op("report.start", report_id, {"work_order_id": work_order.id, "visit_id": visit.id, "short_ref": "K7Q2"},
               kind="report"),
    ]  # fmt: skip
    lines = bring_in(admin, packed(rescue_json(ana, *ops)))
    assert outcomes(lines) == ["applied"] * 2, lines
    db.session.rollback()
    for row in (db.session.get(LogEntry, entry_id), db.session.get(Report, report_id)):
        assert (row.author_id, row.entered_by_id) == (cast.ana.id, cast.adam.id)
    ledger = db.session.execute(sa.select(SyncOperation.author_id, SyncOperation.entered_by_id)).all()
    assert {tuple(row) for row in ledger} == {(cast.ana.id, cast.adam.id)}


# -- drafts and what the phone had set aside ---------------------------------------------------------------------------


def test_a_draft_is_read_by_a_person_who_applies_it_or_not(ana: Phone, admin: Any, session: Any) -> None:
    note = ana.note()
    data = packed(rescue_json(ana, note, drafts=[draft(note, "title", "写到一半"), draft(note, "count", 7, 0)]))
    assert [(line["what"], line["outcome"]) for line in bring_in(admin, data)] == [
        ("operation", "applied"),
        ("draft", "person"),
    ]
    [stuck] = admin.get("/api/stuck-operations").json["stuck_operations"]
    assert (stuck["author_id"], stuck["payload"]["args"]) == (ana.user.id, {"title": "写到一半", "count": 7})
    assert stuck["problem"]["type"] == "/problems/draft-unfinished"
    assert outcomes(bring_in(admin, data)) == ["there", "there"]
    ana.pull()
    assert ana.row("stuck_operation", stuck["id"])["payload"]["args"]["title"] == "写到一半"  # her next phone has it
    mended = ana.op("note.edit", note["record"]["id"], {"title": "写完了"}, base={"title": "A"}, mends=stuck["op_id"])
    ana.results(note, {**mended, "seq": 2})
    assert admin.get("/api/stuck-operations").json["stuck_operations"] == []
    assert outcomes(bring_in(admin, data)) == ["there", "there"]


def test_a_draft_that_the_phone_did_send_is_there(ana: Phone, admin: Any, session: Any) -> None:
    note = ana.note()
    ana.results(note, ana.edit(note["record"]["id"], {"title": "写完"}, {"title": "A"}))
    data = packed(rescue_json(ana, note, drafts=[draft(note, "title", "写完")]))
    assert outcomes(bring_in(admin, data)) == ["there", "there"]
    assert admin.get("/api/stuck-operations").json["stuck_operations"] == []


def test_a_draft_holds_up_none_of_the_phones_later_work(ana: Phone, admin: Any, session: Any) -> None:
    note = ana.note()
    bring_in(admin, packed(rescue_json(ana, note, drafts=[draft(note, "title", "x")])))
    assert ana.results(note, ana.edit(note["record"]["id"], {"count": 2}, {"count": 0}))[1]["status"] == "applied"


def test_what_the_phone_itself_had_set_aside_is_not_lost(ana: Phone, admin: Any, session: Any) -> None:
    note = ana.note(title="太大的一条")
    set_aside = [{"operation": {name: note[name] for name in note if name != "seq"}, "problem": {}, "blocked_by": None,
                  "status": "rejected", "seq": 1}]  # fmt: skip
    data = packed(rescue_json(ana, stuck=set_aside))
    assert outcomes(bring_in(admin, data)) == ["person"]
    [stuck] = admin.get("/api/stuck-operations").json["stuck_operations"]
    assert (stuck["op_id"], stuck["payload"]["args"]["title"]) == (note["op_id"], "太大的一条")
    assert outcomes(bring_in(admin, data)) == ["there"]


# -- files -------------------------------------------------------------------------------------------------------------


def with_file(ana: Phone, data: bytes, content_type: str = "text/plain") -> tuple[Any, dict[str, bytes]]:
    sha256 = hashlib.sha256(data).hexdigest()
    named = {"sha256": sha256, "size_bytes": len(data), "content_type": content_type, "taken_at": None,
             "state": "waiting", "is_here": True}  # fmt: skip
    return rescue_json(ana, files=[named]), {f"files/{sha256}": data}


def test_its_files_are_stored_once(ana: Phone, admin: Any, session: Any) -> None:
    content, files = with_file(ana, TEXT * 200_000)  # 4.8 MB, in pieces
    assert outcomes(bring_in(admin, packed(content, files))) == ["applied"]
    assert outcomes(bring_in(admin, packed(content, files))) == ["there"]
    [sha256] = [name.removeprefix("files/") for name in files]
    assert ana.client.get(f"/api/files/{sha256}").data == TEXT * 200_000


def test_a_file_of_another_type_than_it_says_is_refused_and_the_rest_goes_on(
    ana: Phone, admin: Any, session: Any
) -> None:
    content, files = with_file(ana, b"<svg onload=alert(1)>", "image/jpeg")
    content["operations"] = [ana.note()]
    lines = bring_in(admin, packed(content, files))
    assert outcomes(lines) == ["applied", "refused"] and lines[1]["detail"]["zh"]


def test_a_file_whose_bytes_were_not_on_the_phone_is_said(ana: Phone, admin: Any, session: Any) -> None:
    content, _ = with_file(ana, TEXT)
    assert outcomes(bring_in(admin, packed(content))) == ["missing"]


# -- damaged, foreign, hostile -----------------------------------------------------------------------------------------


def bent(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def bomb(ana: Phone) -> bytes:
    return packed(json.dumps(rescue_json(ana, app="0" * 30_000_000)), how=zipfile.ZIP_DEFLATED)


def lying(ana: Phone) -> bytes:
    """Headers say that 4 GB lie in a part of a few bytes."""
    data = bytearray(packed(rescue_json(ana)))
    place = data.rfind(b"PK\x01\x02")
    data[place + 20 : place + 28] = struct.pack("<II", 0xFFFFFFF0, 0xFFFFFFF0)
    return bytes(data)


SHA = hashlib.sha256(TEXT).hexdigest()
HOSTILE = {
    "nothing": lambda ana: b"",
    "no ZIP": lambda ana: b"%PDF-1.7 and so on",
    "cut off": lambda ana: packed(rescue_json(ana, ana.note()))[:-40],
    "half of it": lambda ana: packed(rescue_json(ana, ana.note()), {f"files/{SHA}": TEXT})[: 300],
    "a flipped bit": lambda ana: bent(packed(rescue_json(ana, ana.note())), 200),
    "a bomb": bomb,
    "lying lengths": lying,
    "a way out": lambda ana: packed(rescue_json(ana), {"files/../../../../etc/passwd": b"x"}),
    "an absolute name": lambda ana: packed(rescue_json(ana), {"/etc/passwd": b"x"}),
    "a stranger's part": lambda ana: packed(rescue_json(ana), {"run.sh": b"x"}),
    "a name that is no hash of it": lambda ana: packed(rescue_json(ana), {f"files/{SHA}": b"other bytes"}),
    "no rescue.json": lambda ana: packed("{}")[:0] + _without_json(),
    "rescue.json is no JSON": lambda ana: packed("{"),
    "rescue.json is a list": lambda ana: packed([]),
    "another format": lambda ana: packed(rescue_json(ana, format="backup")),
    "a later version": lambda ana: packed(rescue_json(ana, version=2)),
    "no list of operations": lambda ana: packed(rescue_json(ana, operations={})),
    "an operation without number": lambda ana: packed(rescue_json(ana, operations=[{"op_id": "x"}])),
    "one number twice": lambda ana: packed(rescue_json(ana, ana.note(), {**ana.note(), "seq": 1})),
    "a number beyond all": lambda ana: packed(rescue_json(ana, ana.note(), {**ana.note(), "seq": 2**40})),
    "nobody's": lambda ana: packed(rescue_json(ana, store="sync:house")),
    "another server's": lambda ana: packed(rescue_json(ana, ana.note(), store=f"sync:house:{new_id()}")),
    "nested without end": lambda ana: packed('{"a":' * 5000 + "1" + "}" * 5000),
}  # fmt: skip


def _without_json() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(f"files/{SHA}", TEXT)
    return out.getvalue()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_cannot_be_used_says_why_and_changes_nothing(
    name: str, ana: Phone, admin: Any, session: Any
) -> None:
    data = HOSTILE[name](ana)
    before = state_of_all()
    said = send(admin, data)
    assert (said.status_code, said.json["type"]) == (422, "/problems/rescue-unreadable"), said.text
    assert said.json["faults"][0]["message"]["zh"] and said.json["faults"][0]["message"]["en"]
    assert state_of_all() == before


def test_an_engineers_phone_under_another_ones_name_is_refused(
    ana: Phone, admin: Any, cast: Any, session: Any
) -> None:
    ana.results(ana.note())
    data = packed(rescue_json(ana, ana.note(), store=f"sync:house:{cast.ben.id}"))
    assert send(admin, data).json["type"] == "/problems/rescue-unreadable"


def test_too_long_a_body_is_not_read(ana: Phone, admin: Any, app: Any, session: Any) -> None:
    app.config["MAX_RESCUE_BYTES"] = 1000
    assert send(admin, b"x" * 2000).status_code == 413


@pytest.mark.parametrize("who", ["ana", "cleo"])
def test_only_an_admin_imports(who: str, ana: Phone, cast: Any, as_: Any, session: Any) -> None:
    assert send(as_(getattr(cast, who)), packed(rescue_json(ana))).status_code == 403
    assert as_(getattr(cast, who)).post(f"/api/rescues/{'0' * 64}/import").status_code == 403
    assert as_(cast.adam).post(f"/api/rescues/{'0' * 64}/import").status_code == 404


def test_operations_that_cannot_be_read_become_lines_of_their_own(ana: Phone, admin: Any, session: Any) -> None:
    odd = [{**ana.note(), "args": [1]}, {**ana.note(), "type": 7}, {**ana.note(), "record": None}, ana.note()]
    assert outcomes(bring_in(admin, packed(rescue_json(ana, *odd)))) == ["person"] * 3 + ["applied"]
