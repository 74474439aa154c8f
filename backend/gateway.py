"""RSGI outside, WSGI inside: one loop takes every request, a few threads answer them, and the bells wait on the loop.

A bell (sync/PROTOCOL.md M-70) that has nothing to say yet occupies no thread, so that hundreds of phones listen on the same
address as everything else. Made by backend/wsgi.py for granian; tests give it a scope and a protocol of their own.
"""

from __future__ import annotations

import asyncio
import io
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

import orjson
from flask import Flask

from backend.sync_api.bell import HOLDS, Bell, Wish
from sync.server.pull import FeedHead

PIECE_BYTES = 1024 * 1024  # longer bodies and answers travel in pieces
RESTART_S = 3  # how long phones wait at least when this process ends
Headers = list[tuple[str, str]]
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What the app answered. `rest` gives what is behind the first piece, `close` ends the request for the app."""

    status: int
    headers: Headers
    piece: bytes
    rest: Iterator[bytes] | None = None
    close: Callable[[], None] = lambda: None


class Gateway:
    """The RSGI application around the WSGI one."""

    def __init__(self, app: Flask, bell: Bell) -> None:
        self.app, self.bell = app, bell
        self.threads = ThreadPoolExecutor(app.config["THREADS"], "request")
        self.loop: Any = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.bell.start(loop)
        # granian listens for these on the loop and waits for what is under way; held bells must not keep it waiting
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, lambda *_: loop.call_soon_threadsafe(self.bell.dismiss))

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        wishes: list[Wish] = []
        environ = environ_of(scope) | {HOLDS: wishes}
        environ["wsgi.input"] = await self._body(environ, protocol)
        answer = await self._threaded(self._answer, environ)
        if wishes:
            await self._hold(wishes[0], answer, protocol)
        elif answer.rest is not None:
            await self._stream(answer, protocol)
        else:
            send(answer, protocol)

    def _threaded(self, function: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        return self.loop.run_in_executor(self.threads, function, *args)

    async def _body(self, environ: dict[str, Any], protocol: Any) -> Any:
        """A short body is read before a thread is taken; a long one piece by piece, as far as the app wants it."""
        length = environ.get("CONTENT_LENGTH")
        if length is None and "HTTP_TRANSFER_ENCODING" not in environ:
            return io.BytesIO()
        if length is not None and length.isdigit() and int(length) <= PIECE_BYTES:
            return io.BytesIO(await protocol())
        return io.BufferedReader(LongBody(protocol, self.loop))

    def _answer(self, environ: dict[str, Any]) -> Answer:
        said: list[Any] = []
        body = self.app.wsgi_app(environ, lambda status, headers, _error=None: said.extend((status, headers)))
        close = getattr(body, "close", lambda: None)
        pieces = iter(body)
        try:
            first = piece_of(pieces)
        except BaseException:
            close()
            raise
        headers = [(name.lower(), value) for name, value in said[1]]
        if len(first) >= PIECE_BYTES:
            return Answer(int(said[0][:3]), headers, first, pieces, close)
        close()
        return Answer(int(said[0][:3]), headers, first)

    async def _stream(self, answer: Answer, protocol: Any) -> None:
        try:
            out = protocol.response_stream(answer.status, answer.headers)
            piece = answer.piece
            while piece:
                await out.send_bytes(piece)
                piece = await self._threaded(piece_of, answer.rest)
        finally:
            await self._threaded(answer.close)

    async def _hold(self, wish: Wish, quiet: Answer, protocol: Any) -> None:
        """Keep the answer to a bell back until there is something to say, its time is over, or nobody listens any more."""
        told = self.bell.wait(wish)
        if told is None:
            send(quiet, protocol)
            return
        gone = asyncio.ensure_future(protocol.client_disconnect())
        try:
            await asyncio.wait({told, gone}, return_when=asyncio.FIRST_COMPLETED)
            if told.done():
                send(told_of(quiet, told.result(), self.bell.is_over), protocol)
        finally:
            self.bell.leave(told)
            gone.cancel()


def told_of(quiet: Answer, head: FeedHead | None, is_over: bool) -> Answer:
    """The answer of a bell that was held: the news, or nothing; when to come again only if this process ends."""
    headers = [(name, value) for name, value in quiet.headers if name != "retry-after"]
    if head is None:
        return replace(quiet, headers=[*headers, ("retry-after", str(RESTART_S))] if is_over else headers)
    body = orjson.dumps({"epoch": head.epoch, "feed_head": head.seq})
    headers = [(name, value) for name, value in headers if name not in ("content-type", "content-length")]
    return Answer(200, [*headers, ("content-type", "application/json")], body)


def send(answer: Answer, protocol: Any) -> None:
    if answer.piece:
        protocol.response_bytes(answer.status, answer.headers, answer.piece)
    else:
        protocol.response_empty(answer.status, answer.headers)


def piece_of(pieces: Iterator[bytes]) -> bytes:
    """The next bytes of an answer: PIECE_BYTES or more of them, or the last ones."""
    got, size = [], 0
    for part in pieces:
        got.append(part)
        size += len(part)
        if size >= PIECE_BYTES:
            break
    return b"".join(got)


def environ_of(scope: Any) -> dict[str, Any]:
    """The request as WSGI names it (PEP 3333), its body aside."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    for name, value in scope.headers.items():
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    if scope.authority:
        environ.setdefault("HTTP_HOST", scope.authority)
    return environ


class LongBody(io.RawIOBase):
    """A long body, read by a thread while the loop receives it."""

    def __init__(self, protocol: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.parts, self.loop, self.left = protocol.__aiter__(), loop, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.left:
            self.left = asyncio.run_coroutine_threadsafe(self._next(), self.loop).result()
        size = min(len(buffer), len(self.left))
        buffer[:size], self.left = self.left[:size], self.left[size:]
        return size

    async def _next(self) -> bytes:
        async for part in self.parts:
            if part:
                return bytes(part)
        return b""
