"""HTTP checks against real servers, most of them broken: the text names what is wrong, in bounded time."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import socket
import struct
import threading
from typing import Any

import pytest
from tenantwatch_agent.checks.http import message
from tenantwatch_wire.records import Status

from tests.agent.checks.looking import given_up
from tests.agent.checks.web import OK, deaf, says, seen, serving
from tests.ports import stable_port

ON_UVLOOP = True


@pytest.mark.parametrize(
    ("answer", "settings", "status", "text"),
    [
        (OK, {}, Status.HEALTHY, "HTTP 200"),
        (
            b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
            {"expect_body_contains": "end"},
            Status.HEALTHY,
            "HTTP 200",
        ),
        (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + OK, {}, Status.HEALTHY, "HTTP 200"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", {"expect_status": ["204"]}, Status.HEALTHY, "HTTP 204"),
        (OK.replace(b"200", b"500"), {}, Status.UNHEALTHY, "HTTP 500, expected 200-399"),
        (OK.replace(b"200", b"302"), {"expect_status": ["2xx"]}, Status.UNHEALTHY, "HTTP 302, expected 2xx"),
        (OK, {"expect_body_contains": "bye"}, Status.UNHEALTHY, "the body does not contain 'bye'"),
        (OK, {"expect_body_matches": "^h.*o$"}, Status.HEALTHY, "HTTP 200"),
        (OK, {"expect_body_matches": "^x"}, Status.UNHEALTHY, "the body does not match '^x'"),
        (OK, {"degraded_after_ms": 0.001}, Status.DEGRADED, "took "),
        (OK, {"unhealthy_after_ms": 0.001}, Status.UNHEALTHY, "took "),
        (OK[:-2], {}, Status.UNHEALTHY, "the body is truncated"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            {},
            Status.UNHEALTHY,
            "the body is truncated",
        ),
        (b"HTTP/1.1 200 OK\r\nConte", {}, Status.UNHEALTHY, "closed before a whole answer"),
        (b"", {}, Status.UNHEALTHY, "closed before a whole answer"),
        (b"SSH-2.0-OpenSSH_9\r\n", {}, Status.UNHEALTHY, "not a valid HTTP answer"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            {},
            Status.UNHEALTHY,
            "not a valid HTTP answer",
        ),
        (
            b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello",
            {},
            Status.UNHEALTHY,
            "switches to another protocol",
        ),
    ],
)
async def test_answers(answer: bytes, settings: dict[str, Any], status: Status, text: str) -> None:
    async with serving(says(answer)) as url:
        result = await seen(url, **settings)
    assert result.status is status, result.text
    assert text in result.text


async def test_phases_and_latency_are_told() -> None:
    async with serving(says(OK)) as url:
        result = await seen(url)
    assert result.latency_us is not None
    phases = ("dns_ms", "connect_ms", "first_byte_ms", "body_ms")
    assert 0 < sum(result.metrics[name] for name in phases) <= result.latency_us / 1000
    assert (result.metrics["http_status"], result.metrics["body_bytes"]) == (200, 5)


async def test_the_request_is_what_was_configured() -> None:
    got: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readexactly(4))
        writer.write(OK)

    async with serving(handler) as url:
        await seen(url + "?q=1", method="POST", body="data", headers={"X-Key": "v"})
    assert got == [b"data"]


async def test_a_head_request_waits_for_no_body() -> None:
    async with serving(says(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")) as url:
        assert (await seen(url, method="HEAD")).status is Status.HEALTHY


async def test_a_server_that_speaks_first_is_recognised() -> None:
    async def banner(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9\r\n")
        await asyncio.Event().wait()

    async with serving(banner, wait=False) as url:
        assert "not a valid HTTP answer" in (await seen(url)).text


async def _repeat(writer: asyncio.StreamWriter, part: bytes, pause_seconds: float = 0) -> None:
    while True:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(pause_seconds)


@pytest.mark.parametrize("part", [b"X-More: and more\r\n" * 100, b"HTTP/1.1 103 Early\r\n\r\n" * 100])
async def test_endless_headers_end_at_the_limit(part: bytes) -> None:
    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n" if part.startswith(b"X") else b"")
        await _repeat(writer, part)

    async with serving(handler) as url:
        assert "headers are larger than 65536 bytes" in (await seen(url, timeout_ms=60_000)).text


@pytest.mark.parametrize(
    "part", [b"0\r\n" + b"X-More: and more\r\n" * 100, b"1;" + b"x" * 8000, b"0\r\nX-More:" + b"x" * 8000]
)
async def test_what_comes_around_the_body_ends_at_the_limit(part: bytes) -> None:
    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + part)
        await _repeat(writer, part.removeprefix(b"0\r\n"))

    async with serving(handler) as url:
        assert "more than 65536 bytes came around the body" in (await seen(url)).text


async def test_small_chunks_and_trailers_are_a_whole_answer() -> None:
    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head + b"1\r\nx\r\n" * 100_000 + b"0\r\nX-Sum: 1\r\n\r\n")

    async with serving(handler) as url:
        result = await seen(url, expect_headers=["x-sum exists"])
    assert result.metrics["body_bytes"] == 100_000
    assert "there is no x-sum" in result.text


async def test_an_endless_body_ends_at_the_limit() -> None:
    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await _repeat(writer, b"x" * 65536)

    async with serving(handler) as url:
        result = await seen(url, timeout_ms=60_000)
        assert result.metrics["body_bytes"] == message.MAX_BODY_BYTES
        assert "only the first MiB" in (await seen(url, timeout_ms=60_000, expect_body_contains="y")).text


async def test_a_timeout_names_the_phase_and_leaves_no_noise() -> None:
    noise: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
        await _repeat(writer, b"x", 0.02)

    async def mute(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    for handler, phase in ((drip, "body"), (mute, "first_byte")):
        async with serving(handler) as url:
            await given_up(functools.partial(seen, url), phase)
    assert noise == []


async def test_a_reset_and_a_closed_port_are_told() -> None:
    async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with serving(reset) as url:
        result = await seen(url)
        assert (result.status, "connection broke" in result.text) == (Status.UNHEALTHY, True), result.text
    result = await seen(f"http://127.0.0.1:{stable_port()}/")
    assert result.text == "connect failed: Connection refused"


@pytest.mark.usefixtures("no_names")
async def test_a_name_without_an_address_is_told() -> None:
    result = await seen("http://no-such-host.invalid/")
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "name 'no-such-host.invalid' is not known: Name or service not known",
    )


async def test_ipv6_and_the_choice_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(says(OK), host="::1") as url:
        assert (await seen(url)).status is Status.HEALTHY
        assert (await seen(url, ip_version="6")).status is Status.HEALTHY
        assert (await seen(url, ip_version="4")).text == "::1 is not an IPv4 address"
        port = known_as(monkeypatch, url, "127.0.0.1", "::1")
        assert (await seen(f"http://several.example:{port}/", ip_version="6")).status is Status.HEALTHY
        result = await seen(f"http://several.example:{port}/", ip_version="4")
        assert result.text == "connect failed: Connection refused"


async def test_a_name_that_hangs_is_looked_up_once_and_hinders_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    answers = threading.Event()

    def resolve(host: str, *_: Any) -> Any:
        asked.append(host)
        answers.wait(60)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for _ in range(3):
        result = await seen("http://dead.example/", timeout_ms=50)
        assert result.text == "no answer within 0.05 s, in phase dns"
    assert asked == ["dead.example"]
    answers.set()
    assert (await seen("http://dead.example:1/")).text == "connect failed: Connection refused"
    assert (await seen("http://dead.example:1/")).text == "connect failed: Connection refused"
    assert 2 <= len(asked) <= 3


def sockets() -> int:
    found = 0
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found += os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:")
    return found


async def test_a_look_that_is_given_up_leaves_no_socket() -> None:
    with deaf("127.0.0.1", 0) as deaf_port, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        before = sockets()
        port = silent.getsockname()[1]
        for url, phase in (
            (f"http://127.0.0.1:{deaf_port}/", "connect"),
            (f"https://127.0.0.1:{port}/", "tls"),
            (f"http://127.0.0.1:{port}/", "first_byte"),
        ):
            await given_up(functools.partial(seen, url), phase)
        async with asyncio.timeout(60):
            while sockets() > before:  # noqa: ASYNC110 - the kernel tells nobody
                await asyncio.sleep(0.005)


async def test_an_address_that_does_not_answer_gets_a_rival(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(says(OK)) as url:
        port = known_as(monkeypatch, url, "127.0.0.2", "127.0.0.1")
        with deaf("127.0.0.2", port):
            result = await seen(f"http://several.example:{port}/")
            assert result.status is Status.HEALTHY, result.text
            known_as(monkeypatch, url, "127.0.0.2")
            await given_up(functools.partial(seen, f"http://several.example:{port}/"), "connect")


def known_as(monkeypatch: pytest.MonkeyPatch, url: str, *hosts: str) -> int:
    """From now on ``several.example`` has these addresses; returns the port of the URL."""
    port = int(url.rpartition(":")[2].partition("/")[0])
    real = socket.getaddrinfo

    def resolve(host: str, asked: Any = None, family: int = 0, *others: Any, **named: Any) -> Any:
        if host != "several.example":
            return real(host, asked, family, *others, **named)
        found = [(socket.AF_INET6 if ":" in host else socket.AF_INET, host) for host in hosts]
        return [
            (each, socket.SOCK_STREAM, 6, "", (host, port)) for each, host in found if family in (0, each)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return port


async def test_a_name_with_several_addresses_needs_only_one_that_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(says(OK)) as url:
        port = known_as(monkeypatch, url, "127.0.0.2", "127.0.0.1")
        assert (await seen(f"http://several.example:{port}/")).status is Status.HEALTHY
        known_as(monkeypatch, url, "127.0.0.2", "127.0.0.3")
        result = await seen(f"http://several.example:{port}/")
        assert result.text == "connect failed: Connection refused"
