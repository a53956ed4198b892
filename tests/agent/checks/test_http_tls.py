"""Certificates that are wrong in every way, and servers that ask for one."""

from __future__ import annotations

import contextlib
import os
import ssl
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_agent.checks.http import certificate
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_wire.records import Status

from tests.agent.checks.web import OK, says, seen, serving
from tests.fakes.blocking_tls import blocking_server
from tests.fakes.certificates import Authority, Minted

ON_UVLOOP = True
HERE = "127.0.0.1"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def looked(server: Minted, authority: Authority | None, **settings: Any) -> Any:
    if authority is not None:
        settings["ca_file"] = str(authority.file)
    async with serving(says(OK), server.server()) as url:
        return await seen(url, **settings)


async def test_a_good_certificate_is_healthy_and_its_days_are_told(authority: Authority) -> None:
    result = await looked(authority.mint(HERE, days=90), authority)
    assert (result.status, result.text) == (Status.HEALTHY, "HTTP 200")
    assert 89.9 < result.metrics["certificate_days_left"] <= 90
    assert result.metrics["tls_ms"] > 0


@pytest.mark.parametrize(
    ("days", "status", "text"),
    [
        (14.1, Status.HEALTHY, "HTTP 200"),
        (13.9, Status.DEGRADED, "the certificate expires in 13.9 days"),
        (3.1, Status.DEGRADED, "the certificate expires in 3.1 days"),
        (2.9, Status.UNHEALTHY, "the certificate expires in 2.9 days"),
    ],
)
async def test_the_end_of_a_certificate_is_told_in_time(
    authority: Authority, days: float, status: Status, text: str
) -> None:
    result = await looked(authority.mint(HERE, days=days), authority)
    assert (result.status, result.text) == (status, text)


async def test_the_days_are_the_operators_to_set(authority: Authority) -> None:
    server = authority.mint(HERE, days=20)
    result = await looked(server, authority, certificate_warning_days=60, certificate_error_days=30)
    assert result.status is Status.UNHEALTHY
    with pytest.raises(ConfigurationError, match="certificate_error_days must be"):
        await seen("https://a.example/", certificate_warning_days=2)


def _expired(authority: Authority) -> Minted:
    return authority.mint(HERE, days=-3.2, begins_in_days=-30)


def _not_yet_valid(authority: Authority) -> Minted:
    return authority.mint(HERE, begins_in_days=5.5)


def _self_signed(authority: Authority) -> Minted:
    return authority.mint_self_signed(HERE)


def _self_signed_and_expired(authority: Authority) -> Minted:
    return authority.mint_self_signed(HERE, days=-2)


def _wrong_address(authority: Authority) -> Minted:
    return authority.mint("other.example")


def _unknown_authority(authority: Authority) -> Minted:
    return Authority(authority.file.parent, "stranger").mint(HERE)


def _weak(authority: Authority) -> Minted:
    return authority.mint_weak(HERE)


def _chain_with_expired_authority(authority: Authority) -> Minted:
    return authority.mint(HERE, through=authority.mint_authority(days=-1))


@pytest.mark.parametrize(
    ("mint", "text", "days"),
    [
        (_expired, "expired 3.2 days ago", -3.2),
        (_not_yet_valid, "not yet valid, begins in 5.5 days", 90),
        (_self_signed, "self-signed", 90),
        (_self_signed_and_expired, "self-signed; expired 2.0 days ago", -2),
        (_wrong_address, "wrong host: certificate is not valid for '127.0.0.1'", 90),
        (_unknown_authority, "unknown authority: its authority is not trusted here", 90),
        (_weak, "weak: its key is too short", 90),
        (_chain_with_expired_authority, "expired: an authority's certificate in its chain", 90),
    ],
)
async def test_what_is_wrong_with_a_certificate_is_named(
    authority: Authority, mint: Any, text: str, days: float
) -> None:
    server = mint(authority)
    result = await looked(server, authority)
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith(f"certificate refused: {text}"), result.text
    assert result.metrics["certificate_days_left"] == pytest.approx(days, abs=0.1)
    assert "tls_ms" not in result.metrics


async def test_without_verification_it_is_healthy_but_not_when_expired(authority: Authority) -> None:
    result = await looked(_self_signed(authority), None, verify_tls=False)
    assert result.status is Status.HEALTHY, result.text
    result = await looked(_expired(authority), None, verify_tls=False)
    assert result.text == "the certificate expired 3.2 days ago"


async def test_an_intermediate_that_is_not_sent_is_an_unknown_authority(authority: Authority) -> None:
    server = authority.mint(HERE, through=authority.mint_authority())
    assert (await looked(server, authority)).status is Status.HEALTHY
    alone = server.file.read_text().partition("-----END CERTIFICATE-----\n")
    server.file.write_text(alone[0] + alone[1])
    result = await looked(server, authority)
    assert "unknown authority: " in result.text
    assert "the server does not send the certificate between" in result.text or "not trusted" in result.text


async def test_an_authority_in_the_chain_that_ends_first_counts_and_is_named(authority: Authority) -> None:
    server = authority.mint(HERE, through=authority.mint_authority(days=1.5))
    result = await looked(server, authority)
    text = "the certificate of the authority 'intermediate' in its chain expires in 1.5 days"
    assert (result.status, result.text) == (Status.UNHEALTHY, text)
    assert result.metrics["certificate_days_left"] == pytest.approx(1.5, abs=0.1)
    # Nobody asked whether it leads to an authority.
    result = await looked(server, None, verify_tls=False)
    assert result.status is Status.HEALTHY, result.text


