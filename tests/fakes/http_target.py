"""A web server to be watched: it can be switched to fail, stopped, and restarted under the same address."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from tests.fakes.http1 import HttpServer, Request, Response


class HttpTarget(HttpServer):
    """Answers every path with ``status`` and counts what it answered, so that tests know what was seen."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = asyncio.Condition()
        self.status = 200
        self.body = b"all is well"
        self.answered: Counter[tuple[str, int]] = Counter()
        """Answers by (path, status)."""
        self.switched_answer_at: float | None = None
        """``time.monotonic()`` of the first answer after ``switch``."""

    def switch(self, status: int) -> None:
        """Answer with this status from the next request on."""
        self.status = status
        self.switched_answer_at = None

    @property
    def total(self) -> int:
        return self.answered.total()

    async def answer(self, request: Request) -> Response:
        self.answered[request.path, self.status] += 1
        if self.switched_answer_at is None:
            self.switched_answer_at = time.monotonic()
        async with self._changed:
            self._changed.notify_all()
        return Response(self.status, self.body)

    async def wait_total(self, total: int, deadline_seconds: float = 90) -> None:
        """Return when that many requests were answered since the beginning."""
        async with asyncio.timeout(deadline_seconds), self._changed:
            await self._changed.wait_for(lambda: self.total >= total)

    async def wait_more(self, more: int, deadline_seconds: float = 90) -> None:
        """Return when that many more requests were answered than now."""
        await self.wait_total(self.total + more, deadline_seconds)

    async def wait_each(self, paths: list[str], status: int, deadline_seconds: float = 90) -> None:
        """Return when each of the paths was answered with that status at least once."""
        async with asyncio.timeout(deadline_seconds), self._changed:
            await self._changed.wait_for(lambda: all(self.answered[path, status] for path in paths))
