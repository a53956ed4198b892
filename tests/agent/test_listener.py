"""The listener on loopback: small requests of this machine's programs, and no others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tenantwatch_agent import listener as module
from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.listener import Answer, Listener, Request, near


@contextlib.asynccontextmanager
async def listening(seen: list[Request]) -> AsyncIterator[tuple[Listener, int]]:
    def handle(request: Request) -> Answer:
        seen.append(request)
        if request.path == "/fails":
            raise RuntimeError("a fault")
        if request.path == "/nothing":
            return Answer(204)
        return Answer(200, f"{request.method} {request.path} {len(request.body)}")

    listener = Listener(handle)
    address = await listener.listen("127.0.0.1:0")
    try:
        yield listener, int(address.rpartition(":")[2])
    finally:
        await listener.stop()


async def said(port: int, *parts: bytes) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return answer.decode()


async def test_a_request_is_answered_and_the_connection_closed() -> None:
    seen: list[Request] = []
    async with listening(seen) as (_, port):
        answer = await said(
            port, b"POST /heartbeat/a%20b?x=1 HTTP/1.1\r\nContent-Length: 4\r\n\r\n", b"{}", b"  "
        )
        assert answer.startswith("HTTP/1.1 200 OK\r\n")
        assert answer.endswith("\r\n\r\nPOST /heartbeat/a%20b 4")
        assert seen == [Request("POST", "/heartbeat/a%20b", b"{}  ")]
        nothing = await said(port, b"GET /nothing HTTP/1.1\r\n\r\n")
        assert nothing.startswith("HTTP/1.1 204 No Content\r\n")
        assert "Content-Length" not in nothing


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, 413),
        (b"POST / HTTP/1.1\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70_000, 413),
        (b"POST /heartbeat/a HTTP/1.1\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\n\r\n", 403),
        (b"GET /metrics HTTP/1.1\r\nHost: rebound.example:9469\r\n\r\n", 421),
        (b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: rebound.example\r\n\r\n", 421),
        (b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1.rebound.example\r\n\r\n", 421),
        (b"GET /metrics HTTP/1.1\r\nHost: 0.0.0.0\r\n\r\n", 421),
        (b"GET /metrics HTTP/1.1\r\nHost:\r\n\r\n", 421),
        (b"GET /fails HTTP/1.1\r\n\r\n", 500),
    ],
)
async def test_what_is_no_request_of_ours_is_refused(request_bytes: bytes, status: int) -> None:
    seen: list[Request] = []
    async with listening(seen) as (_, port):
        with contextlib.suppress(ConnectionError):
            assert (await said(port, request_bytes)).startswith(f"HTTP/1.1 {status} ")
        assert len(seen) == (status == 500)


@pytest.mark.parametrize("host", ["127.0.0.1:9469", "[::1]:9469", "LOCALHOST", "localhost.:1", "127.8.8.8"])
async def test_this_machine_is_asked_by_its_own_address(host: str) -> None:
    async with listening([]) as (_, port):
        answer = await said(port, f"GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert answer.startswith("HTTP/1.1 200 OK\r\n")


async def test_whoever_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REQUEST_SECONDS", 0.1)
    async with listening([]) as (_, port):
        assert await said(port, b"GET / HT") == ""


async def test_whoever_says_nothing_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REQUEST_SECONDS", 600.0)
    async with listening([]) as (listener, port), contextlib.AsyncExitStack() as stack:
        idle = []
        for _ in range(module.MAX_CONNECTIONS * 2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(writer.close)
            idle.append(reader)
        assert (await said(port, b"POST /heartbeat/a HTTP/1.1\r\n\r\n")).startswith("HTTP/1.1 200 ")
        # The oldest were ended, and no more are there than may be.
        for reader in idle[: module.MAX_CONNECTIONS]:
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 60) == b""
        assert len(listener._open) <= module.MAX_CONNECTIONS


async def test_whoever_does_not_read_the_answer_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = asyncio.Event()
    connection_lost = module._Connection.connection_lost

    def and_told(connection: module._Connection, error: Exception | None) -> None:
        connection_lost(connection, error)
        lost.set()

    monkeypatch.setattr(module._Connection, "connection_lost", and_told)
    monkeypatch.setattr(module, "REQUEST_SECONDS", 0.3)
    listener = Listener(lambda _: Answer(200, "x" * 50_000_000))
    port = int((await listener.listen("127.0.0.1:0")).rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    await asyncio.wait_for(lost.wait(), 60)
    assert not listener._open
    writer.close()
    await listener.stop()


async def test_the_socket_is_for_its_user_alone_and_its_path_may_be_long(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    listener = Listener(lambda request: Answer(200, f"{request.method} {request.path} {len(request.body)}"))
    (folder / "agent.sock").touch()  # as a kill leaves one behind
    await listener.listen_unix(folder / "agent.sock")
    try:
        assert (folder / "agent.sock").stat().st_mode & 0o777 == 0o600
        with near(folder / "agent.sock") as name:
            reader, writer = await asyncio.open_unix_connection(name)
        writer.write(b"GET /status HTTP/1.1\r\nHost: agent\r\n\r\n")
        assert (await asyncio.wait_for(reader.read(), 60)).endswith(b"GET /status 0")
        writer.close()
    finally:
        await listener.stop()
    assert not (folder / "agent.sock").exists()


async def test_an_address_that_is_taken_is_named() -> None:
    async with listening([]) as (_, port):
        with pytest.raises(AgentError, match=rf"\[metrics\] listen 127.0.0.1:{port}"):
            await Listener(lambda _: Answer(200)).listen(f"127.0.0.1:{port}")
