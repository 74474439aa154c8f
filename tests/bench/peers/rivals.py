"""Kinto on PostgreSQL and PouchDB Server on LevelDB, as their own manuals start them."""

from __future__ import annotations

import base64
import itertools
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import psycopg

from tests.bench.peers import install
from tests.bench.peers.http import Http, free_port, wait_for
from tests.bench.peers.records import rows

_numbers = itertools.count(1)
INI = """[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.postgresql
kinto.storage_url = {url}
kinto.permission_backend = kinto.core.permission.postgresql
kinto.permission_url = {url}
kinto.cache_backend = kinto.core.cache.memory
kinto.batch_max_requests = 200
kinto.userid_hmac_secret = bench
multiauth.policies = basicauth
kinto.bucket_create_principals = system.Authenticated
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}
threads = 4
[loggers]
keys = root
[handlers]
keys = none
[formatters]
keys =
[logger_root]
level = ERROR
handlers = none
[handler_none]
class = NullHandler
args = ()
"""


class Kinto:
    """One collection per place; a batch is its batch endpoint's."""

    name = "Kinto, PostgreSQL"

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder, self.url, self.port = folder, database_url, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        ini = self.folder / "kinto.ini"
        ini.write_text(INI.format(url=self.url, port=self.port))
        programs = install.kinto()
        with open(self.folder / "kinto.log", "ab") as log:
            subprocess.run([programs / "kinto", "migrate", "--ini", ini], check=True, stdout=log, stderr=log)
            command = [programs / "kinto", "start", "--ini", ini, "--port", str(self.port)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(f"http://127.0.0.1:{self.port}/v1/", self.process)
        self.http().must("PUT", "/v1/buckets/bench", {})

    def stop(self) -> None:
        end(self.process)

    def http(self) -> Http:
        return Http(self.port, Authorization="Basic " + base64.b64encode(b"ana:secret").decode())

    def place(self) -> KintoPlace:
        return KintoPlace(self, f"c{next(_numbers)}")


class KintoPlace:
    def __init__(self, peer: Kinto, name: str) -> None:
        self.peer, self.path = peer, f"/v1/buckets/bench/collections/{name}"
        self.parent, self.filled = f"/buckets/bench/collections/{name}", 0
        self.pushing, self.writing, self.pulling = peer.http(), peer.http(), peer.http()
        self.pushing.must("PUT", self.path, {})

    def requests(self, count: int, batch: int) -> Sequence[Any]:
        puts = [
            {"method": "PUT", "path": f"{self.path}/records/{ident}", "body": {"data": row}}
            for ident, row in rows(count).items()
        ]
        parts = [puts[start : start + batch] for start in range(0, count, batch)]
        return [(self.pushing, "POST", "/v1/batch", orjson.dumps({"requests": part})) for part in parts]

    def quick(self) -> Any:
        [(ident, row)] = rows(1).items()
        return self.writing, "PUT", f"{self.path}/records/{ident}", orjson.dumps({"data": row})

    def push(self, request: Any) -> set[str]:
        http, method, path, body = request
        status, answer, _ = http.ask(method, path, body)
        if method == "PUT":
            return {answer["data"]["id"]} if status == 201 else set()
        answers = answer["responses"] if status == 200 else []
        return {one["body"]["data"]["id"] for one in answers if one["status"] == 201}

    def pull(self, cursor: Any) -> tuple[list[str], Any]:
        since = f"?_since={cursor}" if cursor else ""
        status, answer, headers = self.pulling.ask("GET", f"{self.path}/records{since}")
        assert status == 200, answer
        return [row["id"] for row in answer["data"]], headers["ETag"].strip('"')

    def fill(self, count: int) -> Any:
        """By SQL, the trigger that gives each row its time left aside."""
        more = """
            INSERT INTO objects (id, parent_id, resource_name, last_modified, data, deleted)
            SELECT gen_random_uuid()::text, %s, 'record',
                   from_epoch(1500000000000 + n), jsonb_build_object('note', 'n' || n), FALSE
            FROM generate_series(%s::bigint, %s::bigint) AS n
        """
        with psycopg.connect(self.peer.url, autocommit=True) as connection:
            connection.execute("ALTER TABLE objects DISABLE TRIGGER USER")
            connection.execute(more, (self.parent, self.filled + 1, count))
            connection.execute("ALTER TABLE objects ENABLE TRIGGER USER")
            connection.execute("ANALYZE objects")
        self.filled = count
        _, _, headers = self.pulling.ask("HEAD", f"{self.path}/records")
        return headers["ETag"].strip('"')


class PouchServer:
    """One database per place; a batch is _bulk_docs. Nobody signs in: it has no rights per record to check."""

    name = "PouchDB Server, LevelDB"

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        command = [*install.pouchdb(), "--port", str(self.port), "--host", "127.0.0.1", "--no-stdout-logs"]
        command += ["--dir", str(self.folder / "data"), "--config", str(self.folder / "config.json")]
        with open(self.folder / "pouchdb.log", "ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=install.node_env(), stdout=log, stderr=log)
        wait_for(f"http://127.0.0.1:{self.port}/", self.process)
        adapters = Http(self.port).must("GET", "/")["pouchdb-adapters"]
        assert adapters == ["leveldb"], adapters

    def stop(self) -> None:
        end(self.process)

    def place(self) -> PouchPlace:
        return PouchPlace(self, f"db{next(_numbers)}")


class PouchPlace:
    def __init__(self, peer: PouchServer, name: str) -> None:
        self.path, self.filled = f"/{name}", 0
        self.pushing, self.writing, self.pulling = Http(peer.port), Http(peer.port), Http(peer.port)
        self.pushing.must("PUT", self.path)

    def requests(self, count: int, batch: int) -> Sequence[Any]:
        docs = [{"_id": ident, **row} for ident, row in rows(count).items()]
        parts = [docs[start : start + batch] for start in range(0, count, batch)]
        return [(self.pushing, "POST", f"{self.path}/_bulk_docs", orjson.dumps({"docs": part})) for part in parts]

    def quick(self) -> Any:
        [(ident, row)] = rows(1).items()
        return self.writing, "PUT", f"{self.path}/{ident}", orjson.dumps(row)

    def push(self, request: Any) -> set[str]:
        http, method, path, body = request
        status, answer, _ = http.ask(method, path, body)
        if method == "PUT":
            return {answer["id"]} if status == 201 else set()
        return {one["id"] for one in answer if one.get("ok")} if status == 201 else set()

    def pull(self, cursor: Any) -> tuple[list[str], Any]:
        status, answer, _ = self.pulling.ask("GET", f"{self.path}/_changes?include_docs=true&since={cursor or 0}")
        assert status == 200, answer
        return [change["id"] for change in answer["results"]], answer["last_seq"]

    def fill(self, count: int) -> Any:
        """By its own _bulk_docs; a million of them would take it a quarter of an hour."""
        if count > 100_000:
            return None
        for start in range(self.filled, count, 2_000):
            docs = [{"_id": f"n{n}", "note": f"n{n}"} for n in range(start, min(start + 2_000, count))]
            self.pushing.must("POST", f"{self.path}/_bulk_docs", {"docs": docs})
        self.filled = count
        return self.pulling.must("GET", f"{self.path}/_changes?descending=true&limit=1")["last_seq"]


def end(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
