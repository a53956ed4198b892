"""`host_resources`: the machine that the agent runs on: processors, memory, disks, network, files, clock."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

import psutil
from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.base import Outcome, OwnTime
from tenantwatch_agent.checks.findings import Findings, Limit, Metrics
from tenantwatch_agent.checks.host import clock, disks, network
from tenantwatch_agent.checks.host.processors import Busy
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError

_FILES = Path("/proc/sys/fs/file-nr")
_CGROUP = Path("/sys/fs/cgroup")
_ENDS_WITHIN_SECONDS = 1.0
_SHOWN = ("cpu", "memory", "disk")


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind host_resources; null is no limit, no paths or interfaces are all."""

    disk_paths: tuple[str, ...] = ("/",)
    interfaces: tuple[str, ...] = ()
    time_server: str = ""
    cpu_degraded_percent: float | None = 95.0
    cpu_unhealthy_percent: float | None = None
    load_degraded_per_core: float | None = None
    load_unhealthy_per_core: float | None = None
    memory_degraded_percent: float | None = 90.0
    memory_unhealthy_percent: float | None = 97.0
    swap_degraded_percent: float | None = None
    swap_unhealthy_percent: float | None = None
    disk_degraded_percent: float | None = 85.0
    disk_unhealthy_percent: float | None = 95.0
    inodes_degraded_percent: float | None = 90.0
    inodes_unhealthy_percent: float | None = 98.0
    file_handles_degraded_percent: float | None = 80.0
    file_handles_unhealthy_percent: float | None = 95.0
    network_errors_degraded_per_second: float | None = None
    network_errors_unhealthy_per_second: float | None = None
    time_offset_degraded_ms: float | None = None
    time_offset_unhealthy_ms: float | None = None


