"""`host_resources`: CPU, memory, disk, network and load of the machine that the agent runs on."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass

import psutil
from tenantwatch_wire.records import Status

from tenantwatch_agent.checks.base import Outcome
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError


@dataclass(frozen=True, slots=True)
class Settings:
    """Keys of ``[[checks]]`` with kind host_resources. Limits are percentages; null is no limit."""

    disk_paths: tuple[str, ...] = ("/",)
    cpu_degraded_percent: float | None = 95.0
    cpu_unhealthy_percent: float | None = None
    memory_degraded_percent: float | None = 90.0
    memory_unhealthy_percent: float | None = 97.0
    disk_degraded_percent: float | None = 85.0
    disk_unhealthy_percent: float | None = 95.0


class HostResources:
    """CPU and network are averages since the look before, at first since the check was made."""

    phase = "read"

    def __init__(self, settings: Settings) -> None:
        for word in ("degraded", "unhealthy"):
            for name in ("cpu", "memory", "disk"):
                limit = getattr(settings, f"{name}_{word}_percent")
                if limit is not None and not 0 <= limit <= 100:
                    raise ConfigurationError(f"{name}_{word}_percent must be 0 to 100, not {limit:g}")
        for path in settings.disk_paths:
            if not os.path.isdir(path):
                raise ConfigurationError(f"disk_paths: {path!r} is not a folder")
        self._settings = settings
        self._network: tuple[float, int] | None = None
        self._reading: asyncio.Future[dict[str, float]] | None = None
        psutil.cpu_percent(None)
        self._read_network()
        self.target = "this host"

    async def look(self) -> Outcome:
        # Reading /proc and statvfs can hang on a dead network mount: never on the loop's own thread.
        # A thread that hangs is left to itself; a second one would only hang beside it.
        if self._reading is not None and not self._reading.done():
            raise CheckerFailed("the look before still hangs, probably in a mount of disk_paths")
        self._reading = asyncio.get_running_loop().run_in_executor(None, self._read)
        metrics = await asyncio.shield(self._reading)
        status, text = self._judge(metrics)
        return Outcome(status, text or _summary(metrics), None, metrics)

    def _read(self) -> dict[str, float]:
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        metrics = {
            "cpu_percent": psutil.cpu_percent(None),
            "memory_percent": memory.percent,
            "swap_percent": swap.percent,
        }
        for path in self._settings.disk_paths:
            used = psutil.disk_usage(path).percent
            metrics[f"disk_percent:{path}"[:128]] = used
            metrics["disk_percent"] = max(used, metrics.get("disk_percent", 0.0))
        load = os.getloadavg()
        metrics |= {"load_1m": load[0], "load_5m": load[1], "load_15m": load[2]}
        metrics |= self._read_network()
        return metrics

    def _read_network(self) -> dict[str, float]:
        counters = psutil.net_io_counters()
        if counters is None:
            return {}
        now, total = time.monotonic(), counters.bytes_sent + counters.bytes_recv
        before, self._network = self._network, (now, total)
        if before is None or now <= before[0]:
            return {}
        return {"network_bytes_per_second": max(0.0, (total - before[1]) / (now - before[0]))}

    def _judge(self, metrics: dict[str, float]) -> tuple[Status, str]:
        for status, word in ((Status.UNHEALTHY, "unhealthy"), (Status.DEGRADED, "degraded")):
            over = []
            for name in ("cpu", "memory", "disk"):
                limit = getattr(self._settings, f"{name}_{word}_percent")
                value = metrics.get(f"{name}_percent")
                if limit is not None and value is not None and value > limit:
                    over.append(f"{name} {value:.0f} %, more than {limit:g} %")
            if over:
                return status, "; ".join(over)
        return Status.HEALTHY, ""


def _summary(metrics: dict[str, float]) -> str:
    names = ("cpu", "memory", "disk")
    return ", ".join(f"{n} {metrics[f'{n}_percent']:.0f} %" for n in names if f"{n}_percent" in metrics)
