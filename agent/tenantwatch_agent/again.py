"""What did not work by a fault that may pass, such as a full disk, is tried again until it does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


class Again:
    """``attempt`` says whether it is done; until then it is made after pauses that double, least to most."""

    def __init__(
        self, what: str, attempt: Callable[[], Awaitable[bool]], least_seconds: float, most_seconds: float
    ) -> None:
        self._what = what
        self._attempt = attempt
        self._seconds = (least_seconds, most_seconds)
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Make the first attempt after the least pause; nothing where that has begun already."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name=self._what)

    def end(self) -> None:
        """No more attempts; may be called at any time."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        seconds, most = self._seconds
        while True:
            await asyncio.sleep(seconds)
            try:
                if await self._attempt():
                    return
            except Exception:
                # Whatever it is, what waits for this must not wait for ever.
                log.exception("to %s failed by a fault of our own", self._what)
            seconds = min(most, 2 * seconds)
