"""`tcp_connection`: whether a TCP port takes a connection, and how fast."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks import connecting
from tenantwatch_agent.checks.base import Latency, Outcome, os_reason
from tenantwatch_agent.checks.findings import Findings
from tenantwatch_agent.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind tcp_connection."""

    address: str
    degraded_after_ms: float | None = None
    unhealthy_after_ms: float | None = None


class TcpConnection:
    """Connects and closes; sends nothing."""

    phase = "connect"

    def __init__(self, settings: Settings) -> None:
        host, _, port = settings.address.rpartition(":")
        if not host or not port.isdecimal() or len(port) > 5 or not 0 < int(port) < 65_536:
            raise ConfigurationError(f"address {settings.address!r}: write HOST:PORT")
        self._where = host.strip("[]"), int(port)
        self._latency = Latency(settings.degraded_after_ms, settings.unhealthy_after_ms)
        self.target = f"tcp://{settings.address}"

    async def look(self) -> Outcome:
        host, port = self._where
        started = time.perf_counter()
        try:
            connection = await connecting.connected(host, port)
        except OSError as error:
            return Outcome(Status.UNHEALTHY, f"connect failed: {os_reason(error)}")
        latency_us = round((time.perf_counter() - started) * 1_000_000)
        connection.close()
        findings = Findings()
        findings.judge(self._latency, latency_us)
        return findings.outcome("accepts connections", latency_us)
