"""How rooms wake one another early without knowing one another: app.py hands the same signal to both."""

from __future__ import annotations

import asyncio


class Signal:
    """Counts what happened. A waiter that was away sees that the count has moved: no wake-up is lost."""

    def __init__(self) -> None:
        self._count = 0
        self._waiters: set[asyncio.Future[None]] = set()
        self.closed = False
        """After close() nothing will happen any more, and nobody waits."""

    @property
    def count(self) -> int:
        return self._count

    def fire(self) -> None:
        """Wake everybody who waits. Cheap when nobody does."""
        self._count += 1
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def close(self) -> None:
        """Wake everybody for the last time."""
        self.closed = True
        self.fire()

    async def wait_beyond(self, seen: int, timeout_seconds: float | None = None) -> int:
        """Return the count as soon as it exceeds ``seen``, or unchanged when the time is over."""
        if self._count > seen or self.closed:
            return self._count
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(timeout_seconds):
                await waiter
        except TimeoutError:
            pass
        finally:
            self._waiters.discard(waiter)
        return self._count
