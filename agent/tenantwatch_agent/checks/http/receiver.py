"""What both versions of HTTP have in common while an answer comes in."""

from __future__ import annotations

import asyncio
import socket

from tenantwatch_agent.checks.base import os_reason
from tenantwatch_agent.checks.http.failure import ProbeFailed
from tenantwatch_agent.checks.http.message import MAX_HEADER_BYTES, Answer


class Early(asyncio.Protocol):
    """Keeps what comes before the request was sent: servers that speak first are not missed."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._lost: tuple[Exception | None] | None = None

    def data_received(self, data: bytes) -> None:
        self._data += data[: max(0, MAX_HEADER_BYTES + 1 - len(self._data))]

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = (error,)

    def hand_over(self, transport: asyncio.Transport, receiver: asyncio.Protocol) -> None:
        """From now on the receiver has the connection, and all that came before."""
        transport.set_protocol(receiver)
        if self._data:
            receiver.data_received(bytes(self._data))
        if self._lost is not None:
            receiver.connection_lost(*self._lost)


async def open_transport(connection: socket.socket) -> tuple[asyncio.Transport, Early]:
    """Gives the connected socket to the loop. Raises ProbeFailed."""
    early = Early()
    try:
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: early, sock=connection)
    except OSError as error:
        connection.close()
        raise ProbeFailed(f"connect failed: {os_reason(error)}") from None
    except BaseException:
        connection.close()
        raise
    return transport, early


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
