"""A web server of raw bytes, and one look at it: what the tests of HTTP checks share."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from tenantwatch_agent.checks.registry import build_check
from tenantwatch_wire.records import CheckDefinition, Result

from tests.agent.checks.looking import look

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@contextlib.asynccontextmanager
async def serving(
    handler: Handler, tls: ssl.SSLContext | None = None, wait: bool = True, host: str = "127.0.0.1"
) -> AsyncIterator[str]:
    """A server that reads one request (unless it speaks first) and leaves the answer to the handler."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if wait:
                await reader.readuntil(b"\r\n\r\n")
            await handler(reader, writer)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        writer.transport.abort()

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = await asyncio.start_server(serve, host, 0, ssl=tls, family=family)
    shown = f"[{host}]" if ":" in host else host
    try:
        yield f"http{'s' if tls else ''}://{shown}:{server.sockets[0].getsockname()[1]}/path"
    finally:
        server.close()


def says(answer: bytes) -> Handler:
    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return handler


async def checked(kind: str, timeout_ms: int = 60_000, **settings: Any) -> Result:
    """What a check of that kind says once; the settings are those of a configuration file."""
    check = build_check(kind, settings, "test")
    return await look(CheckDefinition("a", kind, 1000, timeout_ms), check)


async def seen(url: str, timeout_ms: int = 60_000, **settings: Any) -> Result:
    """What http_endpoint says of it."""
    return await checked("http_endpoint", timeout_ms, url=url, **settings)


@contextlib.contextmanager
def deaf(host: str, port: int) -> Iterator[int]:
    """A port with a full queue: further connections are neither taken nor refused."""
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind((host, port))
        listening.listen(0)
        for filling in (first, second):
            filling.setblocking(False)
            filling.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]
