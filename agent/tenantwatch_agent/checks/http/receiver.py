"""What both versions of HTTP have in common while an answer comes in."""

from __future__ import annotations

import asyncio

from tenantwatch_agent.checks.http.failure import ProbeFailed
from tenantwatch_agent.checks.http.message import Answer


class Receiver(asyncio.Protocol):
    """``first_byte`` and ``done`` complete, or fail with ProbeFailed, exactly once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.first_byte: asyncio.Future[None] = loop.create_future()
        self.done: asyncio.Future[None] = loop.create_future()
        self.answer = Answer()

    def started(self) -> None:
        if not self.first_byte.done():
            self.first_byte.set_result(None)

    def finish(self) -> None:
        self.started()
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, reason: str) -> None:
        error = ProbeFailed(reason)
        if not self.first_byte.done():
            self.first_byte.set_exception(error)
            # The second future is never awaited then: it must not complain.
            self.done.cancel()
        elif not self.done.done():
            self.done.set_exception(error)

    def let_go(self) -> None:
        """Nobody waits for it any more: what ends the connection now is no failure to tell of."""
        self.first_byte.cancel()
        self.done.cancel()
