"""The one way to a connection: an address in silence gets a rival, and what this machine lacks is its own."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from tenantwatch_agent.checks.base import os_reason
from tenantwatch_agent.checks.connecting import race
from tenantwatch_agent.checks.registry import build_check
from tenantwatch_agent.config.sections import Egress
from tenantwatch_agent.egress import OwnEgress
from tenantwatch_agent.errors import CheckerFailed
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tests.agent.checks.looking import look
from tests.agent.checks.web import OK, deaf, says, serving
from tests.fakes import hostile
from tests.mariadb import MariadbServer
from tests.ports import stable_port
from tests.servers import PostgresServer, RedisServer

ON_UVLOOP = True

NAME = "several.example"


@pytest.fixture
def half_deaf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Makes a port of NAME swallow what comes to its first address; its second is this machine."""
    real = socket.getaddrinfo
    addresses = ("127.0.0.2", "127.0.0.1")

    def resolve(host: str, *others: Any, **named: Any) -> Any:
        if host != NAME:
            return real(host, *others, **named)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with contextlib.ExitStack() as open_ones:

        def swallow(port: int) -> None:
            open_ones.enter_context(deaf("127.0.0.2", port))

        yield swallow


async def checked(kind: str, **settings: Any) -> Result:
    return await look(CheckDefinition("a", kind, 1000, 20_000), build_check(kind, settings, "test"))


def at_name(url: str) -> str:
    return url.replace("127.0.0.1", NAME)


async def answers(kind: str, url: str) -> None:
    """See that the check finds the server under its name of several addresses."""
    result = await checked(kind, url=at_name(url))
    assert result.status is Status.HEALTHY, result.text


async def test_http_and_tcp_take_the_address_that_answers(half_deaf: Callable[[int], None]) -> None:
    async with serving(says(OK)) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        half_deaf(port)
        for kind, settings in (
            ("tcp_connection", {"address": f"{NAME}:{port}"}),
            ("http_endpoint", {"url": at_name(url)}),
        ):
            result = await checked(kind, **settings)
            assert result.status is Status.HEALTHY, result.text
        assert await OwnEgress(Egress((f"{NAME}:{port}",), timeout_seconds=20)).reason_down() == ""


async def test_redis_takes_the_address_that_answers(
    half_deaf: Callable[[int], None], redis_server: RedisServer
) -> None:
    half_deaf(redis_server.port)
    await answers("redis_connectivity", redis_server.url)


async def test_postgresql_takes_the_address_that_answers(
    half_deaf: Callable[[int], None], postgres_server: PostgresServer
) -> None:
    half_deaf(postgres_server.port)
    await answers("database_connectivity", postgres_server.url)


async def test_mysql_takes_the_address_that_answers(
    half_deaf: Callable[[int], None], mariadb_server: MariadbServer
) -> None:
    half_deaf(mariadb_server.port)
    await answers("database_connectivity", mariadb_server.url())


@contextlib.contextmanager
def no_descriptors() -> Iterator[None]:
    """Within it this process can open nothing more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/proc/self/fd")))
    taken: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, before[1]))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for descriptor in taken:
            os.close(descriptor)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("http_endpoint", {"url": "http://127.0.0.1:PORT/"}),
        ("http_endpoint", {"url": "http://localhost:PORT/"}),
        ("http_endpoint", {"url": "http://[::1]:PORT/"}),
        ("tcp_connection", {"address": "127.0.0.1:PORT"}),
        ("tls_certificate", {"address": "127.0.0.1:PORT"}),
        ("redis_connectivity", {"url": "redis://127.0.0.1:PORT"}),
        ("database_connectivity", {"url": "postgresql://u@127.0.0.1:PORT/d", "tls": "disable"}),
        ("database_connectivity", {"url": "mysql://u@127.0.0.1:PORT/d", "tls": "disable"}),
        ("dns_record", {"name": "shop.example", "resolver": "127.0.0.1:PORT"}),
        ("plugin_validation", {"command": ["/bin/true"]}),
    ],
)
async def test_no_descriptor_left_is_no_failure_of_the_target(kind: str, settings: dict[str, Any]) -> None:
    port = str(stable_port())
    settings = {k: v.replace("PORT", port) if isinstance(v, str) else v for k, v in settings.items()}
    check = build_check(kind, settings, "test")
    definition = CheckDefinition("a", kind, 1000, 20_000)
    # What it imports in its first look, it needs descriptors for.
    await look(definition, check)
    with no_descriptors():
        result = await look(definition, check)
    assert result.status is Status.UNKNOWN, result.text
    assert "raise LimitNOFILE" in result.text


async def test_what_a_server_lacks_is_its_own_failure() -> None:
    said = b"SFATAL\0C53200\0Mcould not fork new process for connection: Cannot allocate memory\0\0"
    async with hostile.saying([b"E" + (len(said) + 4).to_bytes(4, "big") + said]) as address:
        result = await checked("database_connectivity", url=f"postgresql://u@{address}/d", tls="disable")
    assert (result.status, "Cannot allocate memory" in result.text) == (Status.UNHEALTHY, True), result.text


@pytest.mark.parametrize("number", [errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM, errno.ENFILE])
def test_what_else_this_machine_may_lack(number: int) -> None:
    with pytest.raises(CheckerFailed, match=r"this machine.*\(" + os.strerror(number)):
        os_reason(OSError(number, "whatever the loop says"))


async def test_of_several_failures_the_targets_is_told() -> None:
    async def fail(number: int) -> None:
        raise OSError(number, "")

    def nothing(_: None) -> None:
        raise AssertionError("nobody came through")

    for numbers in ((errno.EADDRNOTAVAIL, errno.ECONNREFUSED), (errno.ECONNREFUSED, errno.EADDRNOTAVAIL)):
        with pytest.raises(ConnectionRefusedError):
            await race([partial(fail, number) for number in numbers], nothing)
