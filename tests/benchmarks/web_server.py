"""``python -m tests.benchmarks.web_server [PEM]``: answers ``ok`` and closes; prints its port."""

from __future__ import annotations

import asyncio
import ssl
import sys

import uvloop

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"


class _Answers(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(_ANSWER)  # type: ignore[attr-defined]
            self._transport.close()


def _tls(pem: str) -> ssl.SSLContext:
    """TLS 1.3 alone, and no tickets: every connection is a whole handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    context.load_cert_chain(pem)
    return context


async def _serve(pem: str | None) -> None:
    loop = asyncio.get_running_loop()
    context = None if pem is None else _tls(pem)
    server = await loop.create_server(_Answers, "127.0.0.1", 0, ssl=context, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(sys.argv[1] if len(sys.argv) > 1 else None))
