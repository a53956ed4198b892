"""An address that is not the collector's gRPC port: what was reached is named, and what to write instead."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import grpc.aio
import pytest
from grpc.aio import ServicerContext as Context
from tenantwatch_agent.config import CollectorAddress
from tenantwatch_agent.stream.channel import explanation, open_channel, raise_status
from tenantwatch_wire.v1 import agent_pb2, agent_pb2_grpc

from tests.fakes.certificates import Authority
from tests.ports import stable_port


async def said(address: CollectorAddress) -> tuple[str, bool]:
    """What an agent would say of that address."""
    channel = open_channel(address)
    try:
        stream = agent_pb2_grpc.AgentServiceStub(channel).Connect()
        try:
            async with asyncio.timeout(60):
                await stream.write(agent_pb2.ConnectRequest())
                await stream.read()
                await raise_status(stream)
        except grpc.aio.AioRpcError as error:
            return explanation(error, address.address)
        raise AssertionError("it was taken for a collector")
    finally:
        await channel.close(None)


@asynccontextmanager
async def tls_server(authority: Authority, host: str, alpn: str) -> AsyncIterator[str]:
    context = authority.mint(host).server(alpn=alpn)
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@asynccontextmanager
async def rest_server() -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        writer.write_eof()
        # Closed with bytes unread it would be a reset, which swallows what was said.
        with contextlib.suppress(OSError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@asynccontextmanager
async def grpc_server(service: agent_pb2_grpc.AgentServiceServicer | None = None) -> AsyncIterator[str]:
    server = grpc.aio.server()
    if service is not None:
        agent_pb2_grpc.add_AgentServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


async def test_a_rest_port_is_recognised() -> None:
    async with rest_server() as address:
        text, is_lasting = await said(CollectorAddress(address))
    assert text.startswith(f"what answers at {address} speaks HTTP and no gRPC")
    assert "write its gRPC address into collector.address" in text
    assert not is_lasting


async def test_an_https_port_is_recognised(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with tls_server(authority, "127.0.0.1", "http/1.1") as address:
        text, _ = await said(CollectorAddress(address, ca_file=authority.file))
    assert "speaks HTTP and no gRPC" in text


async def test_tls_at_a_plain_port_is_named(tmp_path: Path) -> None:
    async with grpc_server() as address:
        text, _ = await said(CollectorAddress(address, ca_file=Authority(tmp_path).file))
    assert "does not speak TLS: give the collector a [tls] section" in text


async def test_another_name_in_the_certificate_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with tls_server(authority, "elsewhere.example.org", "h2") as address:
        text, _ = await said(CollectorAddress(address, ca_file=authority.file))
    assert "collector.server_name" in text


async def test_another_grpc_server_is_named() -> None:
    async with grpc_server() as address:
        text, is_lasting = await said(CollectorAddress(address))
    assert (text, is_lasting) == (
        f"what answers at {address} is a gRPC server and no collector of tenantwatch",
        True,
    )


async def test_nobody_there_is_what_it_is() -> None:
    address = f"127.0.0.1:{stable_port()}"
    text, _ = await said(CollectorAddress(address))
    assert text.startswith(f"no collector at {address}: failed to connect")
    assert "Connection refused" in text


class _Ending(agent_pb2_grpc.AgentServiceServicer):
    """A collector that ends every stream with these words."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        self._ending = code, details

    async def Connect(self, _: AsyncIterator[agent_pb2.ConnectRequest], context: Context) -> None:
        await context.abort(*self._ending)


@pytest.mark.parametrize(
    ("code", "details", "told", "is_lasting"),
    [
        (
            grpc.StatusCode.PERMISSION_DENIED,
            "tenant a is suspended",
            "the collector takes nothing from this agent now: tenant a is suspended",
            True,
        ),
        (
            grpc.StatusCode.UNAUTHENTICATED,
            "the token was revoked",
            "the collector does not accept our token: the token was revoked. Make one with",
            True,
        ),
        (
            grpc.StatusCode.UNAVAILABLE,
            "the collector is stopping",
            "the stream to {} ended: the collector is stopping (UNAVAILABLE)",
            False,
        ),
        (grpc.StatusCode.ABORTED, "", "the stream to {} ended: without a word (ABORTED)", False),
    ],
)
async def test_a_collectors_own_words_are_told_as_such(
    code: grpc.StatusCode, details: str, told: str, is_lasting: bool
) -> None:
    async with grpc_server(_Ending(code, details)) as address:
        text, lasts = await said(CollectorAddress(address))
    assert text.startswith(told.format(address))
    assert lasts is is_lasting