class HostResources:
    """CPU and network are averages since the look before, at first since the check was made."""

    def __init__(self, settings: Settings) -> None:
        for path in settings.disk_paths:
            if not os.path.isdir(path):
                raise ConfigurationError(f"disk_paths: {path!r} is not a folder")
            if os.stat(path).st_mode & 0o777 == 0:
                raise ConfigurationError(f"disk_paths: {path!r} is hidden here, as a unit's ProtectHome does")
        for key, most in (("disk_paths", disks.MAX_MOUNTS), ("interfaces", network.MAX_INTERFACES)):
            if len(getattr(settings, key)) > most:
                raise ConfigurationError(f"{key}: at most {most}")
        self._limits = {
            "cpu_percent": Limit.read(settings, "cpu", "percent"),
            "load_per_core": Limit.read(settings, "load", "per_core", "load of 5 minutes"),
            "memory_percent": Limit.read(settings, "memory", "percent"),
            "swap_percent": Limit.read(settings, "swap", "percent"),
            "file_handles_percent": Limit.read(settings, "file_handles", "percent"),
            "network_errors_per_second": Limit.read(settings, "network_errors", "per_second"),
        }
        self._by_mount = {
            "disk_percent": Limit.read(settings, "disk", "percent"),
            "inodes_percent": Limit.read(settings, "inodes", "percent"),
        }
        self._offset = Limit.read(settings, "time_offset", "ms", "the clock is off by")
        self._server = _server(settings.time_server) if settings.time_server else None
        self._settings = settings
        self._disks = disks.Disks(settings.disk_paths)
        self._network = network.Network(settings.interfaces)
        self._reading: asyncio.Future[tuple[Metrics, list[str]]] | None = None
        self._busy = Busy()
        self._network.read(Metrics())
        self.phase = "read"
        self.target = "this host"

    async def look(self) -> Outcome:
        # Reading /proc and statvfs can hang on a dead network mount: never on the loop's own thread.
        # A thread that hangs is left to itself; a second one would only hang beside it.
        self.phase = "read"
        if self._reading is not None and not self._reading.done():
            # One that was cancelled, not hanging, ends by itself within moments.
            await asyncio.wait([self._reading], timeout=_ENDS_WITHIN_SECONDS)
        if self._reading is not None and not self._reading.done():
            raise CheckerFailed("the look before still hangs, probably in a mount of disk_paths")
        self._reading = asyncio.get_running_loop().run_in_executor(None, self._read)
        metrics, missing = await asyncio.shield(self._reading)
        findings = Findings()
        for text in missing:
            findings.add(Status.UNHEALTHY, text)
        self._judge(metrics, findings)
        await self._judge_clock(metrics, findings)
        return findings.outcome(_summary(metrics), None, metrics)

    def _read(self) -> tuple[Metrics, list[str]]:
        metrics = Metrics()
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        metrics.put("cpu_percent", self._busy.percent())
        metrics.put("memory_percent", memory.percent)
        metrics.put("memory_available_bytes", memory.available)
        metrics.put("swap_percent", swap.percent)
        for name, value in zip(("load_1m", "load_5m", "load_15m"), os.getloadavg(), strict=True):
            metrics.put(name, value)
        metrics.put("load_per_core", metrics["load_5m"] / (os.cpu_count() or 1))
        _read_file_handles(metrics)
        _read_container(metrics)
        missing = self._disks.read(metrics)
        missing += [f"interface {name} is down or not there" for name in self._network.read(metrics)]
        return metrics, missing

    def _judge(self, metrics: Metrics, findings: Findings) -> None:
        for name, limit in self._limits.items():
            if name in metrics:
                findings.judge(limit, metrics[name])
        for name, limit in self._by_mount.items():
            for key, value in metrics.items():
                if key.startswith(f"{name}:"):
                    status, text = limit.judge(value)
                    findings.add(status, f"{text} ({key.partition(':')[2]})")

    async def _judge_clock(self, metrics: Metrics, findings: Findings) -> None:
        found = clock.kernel_discipline()
        offset_ms = None if found is None else found.offset_ms
        if found is not None:
            metrics.put("time_synchronised", found.synchronised)
        if self._server is not None:
            self.phase = "ask the time server"
            try:
                # How long the answer took enters into it.
                offset_ms = OwnTime(await clock.ask_server(*self._server))
            except clock.ClockUnknown as error:
                findings.add(Status.DEGRADED, f"the time server {self._settings.time_server}: {error}")
        elif found is not None and not found.synchronised and self._judges_clock:
            findings.add(Status.DEGRADED, "the clock is not synchronised")
        if offset_ms is not None:
            metrics.put("time_offset_ms", offset_ms)
            findings.judge(self._offset, abs(offset_ms))

    @property
    def _judges_clock(self) -> bool:
        return self._offset.degraded is not None or self._offset.unhealthy is not None


def _read_file_handles(metrics: Metrics) -> None:
    try:
        used, _, most = (int(part) for part in _FILES.read_text().split())
    except (OSError, ValueError):
        return
    metrics.put("file_handles", used)
    if most:
        metrics.put("file_handles_percent", 100 * used / most)


def _read_container(metrics: Metrics) -> None:
    """Within a container the bounds of that container (cgroup v2), beside the machine's own figures."""
    try:
        most, used = (_CGROUP / name for name in ("memory.max", "memory.current"))
        metrics.put("container_memory_percent", 100 * int(used.read_text()) / int(most.read_text()))
    except (OSError, ValueError, ZeroDivisionError):
        pass  # no container, no bound, or an older kernel


def _server(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon:
        return text, clock.NTP_PORT
    if not host or not port.isdecimal() or len(port) > 5 or not 0 < int(port) < 65_536:
        raise ConfigurationError(f"time_server {text!r}: write HOST or HOST:PORT")
    return host.strip("[]"), int(port)


def _summary(metrics: Metrics) -> str:
    return ", ".join(f"{n} {metrics[f'{n}_percent']:.0f} %" for n in _SHOWN if f"{n}_percent" in metrics)
