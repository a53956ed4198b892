"""What both versions of HTTP have in common while an answer comes in."""

from __future__ import annotations

import abc
import asyncio
import time
from typing import Any

from tenantwatch_agent.checks.http.failure import ProbeFailed
from tenantwatch_agent.checks.http.message import Answer

_PORTION_BYTES = 4096
_TURN_SECONDS = 0.002


class Receiver(asyncio.Protocol, abc.ABC):
    """``first_byte`` and ``done`` complete, or fail with ProbeFailed, exactly once.

    What comes is taken in turns: a server that says much in small pieces holds up no other check.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.first_byte: asyncio.Future[None] = loop.create_future()
        self.done: asyncio.Future[None] = loop.create_future()
        self.answer = Answer()
        self._loop = loop
        self._source: asyncio.Transport | None = None
        self._waiting = bytearray()
        self._lost: tuple[Exception | None] | None = None

    @abc.abstractmethod
    def take(self, data: bytes) -> None:
        """The next bytes of the answer; never after ``done``."""

    @abc.abstractmethod
    def ended(self, error: Exception | None) -> None:
        """The connection is gone, and all that came was taken; never after ``done``."""

    def connection_made(self, transport: Any) -> None:
        self._source = transport

    def data_received(self, data: bytes) -> None:
        if self.done.done():
            return
        if not self._waiting and len(data) <= _PORTION_BYTES:
            self.take(data)
            return
        idle = not self._waiting
        self._waiting += data
        if idle:
            self._take_turn()

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting:
            self._lost = (error,)
        elif not self.done.done():
            self.ended(error)

    def eof_received(self) -> bool:
        return False

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

    def _take_turn(self) -> None:
        until = time.perf_counter() + _TURN_SECONDS
        while self._waiting and not self.done.done():
            portion = bytes(self._waiting[:_PORTION_BYTES])
            del self._waiting[:_PORTION_BYTES]
            self.take(portion)
            if time.perf_counter() > until:
                break
        if self.done.done():
            self._waiting.clear()
        self._read_on(not self._waiting)
        if self._waiting:
            self._loop.call_soon(self._take_turn)
        elif self._lost is not None and not self.done.done():
            self.ended(*self._lost)

    def _read_on(self, wanted: bool) -> None:
        if self._source is None or self._source.is_closing():
            return
        if wanted:
            self._source.resume_reading()
        else:
            self._source.pause_reading()
