"""Through a proxy, if and only if a check is told to; a broken proxy is not the target's failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tenantwatch_agent.checks.http import exchange
from tenantwatch_agent.checks.registry import build_check
from tenantwatch_agent.errors import CheckerFailed
from tenantwatch_wire.records import Status

from tests.agent.checks.looking import given_up
from tests.agent.checks.web import OK, deaf, says, seen, serving
from tests.fakes import hostile
from tests.fakes.certificates import Authority
from tests.fakes.http2_server import Stream, http2_server
from tests.fakes.http_proxy import HttpProxy
from tests.ports import stable_port

ON_UVLOOP = True
PASSWORD = "hunter2-never-shown"


async def test_plain_and_secure_targets_through_a_proxy_with_a_login(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = authority.mint("127.0.0.1").server()
    async with HttpProxy(f"agent:{PASSWORD}").running() as proxy:
        way = f"http://agent:{PASSWORD}@{proxy.address}"
        async with serving(says(OK)) as url:
            result = await seen(url, proxy_url=way)
            assert (result.status, result.text) == (Status.HEALTHY, "HTTP 200")
        async with serving(says(OK), context) as secure_url:
            result = await seen(secure_url, proxy_url=way, ca_file=str(authority.file))
            assert (result.status, result.text) == (Status.HEALTHY, "HTTP 200")
    assert {"proxy_ms", "tls_ms"} <= result.metrics.keys()
    assert proxy.heads[0].startswith(f"GET {url} HTTP/1.1\r\n")
    where = secure_url.removeprefix("https://").removesuffix("/path")
    assert proxy.heads[1].startswith(f"CONNECT {where} HTTP/1.1\r\nhost: {where}\r\n")


async def test_http2_through_a_proxy(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    async def answering(stream: Stream) -> None:
        await stream.answer()

    context = authority.mint("127.0.0.1").server(alpn="h2")
    async with HttpProxy().running() as proxy, http2_server(answering, context) as url:
        way: dict[str, Any] = {"proxy_url": f"http://{proxy.address}", "ca_file": str(authority.file)}
        result = await seen(url, http_version="2", **way)
    assert (result.status, result.text) == (Status.HEALTHY, "HTTP 200")
    assert proxy.heads[0].startswith("CONNECT ")


async def test_a_certificate_is_checked_through_a_proxy_too(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = authority.mint("other.example").server()
    async with HttpProxy().running() as proxy, serving(says(OK), context) as url:
        result = await seen(url, proxy_url=f"http://{proxy.address}", ca_file=str(authority.file))
    assert (result.status, "wrong host" in result.text) == (Status.UNHEALTHY, True)


async def test_the_environments_proxy_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{stable_port()}")
    async with serving(says(OK)) as url:
        assert (await seen(url)).status is Status.HEALTHY


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_fails_leaves_the_target_unknown(scheme: str, tmp_path: Path) -> None:
    target = f"{scheme}://127.0.0.1:{stable_port()}/"
    result = await seen(target, proxy_url=f"http://127.0.0.1:{stable_port()}")
    assert (result.status, "connect failed: Connection refused" in result.text) == (Status.UNKNOWN, True)
    async with HttpProxy(f"agent:{PASSWORD}").running() as proxy:
        file = tmp_path / "proxy"
        file.write_text(f"http://agent:{PASSWORD}x@{proxy.address}")
        result = await seen(target, proxy_url_file=str(file))
        assert result.status is Status.UNKNOWN
        assert result.text == f"the proxy {proxy.address}: asks for a login, or refuses the one in proxy_url"
        check = build_check("http_endpoint", {"url": target, "proxy_url_file": str(file)}, "test")
        file.write_text("no address")
        with pytest.raises(CheckerFailed, match="proxy_url: write http://"):
            await check.look()
    async with HttpProxy().running() as proxy:
        proxy.refuse_with = 403
        result = await seen(target, proxy_url=f"http://{proxy.address}")
    if scheme == "https":
        assert (result.status, result.text.endswith("refuses the connection (HTTP 403)")) == (
            Status.UNKNOWN,
            True,
        )
    else:  # of a plain answer nobody can say who gave it
        assert result.status is Status.UNHEALTHY


async def test_a_proxy_that_tells_its_own_answers_leaves_the_target_unknown() -> None:
    own = "X-Squid-Error: ERR_{} 0\r\nContent-Length: 0\r\n\r\n"
    for status, error, seen_as in (
        (403, "ACCESS_DENIED", Status.UNKNOWN),
        (503, "CONNECT_FAIL", Status.UNHEALTHY),
    ):
        async with serving(says(f"HTTP/1.1 {status} No\r\n{own.format(error)}".encode())) as proxy:
            result = await seen("http://shop.example/", proxy_url=proxy.removesuffix("/path"))
        assert (result.status, str(status) in result.text) == (seen_as, True), result.text


async def test_a_target_that_the_proxy_does_not_reach_is_unhealthy() -> None:
    async with HttpProxy().running() as proxy:
        result = await seen(f"https://127.0.0.1:{stable_port()}/", proxy_url=f"http://{proxy.address}")
    assert result.status is Status.UNHEALTHY
    assert result.text == "connect failed: the proxy does not reach it (HTTP 502)"


async def test_a_proxy_that_takes_no_connection_leaves_the_target_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange, "PROXY_SECONDS", 0.05)
    with deaf("127.0.0.1", 0) as port:
        result = await seen("http://127.0.0.1:1/", proxy_url=f"http://127.0.0.1:{port}")
    assert result.status is Status.UNKNOWN
    assert result.text == f"the proxy 127.0.0.1:{port}: takes no connection within 0.05 s"


async def test_a_proxy_that_says_nothing_to_the_connect_is_named() -> None:
    async with hostile.saying([]) as address:
        way = f"http://{address}"
        phase = f"proxy: {address} has not answered the CONNECT"
        await given_up(lambda ms: seen("https://127.0.0.1:1/", ms, proxy_url=way), phase)
