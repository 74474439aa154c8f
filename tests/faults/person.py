"""Who holds the phone of the fault tests: her taps, a sync that says where it stops, and what the checker asks.

The phone is tests/sync/stranger.py: in memory, by nothing but `send(method, path, headers, body) -> (status, headers, bytes)`, so
that the same one talks to the app in this process, to a server over HTTP, and to a network that lies.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from random import Random
from typing import Any

from backend.core import clock
from tests.faults.checker import Seen
from tests.sync.stranger import Stranger
from tests.sync.stranger_values import content_hash, file_of

Send = Callable[[str, str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]


class Unreachable(ConnectionError):
    """No answer, or none that lets her go on: everything is kept, tried again later (M-22)."""


def now_ms() -> int:
    return round(clock.now().timestamp() * 1000)


class Person(Stranger):
    """One phone database and the taps on it. `perform` is what a tap does, `round` what a sync does."""

    def __init__(self, send: Send, user_id: str, chance: Random) -> None:
        self.chance = chance

        def ask(
            method: str, path: str, headers: dict[str, str], body: bytes | None
        ) -> tuple[int, dict[str, str], bytes]:
            status, head, data = send(method, path, headers, body or b"")
            return status, {name.lower(): value for name, value in head.items()}, data

        super().__init__(ask, user_id, now_ms, now_ms, self.made_id)

    def made_id(self) -> str:
        bits = self.chance.getrandbits(128) & ~(0xF << 76) | (7 << 76)
        return str(uuid.UUID(int=bits & ~(0x3 << 62) | (0x2 << 62)))

    def perform(self, type_: str, kind: str, record_id: str, args: Any, **given: Any) -> None:
        mode = {"add": "insert", "edit": "edit"}.get(type_.split(".")[1], "act")
        self.do(mode, type_, kind, record_id, args, **given)

    def edit(self, kind: str, record_id: str, name: str, value: Any, **given: Any) -> None:
        self.perform(f"{kind}.edit", kind, record_id, {name: value}, **given)

    def take_file(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self.db["files"][sha256] = file_of(data, "text/plain")
        return sha256

    def send_all(self, most: int = 200) -> None:
        self._stops(self.push(most))

    def round(self, limit: int = 500, most: int = 200) -> None:
        """Push all, pull to the head, upload what is missing. Raises Unreachable where it stops."""
        self._stops(self.push(most) or self.pull(limit=limit) or self.upload())

    def _stops(self, said: str | None) -> None:
        if said is not None:
            raise Unreachable(said)

    # -- for the checker -------------------------------------------------------------------------------------------

    @property
    def told(self) -> dict[str, tuple[str, str]]:
        """op_id -> the status of its receipt, and the epoch in which it was told."""
        held = [(entry["op"], entry["receipt"]) for entry in list(self.db["ops"])]
        return {op["op_id"]: (got["result"]["status"], got["epoch"]) for op, got in held if got and "op_id" in op}

    @property
    def acked_seq(self) -> int:
        return sum(entry["receipt"] is not None for entry in self.db["ops"])

    @property
    def rows(self) -> dict[str, tuple[int, Any]]:
        """What a bucket holds: rows that only wait for her work to leave are not the server's any more."""
        return {key: (row["rev"], row["row"]) for key, row in self.db["rows"].items() if row["buckets"]}

    def seen(self) -> Seen:
        ops = [entry["op"] for entry in self.db["ops"] if "op_id" in entry["op"]]
        # a server that was put back may have come to another end; then its rows tell, not the receipt of before
        now = self.db["epoch"]
        acked = {i: status if epoch == now else "in another epoch" for i, (status, epoch) in self.told.items()}
        unsent = [op["op_id"] for op in self.unacked() if "op_id" in op]
        return Seen(self.user_id, {op["op_id"]: content_hash(op) for op in ops}, acked, unsent, self.rows)
