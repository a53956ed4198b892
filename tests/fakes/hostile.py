"""A far end that means no good: it pours for ever, drips, or says what no server would say."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

_DRIP_SECONDS = 0.02


@asynccontextmanager
async def saying(parts: Iterable[bytes], every_seconds: float = 0.0) -> AsyncIterator[str]:
    """Says them to whoever comes, heard or not, and then waits; yields its HOST:PORT."""

    talking: set[asyncio.Task[None]] = set()

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(every_seconds)
            while await reader.read(65_536):
                pass
        except OSError:
            pass
        finally:
            writer.transport.abort()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talking.add(asyncio.ensure_future(say(reader, writer)))

    async with await asyncio.start_server(begin, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        try:
            yield f"{host}:{port}"
        finally:
            for task in talking:
                task.cancel()
            await asyncio.gather(*talking, return_exceptions=True)


def endless(begin: bytes, part: bytes = b"x" * 65_536) -> Iterable[bytes]:
    """As much as somebody takes."""
    return itertools.chain([begin], itertools.repeat(part))


@asynccontextmanager
async def dripping(begin: bytes = b"") -> AsyncIterator[str]:
    """Never silent, never done."""
    async with saying(itertools.chain([begin], itertools.repeat(b"\x00")), _DRIP_SECONDS) as address:
        yield address
