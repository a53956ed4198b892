"""A TCP proxy between two real programs that can cut the line, slow it down or let it go silent."""

from __future__ import annotations

import asyncio
import enum
from contextlib import suppress
from typing import Self

from tests.ports import stable_port

_PIECE_BYTES = 512
"""What a slow line carries at once: small, so that it is fast again soon after it is told to be."""


class Way(enum.Enum):
    """The direction of bytes through the proxy."""

    UP = "from the client"
    DOWN = "from the server"


class Proxy:
    """Listens on ``address`` and forwards to the target; the target may come and go."""

    def __init__(self, target: str) -> None:
        self._target_host, _, port = target.rpartition(":")
        self._target_port = int(port)
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self._open = {Way.UP: asyncio.Event(), Way.DOWN: asyncio.Event()}
        self._bytes_per_second: float | None = None
        self.port = stable_port()
        self.address = f"127.0.0.1:{self.port}"
        self.forwarded = {Way.UP: 0, Way.DOWN: 0}
        """Bytes that came in since the beginning, by direction; also those that are withheld."""
        self.restore()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            await self.cut()
            await self._server.wait_closed()

    async def cut(self) -> None:
        """Reset every connection; new ones are served."""
        lines = list(self._lines)
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    def blackhole(self, *ways: Way) -> None:
        """Keep connections open and withhold their bytes, in the ways given or in both."""
        for way in ways or tuple(Way):
            self._open[way].clear()

    def slow(self, bytes_per_second: float) -> None:
        """Forward no faster than that, in each direction of each connection."""
        self._bytes_per_second = bytes_per_second

    def restore(self) -> None:
        """Forward again at full speed, first what was withheld."""
        self._bytes_per_second = None
        for gate in self._open.values():
            gate.set()

    async def wait_forwarded(self, way: Way, more: int, deadline_seconds: float = 90) -> None:
        """Return when that many more bytes than now came in from that side."""
        goal = self.forwarded[way] + more
        async with asyncio.timeout(deadline_seconds), self._changed:
            await self._changed.wait_for(lambda: self.forwarded[way] >= goal)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        try:
            await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # one end is gone, or cut() was called: the finally clause passes it on
        finally:
            self._lines.discard(task)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._target_host, self._target_port)
        pumps = [
            asyncio.create_task(self._pump(Way.UP, reader, far_writer)),
            asyncio.create_task(self._pump(Way.DOWN, far_reader, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            far_writer.transport.abort()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                self.forwarded[way] += len(chunk)
                async with self._changed:
                    self._changed.notify_all()
                while chunk:
                    await self._open[way].wait()
                    chunk = chunk[await self._forward(chunk, writer) :]

    async def _forward(self, chunk: bytes, writer: asyncio.StreamWriter) -> int:
        """Forward some of it at the speed of the line; returns how much."""
        piece = chunk
        if self._bytes_per_second is not None:
            piece = chunk[:_PIECE_BYTES]
            await asyncio.sleep(len(piece) / self._bytes_per_second)
        writer.write(piece)
        await writer.drain()
        return len(piece)
