"""The stranger against the real server: whoever has sync/PROTOCOL.md and the vectors can write a phone that loses nothing.

The client is tests/sync/stranger.py. SEED chooses the random days, RUNS how many.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest
from PIL import Image

from backend.core import clock
from backend.core.db import db
from backend.core.sync import registry_of
from backend.sync_api.models import SyncOperation, SyncSignature
from tests.backend.sync_api.toy import only_toys
from tests.factories.people import make_user
from tests.faults.checker import Seen, judge
from tests.sync import stranger_values as values
from tests.sync.exchanges import Exchange
from tests.sync.world_of_strangers import Network, Phone, World, served

HERE = Path(__file__).parent
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
VECTORS = HERE.parents[1] / "sync" / "vectors"


def cases(name: str) -> list[Any]:
    found = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))["cases"]
    return [pytest.param(case, id=case["name"][:60]) for case in found]


@pytest.fixture
def toys(app: Any) -> Iterator[None]:
    """The toy kinds alone."""
    with only_toys(app):
        yield


@pytest.fixture
def world(app: Any, toys: None, cast: Any, now: Any, tmp_path: Path) -> Iterator[World]:
    people = {"pia": cast.ana, "ben": make_user("Bao", cast.chengdu), "dora": cast.cleo}
    world = World(app, people, now, tmp_path)
    db.session.remove()
    with served(world) as world.port:
        yield world


def phone_of(world: World, name: str, **given: Any) -> Phone:
    return Phone(Network(world, world.port, name, given.get("seed", 0)), **given)


def test_the_stranger_has_at_most_150_lines() -> None:
    """The protocol stays so small that a phone for it can be read at one sitting."""
    assert len((HERE / "stranger.py").read_text(encoding="utf-8").splitlines()) <= 150


# the vectors that concern a phone


@pytest.mark.parametrize("case", cases("canonical"))
def test_canonical_json_and_its_hash(case: Any) -> None:
    assert values.canonical(case["value"]).decode() == case["canonical"]
    assert values.hash_of(case["value"]) == case["hash"]


@pytest.mark.parametrize("case", cases("content-hash"))
def test_content_hash(case: Any) -> None:
    assert values.content_hash(case["operation"]) == case["hash"]


@pytest.mark.parametrize("case", cases("chain"))
def test_chain(case: Any) -> None:
    assert values.links(case["device_id"], case["operations"]) == [case["link_0"], *case["links"]]


@pytest.mark.parametrize("case", cases("digest"))
def test_digest(case: Any) -> None:
    assert values.digest_of(case["rows"]) == case["digest"]


def in_the_ledger(world: World, op_id: str) -> Any:
    with world.app.app_context():
        return db.session.query(SyncOperation).filter_by(op_id=op_id).one()


@pytest.mark.parametrize("case", cases("clock"))
def test_device_time_as_the_server_understands_it(case: Any, world: World) -> None:
    world.now = clock.parse(case["received_at"])
    world.cookies["pia"] = world.sign_in("pia")
    pia = phone_of(world, "pia")
    op_id = pia.do("insert", "note.add", "note", pia.new_id(), {"title": "A"})
    pia.db["ops"][0]["op"] |= {"occurred_at": case["occurred_at"], "clock": case["clock"]}
    pia.network.world.pass_ms = lambda ms: None
    assert pia.push() is None
    kept = in_the_ledger(world, op_id)
    got = {"corrected_at": clock.iso(kept.occurred_at), "quality": kept.quality, "clock_off": kept.clock_off}
    assert got == case["expect"]


# the exchanges of protocol.json, asked and understood by the stranger


class Player:
    """One case: the requests go out through the stranger's own functions, and what it made of each answer is looked at."""

    def __init__(self, world: World) -> None:
        self.world, self.exchange = world, Exchange()
        self.phones = {name: phone_of(world, name) for name in ("pia", "dora")}
        pia = world.user_ids["pia"]
        self.names = {
            "pia": pia,
            "dora": world.user_ids["dora"],
            "shared": "reference",
            "home:pia": f"engineer:{pia}",
        }

    def play(self, step: Any) -> None:
        request, wanted = self.exchange.filled(self.named(step["request"])), self.named(step["response"])
        phone = self.phones[step["by"]]
        what = request["path"].strip("/")
        getattr(self, what)(phone, request.get("body") or request.get("query"), wanted)

    def named(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.named(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.named(item) for item in value]
        return self.names.get(value, value) if isinstance(value, str) else value

    def answered(self, phone: Phone, wanted: Any) -> Any:
        status, answer = phone.network.last
        if answer and "changes" in answer:
            answer = answer | {"changes": [c for c in answer["changes"] if c["bucket"] == "reference"]}
        assert status == wanted["status"], answer
        assert self.exchange.differences(wanted["body"], answer) == [], answer
        return answer

    def push(self, phone: Phone, body: Any, wanted: Any) -> None:
        if phone.db["device_id"] != body["device_id"]:
            phone.db |= {"device_id": body["device_id"], "ops": []}
        held = phone.db["ops"] = [entry for entry in phone.db["ops"] if entry["receipt"]]
        for op in body["ops"]:
            for seq in range(len(held) + 1, op["seq"]):  # M-12: what this phone cannot produce
                held.append({"op": {"seq": seq, "void": "lost"}, "shows": {}, "receipt": None, "left": True})
            held[op["seq"] - 1 : op["seq"]] = [{"op": op, "shows": {}, "receipt": None, "left": False}]
        before = json.dumps(phone.db)
        said = phone.offer(body["ops"])
        answer = self.answered(phone, wanted)
        if wanted["status"] == 200:
            assert said == "acked"
            self.understood_results(phone, answer)
        elif said == "sequence-gap":
            waiting = phone.unacked()
            assert [op["seq"] for op in waiting] == [n + 1 for n in range(answer["acked_seq"], len(held))]
            assert [op["seq"] for op in waiting if "void" in op] == [answer["expected_seq"]]
        elif said == "sequence-reused":
            assert phone.db["device_id"] != body["device_id"]
            assert phone.unacked() == [op | {"seq": n + 1} for n, op in enumerate(body["ops"])]
        else:
            assert (said, json.dumps(phone.db)) == ("device-of-another-user", before), "all is kept"

    def understood_results(self, phone: Phone, answer: Any) -> None:
        for result in answer["results"]:
            assert phone.db["ops"][result["seq"] - 1]["receipt"]["result"] == result
        assert all(op["seq"] > answer["acked_seq"] for op in phone.unacked())
        assert phone.offer(phone.unacked()) == "acked"
        assert phone.network.last[1]["acked_seq"] == answer["acked_seq"] == len(phone.db["ops"])

    def pull(self, phone: Phone, query: Any, wanted: Any) -> None:
        phone.db |= {"cursor": query.pop("cursor", None), "shadow": None}
        before = json.dumps(phone.db["rows"])
        said = phone.page(**{name: value for name, value in query.items() if name != "device_id"})
        answer = self.answered(phone, wanted)
        if wanted["status"] >= 400:
            assert (said, phone.db["shadow"]) == ("reset", {"rows": {}, "cursor": None})
        elif wanted["status"] == 204:
            assert said == "done"
        else:
            assert said == ("more" if answer["more"] else "done")
            assert phone.db["cursor"] == answer["cursor"]
            for change in answer["changes"]:
                row = phone.db["rows"]["{kind}/{id}".format(**change)]
                assert (row["rev"], row["row"]) == (change["rev"], change["row"])
                assert "reference" in row["buckets"]
            return
        assert json.dumps(phone.db["rows"]) == before

    def bell(self, phone: Phone, query: Any, wanted: Any) -> None:
        phone.request("GET", f"/api/sync/v1/bell?{urlencode(query)}")
        self.answered(phone, wanted)


@pytest.mark.parametrize("case", cases("protocol"))
def test_exchange_and_what_the_stranger_makes_of_it(case: Any, world: World) -> None:
    player = Player(world)
    for step in case["steps"]:
        player.play(step)


# what no vector holds


def note(phone: Phone, title: str = "A", **given: Any) -> str:
    note_id = phone.new_id()
    phone.do("insert", "note.add", "note", note_id, {"title": title, "body": "甲。乙。丙。"}, **given)
    return note_id


def edit(phone: Phone, note_id: str, **args: Any) -> str:
    return phone.do("edit", "note.edit", "note", note_id, args)


@cache
def photo(n: int) -> bytes:
    """About 600 KB that no compression makes smaller: three chunks."""
    out = BytesIO()
    Image.frombytes("RGB", (450, 450), Random(n).randbytes(450 * 450 * 3)).save(out, "PNG", compress_level=0)
    return out.getvalue()


def photographed(phone: Phone, n: int) -> str:
    """A note that names a file; the bytes lie on the phone."""
    sha256 = hashlib.sha256(photo(n)).hexdigest()
    phone.db["files"][sha256] = values.file_of(photo(n), "image/png")
    note(phone, "with a photo", files=[f"sha256:{sha256}"])
    return sha256


def status_of(phone: Phone, op_id: str) -> str:
    return next(e["receipt"]["result"]["status"] for e in phone.db["ops"] if e["op"].get("op_id") == op_id)


def synced(phone: Phone) -> None:
    assert [phone.push(), phone.pull(), phone.upload(), phone.pull()] == [None] * 4


def test_too_much_is_halved_and_what_is_too_large_alone_steps_aside(world: World) -> None:
    pia = phone_of(world, "pia")
    small = [note(pia, str(n)) for n in range(250)]
    huge = note(pia, "x" * 600_000)
    last = note(pia, "last")
    assert pia.push(most=1000) is None
    pia.pull()
    assert [pia.shown("note", note_id)["title"] for note_id in (*small, last)] == [*map(str, range(250)), "last"]
    assert [entry["stuck"]["record"]["id"] for entry in pia.db["ops"] if "stuck" in entry] == [huge]
    assert pia.db["ops"][250]["receipt"]["result"]["status"] == "void"


def test_a_copied_phone_takes_a_new_device_id_and_offers_all_again_after_a_restore(world: World) -> None:
    pia = phone_of(world, "pia")
    world.back_up()
    first = note(pia, "before the copy")
    synced(pia)
    copy, device_id = json.dumps(pia.db), pia.db["device_id"]
    note(pia, "after it")
    synced(pia)
    pia.begin_again(json.loads(copy))
    second = note(pia, "on the copy")
    synced(pia)
    assert pia.db["device_id"] != device_id
    world.restore()
    synced(pia)
    synced(pia)
    assert {pia.shown("note", note_id)["title"] for note_id in (first, second)} == {"before the copy", "on the copy"}
    assert pia.unacked() == [] == pia.overlay()


def test_a_collision_is_settled_and_a_stuck_one_mended(world: World) -> None:
    pia, ben = phone_of(world, "pia"), phone_of(world, "ben")
    note_id = note(pia)
    synced(pia)
    synced(ben)
    edit(pia, note_id, title="pia's")
    edit(ben, note_id, title="ben's")
    synced(pia)
    synced(ben)
    assert ben.shown("note", note_id)["title"] == "pia's"
    conflict_id = next(key.split("/")[1] for key in ben.db["rows"] if key.startswith("conflict/"))
    ben.settle(conflict_id, "mine")
    refused = edit(ben, note_id, number="7")
    waits = edit(ben, note_id, body="丁。")
    synced(ben)
    assert ben.shown("note", note_id)["title"] == "ben's"
    assert [status_of(ben, refused), status_of(ben, waits)] == ["rejected", "blocked"]
    ben.do("act", "note.tally", "note", note_id, {}, mends=refused)
    synced(ben)
    assert ben.shown("note", note_id)["body"] == "丁。"
    stuck = {key: row["row"] for key, row in ben.db["rows"].items() if key.startswith("stuck_operation/")}
    assert stuck[f"stuck_operation/{refused}"]["state"] == "mended"


def test_a_digest_that_differs_is_healed(world: World) -> None:
    pia = phone_of(world, "pia")
    lost, wrong = note(pia), note(pia)
    synced(pia)
    whole = json.dumps(pia.db["rows"], sort_keys=True)
    del pia.db["rows"][f"note/{lost}"]
    pia.db["rows"][f"note/{wrong}"]["rev"] = 99
    pia.db["rows"][f"note/{pia.new_id()}"] = {"rev": 1, "row": {}, "buckets": ["reference"]}
    note(pia)
    pia.push()
    pia.pull(digest=1)
    assert {k: v for k, v in pia.db["rows"].items() if k in whole} == json.loads(whole)
    assert len(pia.db["rows"]) == 3


def test_time_is_right_on_a_phone_whose_clock_is_days_wrong_and_every_signature_holds(world: World) -> None:
    pia = phone_of(world, "pia", skew_ms=3 * 86_400_000)
    synced(pia)
    world.pass_ms(3_600_000)
    tapped_at = world.now
    op_id = edit(pia, note(pia), title="B")
    world.pass_ms(3_600_000)
    synced(pia)
    kept = in_the_ledger(world, op_id)
    assert abs((kept.occurred_at - tapped_at).total_seconds()) < 0.4
    assert (kept.quality, kept.clock_off) == ("good", True)
    with world.app.app_context():
        assert [row.is_good for row in db.session.query(SyncSignature)] == [True]


def test_an_upload_that_breaks_again_and_again_goes_on_from_where_it_was(world: World) -> None:
    pia = phone_of(world, "pia")
    sha256 = photographed(pia, 0)
    pia.network.odds = 60
    for _ in range(100):
        with suppress(ConnectionError):
            if pia.push() is None and pia.upload() is None:
                break
    pia.network.odds = 0
    synced(pia)
    assert pia.shown("file", sha256)["state"] == "stored"
    assert pia.network.fates["cut"] > 2
    status, _, data = pia.ask("GET", f"/api/files/{sha256}", {}, None)
    assert (status, data) == (200, photo(0))


# random days


class Days:
    """Two strangers and an office. Workload, network and ids have generators of their own, all from the seed."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.random, self.seen = world, Random(f"{seed}:work"), Counter[str]()
        self.phones = [phone_of(world, name, seed=seed, skew_ms=skew) for name, skew in (("pia", 0), ("ben", 90_000))]
        self.made: dict[str, dict[str, str]] = {name: {} for name in ("pia", "ben")}

    def step(self) -> None:
        phone = self.random.choice(self.phones)
        what = self.random.choices(list(self.ODDS), list(self.ODDS.values()))[0]
        phone.network.odds = 25
        try:
            getattr(self, what)(phone)
        except ConnectionError:
            phone.begin_again()
            self.seen["broken off"] += 1
        self.seen[what] += 1
        self.world.pass_ms(self.random.randrange(60_000))
        for op in (entry["op"] for entry in phone.db["ops"]):
            if "op_id" in op:
                self.made[phone.network.name].setdefault(op["op_id"], values.content_hash(op))

    ODDS = {"write": 10, "change": 20, "tally": 8, "refused": 3, "mend": 3, "choose": 4, "photo": 2, "talk": 26,
            "desk": 8, "scope": 4, "cancel": 1, "backup": 1, "restore": 1}  # fmt: skip

    def notes(self, phone: Phone) -> list[str]:
        keys = {key for key in phone.db["rows"] if key.startswith("note/")}
        keys |= {"note/" + e["op"]["record"]["id"] for e in phone.overlay() if e["op"]["type"] == "note.add"}
        return sorted(key.removeprefix("note/") for key in keys)

    def a_note(self, phone: Phone) -> str:
        return self.random.choice(self.notes(phone) or [note(phone)])

    def write(self, phone: Phone) -> None:
        note_id = note(phone, f"t{self.random.randrange(100)}")
        if self.random.random() < 0.3:
            phone.do("insert", "tag.add", "tag", phone.new_id(), {"note_id": note_id, "name": "x"})

    def change(self, phone: Phone) -> None:
        note_id = self.a_note(phone)
        if self.random.random() < 0.5:
            edit(phone, note_id, title=f"t{self.random.randrange(100)}")
        else:
            parts = (phone.shown("note", note_id).get("body") or "甲。乙。丙。").split("。")
            parts[self.random.randrange(len(parts))] += str(self.random.randrange(10))
            edit(phone, note_id, body="。".join(parts))

    def tally(self, phone: Phone) -> None:
        phone.do("act", "note.tally", "note", self.a_note(phone), {})

    def refused(self, phone: Phone) -> None:
        edit(phone, self.a_note(phone), number="mine")

    def mend(self, phone: Phone) -> None:
        rows = [row["row"] for key, row in sorted(phone.db["rows"].items()) if key.startswith("stuck_operation/")]
        rows = [
            row for row in rows if (row["state"], row["status"], row["record_kind"]) == ("open", "rejected", "note")
        ]
        for row in rows[:1]:
            title = {"title": f"t{self.random.randrange(100)}"}
            seen = {"title": phone.shown("note", row["record_id"]).get("title")}
            phone.do("edit", "note.edit", "note", row["record_id"], title, base=seen, mends=row["op_id"])

    def choose(self, phone: Phone) -> None:
        rows = [(key, row["row"]) for key, row in phone.db["rows"].items() if key.startswith("conflict/")]
        found = sorted((r["record_id"], r["field"], r["op_id"], key) for key, r in rows if r["state"] == "open")
        if found:
            choice = self.random.choice(["mine", "theirs", "edit"])
            phone.settle(found[0][-1].split("/")[1], choice, "settled" if choice == "edit" else None)

    def photo(self, phone: Phone) -> None:
        photographed(phone, self.random.randrange(3))

    def talk(self, phone: Phone) -> None:
        if phone.push() is None and phone.pull(limit=self.random.choice([2, 5, 500]), digest=1) is None:
            phone.upload()

    def desk(self, phone: Phone) -> None:
        self.world.retitle(self.a_note(phone), f"d{self.random.randrange(100)}")

    def scope(self, phone: Phone) -> None:
        pia = f"engineer:{self.world.user_ids['pia']}"
        self.world.move(self.a_note(phone), self.random.choice([None, [pia], ["elsewhere"]]))

    def cancel(self, phone: Phone) -> None:
        self.world.cancel(self.a_note(phone))

    def backup(self, _: Phone) -> None:
        self.world.back_up()

    def restore(self, _: Phone) -> None:
        self.world.restore()

    def come_to_rest(self) -> None:
        for phone in self.phones:
            phone.network.odds = 0
        for _ in range(4):
            for phone in self.phones:
                synced(phone)

    def faults(self) -> dict[str, list[str]]:
        seen = []
        for phone in self.phones:
            name = phone.network.name
            acked = {e["op"]["op_id"]: e["receipt"]["result"]["status"] for e in phone.db["ops"] if e["receipt"]}
            rows = {key: (row["rev"], row["row"]) for key, row in phone.db["rows"].items()}
            unsent = [op["op_id"] for op in phone.unacked()]
            seen.append(Seen(self.world.user_ids[name], self.made[name], acked, unsent, rows))
        with self.world.app.app_context(), clock.fixed(self.world.now):
            return dict(judge(db.session, registry_of(self.world.app), seen))

    def counts(self) -> dict[str, int]:
        """Note -> how often it was tallied, as the phones show it."""
        shown = {i: p.shown("note", i)["count"] for p in self.phones for i in self.notes(p)}
        return {note_id: count for note_id, count in shown.items() if count}

    def tallies(self) -> dict[str, int]:
        """The same by the ledger, for the notes that a phone holds."""
        held = {note_id for phone in self.phones for note_id in self.notes(phone)}
        with self.world.app.app_context():
            done = db.session.query(SyncOperation).filter_by(type="note.tally", alias_of=None)
            names = [op.record_id for op in done if op.status in ("applied", "merged")]
        return dict(Counter(name for name in names if name in held))

    def state(self) -> str:
        """One hash over what phones and ledger hold; ids that the server made are all one."""
        names = {user_id: name for name, user_id in self.world.user_ids.items()}
        known = {op_id for made in self.made.values() for op_id in made}
        records = [e["op"]["record"] for phone in self.phones for e in phone.db["ops"]]
        known |= {record["id"] for record in records if record["kind"] != "conflict"}

        def plain(value: Any) -> str:
            text = json.dumps(value, sort_keys=True)
            return UUID_TEXT.sub(lambda m: names.get(m[0], m[0] if m[0] in known else "made by the server"), text)

        with self.world.app.app_context():
            ledger = [[op.op_id, op.seq, op.type, op.status] for op in db.session.query(SyncOperation)]
        rows = [[plain([key, row]) for key, row in phone.db["rows"].items()] for phone in self.phones]
        return values.hash_of([*map(sorted, rows), sorted(map(plain, ledger))])


def whole_days(world: World, seed: int, steps: int = 150) -> tuple[Days, str]:
    """From an empty server to rest; every promise looked at."""
    days = Days(world, seed)
    for n in range(steps):
        days.step()
        if n == steps // 3:
            world.back_up()
        elif n == steps // 2:
            world.restore()
    days.come_to_rest()
    assert days.faults() == {}
    assert days.counts() == days.tallies(), "what was done once counts once"
    for phone in days.phones:
        assert phone.pull(digest=1) is None
        asked = {path.split("?")[0] for path in phone.network.asked}
        assert "/api/sync/v1/inventory" not in asked, "every complete pull left equal digests, nothing to heal"
    return days, days.state()


SEED = int(os.environ.get("SEED", "1"))


@pytest.mark.parametrize("seed", range(SEED, SEED + int(os.environ.get("RUNS", "2"))))
def test_random_days_of_two_strangers_lose_nothing_and_repeat(seed: int, world: World, capsys: Any) -> None:
    start = world.now
    world.back_up()
    first = world.kept
    days, state = whole_days(world, seed)
    with capsys.disabled():
        print(f"\nSEED={seed} state={state[:16]} {dict(sorted(days.seen.items()))}")
    world.kept, world.now = first, start
    world.restore()
    assert whole_days(world, seed)[1] == state, "the same seed, the same end"
