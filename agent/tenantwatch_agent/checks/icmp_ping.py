"""`icmp_ping`: whether a host answers echo requests, how fast, and how many of them.

Uses the datagram socket that Linux gives to the groups of ``net.ipv4.ping_group_range``: it needs no root.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from dataclasses import dataclass

from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.base import Latency, Outcome, OwnTime, os_reason
from tenantwatch_agent.checks.findings import Findings, Limit, since_us
from tenantwatch_agent.checks.http import dial
from tenantwatch_agent.checks.http.failure import ProbeFailed
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError

MAX_COUNT = 20

_HEADER = struct.Struct("!BBHHH")
_ECHO = {socket.AF_INET: (socket.IPPROTO_ICMP, 8, 0), socket.AF_INET6: (socket.IPPROTO_ICMPV6, 128, 129)}


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind icmp_ping; the latency is the average of the answers."""

    host: str
    count: int = 3
    packet_timeout_ms: float = 1000.0
    ip_version: dial.IpVersion = "any"
    loss_degraded_percent: float | None = 0.0
    loss_unhealthy_percent: float | None = 50.0
    degraded_after_ms: float | None = None
    unhealthy_after_ms: float | None = None


class IcmpPing:
    """One packet after the other."""

    def __init__(self, settings: Settings) -> None:
        if not settings.host or any(c in settings.host for c in "/ \n"):
            raise ConfigurationError(f"host {settings.host!r}: write a name or an address")
        if not 1 <= settings.count <= MAX_COUNT:
            raise ConfigurationError(f"count must be 1 to {MAX_COUNT}")
        if not 1 <= settings.packet_timeout_ms <= 60_000:
            raise ConfigurationError("packet_timeout_ms must be 1 to 60000")
        self._settings = settings
        self._loss = Limit.read(settings, "loss", "percent", "lost")
        self._latency = Latency(settings.degraded_after_ms, settings.unhealthy_after_ms)
        self.target = f"icmp://[{settings.host}]" if ":" in settings.host else f"icmp://{settings.host}"
        self.phase = "dns"

    async def look(self) -> Outcome:
        self.phase = "dns"
        try:
            places = await dial.resolve(self._settings.host, 0, self._settings.ip_version)
        except ProbeFailed as error:
            return Outcome(Status.UNHEALTHY, str(error))
        self.phase = "echo"
        family, where = places[0]
        with _open(family) as connection:
            try:
                connection.connect(where)
                times_us = [await self._echo(connection, family, n) for n in range(self._settings.count)]
            except OSError as error:
                return Outcome(Status.UNHEALTHY, f"ping failed: {os_reason(error)}")
        return self._judge([us for us in times_us if us is not None])

    async def _echo(self, connection: socket.socket, family: socket.AddressFamily, number: int) -> int | None:
        """Microseconds until its answer; None if none came in time."""
        loop = asyncio.get_running_loop()
        _, request, reply = _ECHO[family]
        token = os.urandom(8)
        started = time.perf_counter()
        # The kernel fills in identifier and checksum, and brings us only our own answers.
        connection.send(_HEADER.pack(request, 0, 0, 0, number + 1) + token)
        try:
            async with asyncio.timeout(self._settings.packet_timeout_ms / 1000):
                while True:
                    answer = await loop.sock_recv(connection, 2048)
                    if answer[:1] == bytes([reply]) and answer[_HEADER.size :] == token:
                        return since_us(started)
        except TimeoutError:
            return None

    def _judge(self, times_us: list[int]) -> Outcome:
        count = self._settings.count
        lost_percent = 100 * (count - len(times_us)) / count
        if not times_us:
            text = f"no answer to {count} packets"
            return Outcome(Status.UNHEALTHY, text, None, {"loss_percent": lost_percent})
        average_us = round(sum(times_us) / len(times_us))
        metrics = {
            "loss_percent": lost_percent,
            "rtt_min_ms": OwnTime(min(times_us) / 1000),
            "rtt_avg_ms": OwnTime(average_us / 1000),
            "rtt_max_ms": OwnTime(max(times_us) / 1000),
        }
        findings = Findings()
        findings.judge(self._loss, lost_percent)
        findings.judge(self._latency, average_us)
        return findings.outcome(f"answers {len(times_us)} of {count}", average_us, metrics)


def _open(family: socket.AddressFamily) -> socket.socket:
    try:
        connection = socket.socket(family, socket.SOCK_DGRAM, _ECHO[family][0])
    except PermissionError:
        raise CheckerFailed(
            "this system does not let the agent ping: its group must be within the sysctl"
            " net.ipv4.ping_group_range"
        ) from None
    except OSError as error:
        raise CheckerFailed(f"this system cannot ping: {os_reason(error)}") from None
    connection.setblocking(False)
    return connection
