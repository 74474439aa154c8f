"""Ours with everything on: the server as `make run` starts it, sign-in, rights, validation, settling, the signed chain.

People, their work orders and visits are put into the database before the server starts; from then on all goes over HTTP.
"""

from __future__ import annotations

import base64
import gzip
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from backend.config import ROOT
from backend.core.ids import new_id
from sync.server.canonical import content_hash, first_link, next_link
from sync.server.cursor import Cursor, Place, seal_cursor
from tests.bench.peers.http import Http, free_port, wait_for
from tests.bench.peers.records import AT, BYTES, note_of, row_of
from tests.bench.peers.rivals import end

PLACES, WORK_ORDERS = 14, 30
# After each push every work order that it touched is decided anew; one line of ten changes its state.
WHATS = ("note", "note", "contacted", "note", "note", "waiting", "note", "contacted", "note", "note")
SECRET = "only-for-bench-0123456789-abcdefghij"


class Ours:
    """One engineer with thirty work orders per place; her other phone is the second client."""

    def __init__(self, name: str, folder: Path, database_url: str = "") -> None:
        self.name, self.folder, self.port = name, folder, free_port()
        self.url = database_url or f"sqlite:///{folder / 'fieldpledge.db'}"
        self.process: subprocess.Popen[bytes] | None = None
        self.prepared: Iterator[tuple[str, list[str]]] = iter(())

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepared = iter(self._with_people())
        env = os.environ | {
            "FIELDPLEDGE_VAR_DIR": str(self.folder), "FIELDPLEDGE_PORT": str(self.port), "DATABASE_URL": self.url,
            "SECRET_KEY": SECRET,
        }  # fmt: skip
        with open(self.folder / "server.log", "ab") as log:
            command = [sys.executable, "-m", "backend", "serve", "--demo=0"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        wait_for(f"http://127.0.0.1:{self.port}/healthz", self.process)

    def stop(self) -> None:
        end(self.process)

    def place(self) -> OurPlace:
        return OurPlace(self, *next(self.prepared))

    def engine(self) -> sa.Engine:
        return sa.create_engine(self.url)

    def _with_people(self) -> list[tuple[str, list[str]]]:
        """(sign-in name, ids of her work orders) for each place, under a contract whose letter is decided each time."""
        from backend import create_app
        from backend.commands import migrate
        from backend.core.db import db
        from tests.factories.customers import make_asset, make_contract, make_customer, make_site
        from tests.factories.people import make_branch, make_company, make_user
        from tests.factories.work import make_visit, make_work_order

        app = create_app({"VAR_DIR": str(self.folder), "DATABASE_URL": self.url, "SECRET_KEY": SECRET})
        out = []
        with app.app_context():
            migrate(app)
            make_company()
            branch = make_branch()
            site = make_site(customer := make_customer(branch))
            contract = make_contract(customer)
            for n in range(PLACES):
                engineer = make_user(f"Ana{n}", branch)
                orders = [
                    make_work_order(site, [make_asset(site, contract, serial=f"{n}-{m}")], contract_id=contract.id)
                    for m in range(WORK_ORDERS)
                ]
                for order in orders:
                    make_visit(order, [engineer])
                out.append((engineer.sign_in_name, [order.id for order in orders]))
            db.session.remove()
            db.engine.dispose()
        return out


@dataclass
class Phone:
    """One phone database: numbers, chains and signs as the app does (M-10, M-63, M-64)."""

    http: Http
    user_id: str
    device_id: str = field(default_factory=new_id)
    seq: int = 0
    link: str = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    key_id: str = ""
    records: dict[int, str] = field(default_factory=dict)  # seq → the record that it makes

    def register(self) -> Phone:
        from backend.sync_api.signatures import key_id_of

        numbers = self.key.public_key().public_numbers()
        public = {"kty": "EC", "crv": "P-256", "x": _base64(numbers.x), "y": _base64(numbers.y)}
        self.http.must("POST", "/api/devices", {"id": self.device_id, "label": "bench", "public_key": public})
        self.link, self.key_id = first_link(self.device_id), key_id_of(public)
        return self

    def request(self, ops: list[dict[str, Any]]) -> tuple[Phone, bytes]:
        """A signed, packed push of operations that have no number yet."""
        previous = self.link
        for op in ops:
            self.seq += 1
            self.link = next_link(self.link, content_hash(op), self.seq)
            op["seq"] = self.seq
            self.records[self.seq] = op["record"]["id"]
        r, s = decode_dss_signature(self.key.sign(self.link.encode(), ec.ECDSA(SHA256())))
        envelope = {
            "device_id": self.device_id, "epoch": None, "schema": 1, "app": "bench", "prev_hash": previous,
            "key_id": self.key_id, "signature": _base64(r, s), "ops": ops,
        }  # fmt: skip
        return self, gzip.compress(orjson.dumps(envelope), 6)


def _base64(*numbers: int) -> str:
    raw = b"".join(number.to_bytes(32) for number in numbers)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class OurPlace:
    def __init__(self, peer: Ours, sign_in_name: str, work_orders: list[str]) -> None:
        from tests.factories.people import PASSWORD

        self.peer, self.work_orders = peer, itertools.cycle(work_orders)
        self.phones = []
        for _ in range(3):
            http = Http(peer.port, **{"X-Fieldpledge": "1"})
            status, answer, headers = http.ask(
                "POST", "/api/sign-in", orjson.dumps({"name": sign_in_name, "password": PASSWORD})
            )
            assert status == 200, answer
            http.headers["Cookie"] = headers["Set-Cookie"].split(";")[0]
            user_id = http.must("GET", "/api/me")["user"]["id"]
            self.phones.append(Phone(http, user_id).register())
        self.pushing, self.writing, self.pulling = self.phones
        self.note_bytes = BYTES - len(orjson.dumps(row_of(0, new_id(), new_id()) | {"note": ""}))
        self.numbers = itertools.count()
        self.filled = 0

    def _operation(self) -> dict[str, Any]:
        n = next(self.numbers)
        what = WHATS[n % len(WHATS)]
        args = {"work_order_id": next(self.work_orders), "what": what, "note": note_of(n, self.note_bytes)}
        return {
            "op_id": new_id(), "type": "log_entry.add", "v": 1, "record": {"kind": "log_entry", "id": new_id()},
            "args": args, "occurred_at": AT, "mono_ms": 81_234 + n * 977,
            "clock": {"offset_ms": -240, "rtt_ms": 80, "age_s": 600 + n},
        }  # fmt: skip

    def requests(self, count: int, batch: int) -> Sequence[Any]:
        return [self.pushing.request([self._operation() for _ in range(batch)]) for _ in range(count // batch)]

    def quick(self) -> Any:
        return self.writing.request([self._operation()])

    def push(self, request: Any) -> set[str]:
        phone, body = request
        status, answer, _ = phone.http.ask("POST", "/api/sync/v1/push", body, **{"Content-Encoding": "gzip"})
        assert status == 200, answer
        bad = [result for result in answer["results"] if result["status"] != "applied"]
        assert not bad, bad[0]
        return {phone.records[result["seq"]] for result in answer["results"]}

    def pull(self, cursor: Any) -> tuple[list[str], Any]:
        query = f"device_id={self.pulling.device_id}&schema=1&limit=1000" + (f"&cursor={cursor}" if cursor else "")
        status, page, _ = self.pulling.http.ask("GET", f"/api/sync/v1/pull?{query}")
        if status == 204:
            return [], cursor
        assert status == 200, page
        return [change["id"] for change in page["changes"]], page["cursor"]

    def fill(self, count: int) -> Any:
        """By SQL: small records in her own bucket, then a cursor that stands behind them."""
        bucket = f"engineer:{self.pulling.user_id}"
        made = "printf('00000000-0000-7000-8000-%012d', n)"
        numbers = "WITH RECURSIVE numbers(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last) "
        source = "FROM numbers WHERE true"
        if "postgresql" in self.peer.url:
            made, numbers = "'00000000-0000-7000-8000-' || lpad(n::text, 12, '0')", ""
            source = "FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n"
        engine = self.peer.engine()
        span = {"first": self.filled + 1, "last": count, "bucket": bucket, "at": "2026-11-20 01:59:00"}
        with engine.begin() as connection:
            run = connection.execute
            head = run(sa.text("SELECT epoch, feed_seq, cursor_key FROM sync_head")).one()
            run(sa.text("INSERT INTO sync_record (kind, record_id, rev, row, is_gone, made_at) "
                        f"{numbers} SELECT 'log_entry', {made}, 1, '{{\"note\":\"' || n || '\"}}', false, :at {source}")
                .bindparams(sa.bindparam("at", type_=sa.DateTime())), span | {"at": _instant()})  # fmt: skip
            run(sa.text("INSERT INTO sync_feed (bucket, kind, record_id, seq, why) "
                        f"{numbers} SELECT :bucket, 'log_entry', {made}, :base + n, NULL {source}"),
                {**{k: span[k] for k in ("first", "last", "bucket")}, "base": head.feed_seq - self.filled})  # fmt: skip
            seq = head.feed_seq + count - self.filled
            run(sa.text("UPDATE sync_head SET feed_seq = :seq"), {"seq": seq})
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("ANALYZE"))
        engine.dispose()
        self.filled = count
        places = {name: Place(seq, seq) for name in ("reference", bucket)}
        return seal_cursor(Cursor(head.epoch, 1, places), bytes.fromhex(head.cursor_key))


def _instant() -> Any:
    from datetime import datetime

    return datetime(2026, 11, 20, 1, 59)
