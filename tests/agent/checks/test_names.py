"""Names that nobody answers for hold up no other name, and whoever waits for them waits for the agent."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from tenantwatch_agent.checks import names
from tenantwatch_agent.checks.own_waits import OwnWaits, bind
from tenantwatch_agent.checks.registry import build_check
from tenantwatch_agent.config import ConfiguredCheck
from tenantwatch_agent.config.sections import Egress
from tenantwatch_agent.egress import OwnEgress
from tenantwatch_agent.errors import CheckerFailed
from tenantwatch_agent.look import Looker
from tenantwatch_agent.vitals import Vitals
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tests.agent.checks.web import OK, says, serving

DEAD = [f"h{number}.dead.example" for number in range(40)]


class Resolver:
    """In the place of the system's: ``*.dead.example`` hangs until ``give_up``, all else is this machine."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._gives_up = threading.Event()
        self._lock = threading.Lock()
        self._hanging = self.most_hanging = 0

    def getaddrinfo(self, host: str, *_: Any) -> Any:
        self.asked.append(host)
        if host.endswith(".dead.example"):
            self._hang()
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    def _hang(self) -> None:
        with self._lock:
            self._hanging += 1
            self.most_hanging = max(self.most_hanging, self._hanging)
        self._gives_up.wait(60)
        with self._lock:
            self._hanging -= 1

    def give_up(self) -> None:
        self._gives_up.set()


@pytest.fixture
async def resolver(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Resolver]:
    fake = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", fake.getaddrinfo)
    monkeypatch.setattr(names, "QUICK_SECONDS", 30.0)
    yield fake
    fake.give_up()


async def asked_for_the_dead() -> list[asyncio.Task[Any]]:
    """All of them, until every thread that they may have is theirs."""
    asking = [asyncio.create_task(names.look_up(host, 80)) for host in DEAD]
    await asyncio.sleep(0)
    return asking


async def seen(kind: str, settings: dict[str, Any], timeout_seconds: float) -> Result:
    definition = CheckDefinition("a", kind, 1000, 1000)
    check = build_check(kind, settings, "a")
    return await Looker(Vitals()).look(ConfiguredCheck(definition, check, timeout_seconds))


async def test_dead_names_leave_threads_to_those_that_answered(resolver: Resolver) -> None:
    async with serving(says(OK)) as url:
        port = urlsplit(url).port
        for kind, settings in (
            ("http_endpoint", {"url": f"http://good.example:{port}/"}),
            ("tcp_connection", {"address": f"good.example:{port}"}),
        ):
            assert (await seen(kind, settings, 20)).status is Status.HEALTHY
        asking = await asked_for_the_dead()
        for kind, settings in (
            ("http_endpoint", {"url": f"http://good.example:{port}/"}),
            ("tcp_connection", {"address": f"good.example:{port}"}),
        ):
            result = await seen(kind, settings, 20)
            assert result.status is Status.HEALTHY, result.text
    resolver.give_up()
    async with asyncio.timeout(60):
        failures = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(failure) for failure in failures} == {socket.gaierror}
    assert resolver.most_hanging <= names.THREADS["unproven"]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("http_endpoint", {"url": "http://new.example:1/"}),
        ("tcp_connection", {"address": "new.example:1"}),
        ("tls_certificate", {"address": "new.example:1"}),
        ("redis_connectivity", {"url": "redis://new.example:1/"}),
    ],
)
async def test_a_look_that_never_got_a_thread_is_unknown(
    kind: str, settings: dict[str, Any], resolver: Resolver
) -> None:
    asking = await asked_for_the_dead()
    result = await seen(kind, settings, 0.3)
    assert result.status is Status.UNKNOWN
    assert result.text.startswith("no thread was free within 0.3 s to look up 'new.example': ")
    assert "new.example" not in resolver.asked
    resolver.give_up()
    async with asyncio.timeout(60):
        await asyncio.gather(*asking, return_exceptions=True)
        assert await names.look_up("new.example", 7) == [(socket.AF_INET, ("127.0.0.1", 7))]


async def test_a_dead_name_that_has_its_thread_is_unhealthy(resolver: Resolver) -> None:
    result = await seen("http_endpoint", {"url": f"http://{DEAD[0]}/"}, 0.3)
    assert result.status is Status.UNHEALTHY
    assert result.text.startswith("no answer within 0.3 s, in phase dns")


async def test_dead_names_do_not_look_like_a_network_that_is_down(resolver: Resolver) -> None:
    await asked_for_the_dead()
    async with serving(says(OK)) as url:
        port = urlsplit(url).port
        dead = [f"{host}:443" for host in DEAD[: names.THREADS["egress"] - 1]]
        own = OwnEgress(Egress((*dead, f"good.example:{port}"), timeout_seconds=20))
        assert await own.reason_down() == ""


async def test_what_fails_when_nobody_waits_any_more_is_not_logged(resolver: Resolver) -> None:
    told: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context))
    looking = asyncio.create_task(names.look_up(DEAD[0], 80))
    await asyncio.sleep(0)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    # Waits for the same answer, so that it is known to have come.
    waiting = asyncio.create_task(names.look_up(DEAD[0], 80))
    await asyncio.sleep(0)
    (lookup,) = names._of_this_loop()._open.values()
    waiting.cancel()
    ended = asyncio.Event()
    lookup.answer.add_done_callback(lambda _: ended.set())
    resolver.give_up()
    await asyncio.wait_for(ended.wait(), 60)
    del lookup, waiting, looking
    gc.collect()
    await asyncio.sleep(0)
    assert told == []


async def test_one_question_of_many_is_asked_once(resolver: Resolver) -> None:
    ports = range(1, 20)
    found = await asyncio.gather(*(names.look_up("good.example", port) for port in ports))
    assert [places[0][1][1] for places in found] == list(ports)
    assert resolver.asked == ["good.example"]
    assert await names.look_up("::1", 7) == [(socket.AF_INET6, ("::1", 7, 0, 0))]
    assert resolver.asked == ["good.example"]


async def test_without_threads_nothing_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none_left)
    for _ in range(2 * names.THREADS["unproven"]):
        with pytest.raises(CheckerFailed, match=r"no thread to look up 'good\.example'"):
            await names.look_up("good.example", 1)


async def test_a_name_that_is_none_is_not_known() -> None:
    for host in ("ü" * 80 + ".example", "a..example"):
        with pytest.raises(OSError, match="not a valid name"):
            await names.look_up(host, 1)


async def test_how_long_a_look_waited_for_a_thread_is_noted(resolver: Resolver) -> None:
    asking = await asked_for_the_dead()
    waits = OwnWaits()
    bind(waits)
    waiting = asyncio.create_task(names.look_up("new.example", 80))
    await asyncio.sleep(0)
    assert waits.waits_for == "new.example"
    resolver.give_up()
    async with asyncio.timeout(60):
        await waiting
        await asyncio.gather(*asking, return_exceptions=True)
    assert waits.waits_for == ""
    assert waits.seconds > 0
