"""A phone in Python, written from sync/PROTOCOL.md alone: outbox, receipts, rows, files. No overlay beyond its own edits.

It keeps everything in memory and asks for nothing but `send(method, path, headers, body) -> (status, headers, bytes)`, so
that the same phone talks to the app in this process, to a server over HTTP, and to a network that lies.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable
from random import Random
from typing import Any

from sync.server.canonical import content_hash
from tests.faults.checker import Seen

Send = Callable[[str, str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]
T = "2026-11-20T01:59:00.000Z"
CHUNK = 256 * 1024


class Unreachable(Exception):
    """No answer, or none that the protocol knows: everything is kept, tried again later (M-22)."""


class Phone:
    """One phone database. `perform` is what a tap does, `round` what a sync does."""

    def __init__(self, send: Send, user_id: str, chance: Random) -> None:
        self.send, self.user_id, self.chance = send, user_id, chance
        self.device_id = self.new_id()
        self.outbox: list[dict[str, Any]] = []  # every operation made, in order of seq (M-10); acked ones stay (M-23)
        self.status: dict[str, tuple[str, str]] = {}  # op_id -> (status, epoch in which it was told)
        self.acked_seq, self.epoch, self.cursor = 0, None, None
        self.rows: dict[str, tuple[int, Any]] = {}
        self.held: dict[str, set[str]] = {}
        self.shadow: tuple[dict[str, Any], dict[str, set[str]]] | None = None
        self.files: dict[str, bytes] = {}
        self.passed_seq = 0  # acked operations at or below it are in the rows (M-53)
        self.size = 200

    def new_id(self) -> str:
        bits = self.chance.getrandbits(128) & ~(0xF << 76) | (7 << 76)
        return str(uuid.UUID(int=bits & ~(0x3 << 62) | (0x2 << 62)))

    # -- what a person does ----------------------------------------------------------------------------------------

    def perform(self, type_: str, kind: str, record_id: str, args: Any, **given: Any) -> dict[str, Any]:
        op = {"op_id": self.new_id(), "seq": len(self.outbox) + 1, "type": type_, "v": 1,
              "record": {"kind": kind, "id": record_id}, "args": args, "occurred_at": T}  # fmt: skip
        self.outbox.append(op | given)
        return self.outbox[-1]

    def edit(self, kind: str, record_id: str, name: str, value: Any, **given: Any) -> dict[str, Any]:
        rev = self.rows.get(f"{kind}/{record_id}", (0, None))[0]
        base = {name: (self.shown(kind, record_id) or {}).get(name)}
        return self.perform(f"{kind}.edit", kind, record_id, {name: value}, base=base, base_rev=rev, **given)

    def shown(self, kind: str, record_id: str) -> dict[str, Any] | None:
        """Base row with her own work over it (M-52)."""
        row = self.rows.get(f"{kind}/{record_id}", (0, None))[1]
        for op in self.outbox[self.passed_seq :]:
            if op.get("record") == {"kind": kind, "id": record_id} and op["type"].endswith((".add", ".edit")):
                row = {**(row or {}), **op["args"]}
        return row

    def take_file(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self.files[sha256] = data
        return sha256

    # -- sync ------------------------------------------------------------------------------------------------------

    def round(self, limit: int = 500) -> None:
        """Push all, pull to the head, upload what is missing. Raises Unreachable where it stops."""
        while self.acked_seq < len(self.outbox):
            self.push()
        while self.pull(limit):
            pass
        for sha256 in self.files:
            if self.rows.get(f"file/{sha256}", (0, {}))[1].get("state") == "pending":
                self.upload(sha256)

    def push(self) -> None:
        ops = self.outbox[self.acked_seq : self.acked_seq + self.size]
        envelope = {"device_id": self.device_id, "epoch": self.epoch, "schema": 1, "app": "proof", "ops": ops}
        status, _, body = self._ask("POST", "/api/sync/v1/push", envelope)
        answer = _json(body)
        if status == 409 and answer.get("type") == "/problems/sequence-gap":
            self.acked_seq = int(answer["acked_seq"])
        elif status == 413 and len(ops) > 1:
            self.size = max(1, len(ops) // 2)
        elif status != 200 or "results" not in answer:
            raise Unreachable(f"push: {status} {body[:200]!r}")
        else:
            self._take_results(ops, answer)

    def _take_results(self, ops: list[dict[str, Any]], answer: dict[str, Any]) -> None:
        taken = [r for r in answer["results"] if r["status"] != "retry"]
        for op, result in zip(ops, taken, strict=False):
            assert (result["seq"], result["op_id"]) == (op["seq"], op.get("op_id")), "results in order (M-25)"
            if op.get("op_id"):
                self.status[op["op_id"]] = (result["status"], answer["epoch"])
        self.acked_seq = min(answer["acked_seq"], len(self.outbox))
        if len(taken) < len(ops):
            raise Unreachable("retry")

    def pull(self, limit: int = 500) -> bool:
        """One page; True if there is more (M-39 to M-43)."""
        asked = f"/api/sync/v1/pull?device_id={self.device_id}&schema=1&limit={limit}"
        status, headers, body = self._ask("GET", asked + (f"&cursor={self.cursor}" if self.cursor else ""), None)
        if status == 204:
            self._heed(int(headers["sync-acked-seq"]), headers["sync-epoch"])
            return False
        page = _json(body)
        if status == 410 and "reset" in page:
            self.shadow, self.cursor = ({}, {}), None  # M-50: the old rows stay in use until the swap
            return True
        if status != 200 or "cursor" not in page:
            raise Unreachable(f"pull: {status}")
        rows, held = self.shadow if self.shadow is not None else (self.rows, self.held)
        for key in list(held):
            for bucket in page["buckets"]["removed"]:
                _drop(rows, held, key, bucket)
        for change in page["changes"]:
            self._apply(rows, held, change)
        self.cursor = page["cursor"]
        if not page["more"] and self.shadow is not None:
            (self.rows, self.held), self.shadow = self.shadow, None
        if not page["more"]:
            self._heed(page["acked_seq"], page["epoch"])
        return bool(page["more"])

    def _apply(self, rows: dict[str, Any], held: dict[str, set[str]], change: dict[str, Any]) -> None:
        key = f"{change['kind']}/{change['id']}"
        if change["op"] == "remove":
            _drop(rows, held, key, change["bucket"])
            return
        held.setdefault(key, set()).add(change["bucket"])
        if change["rev"] >= rows.get(key, (0, None))[0]:
            rows[key] = (change["rev"], change["row"])

    def _heed(self, acked_seq: int, epoch: str) -> None:
        """A server that knows less than it said is offered it again (M-51)."""
        self.epoch = epoch
        self.acked_seq = self.passed_seq = min(acked_seq, self.acked_seq)

    def upload(self, sha256: str, most: int | None = None) -> None:
        """tus 1.0 (M-56); `most` chunks at most."""
        data = self.files[sha256]
        encoded = [f"{name} {base64.b64encode(v.encode()).decode()}"
                   for name, v in (("sha256", sha256), ("content_type", "text/plain"))]  # fmt: skip
        head = {"Upload-Length": str(len(data)), "Upload-Metadata": ",".join(encoded)}
        status, headers, _ = self._ask("POST", "/api/files/uploads", None, head)
        at = int(headers.get("upload-offset", -1)) if status in (200, 201) else -1
        while 0 <= at < len(data) and most != 0:
            chunk = data[at : at + CHUNK]
            checksum = "sha256 " + base64.b64encode(hashlib.sha256(chunk).digest()).decode()
            head = {"Upload-Offset": str(at), "Upload-Checksum": checksum,
                    "Content-Type": "application/offset+octet-stream"}  # fmt: skip
            status, headers, _ = self._ask("PATCH", f"/api/files/uploads/{sha256}", chunk, head)
            if status not in (204, 409):
                raise Unreachable(f"upload: {status}")
            at, most = int(headers["upload-offset"]), None if most is None else most - 1
        if at < 0:
            raise Unreachable(f"upload: {status}")

    def _ask(self, method: str, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        head = {"X-Fieldpledge": "1", "Content-Type": "application/json"} | (headers or {})
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        status, got, answer = self.send(method, path, head, data)
        return status, {name.lower(): value for name, value in got.items()}, answer

    # -- for the checker -------------------------------------------------------------------------------------------

    def seen(self) -> Seen:
        made = {op["op_id"]: content_hash(op) for op in self.outbox if op.get("op_id")}
        told = [op.get("op_id") for op in self.outbox[: self.acked_seq] if op.get("op_id") in self.status]
        # a server that was put back may have come to another end; then its rows tell, not the receipt of before
        acked = {i: self.status[i][0] if self.status[i][1] == self.epoch else "in another epoch" for i in told}
        return Seen(self.user_id, made, acked, [op.get("op_id") for op in self.outbox[self.acked_seq :]], self.rows)


def _drop(rows: dict[str, Any], held: dict[str, set[str]], key: str, bucket: str) -> None:
    held.get(key, set()).discard(bucket)
    if not held.get(key):
        held.pop(key, None)
        rows.pop(key, None)


def _json(body: bytes) -> Any:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
