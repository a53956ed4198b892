"""The far end of a webhook channel: keeps every call with its headers and the instant it arrived."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any

from tests.fakes.http1 import HttpServer, Request, Response


@dataclass(frozen=True, slots=True)
class Call:
    """One POST as it arrived; ``arrived_at`` is ``time.monotonic()``."""

    path: str
    headers: dict[str, str]
    json: Any
    arrived_at: float


class Webhook(HttpServer):
    """Records POSTs and answers each with ``status``."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = asyncio.Condition()
        self.status = 200
        self.calls: list[Call] = []

    async def answer(self, request: Request) -> Response:
        arrived_at = time.monotonic()
        if request.method != "POST":
            return Response(405, b"only POST")
        self.calls.append(Call(request.path, request.headers, json.loads(request.body), arrived_at))
        async with self._changed:
            self._changed.notify_all()
        return Response(self.status)

    async def wait_for(self, calls: int, deadline_seconds: float = 90) -> list[Call]:
        """Return all calls when there are that many; fail with what came instead."""
        try:
            async with asyncio.timeout(deadline_seconds), self._changed:
                await self._changed.wait_for(lambda: len(self.calls) >= calls)
        except TimeoutError:
            raise AssertionError(
                f"{len(self.calls)} of {calls} webhook calls after {deadline_seconds} s: {self.calls}"
            ) from None
        return self.calls
