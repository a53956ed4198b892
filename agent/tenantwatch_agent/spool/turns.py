"""One work on the spool after the other, each to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Turns:
    """Asked between transactions, nobody sees what may still be taken back."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._works: set[asyncio.Task[Any]] = set()

    async def take(self, work: Coroutine[Any, Any, T]) -> T:
        """To its end, even if the caller is cancelled: who called may be gone, what was begun is not."""
        task = asyncio.create_task(self._in_turn(work))
        self._works.add(task)
        task.add_done_callback(self._works.discard)
        return await asyncio.shield(task)

    async def all_done(self) -> None:
        """Also those begun for callers that are gone."""
        while self._works:
            await asyncio.wait(self._works)

    async def _in_turn(self, work: Coroutine[Any, Any, T]) -> T:
        async with self._lock:
            return await work
