"""This machine's own figures, and plain TCP."""

from __future__ import annotations

import asyncio
import threading

import pytest
from tenantwatch_agent.checks.host_resources import HostResources
from tenantwatch_agent.checks.host_resources import Settings as HostSettings
from tenantwatch_agent.checks.tcp_connection import Settings as TcpSettings
from tenantwatch_agent.checks.tcp_connection import TcpConnection
from tenantwatch_wire.records import CheckDefinition, Status

from tests.agent.checks.looking import look
from tests.ports import stable_port

NO_LIMITS = HostSettings(
    cpu_degraded_percent=None,
    memory_degraded_percent=None,
    memory_unhealthy_percent=None,
    disk_degraded_percent=None,
    disk_unhealthy_percent=None,
)
HOST = CheckDefinition("host", "host_resources", 1000, 60_000)


async def test_the_figures_of_this_machine() -> None:
    result = await look(HOST, HostResources(NO_LIMITS))
    assert result.status is Status.HEALTHY
    names = {"cpu_percent", "memory_percent", "disk_percent", "load_1m", "network_bytes_per_second"}
    assert names <= result.metrics.keys()
    assert 0 < result.metrics["memory_percent"] <= 100
    assert result.text.startswith("cpu ")


async def test_more_than_the_limit() -> None:
    result = await look(HOST, HostResources(HostSettings(memory_unhealthy_percent=0)))
    assert result.status is Status.UNHEALTHY
    assert "more than 0 %" in result.text


async def test_a_mount_that_hangs_takes_one_thread_and_not_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    check, release = HostResources(NO_LIMITS), threading.Event()
    calls = 0

    def hang() -> dict[str, float]:
        nonlocal calls
        calls += 1
        release.wait(20)
        return {}

    monkeypatch.setattr(check, "_read", hang)
    quick = CheckDefinition("host", "host_resources", 1000, 100)
    patient = CheckDefinition("host", "host_resources", 1000, 60_000)
    try:
        assert (await look(quick, check)).text == "no answer within 0.1 s, in phase read"
        for _ in range(2):
            result = await look(patient, check)
            assert result.status is Status.UNKNOWN
            assert "hangs" in result.text
        assert calls == 1
    finally:
        release.set()


async def test_tcp() -> None:
    definition = CheckDefinition("port", "tcp_connection", 1000, 60_000)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    result = await look(definition, TcpConnection(TcpSettings(f"127.0.0.1:{port}")))
    assert (result.status, result.text) == (Status.HEALTHY, "accepts connections")
    assert result.latency_us
    server.close()
    await server.wait_closed()
    result = await look(definition, TcpConnection(TcpSettings(f"127.0.0.1:{stable_port()}")))
    assert (result.status, result.text) == (Status.UNHEALTHY, "connect failed: Connection refused")