async def test_what_a_server_sends_and_nobody_needs_does_not_count(authority: Authority) -> None:
    server, other = authority.mint(HERE, through=authority.mint_authority()), authority.mint("a", days=-3)
    server.file.write_bytes(server.file.read_bytes() + other.file.read_bytes().rpartition(b"KEY-----\n")[2])
    result = await looked(server, authority)
    assert result.status is Status.HEALTHY, result.text


async def test_a_client_certificate_is_shown_to_who_asks(authority: Authority) -> None:
    client = authority.mint("agent")
    context = authority.mint(HERE).server(client_authority=authority.file)
    settings: dict[str, Any] = {"ca_file": str(authority.file)}
    with blocking_server(context, OK) as address:
        url = f"https://{address}/"
        result = await seen(url, client_certificate_file=str(client.file), **settings)
        assert result.status is Status.HEALTHY, result.text
        result = await seen(url, **settings)
        assert result.status is Status.UNHEALTHY
        assert "the server asks for a client certificate" in result.text
        stranger = Authority(client.file.parent, "stranger").mint("agent")
        result = await seen(url, client_certificate_file=str(stranger.file), **settings)
        assert "the server does not know the authority of the client certificate" in result.text


async def test_a_changed_client_certificate_is_taken_without_a_restart(authority: Authority) -> None:
    client, stranger = authority.mint("agent"), Authority(authority.file.parent, "stranger").mint("agent")
    context = authority.mint(HERE).server(client_authority=authority.file)
    rotated = authority.file.with_name("rotated.pem")
    async with serving(says(OK), context) as url:
        settings: dict[str, Any] = {"ca_file": str(authority.file), "client_certificate_file": str(rotated)}
        for number, (minted, status) in enumerate([(client, Status.HEALTHY), (stranger, Status.UNHEALTHY)]):
            rotated.write_bytes(minted.file.read_bytes())
            os.utime(rotated, (number, number))
            assert (await seen(url, **settings)).status is status


async def test_a_changed_authority_is_taken_though_its_file_keeps_its_time(authority: Authority) -> None:
    stranger, trusted = Authority(authority.file.parent, "stranger"), authority.file.with_name("trusted.pem")
    async with serving(says(OK), authority.mint(HERE).server()) as url:
        for one, status in ((authority, Status.HEALTHY), (stranger, Status.UNHEALTHY)):
            replacement = trusted.with_suffix(".new")
            replacement.write_bytes(one.file.read_bytes())
            os.utime(replacement, (0, 0))
            replacement.replace(trusted)
            assert (await seen(url, ca_file=str(trusted))).status is status


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ca_file": "/no/such/file"}, "ca_file /no/such/file: No such file"),
        ({"client_certificate_file": "{ca}"}, "no certificate with its key, without passphrase, in PEM"),
        ({"client_key_file": "{ca}"}, "client_key_file needs client_certificate_file"),
    ],
)
async def test_files_that_do_not_fit_are_refused_at_once(
    authority: Authority, settings: dict[str, str], message: str
) -> None:
    only_certificate = authority.file.with_name("only.pem")
    only_certificate.write_text("-----BEGIN" + authority.file.read_text().rpartition("-----BEGIN")[2])
    given: dict[str, Any] = {
        key: value.replace("{ca}", str(only_certificate)) for key, value in settings.items()
    }
    with pytest.raises(ConfigurationError, match=message):
        await seen("https://127.0.0.1/", **given)


async def test_tls_to_a_plain_port_is_told() -> None:
    with blocking_server(None, OK) as address:
        result = await seen(f"https://{address}/", verify_tls=False)
    assert result.status is Status.UNHEALTHY
    assert result.text == "tls failed: the server does not speak TLS here"


async def test_an_outdated_version_of_tls_is_told(authority: Authority) -> None:
    context = authority.mint(HERE).server()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_3
    async with serving(says(OK), context) as url:
        assert (await seen(url, ca_file=str(authority.file))).status is Status.HEALTHY
    context = authority.mint(HERE).server()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    with blocking_server(context, OK) as address:
        result = await seen(f"https://{address}/", ca_file=str(authority.file))
    assert "tls failed: the server speaks " in result.text


def test_the_dates_are_those_that_the_library_reads(authority: Authority) -> None:
    for days, begins in ((90, -1), (30_000, -1), (9_000, 8_000), (-3, -30)):
        minted = authority.mint("a", days=days, begins_in_days=begins)
        found = certificate.validity(minted.der)
        assert found.not_before == minted.certificate.not_valid_before_utc.timestamp()
        assert found.not_after == minted.certificate.not_valid_after_utc.timestamp()


def test_a_certificate_has_a_name(authority: Authority) -> None:
    assert certificate.name(authority.mint("shop.example").der) == "shop.example"
    assert certificate.name(b"0") == "unnamed"


@pytest.fixture(scope="module")
def some_certificate(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return Authority(tmp_path_factory.mktemp("fuzz")).mint("a").der


@given(st.data())
def test_no_bytes_break_the_reader_of_certificates(some_certificate: bytes, data: st.DataObject) -> None:
    broken = bytearray(some_certificate)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, 120))] = data.draw(st.integers(0, 255))
    for der in (bytes(broken[: data.draw(st.integers(0, len(broken)))]), data.draw(st.binary(max_size=80))):
        with contextlib.suppress(ValueError):
            certificate.validity(der)
        certificate.name(der)


async def test_a_pipe_where_a_certificate_belongs_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ca.pem")
    with pytest.raises(ConfigurationError, match=r"ca\.pem: is not a regular file"):
        await seen("https://127.0.0.1/", ca_file=str(tmp_path / "ca.pem"))
