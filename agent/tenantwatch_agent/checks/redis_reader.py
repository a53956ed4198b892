"""What a Redis server says, up to a limit: the client itself would take any size that a server announces."""

from __future__ import annotations

import asyncio
from typing import Any

MAX_REPLY_BYTES = 1024 * 1024


class BoundedReader:
    """Stands before the stream of one connection; raises redis.InvalidResponse beyond the limit."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self._left = MAX_REPLY_BYTES

    async def readexactly(self, size: int) -> bytes:
        # Refused before anything of it is waited for.
        self._take(size)
        return await self._stream.readexactly(size)

    async def readline(self) -> bytes:
        try:
            line = await self._stream.readline()
        except ValueError:
            raise _too_large() from None
        self._take(len(line))
        return line

    async def read(self, size: int) -> bytes:
        part = await self._stream.read(size)
        self._take(len(part))
        return part

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise _too_large()


def _too_large() -> Exception:
    import redis

    return redis.InvalidResponse(f"its answers are larger than {MAX_REPLY_BYTES} bytes")
