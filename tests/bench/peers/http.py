"""The one HTTP client of all peers: keep-alive, gzip welcome, JSON by orjson."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from typing import Any

import orjson
import urllib3


class Http:
    """One connection to a server, as one phone has."""

    def __init__(self, port: int, **headers: str) -> None:
        self.pool = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=1, block=True, retries=False, timeout=120)
        self.headers = {"Accept-Encoding": "gzip", "Content-Type": "application/json", **headers}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any, Any]:
        """(status, JSON value or None, headers)."""
        answer = self.pool.request(method, path, body=body, headers=self.headers | headers)
        return answer.status, orjson.loads(answer.data) if answer.data else None, answer.headers

    def must(self, method: str, path: str, value: Any = None, *, among: tuple[int, ...] = (200, 201, 202)) -> Any:
        """The JSON value of a request that has to go well."""
        body = value if isinstance(value, bytes) or value is None else orjson.dumps(value)
        status, answer, _ = self.ask(method, path, body)
        if status not in among:
            raise RuntimeError(f"{method} {path} answered {status}: {answer}")
        return answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, process: Any, seconds: float = 60) -> None:
    """Until something answers there. Raises when the process ended or nothing came."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer; process ended: {process.poll()}")
