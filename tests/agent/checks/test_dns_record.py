"""DNS checks against a server of our own, which answers, denies, fails, cuts short or says nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import dns.rcode
import pytest
from tenantwatch_agent.checks.dns_record import DnsRecord, Settings
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_wire.records import Result, Status

from tests.agent.checks.web import checked
from tests.fakes.dns_server import DnsServer
from tests.ports import stable_port

ON_UVLOOP = True
ZONE = {
    ("shop.example.", "A"): ["192.0.2.1", "192.0.2.2"],
    ("shop.example.", "AAAA"): ["2001:db8::1"],
    ("shop.example.", "MX"): ["10 Mail.Shop.example."],
    ("shop.example.", "TXT"): ['"v=spf1 include:_spf.example " "-all"'],
    ("_dmarc.xn--fa-hia.example.", "TXT"): ['"v=DMARC1"'],
    ("www.shop.example.", "CNAME"): ["shop.example."],
    ("vast.example.", "TXT"): [f'"{number} {"x" * 200}"' for number in range(100)],
    ("long.example.", "TXT"): [f'"{number} {"x" * 200}"' for number in range(8)],
}


@pytest.fixture
async def server() -> AsyncIterator[DnsServer]:
    async with DnsServer(dict(ZONE)).running() as running:
        yield running


async def asked(server: DnsServer, name: str = "shop.example", **settings: Any) -> Result:
    return await checked("dns_record", name=name, resolver=server.address, **settings)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("A", ["192.0.2.2"]),
        ("AAAA", ["2001:DB8:0::1"]),
        ("MX", ["10 mail.shop.example"]),
        ("TXT", ["v=spf1 include:_spf.example -all"]),
        ("TXT", ['"v=spf1 include:_spf.example " "-all"']),
        ("TXT", [r'"v=spf1 \105nclude:\_spf.example -all"']),
    ],
)
async def test_expected_records_are_there(server: DnsServer, kind: str, expected: list[str]) -> None:
    result = await asked(server, record_type=kind, expect_values=expected)
    assert result.status is Status.HEALTHY, result.text
    assert result.metrics["ttl_seconds"] == 300
    assert result.latency_us


async def test_a_name_of_other_letters_is_asked_for_as_browsers_do(server: DnsServer) -> None:
    for name in ("_dmarc.Faß.example", "_dmarc.xn--fa-hia.example", "_dmarc\u3002faß.example"):
        result = await asked(server, name=name, record_type="TXT", expect_values=["v=DMARC1"])
        assert result.status is Status.HEALTHY, result.text
    with pytest.raises(ConfigurationError, match="is not a valid name"):
        await asked(server, name="☃.example")


async def test_a_record_that_is_missing_is_named_with_what_is_there(server: DnsServer) -> None:
    result = await asked(server, expect_values=["192.0.2.1", "192.0.2.9"])
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith("192.0.2.9 is missing; there is 192.0.2.")
    assert (await asked(server, name="www.shop.example", record_type="CNAME")).text == "shop.example."


async def test_denials_are_told_apart(server: DnsServer) -> None:
    result = await asked(server, name="nowhere.example")
    assert (result.status, result.text) == (Status.UNHEALTHY, "there is no such name (NXDOMAIN)")
    result = await asked(server, record_type="SRV")
    assert (result.status, result.text) == (Status.UNHEALTHY, "the name has no SRV record")
    server.rcode = dns.rcode.SERVFAIL
    result = await asked(server)
    assert (result.status, result.text) == (Status.UNHEALTHY, "no resolver answers: SERVFAIL")


async def test_a_long_answer_is_fetched_over_tcp(server: DnsServer) -> None:
    result = await asked(server, name="long.example", record_type="TXT", expect_values=["7 " + "x" * 200])
    assert result.status is Status.HEALTHY, result.text
    assert (server.asked["udp"], server.asked["tcp"], result.metrics["records"]) == (1, 1, 8)


async def test_a_longer_answer_than_the_limit_is_not_read(server: DnsServer) -> None:
    result = await asked(server, name="vast.example", record_type="TXT")
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "no resolver answers: its answer is longer than 16384 bytes",
    )


async def test_silence_is_ended_by_the_timeout(server: DnsServer) -> None:
    server.silent = True
    result = await asked(server, timeout_ms=200)
    assert (result.status, result.text) == (Status.UNHEALTHY, "no answer within 0.2 s, in phase query")


async def test_a_slow_answer_is_judged(server: DnsServer) -> None:
    assert (await asked(server, degraded_after_ms=0.001)).status is Status.DEGRADED


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": ""}, "name must be a domain name"),
        ({"record_type": "ANY"}, "record_type must be one of"),
        ({"resolver": "dns.example"}, "resolver 'dns.example': write an IP address"),
        ({"resolver": "127.0.0.1:x"}, "resolver '127.0.0.1:x'"),
        ({"resolver": "[::1]:99999"}, "write an IP address, or ADDRESS:PORT"),
    ],
)
async def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message.replace("[", r"\[")):
        await checked("dns_record", **{"name": "a", **settings})


@pytest.mark.parametrize("resolver", ["192.0.2.1", "192.0.2.1:5353", "::1", "[::1]", "[::1]:5353"])
def test_a_resolver_may_be_written_in_every_usual_way(resolver: str) -> None:
    assert DnsRecord(Settings("a", resolver=resolver)).target == f"dns://{resolver}/a?type=A"


async def test_a_name_that_cannot_be_asked_for_is_unknown() -> None:
    result = await checked("dns_record", name="a" * 64 + ".example", resolver="127.0.0.1")
    assert result.status is Status.UNKNOWN


async def test_a_port_without_a_resolver_is_told_at_once() -> None:
    result = await checked("dns_record", name="shop.example", resolver=f"127.0.0.1:{stable_port()}")
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "no resolver answers: Connection refused",
    )


@pytest.mark.parametrize(
    "answer", [b"", b"\0", b"\xff" * 512, b"not a resolver at all " * 100, bytes(65_000)]
)
async def test_what_no_resolver_would_answer_is_unhealthy(answer: bytes) -> None:
    class Babbling(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, address: Any) -> None:
            self.transport.sendto(answer, address)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Babbling, local_addr=("127.0.0.1", 0))
    try:
        port = transport.get_extra_info("sockname")[1]
        where = f"127.0.0.1:{port}"
        result = await checked("dns_record", 300, name="shop.example", resolver=where)
    finally:
        transport.close()
    assert (result.status, result.text) == (Status.UNHEALTHY, "no answer within 0.3 s, in phase query")
