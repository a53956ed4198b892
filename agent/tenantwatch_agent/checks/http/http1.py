"""HTTP/1.1 of the probes: the bytes of a request, what reads the answer, and the limits httptools lacks."""

from __future__ import annotations

import asyncio

import httptools

from tenantwatch_agent.checks.http.message import MAX_HEADER_BYTES, Request, header_text
from tenantwatch_agent.checks.http.receiver import Receiver
from tenantwatch_agent.checks.http.tls import reason

_MOST_PER_BODY_BYTE = 8


def encode(request: Request, target: str, extra: str = "") -> bytes:
    """``target`` is the path, or for a proxy the whole address; ``extra`` are whole lines."""
    headers = request.all_headers()
    host = headers.pop("host", request.address.authority)
    headers.setdefault("connection", "close")
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    head = f"{request.method} {target} HTTP/1.1\r\nhost: {host}\r\n{''.join(lines)}{extra}\r\n"
    return head.encode("utf-8") + request.body


class Http1Receiver(Receiver):
    """``without_body``: the answer ends with its headers, as it does for HEAD and CONNECT."""

    def __init__(self, loop: asyncio.AbstractEventLoop, without_body: bool) -> None:
        super().__init__(loop)
        self._without_body = without_body
        self._parser = httptools.HttpResponseParser(self)
        self._header_bytes = 0
        self._after_headers_bytes = 0
        self._body_bytes = 0
        self._in_body = False
        self._expected: int | None = None
        self._chunked = False

    def take(self, data: bytes) -> None:
        self.started()
        if self._in_body:
            self._after_headers_bytes += len(data)
        else:
            # Counts interim answers too: they could go on for ever.
            self._header_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.fail("the server switches to another protocol")
            return
        except httptools.HttpParserError as error:
            if not self.done.done():
                self.fail(f"not a valid HTTP answer: {error}")
            return
        if not self._in_body and self._header_bytes > MAX_HEADER_BYTES:
            self.fail(f"headers are larger than {MAX_HEADER_BYTES} bytes")
        # Sizes of chunks, their extensions and trailers: the smallest chunk is six bytes for one of body.
        elif self._after_headers_bytes > MAX_HEADER_BYTES + _MOST_PER_BODY_BYTE * self._body_bytes:
            self.fail(f"more than {MAX_HEADER_BYTES} bytes came around the body")

    def ended(self, error: Exception | None) -> None:
        if error is not None:
            self.fail(f"connection broke: {reason(error)}")
        elif not self._in_body:
            self.fail("closed before a whole answer came")
        elif self._chunked or (self._expected is not None and len(self.answer.body) < self._expected):
            self.fail("the body is truncated")
        else:
            self.finish()

    def let_go(self) -> None:
        super().let_go()
        # Parser and receiver hold each other: the body would stay until the collector of garbage comes by.
        del self._parser

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_body:
            # A trailer: nothing is asked of it.
            return
        self.answer.headers.append((header_text(name).lower(), header_text(value)))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            self.answer.headers.clear()
            return
        self._in_body = True
        self.answer.status = status
        self._chunked = "chunked" in (self.answer.header("transfer-encoding") or "").lower()
        length = self.answer.header("content-length") or ""
        self._expected = int(length) if length.isdigit() else None
        if self._without_body:
            self.finish()

    def on_body(self, body: bytes) -> None:
        if self.done.done():
            return
        self._body_bytes += len(body)
        self.answer.add_body(body)
        if self.answer.cut_at_limit:
            self.finish()

    def on_message_complete(self) -> None:
        if self._in_body:
            self.finish()
