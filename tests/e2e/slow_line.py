"""A slow line before a server: requests and answers set out late by chance, so that taps and clicks fall before answers
that a quick machine has long given. What asks for a change is always answered late: whoever goes on without waiting for
what he has done is caught. Nothing is lost or altered; the seed says how late.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from random import Random

CHANGES = (b"POST ", b"PUT ", b"PATCH ", b"DELETE ")
THERE, BACK = 0.2, 0.7  # the share of requests, of answers, that are late
MOST_THERE_S, MOST_BACK_S = 1.0, 2.5
CHANGED_S = (1.5, 3.5)  # how late the answer to a change is
BYTES = 65_536


class Asked:
    """What one connection waits for: a request went out and its answer has not begun."""

    is_waiting = is_change = False


class SlowLine:
    """Before the server at `port`; `far_port` is where the browser asks."""

    def __init__(self, port: int, seed: int) -> None:
        self.port, self.chance = port, Random(f"{seed} line")
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()
        listening = asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.server = asyncio.run_coroutine_threadsafe(listening, loop).result()
        self.far_port = int(self.server.sockets[0].getsockname()[1])

    async def _connection(self, near: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            reader, asks = await asyncio.open_connection("127.0.0.1", self.port)
            asked = Asked()
            await asyncio.gather(
                self._carry(near, asks, partial(self._ask, asked)),
                self._carry(reader, answers, partial(self._answer, asked)),
                return_exceptions=True,
            )
        answers.close()

    async def _ask(self, asked: Asked, part: bytes) -> None:
        if asked.is_waiting:
            return  # more of the same request
        asked.is_waiting, asked.is_change = True, part.startswith(CHANGES)
        if self.chance.random() < THERE:
            await asyncio.sleep(self.chance.uniform(0, MOST_THERE_S))

    async def _answer(self, asked: Asked, part: bytes) -> None:
        if not asked.is_waiting:
            return  # more of the same answer
        asked.is_waiting = False
        if asked.is_change:
            await asyncio.sleep(self.chance.uniform(*CHANGED_S))
        elif self.chance.random() < BACK:
            await asyncio.sleep(self.chance.uniform(0, MOST_BACK_S))

    async def _carry(
        self, source: asyncio.StreamReader, to: asyncio.StreamWriter, late: Callable[[bytes], Awaitable[None]]
    ) -> None:
        try:
            while part := await source.read(BYTES):
                await late(part)
                to.write(part)
                await to.drain()
        finally:
            to.close()
