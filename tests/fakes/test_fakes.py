"""The test ground itself: what other tests rely on."""

from __future__ import annotations

import asyncio
import json

import psycopg
import pytest

from tests.fakes.http_target import HttpTarget
from tests.fakes.proxy import Proxy, Way
from tests.fakes.webhook import Webhook
from tests.servers import PostgresServer, RedisServer


async def _ask(port: int, request: bytes = b"GET /a HTTP/1.1\r\n\r\n") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()
    return answer


def test_postgres_returns_under_its_address(postgres_server: PostgresServer) -> None:
    for _ in range(2):
        with psycopg.connect(postgres_server.url) as connection:
            row = connection.execute("SELECT 1").fetchone()
            assert row == (1,)
        postgres_server.stop()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(postgres_server.url)
        postgres_server.start()


async def test_redis_returns_under_its_address(redis_server: RedisServer) -> None:
    for _ in range(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", redis_server.port)
        writer.write(b"PING\r\n")
        assert (await reader.readline()).startswith(b"-NOAUTH")
        writer.transport.abort()
        redis_server.stop()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", redis_server.port)
        redis_server.start()


async def test_target_is_switched_stopped_and_restarted() -> None:
    async with HttpTarget() as target:
        assert (await _ask(target.port)).startswith(b"HTTP/1.1 200 OK")
        target.switch(500)
        assert (await _ask(target.port)).startswith(b"HTTP/1.1 500 ")
        assert target.switched_answer_at is not None
        await target.stop()
        with pytest.raises(ConnectionRefusedError):
            await _ask(target.port)
        await target.start()
        await _ask(target.port)
        await target.wait_each(["/a"], 500)
        assert target.answered == {("/a", 200): 1, ("/a", 500): 2}


async def test_webhook_keeps_body_and_headers() -> None:
    body = json.dumps({"kind": "firing"}).encode()
    head = f"POST /hook HTTP/1.1\r\nX-Key: k\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    async with Webhook() as webhook:
        await _ask(webhook.port, head + body)
        (call,) = await webhook.wait_for(1)
    assert (call.path, call.json, call.headers["x-key"]) == ("/hook", {"kind": "firing"}, "k")


async def test_proxy_cuts_and_withholds() -> None:
    async with HttpTarget() as target, Proxy(f"127.0.0.1:{target.port}") as proxy:
        assert (await _ask(proxy.port)).startswith(b"HTTP/1.1 200")
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        proxy.blackhole(Way.DOWN)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await proxy.wait_forwarded(Way.DOWN, 1)
        assert target.total == 2
        proxy.restore()
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        await proxy.cut()
        # The cut is a reset where bytes were under way, else an end: both mean that the line is gone.
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readuntil(b"never")
        writer.transport.abort()
