"""Sockets for dnspython that are closed wherever a question is given up; those of its own may stay open."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable
from typing import Any, TypeVar

import dns.asyncbackend
import dns.asyncresolver
import dns.exception

_T = TypeVar("_T")
MAX_ANSWER_BYTES = 16 * 1024
"""To read one of 64 KiB would hold up the loop for a tenth of a second."""


class Sockets(dns.asyncbackend.Backend):  # type: ignore[name-defined, misc]
    """What dns.asyncresolver needs of an event loop for UDP and TCP; always connected."""

    def name(self) -> str:
        return "asyncio"

    def datagram_connection_required(self) -> bool:
        # So that a port where nobody listens is refused, instead of silent.
        return True

    async def make_socket(
        self,
        af: int,
        socktype: int,
        proto: int = 0,
        source: Any = None,
        destination: Any = None,
        timeout: float | None = None,
        ssl_context: Any = None,
        server_hostname: str | None = None,
    ) -> Any:
        raw = socket.socket(af, socktype, proto)
        try:
            raw.setblocking(False)
            await _within(asyncio.get_running_loop().sock_connect(raw, destination), timeout)
        except BaseException:
            raw.close()
            raise
        return _Connected(raw)

    async def sleep(self, interval: float) -> None:
        await asyncio.sleep(interval)

    async def wait_for(self, awaitable: Awaitable[_T], timeout: float | None) -> _T:
        return await _within(awaitable, timeout)


class _Connected(
    dns.asyncbackend.DatagramSocket,  # type: ignore[name-defined, misc]
    dns.asyncbackend.StreamSocket,  # type: ignore[name-defined, misc]
):
    def __init__(self, raw: socket.socket) -> None:
        super().__init__(raw.family, raw.type)
        self._raw = raw
        self._loop = asyncio.get_running_loop()
        self._left = MAX_ANSWER_BYTES

    async def sendto(self, what: bytes, destination: Any, timeout: float | None) -> int:
        await _within(self._loop.sock_sendall(self._raw, what), timeout)
        return len(what)

    async def recvfrom(self, size: int, timeout: float | None) -> tuple[bytes, Any]:
        # A longer one is cut off, and then passed over as what no resolver would send.
        wanted = self._loop.sock_recv(self._raw, min(size, MAX_ANSWER_BYTES))
        return await _within(wanted, timeout), self._raw.getpeername()

    async def sendall(self, what: bytes, timeout: float | None) -> None:
        await _within(self._loop.sock_sendall(self._raw, what), timeout)

    async def recv(self, size: int, timeout: float | None) -> bytes:
        data = await _within(self._loop.sock_recv(self._raw, size), timeout)
        self._left -= len(data)
        if self._left < 0:
            raise dns.exception.FormError(f"its answer is longer than {MAX_ANSWER_BYTES} bytes")  # type: ignore[no-untyped-call]
        return data

    async def close(self) -> None:
        self._raw.close()

    async def getpeername(self) -> Any:
        return self._raw.getpeername()

    async def getsockname(self) -> Any:
        return self._raw.getsockname()


async def _within(awaitable: Awaitable[_T], timeout: float | None) -> _T:
    try:
        return await asyncio.wait_for(awaitable, timeout)
    except TimeoutError:
        raise dns.exception.Timeout(timeout=timeout) from None  # type: ignore[no-untyped-call]
