"""HTTP checks against real servers, most of them broken: the text names what is wrong, in bounded time."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import struct
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_agent.checks import http_client
from tenantwatch_agent.checks.http_endpoint import HttpEndpoint, Settings
from tenantwatch_agent.schedule import look
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tests.missing import not_tested
from tests.ports import stable_port

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(
    handler: Handler, tls: ssl.SSLContext | None = None, wait: bool = True
) -> AsyncIterator[str]:
    """A server that reads one request (unless it speaks first) and leaves the answer to the handler."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if wait:
                await reader.readuntil(b"\r\n\r\n")
            await handler(reader, writer)
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}/path"
    finally:
        server.close()


def says(answer: bytes) -> Handler:
    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return handler


async def seen(url: str, timeout_ms: int = 1000, **settings: Any) -> Result:
    check = HttpEndpoint(Settings(url=url, **settings))
    return await look(CheckDefinition("a", "http_endpoint", 1000, timeout_ms), check)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


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
        (b"HTTP/1.1 204 No Content\r\n\r\n", {"expect_status": ("204",)}, Status.HEALTHY, "HTTP 204"),
        (OK.replace(b"200", b"500"), {}, Status.UNHEALTHY, "HTTP 500, expected 200-399"),
        (OK.replace(b"200", b"302"), {"expect_status": ("2xx",)}, Status.UNHEALTHY, "HTTP 302, expected 2xx"),
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
        await asyncio.sleep(10)

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
        assert "headers are larger than 65536 bytes" in (await seen(url, timeout_ms=5000)).text


async def test_an_endless_body_ends_at_the_limit() -> None:
    async def handler(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await _repeat(writer, b"x" * 65536)

    async with serving(handler) as url:
        result = await seen(url, timeout_ms=5000)
        assert result.metrics["body_bytes"] == http_client.MAX_BODY_BYTES
        assert "only the first MiB" in (await seen(url, timeout_ms=5000, expect_body_contains="y")).text


async def test_a_timeout_names_the_phase_and_leaves_no_noise() -> None:
    noise: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
        await _repeat(writer, b"x", 0.02)

    async def mute(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(10)

    for handler, phase in ((drip, "body"), (mute, "first_byte")):
        async with serving(handler) as url:
            result = await seen(url, timeout_ms=200)
        assert result.status is Status.UNHEALTHY
        assert result.text == f"no answer within 0.2 s, in phase {phase}"
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
    result = await seen("http://no-such-host.invalid/", timeout_ms=10_000)
    assert result.status is Status.UNHEALTHY


async def test_a_name_with_several_addresses_needs_only_one_that_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def resolve(*_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("127.0.0.2", "127.0.0.1")
        ]

    async with serving(says(OK)) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        assert (await seen(f"http://two.example:{port}/")).status is Status.HEALTHY


def make_certificate(folder: Path, days: int, name: str = "IP:127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """Self-signed: (the file, a server's context)."""
    if shutil.which("openssl") is None:
        not_tested("TLS of HTTP checks", "install the openssl command")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += [
        "-nodes",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
        "-days",
        str(days),
        "-subj",
        "/CN=test",
    ]
    command += ["-addext", f"subjectAltName={name}"]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context


async def test_tls_with_a_known_authority(tmp_path: Path) -> None:
    certificate, context = make_certificate(tmp_path, days=90)
    async with serving(says(OK), context) as url:
        result = await seen(url, ca_file=certificate)
        assert result.status is Status.HEALTHY, result.text
        assert 89 < result.metrics["certificate_days_left"] <= 90
        assert result.metrics["tls_ms"] > 0
        result = await seen(url, ca_file=certificate, certificate_warning_days=100)
        assert result.status is Status.DEGRADED
        assert "the certificate expires in" in result.text


@pytest.mark.parametrize(
    ("name", "trusted", "reason"),
    [
        ("IP:127.0.0.1", False, "certificate refused: self-signed certificate"),
        ("DNS:other.example", True, "certificate refused: IP address mismatch"),
    ],
)
async def test_a_certificate_is_refused_with_the_reason(
    tmp_path: Path, name: str, trusted: bool, reason: str
) -> None:
    certificate, context = make_certificate(tmp_path, 90, name)
    async with serving(says(OK), context) as url:
        result = await seen(url, ca_file=certificate if trusted else None)
        assert result.status is Status.UNHEALTHY
        assert result.text.startswith(reason)
        assert (await seen(url, verify_tls=False)).status is Status.HEALTHY


async def test_tls_to_a_plain_port_is_told() -> None:
    async with serving(says(OK), wait=False) as url:
        result = await seen(url.replace("http:", "https:"), verify_tls=False)
    assert result.status is Status.UNHEALTHY
    assert "tls" in result.text
