"""HTTP/2, over TLS and with prior knowledge, against servers that keep the rules and servers that do not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_agent.checks.http.message import MAX_BODY_BYTES
from tenantwatch_wire.records import Status

from tests.agent.checks.web import OK, says, seen, serving
from tests.fakes.blocking_tls import blocking_server
from tests.fakes.certificates import Authority
from tests.fakes.http2_server import Stream, http2_server

ON_UVLOOP = True


async def test_over_tls_with_all_phases(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    got: list[Stream] = []

    async def answering(stream: Stream) -> None:
        got.append(stream)
        await stream.answer(b'{"state": "ready"}', headers={"content-type": "application/json"})

    async with http2_server(answering, authority.mint("127.0.0.1").server(alpn="h2")) as url:
        result = await seen(
            url + "?q=1",
            http_version="2",
            ca_file=str(authority.file),
            headers={"X-Key": "v", "Connection": "close"},
            expect_json=['$.state == "ready"'],
            expect_headers=['content-type contains "json"'],
        )
    assert (result.status, result.text) == (Status.HEALTHY, "HTTP 200")
    phases = {"dns_ms", "connect_ms", "tls_ms", "first_byte_ms", "body_ms", "certificate_days_left"}
    assert phases <= result.metrics.keys()
    headers = got[0].headers
    assert (headers[":method"], headers[":path"], headers["x-key"]) == ("GET", "/path?q=1", "v")
    assert headers[":authority"] == url.removeprefix("https://").removesuffix("/path")
    assert "connection" not in headers


async def test_with_prior_knowledge_a_large_body_goes_up_and_a_large_one_comes_down() -> None:
    sizes: list[int] = []

    async def answering(stream: Stream) -> None:
        sizes.append(len(stream.body))
        await stream.answer(b"x" * 300_000)

    async with http2_server(answering) as url:
        result = await seen(url, http_version="2", method="POST", body="y" * 200_000)
    assert result.status is Status.HEALTHY, result.text
    assert (sizes, result.metrics["body_bytes"]) == ([200_000], 300_000)


async def test_an_endless_body_ends_at_the_limit() -> None:
    async def answering(stream: Stream) -> None:
        await stream.answer(b"x" * (MAX_BODY_BYTES * 4))

    async with http2_server(answering) as url:
        result = await seen(url, http_version="2", expect_body_contains="y")
    assert "only the first MiB" in result.text
    assert result.metrics["body_bytes"] == MAX_BODY_BYTES


async def test_values_of_headers_may_be_of_any_bytes() -> None:
    """As the names of files in content-disposition are."""
    for body in (b"hello", b"x" * 15_000):

        async def answering(stream: Stream, body: bytes = body) -> None:
            head = [(b":status", b"200"), (b"x-name", b"Gr\xfc\xdfe"), (b"x-other", "Grüße".encode())]
            stream.connection.send_headers(stream.number, head)
            stream.connection.send_data(stream.number, body, end_stream=True)

        async with http2_server(answering) as url:
            expected = ['x-name == "Grüße"', 'x-other == "Grüße"']
            result = await seen(url, http_version="2", expect_headers=expected)
        assert (result.status, result.text) == (Status.HEALTHY, "HTTP 200")
        assert result.metrics["body_bytes"] == len(body)


async def _reset(stream: Stream) -> None:
    stream.connection.reset_stream(stream.number, error_code=2)


async def _go_away(stream: Stream) -> None:
    stream.connection.close_connection(error_code=11)


async def _vast_headers(stream: Stream) -> None:
    await stream.answer(headers={f"x-{number}": "v" * 8_000 for number in range(12)})


async def _server_error(stream: Stream) -> None:
    await stream.answer(b"", 503)


@pytest.mark.parametrize(
    ("answering", "text"),
    [
        (_reset, "the server reset the stream: INTERNAL_ERROR"),
        (_go_away, "the server ended the connection: ENHANCE_YOUR_CALM"),
        (_vast_headers, "not valid HTTP/2"),
        (_server_error, "HTTP 503, expected 200-399"),
    ],
)
async def test_what_goes_wrong_is_named(answering: Any, text: str) -> None:
    async with http2_server(answering) as url:
        result = await seen(url, http_version="2")
    assert (result.status, text in result.text) == (Status.UNHEALTHY, True), result.text


async def test_a_server_without_it_is_unhealthy(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    minted = authority.mint("127.0.0.1")
    for alpn in ("", "http/1.1"):
        async with serving(says(OK), minted.server(alpn=alpn)) as url:
            result = await seen(url, http_version="2", ca_file=str(authority.file))
        assert result.status is Status.UNHEALTHY
        assert "does not speak HTTP/2" in result.text
    with blocking_server(None, OK) as address:
        result = await seen(f"http://{address}/", http_version="2")
    assert (result.status, result.text) == (Status.UNHEALTHY, "the server does not speak HTTP/2")


def test_its_library_is_imported_only_when_asked_for() -> None:
    program = (
        "import sys\n"
        "from tenantwatch_agent.checks.registry import build_check\n"
        "build_check('http_endpoint', {'url': 'http://a/', 'expect_json': ['$.a exists']}, 'x')\n"
        "assert not {'h2', 're2', 'dns', 'cryptography'} & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
