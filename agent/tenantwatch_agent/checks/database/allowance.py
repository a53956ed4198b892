"""How much a database server may say in one look: its clients would take any size that a server announces."""

from __future__ import annotations

import asyncio
from typing import Any

from tenantwatch_agent.checks import connecting, names

MAX_ANSWER_BYTES = 1024 * 1024


class Allowance:
    """One for each look; counts what comes over all of its connections."""

    def __init__(self) -> None:
        self._left = MAX_ANSWER_BYTES

    def take(self, size: int) -> bool:
        """False from the moment on that it was too much."""
        self._left -= size
        return not self.exceeded

    @property
    def exceeded(self) -> bool:
        return self._left < 0

    @property
    def reason(self) -> str:
        return f"the server's answers are larger than {MAX_ANSWER_BYTES} bytes"


class BoundedLoop:
    """An event loop as asyncmy uses it, whose connections end when the allowance is used up."""

    def __init__(self, loop: asyncio.AbstractEventLoop, allowance: Allowance) -> None:
        self._loop = loop
        self._allowance = allowance

    async def create_connection(self, factory: Any, host: str = "", port: int = 0, **options: Any) -> Any:
        """Without a host it is TLS over a connection that is there."""

        def bounded() -> _Bounded:
            return _Bounded(factory(), self._allowance)

        if not host:
            options["server_hostname"] = names.for_certificate(options["server_hostname"])
            return await self._loop.create_connection(bounded, **options)
        connection = await connecting.connected(host, port)
        try:
            return await self._loop.create_connection(bounded, sock=connection, **options)
        except BaseException:
            connection.close()
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


class _Bounded(asyncio.BufferedProtocol):
    """Counts what the protocol behind it is given."""

    def __init__(self, inner: asyncio.BufferedProtocol, allowance: Allowance) -> None:
        self._inner = inner
        self._allowance = allowance
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._inner.connection_made(transport)

    def get_buffer(self, sizehint: int) -> Any:
        return self._inner.get_buffer(sizehint)

    def buffer_updated(self, nbytes: int) -> None:
        if self._allowance.take(nbytes):
            self._inner.buffer_updated(nbytes)
        elif self._transport is not None:
            self._transport.abort()

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._inner.connection_lost(error)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
