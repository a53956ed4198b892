"""Certificates of services that need not speak HTTP: good, ending, and refused with the days all the same."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_wire.records import Result, Status

from tests.agent.checks.web import OK, checked, says, serving
from tests.fakes.blocking_tls import blocking_server
from tests.fakes.certificates import Authority, Minted

ON_UVLOOP = True


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def looked(server: Minted, authority: Authority, **settings: Any) -> Result:
    async with serving(says(b""), server.server()) as url:
        address = url.removeprefix("https://").removesuffix("/path")
        return await checked("tls_certificate", address=address, ca_file=str(authority.file), **settings)


@pytest.mark.parametrize(
    ("days", "status", "text"),
    [
        (90.2, Status.HEALTHY, "good for 90 days"),
        (13.5, Status.DEGRADED, "the certificate expires in 13.5 days"),
        (2.5, Status.UNHEALTHY, "the certificate expires in 2.5 days"),
    ],
)
async def test_the_days_decide(authority: Authority, days: float, status: Status, text: str) -> None:
    result = await looked(authority.mint("127.0.0.1", days=days), authority)
    assert (result.status, result.text) == (status, text)
    assert {"dns_ms", "connect_ms", "tls_ms"} <= result.metrics.keys()
    assert result.metrics["certificate_days_left"] == pytest.approx(days, abs=0.1)
    assert result.latency_us


@pytest.mark.parametrize("host", ["localhost", "localhost."])
async def test_a_name_may_end_with_its_dot(
    authority: Authority, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    # Not every machine's own resolver knows it by that name.
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *others: real("127.0.0.1" if host == "localhost." else host, *others),
    )
    server = authority.mint("localhost", "xn--fa-hia.example")
    async with serving(says(OK), server.server()) as url:
        port = url.rpartition(":")[2].removesuffix("/path")
        trusting = {"ca_file": str(authority.file)}
        cases: tuple[tuple[str, dict[str, Any]], ...] = (
            ("tls_certificate", {"address": f"{host}:{port}"}),
            ("tls_certificate", {"address": f"127.0.0.1:{port}", "server_name": "faß.example"}),
            ("http_endpoint", {"url": f"https://{host}:{port}/"}),
        )
        for kind, settings in cases:
            result = await checked(kind, **(settings | trusting))
            assert result.status is Status.HEALTHY, result.text


async def test_an_authority_in_its_chain_may_end_first(authority: Authority) -> None:
    server = authority.mint("127.0.0.1", through=authority.mint_authority(days=5))
    result = await looked(server, authority)
    text = "the certificate of the authority 'intermediate' in its chain expires in 5.0 days"
    assert (result.status, result.text) == (Status.DEGRADED, text)
    assert result.metrics["certificate_days_left"] == pytest.approx(5, abs=0.1)


async def test_the_name_may_be_another_than_the_address(authority: Authority) -> None:
    server = authority.mint("mail.example")
    result = await looked(server, authority)
    assert result.text == "certificate refused: wrong host: certificate is not valid for '127.0.0.1'"
    assert result.metrics["certificate_days_left"] == pytest.approx(90, abs=0.1)
    result = await looked(server, authority, server_name="mail.example")
    assert result.status is Status.HEALTHY, result.text
    result = await looked(server, authority, server_name="other.example")
    assert "wrong host: certificate is not valid for 'other.example'" in result.text


async def test_what_is_refused_is_named_and_its_days_are_told(authority: Authority) -> None:
    cases = [
        (authority.mint("127.0.0.1", days=-4, begins_in_days=-40), "expired 4.0 days ago", -4),
        (authority.mint_self_signed("127.0.0.1", days=30), "self-signed", 30),
        (Authority(authority.file.parent, "stranger").mint("127.0.0.1", days=50), "unknown authority", 50),
        (authority.mint("127.0.0.1", days=20, begins_in_days=2), "not yet valid, begins in 2.0 days", 20),
    ]
    for server, text, days in cases:
        result = await looked(server, authority)
        assert result.status is Status.UNHEALTHY
        assert result.text.startswith(f"certificate refused: {text}")
        assert result.metrics["certificate_days_left"] == pytest.approx(days, abs=0.1)


async def test_a_service_without_tls_and_one_that_is_not_there() -> None:
    with blocking_server(None, b"220 mail.example\r\n") as address:
        result = await checked("tls_certificate", address=address)
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "tls failed: the server does not speak TLS here",
    )
    result = await checked("tls_certificate", address="127.0.0.1:1")
    assert (result.status, result.text) == (Status.UNHEALTHY, "connect failed: Connection refused")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"address": "host"}, "address 'host': write HOST:PORT"),
        ({"ca_file": "/no/such/file"}, "ca_file /no/such/file: No such file"),
        ({"certificate_error_days": 20}, "certificate_error_days must be 0 or more, and at most"),
    ],
)
async def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        await checked("tls_certificate", **{"address": "127.0.0.1:1", **settings})
