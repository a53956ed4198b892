"""Where the collector's checks may look: held against every address, whatever leads there."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import psutil
import pytest
from tenantwatch_agent.checks.reach import Reach
from tenantwatch_agent.checks.registry import build_check
from tenantwatch_agent.config import ConfiguredCheck
from tenantwatch_agent.look import Looker
from tenantwatch_agent.vitals import Vitals
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tests.agent.checks.web import OK, says, serving
from tests.ports import stable_port

ON_UVLOOP = True
REFUSED = "may not look at"
INTERNET = (socket.AF_INET, socket.AF_INET6)


@pytest.mark.parametrize(
    ("hosts", "host", "address", "allowed"),
    [
        ([], "shop.example", "192.0.2.7", True),
        ([], "shop.example", "10.0.0.7", True),
        ([], "shop.example", "127.0.0.1", False),
        ([], "shop.example", "::1", False),
        ([], "shop.example", "::ffff:127.0.0.1", False),
        ([], "shop.example", "0.0.0.0", False),
        ([], "metadata.example", "169.254.169.254", False),
        ([], "metadata.example", "fd00:ec2::254", False),
        ([], "link.example", "fe80::1%eth0", False),
        ([], "broken", "no address", False),
        (["localhost"], "localhost", "127.0.0.1", True),
        (["localhost"], "localhost", "::1", True),
        (["localhost"], "shop.example", "192.0.2.7", False),
        (["127.0.0.1"], "localhost", "127.0.0.2", False),
        (["shop.example"], "SHOP.example.", "192.0.2.7", True),
        (["shop.example"], "shop.example", "127.0.0.1", False),
        (["shop.example"], "www.shop.example", "192.0.2.7", False),
        (["*.example"], "shop.example", "192.0.2.7", True),
        (["*.example"], "example", "192.0.2.7", False),
        (["*.example"], "shop-example", "192.0.2.7", False),
        (["10.0.0.0/8", "2001:db8::/32"], "shop.example", "10.9.9.9", True),
        (["10.0.0.0/8", "2001:db8::/32"], "shop.example", "2001:db8::1", True),
        (["10.0.0.0/8", "2001:db8::/32"], "shop.example", "192.0.2.7", False),
        (["169.254.169.254"], "metadata.example", "169.254.169.254", True),
    ],
)
def test_what_is_within_reach(hosts: list[str], host: str, address: str, allowed: bool) -> None:
    assert (Reach.of(hosts).reason_against(host, address) == "") is allowed


def test_every_address_of_this_machine_is_closed_unless_it_is_named() -> None:
    found = [one.address for many in psutil.net_if_addrs().values() for one in many if one.family in INTERNET]
    for address in ["127.0.0.2", *(each for each in found if "%" not in each)]:
        assert REFUSED in Reach.of([]).reason_against("shop.example", address)
        assert not Reach.of([address]).reason_against("shop.example", address)


@pytest.mark.parametrize(
    ("hosts", "host", "allowed"),
    [
        ([], "shop.example", True),
        ([], "LOCALHOST", False),
        ([], "127.0.0.1", False),
        (["shop.example"], "shop.example", True),
        (["shop.example"], "other.example", False),
        (["10.0.0.0/8"], "shop.example", False),
        (["10.0.0.0/8"], "10.0.0.1", True),
    ],
)
def test_what_a_proxy_may_be_asked_for(hosts: list[str], host: str, allowed: bool) -> None:
    assert (Reach.of(hosts).reason_against_unresolved(host) == "") is allowed


@pytest.mark.parametrize("host", ["", "http://shop.example", "shop example", "10.0.0.0/99", "*", "a..b"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="write a name"):
        Reach.of([host])


async def looked(kind: str, reach: Reach, **settings: Any) -> Result:
    definition = CheckDefinition("a", kind, 1000, 2000)
    one = ConfiguredCheck(definition, build_check(kind, settings, "test"), 2.0, reach=reach)
    return await Looker(Vitals()).look(one)


class Door:
    """Takes whatever comes to one port of this machine and says nothing."""

    def __init__(self, port: int, knocked: asyncio.Event) -> None:
        self.port = port
        self.knocked = knocked


@contextlib.asynccontextmanager
async def door() -> AsyncIterator[Door]:
    knocked = asyncio.Event()

    class Datagrams(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, address: Any) -> None:
            knocked.set()

    async def came(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        knocked.set()
        writer.close()

    port = stable_port()
    server = await asyncio.start_server(came, "127.0.0.1", port)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        Datagrams, local_addr=("127.0.0.1", port)
    )
    try:
        yield Door(port, knocked)
    finally:
        transport.close()
        server.close()


EVERY_WAY: list[tuple[str, dict[str, Any]]] = [
    ("http_endpoint", {"url": "http://localhost:PORT/"}),
    ("http_endpoint", {"url": "http://2130706433:PORT/"}),
    ("http_endpoint", {"url": "http://192.0.2.1/", "proxy_url": "http://localhost:PORT"}),
    ("external_apis", {"steps": [{"name": "one", "url": "http://localhost:PORT/"}]}),
    ("external_apis", {"status_page": {"url": "http://localhost:PORT/"}}),
    ("tcp_connection", {"address": "localhost:PORT"}),
    ("tls_certificate", {"address": "127.0.0.1:PORT"}),
    ("redis_connectivity", {"url": "redis://localhost:PORT/0"}),
    ("redis_connectivity", {"url": "rediss://localhost:PORT/0"}),
    ("database_connectivity", {"url": "postgresql://u@localhost:PORT/d", "tls": "disable"}),
    ("database_connectivity", {"url": "postgresql://u@h:PORT/d?hostaddr=127.0.0.1", "tls": "disable"}),
    ("database_connectivity", {"url": "mysql://u@localhost:PORT/d"}),
    ("dns_record", {"name": "shop.example", "resolver": "127.0.0.1:PORT"}),
    ("host_resources", {"time_server": "127.0.0.1:PORT", "time_offset_degraded_ms": 1}),
]


def at(settings: Any, port: int) -> Any:
    """The settings with the port in its place."""
    if isinstance(settings, dict):
        return {key: at(value, port) for key, value in settings.items()}
    if isinstance(settings, list):
        return [at(value, port) for value in settings]
    return settings.replace("PORT", str(port)) if isinstance(settings, str) else settings


@pytest.mark.parametrize(("kind", "settings"), EVERY_WAY)
async def test_no_kind_of_check_reaches_beyond(kind: str, settings: dict[str, Any]) -> None:
    async with door() as there:
        result = await looked(kind, Reach(), **at(settings, there.port))
        assert REFUSED in result.text
        assert result.status is Status.UNKNOWN
        # Nothing stood before a limit that names it.
        allowed = Reach.of(["localhost", "192.0.2.1"])
        assert not there.knocked.is_set()
        assert REFUSED not in (await looked(kind, allowed, **at(settings, there.port))).text
        await asyncio.wait_for(there.knocked.wait(), 60)


async def test_a_redirect_leads_nowhere_else() -> None:
    async with door() as there:
        head = f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:{there.port}/\r\n"
        async with serving(says(f"{head}Content-Length: 0\r\n\r\n".encode())) as url:
            result = await looked("http_endpoint", Reach.of(["127.0.0.1"]), url=url, max_redirects=3)
        assert (result.status, REFUSED in result.text) == (Status.UNKNOWN, True)
        assert not there.knocked.is_set()


async def test_neither_checks_of_ones_own_nor_later_looks_are_limited() -> None:
    async with serving(says(OK)) as url:
        definition = CheckDefinition("a", "http_endpoint", 1000, 60_000)
        check = build_check("http_endpoint", {"url": url}, "test")
        looker = Looker(Vitals())
        assert (await looker.look(ConfiguredCheck(definition, check, 20.0, reach=Reach()))).text.count(
            REFUSED
        )
        assert (await looker.look(ConfiguredCheck(definition, check, 20.0))).status is Status.HEALTHY
