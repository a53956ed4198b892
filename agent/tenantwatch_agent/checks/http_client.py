"""Our own HTTP/1.1 probe client: one request on a new connection, every phase timed, everything bounded.

A library would hide the phases, follow redirects or reuse connections; a probe must see what a new
visitor sees. Header and body sizes are capped here, since neither httptools nor the kernel does it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httptools

MAX_HEADER_BYTES = 64 * 1024
MAX_BODY_BYTES = 1024 * 1024


class ProbeFailed(Exception):
    """The exchange broke; the message says in which phase and how."""


@dataclass(slots=True)
class Exchange:
    """One request with its answer. Phases are in microseconds; those not reached are absent."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    tls: ssl.SSLContext | None = None
    phase: str = "dns"
    phases_us: dict[str, int] = field(default_factory=dict)
    status: int = 0
    answer_headers: list[tuple[str, str]] = field(default_factory=list)
    answer: bytearray = field(default_factory=bytearray)
    cut_at_limit: bool = False
    certificate: dict[str, object] | None = None

    async def run(self) -> None:
        """Carry it out; raises ProbeFailed. Cancelling closes the connection."""
        loop = asyncio.get_running_loop()
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        secure = parts.scheme == "https"
        address = await self._resolve(loop, parts.hostname, parts.port or (443 if secure else 80))
        transport = await self._connect(loop, address, parts.hostname if secure else None)
        try:
            started = self._enter("first_byte")
            reader = _Answer(self, loop)
            transport.set_protocol(reader)
            if not secure:
                transport.resume_reading()
            transport.write(self._request(parts.netloc.rpartition("@")[2], parts.path, parts.query))
            await reader.first_byte
            self.phases_us["first_byte"] = _since(started)
            started = self._enter("body")
            await reader.done
            self.phases_us["body"] = _since(started)
        finally:
            transport.abort()

    async def _resolve(
        self, loop: asyncio.AbstractEventLoop, host: str, port: int
    ) -> tuple[int, tuple[object, ...]]:
        started = self._enter("dns")
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise ProbeFailed(f"name {host!r} is not known: {error.strerror}") from None
        self.phases_us["dns"] = _since(started)
        return found[0][0], found[0][4]

    async def _connect(
        self,
        loop: asyncio.AbstractEventLoop,
        address: tuple[int, tuple[object, ...]],
        tls_name: str | None,
    ) -> asyncio.Transport:
        family, where = address
        started = self._enter("connect")
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            await loop.sock_connect(connection, where)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.phases_us["connect"] = _since(started)
            transport, protocol = await loop.create_connection(
                _Paused if tls_name is None else asyncio.Protocol, sock=connection
            )
        except OSError as error:
            connection.close()
            raise ProbeFailed(f"connect failed: {error.strerror or error}") from None
        except BaseException:
            connection.close()
            raise
        if tls_name is None:
            return transport
        return await self._start_tls(loop, transport, protocol, tls_name)

    async def _start_tls(
        self,
        loop: asyncio.AbstractEventLoop,
        transport: asyncio.Transport,
        protocol: asyncio.Protocol,
        name: str,
    ) -> asyncio.Transport:
        started = self._enter("tls")
        assert self.tls is not None
        try:
            secured = await loop.start_tls(transport, protocol, self.tls, server_hostname=name)
        except ssl.SSLCertVerificationError as error:
            transport.abort()
            raise ProbeFailed(f"certificate refused: {error.verify_message}") from None
        except (OSError, ssl.SSLError) as error:
            transport.abort()
            reason = getattr(error, "reason", None) or error.strerror or type(error).__name__
            raise ProbeFailed(f"tls failed: {reason}") from None
        except BaseException:
            transport.abort()
            raise
        if secured is None:
            raise ProbeFailed("tls failed: closed during the handshake")
        self.phases_us["tls"] = _since(started)
        self.certificate = secured.get_extra_info("peercert")
        return secured

    def _request(self, host: str, path: str, query: str) -> bytes:
        target = (path or "/") + (f"?{query}" if query else "")
        headers = {
            "Host": host,
            "User-Agent": "tenantwatch-agent",
            "Accept": "*/*",
            "Connection": "close",
            **self.headers,
        }
        if self.body:
            headers["Content-Length"] = str(len(self.body))
        lines = [f"{self.method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
        return "\r\n".join(lines).encode("latin-1", "replace") + self.body

    def _enter(self, phase: str) -> float:
        self.phase = phase
        return time.perf_counter()


class _Paused(asyncio.Protocol):
    """Reads nothing before the exchange is ready for it: servers that speak first are not missed."""

    def connection_made(self, transport: Any) -> None:
        transport.pause_reading()


class _Answer(asyncio.Protocol):
    """Feeds what arrives to the parser; completes, or fails with a reason, exactly once."""

    def __init__(self, exchange: Exchange, loop: asyncio.AbstractEventLoop) -> None:
        self.first_byte: asyncio.Future[None] = loop.create_future()
        self.done: asyncio.Future[None] = loop.create_future()
        self._exchange = exchange
        self._parser = httptools.HttpResponseParser(self)
        self._header_bytes = 0
        self._in_body = False
        self._expected: int | None = None
        self._chunked = False

    def data_received(self, data: bytes) -> None:
        if self.done.done():
            return
        if not self.first_byte.done():
            self.first_byte.set_result(None)
        if not self._in_body:
            # Counts interim answers too: they could go on for ever.
            self._header_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not self.done.done():
                self._fail(f"not a valid HTTP answer: {error}")
            return
        if not self._in_body and self._header_bytes > MAX_HEADER_BYTES:
            self._fail(f"headers are larger than {MAX_HEADER_BYTES} bytes")

    def connection_lost(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is not None:
            self._fail(f"connection broke: {getattr(error, 'strerror', None) or error}")
        elif not self._in_body:
            self._fail("closed before a whole answer came")
        elif self._chunked or (self._expected is not None and len(self._exchange.answer) < self._expected):
            self._fail("the body is truncated")
        else:
            self.done.set_result(None)

    def eof_received(self) -> bool:
        return False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._exchange.answer_headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            self._exchange.answer_headers.clear()
            return
        self._in_body = True
        self._exchange.status = status
        headers = dict(self._exchange.answer_headers)
        self._chunked = "chunked" in headers.get("transfer-encoding", "").lower()
        length = headers.get("content-length", "")
        self._expected = int(length) if length.isdigit() else None
        if self._exchange.method == "HEAD":
            self._finish()

    def on_body(self, body: bytes) -> None:
        answer = self._exchange.answer
        answer += body[: MAX_BODY_BYTES - len(answer)]
        if len(answer) >= MAX_BODY_BYTES:
            self._exchange.cut_at_limit = True
            self._finish()

    def on_message_complete(self) -> None:
        if self._in_body:
            self._finish()

    def _finish(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _fail(self, reason: str) -> None:
        error = ProbeFailed(reason)
        if not self.first_byte.done():
            self.first_byte.set_exception(error)
            # The second future is never awaited then: it must not complain.
            self.done.cancel()
        elif not self.done.done():
            self.done.set_exception(error)


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1_000_000)
