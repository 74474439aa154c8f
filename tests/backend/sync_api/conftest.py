"""A phone for a test: pushes and pulls as its user, numbers its operations."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backend.core.ids import new_id
from tests.backend.sync_api.toy import only_toys

T = "2026-11-20T01:59:00.000Z"


class Phone:
    """One phone database of a user. `op` numbers, `push` sends, `pull` keeps rows and cursor as M-41 says."""

    def __init__(self, client: Any, user: Any) -> None:
        self.client, self.user, self.device_id, self.seq = client, user, new_id(), 0
        self.cursor: str | None = None
        self.rows: dict[tuple[str, str], tuple[int, Any]] = {}
        self.held: dict[tuple[str, str], set[str]] = {}

    def op(self, type_: str, record_id: str, args: Any, **given: Any) -> dict[str, Any]:
        self.seq += 1
        kind = given.pop("kind", type_.split(".")[0])
        out = {"op_id": new_id(), "seq": self.seq, "type": type_, "v": 1, "record": {"kind": kind, "id": record_id}}
        return out | {"args": args, "occurred_at": T} | given

    def note(self, **args: Any) -> dict[str, Any]:
        return self.op("note.add", new_id(), {"title": "A", "body": "甲。乙。丙。", "count": 0} | args)

    def edit(self, record_id: str, args: Any, base: Any, **given: Any) -> dict[str, Any]:
        return self.op("note.edit", record_id, args, base=base, **given)

    def envelope(self, *ops: Any, **given: Any) -> dict[str, Any]:
        return {"device_id": self.device_id, "epoch": None, "schema": 1, "app": "test", "ops": list(ops)} | given

    def send(self, body: bytes, **headers: str) -> Any:
        return self.client.post(
            "/api/sync/v1/push", data=body, headers={"Content-Type": "application/json"} | headers
        )

    def push(self, *ops: Any, packed: bool = False, **given: Any) -> Any:
        body = json.dumps(self.envelope(*ops, **given)).encode()
        return self.send(gzip.compress(body), **{"Content-Encoding": "gzip"}) if packed else self.send(body)

    def results(self, *ops: Any) -> list[dict[str, Any]]:
        response = self.push(*ops)
        assert response.status_code == 200, response.text
        return response.json["results"]

    def get(self, **query: Any) -> Any:
        return self.client.get("/api/sync/v1/pull", query_string={"device_id": self.device_id, "schema": 1} | query)

    def pull(self, limit: int = 500, **also: Any) -> list[dict[str, Any]]:
        """Pull to the head, apply, return the changes."""
        seen: list[dict[str, Any]] = []
        while True:
            response = self.get(limit=limit, **({"cursor": self.cursor} if self.cursor else {}), **also)
            if response.status_code == 204:
                return seen
            assert response.status_code == 200, response.text
            page = response.json
            for bucket in page["buckets"]["removed"]:
                for key in list(self.held):
                    self._drop(key, bucket)
            for change in page["changes"]:
                self._apply(change)
            seen += page["changes"]
            self.cursor = page["cursor"]
            if not page["more"]:
                return seen

    def _apply(self, change: dict[str, Any]) -> None:
        key = (change["kind"], change["id"])
        if change["op"] == "remove":
            self._drop(key, change["bucket"])
            return
        self.held.setdefault(key, set()).add(change["bucket"])
        if key not in self.rows or change["rev"] >= self.rows[key][0]:
            self.rows[key] = (change["rev"], change["row"])

    def _drop(self, key: tuple[str, str], bucket: str) -> None:
        self.held.get(key, set()).discard(bucket)
        if not self.held.get(key):
            self.held.pop(key, None)
            self.rows.pop(key, None)

    def row(self, kind: str, record_id: str) -> Any:
        return self.rows[kind, record_id][1]

    def of(self, kind: str) -> list[Any]:
        return [row for (k, _), (_, row) in self.rows.items() if k == kind]


@pytest.fixture
def toys(app: Any) -> Iterator[None]:
    """The toy kinds alone."""
    with only_toys(app):
        yield


@pytest.fixture
def phone(toys: None, as_: Callable[[Any], Any]) -> Callable[[Any], Phone]:
    """`phone(cast.ana)`: a new phone of that user."""
    return lambda user: Phone(as_(user), user)
