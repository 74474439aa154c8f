"""A slow line before a server: each answer sets out late by chance, so that taps and clicks fall before answers that a
quick machine has long given. Nothing is lost or changed; the seed says how late.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from random import Random

LATE = 0.7  # the share of answers that are late
MOST_S = 2.5
BYTES = 65_536


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
            waits = asyncio.Event()  # a request went out and its answer has not begun
            ways = (self._carry(near, asks, asked=waits), self._carry(reader, answers, answered=waits))
            await asyncio.gather(*ways, return_exceptions=True)
        answers.close()

    async def _carry(
        self,
        source: asyncio.StreamReader,
        to: asyncio.StreamWriter,
        asked: asyncio.Event | None = None,
        answered: asyncio.Event | None = None,
    ) -> None:
        try:
            while part := await source.read(BYTES):
                if asked:
                    asked.set()
                if answered and answered.is_set():
                    answered.clear()
                    if self.chance.random() < LATE:
                        await asyncio.sleep(self.chance.uniform(0, MOST_S))
                to.write(part)
                await to.drain()
        finally:
            to.close()
