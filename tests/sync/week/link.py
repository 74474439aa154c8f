"""A slow, lossy link before a server (S12): 512 kbit/s each way, 150 ms there and 150 ms back, and three of ten exchanges
are lost on their way or on the way back, half of them in silence, half by a cut. What it did is counted.

It speaks just enough HTTP to know where an exchange begins and ends: each has a connection of its own.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random

BYTES_PER_S = 512_000 / 8
ONE_WAY_S = 0.15
LOST = 0.3
PACKET = 1_400
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
OFFSET = re.compile(rb"\r\nupload-offset: *(\d+)", re.IGNORECASE)
KEPT_OPEN = re.compile(rb"\r\nconnection: [^\r]*", re.IGNORECASE)


class Lost(Exception):
    """This exchange ends here."""


class Way:
    """One direction: bytes take their time, one after the other, whoever sends them."""

    def __init__(self) -> None:
        self.bytes, self.free_at = 0, 0.0

    async def carry(self, count: int) -> None:
        now = asyncio.get_running_loop().time()
        self.bytes += count
        self.free_at = max(now, self.free_at) + count / BYTES_PER_S
        await asyncio.sleep(self.free_at - now)


class SlowLink:
    """`before_chunk` is called before a photo's bytes reach the server."""

    def __init__(self, port: int, seed: int, before_chunk: Callable[[], None]) -> None:
        self.port, self.chance, self.before_chunk = port, Random(f"{seed} link"), before_chunk
        self.there, self.back = Way(), Way()
        self.seen: Counter[str] = Counter()
        self.chunks: Counter[tuple[bytes, bytes]] = Counter()
        self.taken_bytes = 0
        self.url = ""

    async def exchange(self, phone: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        """One request and its answer, or neither, or the request alone."""
        with suppress(Lost, OSError, asyncio.IncompleteReadError):
            head, body = await self._request(phone)
            self.seen["exchanges"] += 1
            is_lost, is_back, is_silent = (self.chance.random() < share for share in (LOST, 0.5, 0.5))
            await asyncio.sleep(ONE_WAY_S)
            if is_lost and not is_back:
                await self._lose("there", phone if is_silent else None)
            answer = await self._asked(head, body)
            await asyncio.sleep(ONE_WAY_S)
            if is_lost:
                await self._lose("back", phone if is_silent else None)
            for at in range(0, len(answer), PACKET):
                packet = answer[at : at + PACKET]
                await self.back.carry(len(packet))
                answers.write(packet)
                await answers.drain()
        answers.close()

    async def _request(self, phone: asyncio.StreamReader) -> tuple[bytes, bytes]:
        head = await phone.readuntil(b"\r\n\r\n")
        await self.there.carry(len(head))
        length, body = LENGTH.search(head), b""
        left = int(length[1]) if length else 0
        if head.startswith(b"PATCH"):
            offset = OFFSET.search(head)
            self.chunks[head.split(b" ", 2)[1], offset[1] if offset else b""] += 1
            self.before_chunk()
        while left > len(body):
            packet = await phone.readexactly(min(PACKET, left - len(body)))
            await self.there.carry(len(packet))
            body += packet
        return head, body

    async def _lose(self, where: str, silent: asyncio.StreamReader | None) -> None:
        """In silence until the phone hangs up, or by a cut at once."""
        self.seen[f"lost {where}"] += 1
        if silent is not None:
            self.seen["silent"] += 1
            await silent.read()
        raise Lost

    async def _asked(self, head: bytes, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(KEPT_OPEN.sub(b"", head[:-2]) + b"connection: close\r\n\r\n" + body)
            answer = await reader.read()
        finally:
            writer.close()
        if head.startswith(b"PATCH") and b" 204 " in answer[:20]:
            self.taken_bytes += len(body)
        return answer


@contextmanager
def slow_link(port: int, seed: int, before_chunk: Callable[[], None]) -> Iterator[SlowLink]:
    """The link before a port of this machine, for the length of a block; `url` is its far end."""
    link, loop = SlowLink(port, seed, before_chunk), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    listening = asyncio.start_server(link.exchange, "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(listening, loop).result()
    link.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield link
    finally:
        server.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
