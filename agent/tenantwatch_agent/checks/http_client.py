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
from urllib.parse import urlsplit

import httptools

from tenantwatch_agent.checks.base import os_reason

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
        addresses = await self._resolve(loop, parts.hostname, parts.port or (443 if secure else 80))
        connection = await self._connect(loop, addresses)
        transport, early = await self._talk(loop, connection, parts.hostname if secure else None)
        reader = _Answer(self, loop)
        try:
            started = self._enter("first_byte")
            transport.set_protocol(reader)
            early.hand_over(reader)
            transport.write(self._request(parts.netloc.rpartition("@")[2], parts.path, parts.query))
            await reader.first_byte
            self.phases_us["first_byte"] = _since(started)
            started = self._enter("body")
            await reader.done
            self.phases_us["body"] = _since(started)
        finally:
            transport.abort()
            # Nobody waits for it any more: what ends the connection now is no failure to tell of.
            reader.done.cancel()

    async def _resolve(
        self, loop: asyncio.AbstractEventLoop, host: str, port: int
    ) -> list[tuple[int, tuple[object, ...]]]:
        started = self._enter("dns")
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise ProbeFailed(f"name {host!r} is not known: {error.strerror}") from None
        self.phases_us["dns"] = _since(started)
        return [(family, where) for family, _, _, _, where in found]

    async def _connect(
        self, loop: asyncio.AbstractEventLoop, addresses: list[tuple[int, tuple[object, ...]]]
    ) -> socket.socket:
        """To the first address that takes us: a name may stand for ::1 where only 127.0.0.1 listens."""
        started = self._enter("connect")
        failure: OSError | None = None
        for family, where in addresses:
            connection = socket.socket(family, socket.SOCK_STREAM)
            try:
                connection.setblocking(False)
                await loop.sock_connect(connection, where)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                connection.close()
                failure = failure or error
            except BaseException:
                connection.close()
                raise
            else:
                self.phases_us["connect"] = _since(started)
                return connection
        reason = "no address" if failure is None else os_reason(failure)
        raise ProbeFailed(f"connect failed: {reason}")

    async def _talk(
        self, loop: asyncio.AbstractEventLoop, connection: socket.socket, tls_name: str | None
    ) -> tuple[asyncio.Transport, _Early]:
        early = _Early()
        try:
            transport, _ = await loop.create_connection(lambda: early, sock=connection)
        except OSError as error:
            connection.close()
            raise ProbeFailed(f"connect failed: {os_reason(error)}") from None
        except BaseException:
            connection.close()
            raise
        if tls_name is not None:
            transport = await self._start_tls(loop, transport, early, tls_name)
        return transport, early

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


class _Early(asyncio.Protocol):
    """Keeps what comes before the request was sent: servers that speak first are not missed."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._lost: tuple[Exception | None] | None = None

    def data_received(self, data: bytes) -> None:
        self._data += data[: max(0, MAX_HEADER_BYTES + 1 - len(self._data))]

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = (error,)

    def hand_over(self, reader: asyncio.Protocol) -> None:
        if self._data:
            reader.data_received(bytes(self._data))
        if self._lost is not None:
            reader.connection_lost(*self._lost)


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
        except httptools.HttpParserUpgrade:
            self._fail("the server switches to another protocol")
            return
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
