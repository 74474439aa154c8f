"""A random day of three phones and the office against the app in this process, on whichever database it stands.

Workload, network and crashes have generators of their own, so that a change in one does not reshuffle the others. The
phones are tests/sync/stranger.py; the real TypeScript client lives through such days in tests/sync/e2e.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa

from backend.accounts.models import UserSession
from backend.core import clock
from backend.core.db import db, write_transaction
from backend.core.editing import Collision
from backend.core.problems import Problem
from backend.core.sync import registry_of
from backend.sync_api import services
from backend.sync_api.models import SyncConflict, SyncFeed, SyncFile, SyncHead, SyncOperation, SyncRecord, SyncStuck
from backend.sync_api.policy import account_of
from sync.server.canonical import canonical, hash_of
from tests.backend.sync_api.toy import Note, cancel_note, edit_at_the_desk, move_note
from tests.faults.backups import Backup
from tests.faults.checker import Verdict, judge
from tests.faults.cuts import PowerCut, cut, passing
from tests.faults.person import Person, Unreachable
from tests.support import signed_in

QUIET_ROUNDS = 50
LEAP_DAY = datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC)
SUMMER_TIME = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
WORK = {"add": 6, "edit": 14, "tally": 4, "close": 2, "break": 1, "tag": 3, "settle": 5, "mend": 4, "hand_over": 1, "unknown": 1,
        "office": 9, "move": 3, "cancel": 1, "drop": 1, "replay": 1, "sync": 16, "sign_out": 1, "deliver": 2, "time": 2,
        "backup": 1, "restore": 1}  # fmt: skip
FATES = {
    "through": 36,
    "lost": 2,
    "answer lost": 3,
    "doubled": 2,
    "late": 2,
    "500": 1,
    "portal": 1,
    "server dies": 3,
    "half": 2,
}
FIELDS = ("title", "body", "count", "due")
# What a long run must have met at least once; each is looked for where it shows: in the work, the network, the ledger.
SITUATIONS = {
    *WORK, *FATES, "conflict kept", "conflict settled", "text joined", "late work", "resumed after half a chunk",
    "epoch change", "blocked", "rejected", "parked", "unsupported_version", "mended", "replayed receipt",
    "offered again after a restore", "cut before a commit", "cut after a commit", "a gap answered", "signed out in a sync",
}  # fmt: skip


class Day:
    """Everything of one day. `run` plays it and comes to rest; `verdict` says what is wrong then."""

    def __init__(self, app: Any, people: dict[str, Any], office: Any, seed: int, folder: Path, **wanted: Any) -> None:
        self.app, self.people, self.seed, self.folder = app, people, seed, folder
        self.work, self.net, self.crash = (Random(f"{seed} {name}") for name in ("work", "net", "crash"))
        self.steps, self.weights = wanted.get("steps", 70), WORK | wanted.get("weights", {})
        self.fates = FATES | wanted.get("fates", {})
        self.clocks: Random | None = wanted.get("clocks")
        self.office = account_of(office)
        self.clients = {name: signed_in(app, user) for name, user in people.items()}
        self.desk = signed_in(app, office)
        self.phones = {n: Person(self._network(n), u.id, Random(f"{seed} {n}")) for n, u in people.items()}
        self.notes: list[str] = []
        self.late: list[tuple[Any, ...]] = []
        self.seen: set[str] = set()
        self.is_quiet, self.now = False, clock.now()
        self.kept = Backup(folder / "day.zip")

    # -- the network -----------------------------------------------------------------------------------------------

    def _network(self, name: str) -> Any:
        def send(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
            fate = "through" if self.is_quiet else self.net.choices(list(self.fates), list(self.fates.values()))[0]
            fate = "half" if method == "PATCH" and fate in ("lost", "late", "doubled", "server dies") else fate
            request = (name, method, path, headers, body)
            self.seen.add(fate)
            if fate == "late":
                self.late.append(request)
            if fate in ("lost", "late"):
                raise Unreachable(fate)
            if fate in ("500", "portal"):
                return (500, {}, b"oops") if fate == "500" else (200, {}, b"<html>")
            if fate == "server dies":
                return self._dying(request)
            if fate == "doubled":
                self._ask(request)
            if fate == "half" and method == "PATCH" and len(body) > 1:
                return self._half(request)
            answer = self._ask(request)
            if fate == "answer lost":
                raise Unreachable(fate)
            return answer

        return send

    def _ask(self, request: tuple[Any, ...]) -> tuple[int, dict[str, str], bytes]:
        name, method, path, headers, body = request
        response = self.clients[name].open(path, method=method, headers=headers, data=body)
        self._note(response)
        return response.status_code, dict(response.headers), response.data

    def _note(self, response: Any) -> None:
        text = response.data
        if b'"replayed":true' in text:
            self.seen.add("replayed receipt")
        if b"sequence-gap" in text:
            self.seen.add("a gap answered")
        if response.status_code == 410:
            self.seen.add("epoch change")
        if response.status_code == 401:
            self.seen.add("signed out in a sync")

    def _dying(self, request: tuple[Any, ...]) -> Any:
        """The server dies at a random point of the request; what it did not commit is gone, and nobody is told."""
        error = PowerCut() if self.crash.random() < 0.5 else passing()
        place = self.crash.choice([self.crash.randint(1, 60), "before COMMIT", "after COMMIT"])
        with cut(db.engine, place, error) as cuts:
            answer = self._ask(request)
        if not cuts.dead:
            return answer
        self.seen.update({f"cut {cuts[-1].lower().replace(' commit', ' a commit')}"} if "COMMIT" in cuts[-1] else ())
        if isinstance(error, PowerCut):
            raise Unreachable("server dies")
        return answer

    def _half(self, request: tuple[Any, ...]) -> Any:
        """Half a chunk arrives, whole in itself; the phone asks where the upload stands and goes on from there."""
        import base64
        import hashlib

        name, method, path, headers, body = request
        part = body[: len(body) // 2]
        checksum = "sha256 " + base64.b64encode(hashlib.sha256(part).digest()).decode()
        if self._ask((name, method, path, headers | {"Upload-Checksum": checksum}, part))[0] == 204:
            self.seen.add("resumed after half a chunk")
        raise Unreachable("half")

    # -- steps -----------------------------------------------------------------------------------------------------

    def run(self) -> Day:
        for _ in range(self.steps):
            self.now += timedelta(seconds=self.work.randint(1, 600))
            with clock.fixed(self.now):
                self.take(self.work.choices(list(self.weights), list(self.weights.values()))[0])
        with clock.fixed(self.now + timedelta(hours=1)):
            self.rest()
        return self

    def take(self, step: str) -> None:
        """One step. Draws from the workload's generator alone, whatever the others did."""
        who = self.work.choice(list(self.phones))
        note = self.work.choice(self.notes[-4:]) if self.notes else None
        pick, value = self.work.random(), self.work.randrange(6)
        if step in ("office", "move", "cancel", "drop", "replay", "backup", "restore"):
            getattr(self, f"do_{step}")(note, pick, value)
        elif step == "sync":
            with suppress(Unreachable):
                self.phones[who].round(limit=[1, 2, 7, 500][value % 4], most=[200, 1, 2, 5][value % 4])
        else:
            getattr(self, f"do_{step}")(self.phones[who], who, note, pick, value)
        self.seen.add(step)

    def do_add(self, phone: Person, who: str, note: Any, pick: float, value: int) -> None:
        self.notes.append(phone.new_id())
        phone.perform("note.add", "note", self.notes[-1], {"title": "new", "body": "甲。乙。丙。", "count": 0})

    def do_edit(self, phone: Person, who: str, note: Any, pick: float, value: int) -> None:
        name = FIELDS[int(pick * 4)]
        if note and phone.shown("note", note):
            phone.edit("note", note, name, _value(name, value), **self._clock(pick))

    def do_tally(self, phone: Person, who: str, note: Any, pick: float, value: int) -> None:
        if note and phone.shown("note", note):
            phone.perform("note.tally", "note", note, {})

    def do_close(self, phone: Person, who: str, note: Any, pick: float, value: int) -> None:
        if note and phone.shown("note", note):
            phone.perform("note.close", "note", note, {})

    def do_break(self, phone: Person, who: str, note: Any, pick: float, value: int) -> None:
        if note and phone.shown("note", note):
            phone.perform("note.break", "note", note, {})

    def do_unknown(self, phone: Person, who: str, note: Any, pick: float, value: int) -> None:
        if note and phone.shown("note", note):
            phone.perform("note.shut", "note", note, {})

    def do_tag(self, phone: Person, who: str, note: Any, pick: float, value: int) -> None:
        if note and phone.shown("note", note):
            sha256 = phone.take_file(bytes([65 + value]) * (2000 + value))
            args = {"note_id": note, "name": "c"}
            phone.perform("tag.add", "tag", phone.new_id(), args, files=[f"sha256:{sha256}"])

    def do_settle(self, phone: Person, who: str, note: Any, pick: float, value: int) -> None:
        rows = phone.rows
        found = [k for k, (_, row) in rows.items() if k.startswith("conflict/") and row["state"] == "open"]
        if found:  # by what it says: its id is drawn
            key = min(found, key=lambda k: canonical([rows[k][1][n] for n in ("record_id", "field", "phone_value")]))
            choice = ("mine", "theirs", "edit")[value % 3]
            args = {"choice": choice} | ({"value": rows[key][1]["base_value"]} if choice == "edit" else {})
            seen = {"server_value": rows[key][1]["server_value"]}
            phone.perform("conflict.settle", "conflict", key[9:], args, base=seen)
            self.seen.add("conflict settled")

    def _stuck(self, phone: Person) -> Any:
        rows = [r for k, (_, r) in sorted(phone.rows.items()) if k.startswith("stuck_operation/")]
        return next((r for r in rows if r["state"] == "open" and r["blocked_by"] is None and r["op_id"]), None)

    def do_mend(self, phone: Person, who: str, note: Any, pick: float, value: int) -> None:
        row = self._stuck(phone)
        if row and row["record_kind"] == "note" and phone.shown("note", row["record_id"]):
            phone.edit("note", row["record_id"], "count", 100 + value, mends=row["op_id"])

    def do_hand_over(self, phone: Person, who: str, note: Any, pick: float, value: int) -> None:
        if row := self._stuck(phone):
            phone.perform("stuck_operation.hand_over", "stuck_operation", row["op_id"], {})

    def do_sign_out(self, phone: Person, who: str, note: Any, pick: float, value: int) -> None:
        """The session ends on the server; the phone learns of it in its next sync, and the person signs in again."""
        with write_transaction() as session:
            session.execute(sa.delete(UserSession).where(UserSession.user_id == self.people[who].id))
        with suppress(Unreachable):
            phone.round()
        self.clients[who] = signed_in(self.app, self.people[who])

    def do_deliver(self, phone: Person, who: str, note: Any, pick: float, value: int) -> None:
        """What was late arrives, in another order."""
        late, self.late = self.late, []
        self.net.shuffle(late)
        for request in late:
            self._ask(request)

    def do_time(self, phone: Person, who: str, note: Any, pick: float, value: int) -> None:
        if note and phone.shown("note", note):
            phone.edit("note", note, "title", f"at {value}", **self._clock(pick * 10_000))

    def _clock(self, pick: float) -> dict[str, Any]:
        """A device clock somewhere near; with `clocks` anywhere within ten years (M-60), sometimes never in contact."""
        chance = self.clocks or Random(pick)
        years = 10 if self.clocks else 0.01
        at = chance.choice([self.now + timedelta(days=chance.uniform(-365, 365) * years), LEAP_DAY, SUMMER_TIME])
        offset_ms = int((self.now - at) / timedelta(milliseconds=1)) if chance.random() < 0.5 else 0
        given = {"occurred_at": clock.iso(at), "mono_ms": chance.randrange(10**9)}
        return given | (
            {"clock": {"offset_ms": offset_ms, "rtt_ms": 80, "age_s": 60}} if chance.random() < 0.8 else {}
        )

    # -- the office ------------------------------------------------------------------------------------------------

    def do_office(self, note: Any, pick: float, value: int) -> None:
        db.session.rollback()
        row = db.session.get(Note, note or "", populate_existing=True)
        name = FIELDS[int(pick * 4)]
        if row is None or name == "count":
            return
        base, fields = {name: getattr(row, name)}, {name: _value(name, value + 10)}
        with suppress(Collision, Problem), write_transaction() as session:
            edit_at_the_desk(session, note, base, fields, self.office.user_id, self.now)

    def do_move(self, note: Any, pick: float, value: int) -> None:
        """Reassigned: to all, to one, to nobody."""
        users = [user.id for user in self.people.values()]
        with write_transaction() as session:
            move_note(
                session, note or "", None if value < 3 else [f"engineer:{users[value - 3]}"] if pick < 0.8 else []
            )

    def do_cancel(self, note: Any, pick: float, value: int) -> None:
        with write_transaction() as session:
            cancel_note(session, note or "")

    def do_drop(self, note: Any, pick: float, value: int) -> None:
        db.session.rollback()
        found = services.stuck_operations(db.session, self.office)
        # by what the phones made: at one instant the list's own order is that of ids, some of which the server draws
        found.sort(key=lambda row: (row.device_id, row.seq))
        roots = [row.id for row in found if row.root == row.id]
        db.session.rollback()
        if roots:
            self.desk.post(f"/api/stuck-operations/{roots[0]}/{'mend' if pick < 0.5 else 'drop'}", json={})

    def do_replay(self, note: Any, pick: float, value: int) -> None:
        services.replay_stuck(self.now)

    def do_backup(self, note: Any, pick: float, value: int) -> None:
        db.session.rollback()
        self.kept = Backup(self.folder / "day.zip")

    def do_restore(self, note: Any, pick: float, value: int) -> None:
        before = {name: phone.acked_seq for name, phone in self.phones.items()}
        self.kept.put_back(self.app)
        for name, user in self.people.items():
            self.clients[name] = signed_in(self.app, user)
        self.desk = signed_in(self.app, db.session.get(type(user), self.office.user_id))
        if any(before.values()):
            self.seen.add("offered again after a restore")

    # -- at rest ---------------------------------------------------------------------------------------------------

    def rest(self) -> None:
        """The network heals; everybody syncs until nothing moves, in at most 50 rounds."""
        self.is_quiet, self.late = True, []
        for name, user in self.people.items():
            self.clients[name] = signed_in(self.app, user)
        before = ""
        for self.rounds in range(QUIET_ROUNDS):
            for phone in self.phones.values():
                self._heard(phone)
            after = self.final_hash()
            if after == before:
                break
            before = after
        else:
            raise AssertionError(f"not at rest after {QUIET_ROUNDS} quiet rounds")
        self._look()

    def _heard(self, phone: Person) -> None:
        try:
            phone.round()
        except Unreachable as error:
            raise AssertionError(f"nothing is in the way, and yet: {error}") from error

    def _look(self) -> None:
        """Which situations the ledger shows."""
        db.session.rollback()
        found = set(db.session.scalars(sa.select(SyncOperation.status).distinct()))
        self.seen |= found & {"blocked", "rejected", "parked", "unsupported_version"}
        self.seen |= {"text joined"} if "merged" in found else set()
        self.seen |= {"conflict kept"} if db.session.scalar(sa.select(SyncConflict.id).limit(1)) else set()
        mended = sa.select(SyncStuck.id).where(SyncStuck.state == "mended").limit(1)
        self.seen |= {"mended"} if db.session.scalar(mended) else set()
        for phone in self.phones.values():
            made = [entry["op"]["record"] for entry in phone.db["ops"]]
            rows, hers = phone.rows, {record["id"] for record in made if record["kind"] == "note"}
            if any(f"note/{i}" not in rows and i in self.notes for i in hers):
                self.seen.add("late work")

    def verdict(self) -> Verdict:
        out = judge(db.session, registry_of(self.app), [phone.seen() for phone in self.phones.values()])
        for phone in self.phones.values():
            for sha256 in phone.db["files"]:
                state = phone.shown("file", sha256).get("state", "not seen")
                if state == "pending":
                    out.add("lost", f"file {sha256} was never stored")
        db.session.rollback()
        return out

    def final_hash(self) -> str:
        return hash_of(self.dump())

    def dump(self, times: bool = True) -> dict[str, list[str]]:
        """Everything that must be the same again, on either database, without the ids and times the server makes.

        times: with what the phones' clocks said, and the hash of what was sent about notes and tags: an operation on a
               conflict or a stuck one names an id that the server drew, and so does the chain over it
        """
        db.session.rollback()
        names = {user.id: name for name, user in self.people.items()} | {self.office.user_id: "office"}
        rows = lambda *columns: sorted(  # noqa: E731
            canonical(["" if v is None else names.get(str(v), str(v)) for v in row])
            for row in db.session.execute(sa.select(*columns))
        )
        toys = SyncRecord.kind.in_(("note", "tag", "file"))
        c, o = SyncConflict, SyncOperation
        device, op_id = _at_desk(o.device_id, "desk"), _at_desk(o.device_id, "", o.op_id)
        own = _at_desk(o.device_id, "", sa.case((o.record_kind.in_(("note", "tag")), o.content_hash), else_=""))
        feed = sa.select(SyncFeed.bucket, SyncFeed.kind, SyncFeed.record_id, SyncFeed.seq, SyncFeed.why)
        return {
            "records": [json.dumps(list(map(str, row))) for row in sorted(db.session.execute(
                sa.select(SyncRecord.kind, SyncRecord.record_id, SyncRecord.rev, SyncRecord.row, SyncRecord.is_gone).where(toys)))],
            "ledger": rows(device, o.seq, o.n, op_id, o.status),
            "times": rows(device, o.seq, own, o.occurred_at, o.quality) if times else [],
            "stuck": rows(_at_desk(SyncStuck.device_id, "desk"), SyncStuck.seq, SyncStuck.status, SyncStuck.state),
            "conflicts": rows(c.record_id, c.field, c.base_value, c.server_value, c.phone_value, c.state, c.choice),
            "files": rows(SyncFile.sha256, SyncFile.state, SyncFile.size_bytes),
            "feed": sorted(
                canonical([_bucket(b, names), kind, i if kind in ("note", "tag", "file") else "", seq, why or ""])
                for b, kind, i, seq, why in db.session.execute(feed)
            ),
            "head": rows(SyncHead.feed_seq, SyncHead.ledger_n),
        }  # fmt: skip


def _at_desk(device_id: Any, then: str, otherwise: Any = None) -> Any:
    """What an office account does in somebody's name has a device of its own (UUID 5 of its random id) and drawn ids."""
    return sa.case((device_id.like("______________5%"), then), else_=device_id if otherwise is None else otherwise)


def _bucket(bucket: str, names: dict[str, str]) -> str:
    kind, _, who = bucket.partition(":")
    return f"{kind}:{names.get(who, who)}"


def _value(name: str, value: int) -> Any:
    if name == "count":
        return value
    if name == "due":
        return f"2026-12-{value + 1:02d}" if value else None
    return (
        "".join(["甲。", "乙。", "丙。", "丁。"][: 1 + value % 4]) + f"{value}。" if name == "body" else f"t{value}"
    )
