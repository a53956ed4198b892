"""Traffic and errors of interfaces, as rates since the reading before."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

import psutil

from tenantwatch_agent.checks.findings import Metrics

MAX_INTERFACES = 16
_COUNTED = {
    "received_bytes": ("bytes_recv",),
    "sent_bytes": ("bytes_sent",),
    "errors": ("errin", "errout", "dropin", "dropout"),
}


class Network:
    """``interfaces`` empty: those of hardware, or where there are none all but the loopback."""

    def __init__(self, interfaces: Sequence[str]) -> None:
        self._wanted = interfaces
        self._before: tuple[float, dict[str, dict[str, int]]] | None = None

    def read(self, metrics: Metrics) -> list[str]:
        """Puts the rates; returns the interfaces that were asked for by name and are down or not there."""
        counters = psutil.net_io_counters(pernic=True)
        chosen = [name for name in self._wanted or _usual(list(counters)) if name in counters][
            :MAX_INTERFACES
        ]
        now = time.monotonic(), {name: _counts(counters[name]) for name in chosen}
        before, self._before = self._before, now
        if before is not None and now[0] > before[0]:
            _put_rates(metrics, before[1], now[1], now[0] - before[0])
        states = psutil.net_if_stats() if self._wanted else {}
        return [name for name in self._wanted if name not in states or not states[name].isup]


def _usual(names: list[str]) -> list[str]:
    hardware = [name for name in names if os.path.exists(f"/sys/class/net/{name}/device")]
    return hardware or [name for name in names if name != "lo"]


def _counts(counter: object) -> dict[str, int]:
    return {name: sum(getattr(counter, part) for part in parts) for name, parts in _COUNTED.items()}


def _put_rates(
    metrics: Metrics, before: dict[str, dict[str, int]], now: dict[str, dict[str, int]], seconds: float
) -> None:
    total_bytes, total_errors = 0.0, 0.0
    for name, counts in now.items():
        if name not in before:
            continue
        # A counter that went back began anew with its interface.
        rates = {key: max(0, count - before[name][key]) / seconds for key, count in counts.items()}
        for key, rate in rates.items():
            metrics.put(f"network_{key}_per_second:{name}", rate)
        total_bytes += rates["received_bytes"] + rates["sent_bytes"]
        total_errors += rates["errors"]
    metrics.put("network_bytes_per_second", total_bytes)
    metrics.put("network_errors_per_second", total_errors)
