"""A small HTTP server for callers of this machine: one request a connection, bounded in size and time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import cast

import httptools

from tenantwatch_agent.config.sections import host_and_port
from tenantwatch_agent.errors import AgentError

SOCKET = "agent.sock"
"""In the data folder: where `tenantwatch-agent status` asks."""
MAX_REQUEST_BYTES = 64 * 1024
MAX_CONNECTIONS = 32
REQUEST_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


Handler = Callable[[Request], Answer]


class Listener:
    """Listens at any number of places; ``handle`` answers at once, without waiting for anything."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._servers: list[asyncio.Server] = []
        self._sockets: list[Path] = []
        self._open: set[asyncio.BaseTransport] = set()

    async def listen(self, address: str) -> str:
        """At HOST:PORT; returns the address taken. Raises AgentError."""
        host, port = host_and_port(address)
        try:
            server = await asyncio.get_running_loop().create_server(self._connection, host, port)
        except OSError as error:
            raise AgentError(f"[metrics] listen {address}: {error.strerror or error}") from None
        self._servers.append(server)
        taken = server.sockets[0].getsockname()[1]
        return f"[{host}]:{taken}" if ":" in host else f"{host}:{taken}"

    async def listen_unix(self, path: Path) -> None:
        """At a socket that only this user may open. Raises AgentError."""
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            with near(path) as name:
                server = await asyncio.get_running_loop().create_unix_server(self._connection, name)
        except OSError as error:
            raise AgentError(f"{path}: {error.strerror or error}") from None
        finally:
            os.umask(before)
        self._servers.append(server)
        self._sockets.append(path)

    async def stop(self) -> None:
        for server in self._servers:
            server.close()
        for transport in list(self._open):
            transport.close()
        for server in self._servers:
            await server.wait_closed()
        for path in self._sockets:
            path.unlink(missing_ok=True)
        self._servers, self._sockets = [], []

    def _connection(self) -> asyncio.Protocol:
        return _Connection(self._handle, self._open)


@contextlib.contextmanager
def near(path: Path) -> Iterator[str]:
    """A short name for a socket's path, of which the system takes 107 characters only."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


class _Connection(asyncio.Protocol):
    """Reads one request, answers, closes."""

    def __init__(self, handle: Handler, others: set[asyncio.BaseTransport]) -> None:
        self._handle = handle
        self._others = others
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._body = b""
        self._size = 0
        self._has_origin = False
        self._answered = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._timer = asyncio.get_running_loop().call_later(REQUEST_SECONDS, transport.close)
        self._others.add(transport)
        if len(self._others) > MAX_CONNECTIONS:
            self._answer(Answer(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections\n"))

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()
        self._others.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        if self._answered:
            return
        self._size += len(data)
        if self._size > MAX_REQUEST_BYTES:
            self._answer(Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "longer than 64 KiB\n"))
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._answer(Answer(HTTPStatus.BAD_REQUEST, "no HTTP request\n"))

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._has_origin |= name.lower() == b"origin"

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self._answered:
            return
        if self._has_origin:
            # A page in somebody's browser on this machine has no business here.
            self._answer(Answer(HTTPStatus.FORBIDDEN, "not for browsers\n"))
            return
        path = self._url.partition(b"?")[0].decode("utf-8", "replace")
        try:
            answer = self._handle(Request(self._parser.get_method().decode(), path, self._body))
        except Exception:
            log.exception("a request of this machine failed by a fault of our own")
            answer = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, "failed; the agent's log says why\n")
        self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        self._answered = True
        body = answer.body.encode("utf-8", "replace")
        head = (
            f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
            + ("" if answer.status == HTTPStatus.NO_CONTENT else _content(answer, len(body)))
            + "Connection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n"
        )
        self._transport.write(head.encode() + body)
        self._transport.close()


def _content(answer: Answer, length: int) -> str:
    return f"Content-Type: {answer.content_type}\r\nContent-Length: {length}\r\n"
