"""What a server says before it was asked: servers that speak first are not missed."""

from __future__ import annotations

import asyncio

from tenantwatch_agent.checks.http.message import MAX_HEADER_BYTES


class Early(asyncio.Protocol):
    """Has the connection until somebody takes it over; keeps what came until then."""

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
        receiver.connection_made(transport)
        if self._data:
            receiver.data_received(bytes(self._data))
        if self._lost is not None:
            receiver.connection_lost(*self._lost)
