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

from tenantwatch_agent.config.sections import host_and_port, is_loopback
from tenantwatch_agent.errors import AgentError

SOCKET = "agent.sock"
"""In the data folder: where `tenantwatch-agent status` asks."""
MAX_REQUEST_BYTES = 64 * 1024
MAX_CONNECTIONS = 32
"""At once; one more ends the oldest, so that whoever says nothing keeps nobody out."""
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
    """Listens at one place; ``handle`` answers at once, without waiting for anything."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._server: asyncio.Server | None = None
        self._socket: Path | None = None
        self._open: dict[asyncio.Transport, None] = {}

    async def listen(self, address: str) -> str:
        """At HOST:PORT; returns the address taken. Raises AgentError."""
        host, port = host_and_port(address)
        try:
            server = await asyncio.get_running_loop().create_server(self._loopback_connection, host, port)
        except OSError as error:
            raise AgentError(f"[metrics] listen {address}: {error.strerror or error}") from None
        self._server = server
        taken = server.sockets[0].getsockname()[1]
        return f"[{host}]:{taken}" if ":" in host else f"{host}:{taken}"

    async def listen_unix(self, path: Path) -> None:
        """At a socket that only this user may open. Raises AgentError."""
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            with near(path) as name:
                server = await asyncio.get_running_loop().create_unix_server(self._socket_connection, name)
        except OSError as error:
            raise AgentError(f"{path}: {error.strerror or error}") from None
        finally:
            os.umask(before)
        self._server, self._socket = server, path

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for transport in list(self._open):
                transport.abort()
            await self._server.wait_closed()
        if self._socket is not None:
            self._socket.unlink(missing_ok=True)
        self._server = self._socket = None

    def _loopback_connection(self) -> asyncio.Protocol:
        return _Connection(self._handle, self._open, is_loopback)

    def _socket_connection(self) -> asyncio.Protocol:
        # Only this agent's user opens it, and no browser does.
        return _Connection(self._handle, self._open, lambda _: True)


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

    def __init__(
        self, handle: Handler, others: dict[asyncio.Transport, None], is_ours: Callable[[str], bool]
    ) -> None:
        self._handle = handle
        self._others = others
        self._is_ours = is_ours
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._body = b""
        self._size = 0
        self._refusal: Answer | None = None
        self._answered = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no class of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        # Also of whoever does not read the answer.
        self._timer = asyncio.get_running_loop().call_later(REQUEST_SECONDS, self._transport.abort)
        while len(self._others) >= MAX_CONNECTIONS:
            oldest = next(iter(self._others))
            del self._others[oldest]
            oldest.abort()
        self._others[self._transport] = None

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()
        self._others.pop(self._transport, None)

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
        """A page in a browser on this machine has no business here, whatever its name resolves to."""
        name = name.lower()
        if name == b"origin":
            self._refusal = Answer(HTTPStatus.FORBIDDEN, "not for browsers\n")
        elif name == b"host" and not self._is_ours(_host(value)):
            text = "ask this machine by its own address, 127.0.0.1, [::1] or localhost\n"
            self._refusal = Answer(HTTPStatus.MISDIRECTED_REQUEST, text)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self._answered:
            return
        if self._refusal is not None:
            self._answer(self._refusal)
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


def _host(value: bytes) -> str:
    """Without its port; a name may end with a dot."""
    host = value.decode("latin-1").strip().lower()
    host = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return host.removesuffix(".")


def _content(answer: Answer, length: int) -> str:
    return f"Content-Type: {answer.content_type}\r\nContent-Length: {length}\r\n"
