"""A name server on loopback, UDP and TCP under one port, that answers what the test wrote into its zone."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.ports import stable_port

_LARGEST_DATAGRAM = 512


class DnsServer:
    """``zone`` maps (name with its last dot, type) to records; a name that is not there is NXDOMAIN."""

    def __init__(self, zone: dict[tuple[str, str], list[str]]) -> None:
        self.zone = zone
        self.rcode = dns.rcode.NOERROR
        self.silent = False
        self.asked: Counter[str] = Counter()
        """Questions by the way they came."""
        self.address = ""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[DnsServer]:
        port = stable_port()
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.address = f"127.0.0.1:{port}"
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=("127.0.0.1", port), family=socket.AF_INET
        )
        try:
            yield self
        finally:
            transport.close()
            server.close()

    def answer(self, question: bytes, way: str) -> bytes | None:
        query = dns.message.from_wire(question)
        self.asked[way] += 1
        if self.silent:
            return None
        answer = dns.message.make_response(query)
        asked = query.question[0]
        name, kind = asked.name.to_text(), dns.rdatatype.to_text(asked.rdtype)
        answer.set_rcode(self.rcode)
        if records := self.zone.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(name, 300, "IN", kind, *records))
        elif not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        wire = answer.to_wire()
        if way == "udp" and len(wire) > _LARGEST_DATAGRAM:
            answer.answer.clear()
            answer.flags |= dns.flags.TC
            wire = answer.to_wire()
        return wire

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                answer = self.answer(await reader.readexactly(length), "tcp")
                if answer is not None:
                    writer.write(len(answer).to_bytes(2, "big") + answer)
                    await writer.drain()
        writer.transport.abort()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # uvloop's does not derive from it

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        answer = self._server.answer(data, "udp")
        if answer is not None:
            self._transport.sendto(answer, address)
