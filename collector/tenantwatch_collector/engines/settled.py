"""Waits until all that an instant knows can be read: committed, and judged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from tenantwatch_collector.errors import NotYet
from tenantwatch_collector.store.base import Store

DEADLINE_SECONDS = 10.0


class Settled:
    """What is told of an instant is told alike for ever: nothing is received by then and seen only later."""

    def __init__(
        self,
        store: Store,
        caught_up: Callable[[], Awaitable[None]],
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._store = store
        self._caught_up = caught_up
        self._deadline_seconds = deadline_seconds
        self._until_us = 0

    async def until(self, instant_us: int) -> None:
        """Return once every result received by then is judged. Raises NotYet when that takes too long."""
        if instant_us <= self._until_us:
            return
        now_us = time.time_ns() // 1000
        try:
            async with asyncio.timeout(self._deadline_seconds):
                await self._store.settled(now_us)
                await self._caught_up()
        except TimeoutError:
            raise NotYet(
                f"what was received by then is still being judged after {self._deadline_seconds:g} s:"
                " ask again, or for an earlier as_of"
            ) from None
        self._until_us = max(self._until_us, now_us)
