"""The product on a disk that is cut off (C2) or fails (C3), in a process of its own: one line of JSON per case.

    python -m tests.faults.crash.on_a_failing_disk FOLDER cut|fail|restore --from 1 --count 60 [--step 4]
        [--synchronous NORMAL] [--lazy]

synchronous=NORMAL and --lazy are the controls, which must lose what was acked or said to be back.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

import tests.faults.mutant  # noqa: F401  a mutant is put in before the product is loaded
from tests.faults.crash.disk import Disk, FailingOs, dbapi

KINDS = [(fault, for_ever) for fault in ("full", "broken", "short") for for_ever in (False, True)]


class House:
    """The app on the disk, put back to the same beginning for each case."""

    def __init__(self, folder: Path, pragma: str) -> None:
        from backend import create_app
        from backend.commands import migrate
        from backend.core import storage
        from backend.core.db import db
        from tests.backend.sync_api.toy import only_toys
        from tests.factories.people import make_branch, make_user
        from tests.support import ApiClient, signed_in

        self.folder, self.disk = folder, Disk()
        module = dbapi(self.disk)
        SQLiteDialect_pysqlite.import_dbapi = classmethod(lambda cls: module)  # type: ignore[method-assign]
        storage.os = FailingOs(self.disk)  # type: ignore[assignment]
        config = {"DATABASE_URL": f"sqlite:///{folder}/fieldpledge.db", "VAR_DIR": str(folder), "TESTING": True,
                  "PROPAGATE_EXCEPTIONS": False, "SECRET_KEY": "only-for-tests-0123456789-abcdefghij"}  # fmt: skip
        self.app = create_app(config)
        self.app.logger.disabled = True
        self.app.test_client_class = ApiClient
        self.app.app_context().push()
        self.db = db
        if pragma:
            sa.event.listen(db.engine, "connect", lambda c, _r: c.execute(f"PRAGMA synchronous={pragma}"))
        migrate(self.app)
        self.toys = only_toys(self.app)  # kept: forgotten, it would end
        self.toys.__enter__()
        self.ana = make_user("Ana", make_branch())
        self.client = signed_in(self.app, self.ana)
        self._keep_the_beginning()

    def _keep_the_beginning(self) -> None:
        """The WAL is nearly full, so that a checkpoint falls into the cases."""
        log = self.folder / "fieldpledge.db-wal"
        phone = self.phone(-1)
        while log.stat().st_size < 850 * 4120:
            phone.perform("note.add", "note", phone.new_id(), {"title": "before", "body": "甲。" * 2000, "count": 0})
            phone.send_all()
        self.db.session.remove()
        self.beginning = {path.name: path.read_bytes() for path in (self.folder / "fieldpledge.db", log)}

    def start(self) -> None:
        """Everything closed, the files as in the beginning."""
        self.reopen(lambda: None)
        for path in self.folder.glob("fieldpledge.db*"):
            path.unlink()
        shutil.rmtree(self.folder / "files", ignore_errors=True)
        for name, content in self.beginning.items():
            (self.folder / name).write_bytes(content)

    def reopen(self, between: Any) -> None:
        """The process ends, `between` happens to the disk, a new process opens it."""
        self.db.session.remove()
        self.disk.is_off = True  # the last connection would tidy up
        self.db.engine.dispose()
        between()
        (self.folder / "fieldpledge.db-shm").unlink(missing_ok=True)
        self.disk.forget()

    def phone(self, seed: int) -> Any:
        from tests.faults.person import Person

        def send(method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
            response = self.client.open(path, method=method, headers=headers, data=body)
            return response.status_code, dict(response.headers), response.data

        return Person(send, self.ana.id, Random(f"{seed} phone"))

    def faults(self, phone: Any, at_rest: bool) -> dict[str, list[str]]:
        from backend.core.sync import registry_of
        from tests.faults.checker import judge

        found = judge(self.db.session, registry_of(self.app), [phone.seen()], strangers=True)
        self.db.session.remove()
        return {name: places[:3] for name, places in found.items() if at_rest or name != "not_yet_visible"}


def work(house: House, phone: Any, chance: Random, requests: int) -> None:
    """A stretch of a day: notes, edits, photos, sent in portions; stops where the server does not answer."""
    from tests.faults.person import Unreachable

    notes: list[str] = []
    with suppress(Unreachable):
        for _ in range(requests):
            for _ in range(chance.randint(1, 6)):
                if not notes or chance.random() < 0.4:
                    notes.append(phone.new_id())
                    phone.perform("note.add", "note", notes[-1], {"title": "new", "body": "甲。乙。", "count": 0})
                elif chance.random() < 0.3:
                    sha256 = phone.take_file(bytes([chance.randint(65, 90)]) * chance.randint(1, 400_000))
                    args = {"note_id": chance.choice(notes), "name": "c"}
                    phone.perform("tag.add", "tag", phone.new_id(), args, files=[f"sha256:{sha256}"])
                else:
                    phone.edit("note", chance.choice(notes), "title", f"t{chance.randint(0, 9)}")
            phone.send_all() if chance.random() < 0.5 else phone.round()


def exchange(phone: Any) -> None:
    """Always the same: notes, an edit, a photo of two chunks, pushed, pulled, uploaded."""
    from tests.faults.person import Unreachable

    note, photo = phone.new_id(), phone.take_file(b"photo " * 60_000)
    with suppress(Unreachable):
        phone.perform("note.add", "note", note, {"title": "new", "body": "甲。乙。", "count": 0})
        phone.send_all()
        phone.perform("tag.add", "tag", phone.new_id(), {"note_id": note, "name": "c"}, files=[f"sha256:{photo}"])
        phone.edit("note", note, "title", "edited")
        phone.round()


def cuts(house: House, first: int, count: int, _step: int) -> Iterator[dict[str, Any]]:
    """C2: the power goes at a random write, or right after the last answer."""
    for seed in range(first, first + count):
        chance, phone = Random(f"{seed} power"), house.phone(seed)
        house.start()
        house.disk.begin(cut_at=chance.choice([0, chance.randint(1, 400), chance.randint(1, 60)]))
        work(house, phone, Random(f"{seed} work"), chance.randint(1, 8))
        where, acked = house.disk.writes, phone.acked_seq
        house.reopen(lambda c=chance: house.disk.power_cut(c))
        yield {"seed": seed, "where": where, "acked": acked} | afterwards(house, phone)


def fails(house: House, first: int, count: int, step: int) -> Iterator[dict[str, Any]]:
    """C3: case n is the (n // 6 + 1)-th write of one exchange, with the n % 6-th kind of fault; ends with the exchange."""
    for case in range(first * step, (first + count) * step, step):
        place, (fault, for_ever) = case // len(KINDS) + 1, KINDS[case % len(KINDS)]
        phone = house.phone(case)
        house.start()
        house.disk.begin(fail_at=place, fault=fault, for_ever=for_ever)
        exchange(phone)
        if not house.disk.failed:
            break
        hit = sorted(house.disk.hit)
        # while the disk says no, what was there is still read
        readable = house.client.get(f"/api/sync/v1/pull?device_id={phone.db['device_id']}&schema=1").status_code
        house.disk.begin()
        yield {"case": case, "write": place, "fault": fault, "hit": hit, "readable": readable} | afterwards(
            house, phone
        )


def restores(house: House, first: int, count: int, _step: int) -> Iterator[dict[str, Any]]:
    """The power goes at a random write of a restore, or right after it said that all is back."""
    from backend.core import backup, clock, storage
    from backend.sync_api.models import SyncOperation
    from tests.support import empty_tables

    kept, phone = house.folder / "kept.zip", house.phone(-2)
    ops = sa.select(sa.func.count()).select_from(SyncOperation)
    house.start()
    phone.perform("note.add", "note", phone.new_id(), {"title": "in the backup alone", "body": "", "count": 0})
    phone.send_all()
    files = [storage.put(Random(n).randbytes(50_000)) for n in range(4)]
    backup.write(kept, clock.now())
    wanted = house.db.session.scalar(ops)
    for seed in range(first, first + count):
        chance, said = Random(f"{seed} restore"), ""
        house.start()
        empty_tables()
        house.db.session.remove()
        house.disk.begin(cut_at=chance.choice([0, chance.randint(1, 40), chance.randint(1, 400)]))
        with suppress(Exception):
            said = backup.read(kept, clock.now())
        house.reopen(lambda c=chance: house.disk.power_cut(c))
        there = {sha256: storage.is_stored(sha256) and storage.read(sha256) for sha256 in files}
        whole = [sha256 for sha256, data in there.items() if data and hashlib.sha256(data).hexdigest() == sha256]
        yield {
            "seed": seed,
            "said": bool(said),
            "is_back": house.db.session.scalar(ops) == wanted,
            "whole": len(whole),
            "half": sum(data is not False for data in there.values()) - len(whole),
        }


def afterwards(house: House, phone: Any) -> dict[str, Any]:
    """Faults at once (what was acked is there), and once the phone has synced."""
    from tests.faults.person import Unreachable

    at_once = house.faults(phone, at_rest=False)
    trouble = ""
    try:
        phone.round()
        phone.round()  # what the first uploaded
        left = [key for key, (_, row) in phone.rows.items() if key.startswith("file/") and row["state"] != "stored"]
        trouble = f"not stored: {left}" if left else ""
    except Unreachable as error:
        trouble = str(error)
    return {
        "done": sum(status in ("applied", "merged") for status, _ in phone.told.values()),
        "at_once": at_once,
        "trouble": trouble,
        "healed": {} if trouble else house.faults(phone, at_rest=True),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("what", choices=["cut", "fail", "restore"])
    for name, default in (("--from", 1), ("--count", 60), ("--step", 1)):
        parser.add_argument(name, type=int, default=default)
    parser.add_argument("--synchronous", default="")
    parser.add_argument("--lazy", action="store_true", help="the file store forgets to sync")
    asked = vars(parser.parse_args())
    house = House(asked["folder"], asked["synchronous"])
    house.disk.is_lazy = asked["lazy"]
    run = {"cut": cuts, "fail": fails, "restore": restores}[asked["what"]]
    for line in run(house, asked["from"], asked["count"], asked["step"]):
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
