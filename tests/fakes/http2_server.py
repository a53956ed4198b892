"""An HTTP/2 server on the same library as the agent's client, whose answers are written by the test."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import h2.config
import h2.connection
import h2.events

_PART = 16_384


class Stream:
    """One request; ``connection`` is h2's, to answer with."""

    def __init__(self, line: _Line, number: int, headers: dict[str, str]) -> None:
        self._line = line
        self.connection = line.connection
        self.number = number
        self.headers = headers
        self.body = bytearray()

    async def answer(
        self, body: bytes = b"hello", status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send all of it, as fast as the client lets it."""
        head = [(":status", str(status)), *(headers or {}).items()]
        self.connection.send_headers(self.number, head, end_stream=not body)
        for at in range(0, len(body), _PART):
            part = body[at : at + _PART]
            while self.connection.local_flow_control_window(self.number) < len(part):
                await self._line.flush()
                await self._line.receive()
            self.connection.send_data(self.number, part, end_stream=at + len(part) == len(body))
        await self._line.flush()


Answering = Callable[[Stream], Awaitable[None]]


@contextlib.asynccontextmanager
async def http2_server(answering: Answering, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """The URL of one that calls ``answering`` with every complete request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await _Line(reader, writer).serve(answering)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}/path"
    finally:
        server.close()


class _Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        configuration = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        self.connection = h2.connection.H2Connection(configuration)
        self._events: list[h2.events.Event] = []

    async def flush(self) -> None:
        self._writer.write(self.connection.data_to_send())
        await self._writer.drain()

    async def receive(self) -> None:
        data = await self._reader.read(65_536)
        if not data:
            raise ConnectionResetError
        self._events += self.connection.receive_data(data)

    async def serve(self, answering: Answering) -> None:
        self.connection.initiate_connection()
        streams: dict[int, Stream] = {}
        while True:
            await self.flush()
            await self.receive()
            events, self._events = self._events, []
            for event in events:
                number: int = getattr(event, "stream_id", None) or 0
                if isinstance(event, h2.events.RequestReceived):
                    headers = {str(name): str(value) for name, value in event.headers or ()}
                    streams[number] = Stream(self, number, headers)
                elif isinstance(event, h2.events.DataReceived):
                    streams[number].body += event.data or b""
                    self.connection.acknowledge_received_data(event.flow_controlled_length or 0, number)
                elif isinstance(event, h2.events.StreamEnded):
                    await answering(streams.pop(number))
