"""A server that says much in small pieces holds up no other check, and loses nothing by it."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_agent.checks.http import receiver
from tenantwatch_wire.records import Status

from tests.agent.checks.web import says, seen, serving
from tests.fakes import hostile
from tests.fakes.certificates import Authority

ON_UVLOOP = True

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_HEAD_OF_HTTP2 = b"\0\0\0\x04\0\0\0\0\0" + b"\0\0\x01\x01\x04\0\0\0\x01\x88"
_FRAME = b"\0\0\x01\0\0\0\0\0\x01x"
_LAST_FRAME = b"\0\0\x01\0\x01\0\0\0\x01x"


@pytest.fixture(autouse=True)
def shortest_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """One portion a turn, however fast the machine is."""
    monkeypatch.setattr(receiver, "_TURN_SECONDS", 0.0)


class Others:
    """What else the loop has to do; counts how often it came to it."""

    def __init__(self) -> None:
        self.turns = 0

    async def __aenter__(self) -> Others:
        self._task = asyncio.create_task(self._go_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _go_on(self) -> None:
        while True:
            self.turns += 1
            await asyncio.sleep(0)


async def test_a_byte_a_chunk() -> None:
    answer = _CHUNKED + b"1\r\na\r\n" * 60_000 + b"0\r\n\r\n"
    async with serving(says(answer)) as url, Others() as others:
        result = await seen(url)
    assert (result.status, result.metrics["body_bytes"]) == (Status.HEALTHY, 60_000)
    assert others.turns > 80


async def test_a_byte_a_frame() -> None:
    parts = [_HEAD_OF_HTTP2 + _FRAME * 8_000 + _LAST_FRAME]
    async with hostile.saying(parts) as address, Others() as others:
        result = await seen(f"http://{address}/", http_version="2")
    assert (result.status, result.metrics["body_bytes"]) == (Status.HEALTHY, 8_001)
    assert others.turns > 16


async def test_bytes_in_frames_without_end() -> None:
    async with hostile.saying(hostile.endless(_HEAD_OF_HTTP2, _FRAME * 5_000)) as address:
        result = await seen(f"http://{address}/", http_version="2")
    assert (result.status, result.text) == (Status.UNHEALTHY, "more than 65536 bytes came around the body")


@pytest.mark.parametrize("ending", [b"Content-Length: 900000\r\n", b""])
async def test_a_large_body_comes_whole_also_as_the_connection_ends(tmp_path: Path, ending: bytes) -> None:
    """Without a length its end is that of the connection, which must wait for what came before."""
    body = bytes(itertools.islice(itertools.cycle(b"0123456789"), 900_000 - 4)) + b"last"
    authority = Authority(tmp_path)
    tls = authority.mint("127.0.0.1").server()
    answer = b"HTTP/1.1 200 OK\r\n" + ending + b"\r\n" + body
    ways: list[tuple[ssl.SSLContext | None, dict[str, Any]]]
    ways = [(None, {}), (tls, {"ca_file": str(authority.file)})]
    for server, settings in ways:
        async with serving(says(answer), server) as url:
            result = await seen(url, expect_body_contains="9012345last", **settings)
        assert (result.status, result.metrics["body_bytes"]) == (Status.HEALTHY, 900_000), result.text


async def test_a_body_that_is_cut_off_is_told_after_all_that_came() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + b"x" * 100_000
    async with serving(says(answer)) as url:
        result = await seen(url)
    assert (result.status, result.text) == (Status.UNHEALTHY, "the body is truncated")
