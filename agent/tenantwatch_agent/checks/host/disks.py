"""Space and inodes of mounts."""

from __future__ import annotations

import os
from collections.abc import Iterable

import psutil

from tenantwatch_agent.checks.findings import Metrics

MAX_MOUNTS = 16


def mounts() -> list[str]:
    """Every mount of a disk of this machine, each disk once; no network and no virtual file systems."""
    found: dict[str, str] = {}
    for one in psutil.disk_partitions(all=False):
        # A file that is bound into a container, such as its resolv.conf, stands for its disk, too.
        if os.path.isdir(one.mountpoint):
            found.setdefault(one.device, one.mountpoint)
    return list(found.values())[:MAX_MOUNTS] or ["/"]


def read(paths: Iterable[str], metrics: Metrics) -> None:
    """For each mount, and under the plain name that of the fullest."""
    for path in paths:
        found = os.statvfs(path)
        # As df counts: what only root may fill is neither used nor free.
        used, free = found.f_blocks - found.f_bfree, found.f_bavail
        if used + free:
            _put(metrics, "disk_percent", path, 100 * used / (used + free))
        metrics.put(f"disk_free_bytes:{path}", free * found.f_frsize)
        if found.f_files:
            _put(metrics, "inodes_percent", path, 100 * (found.f_files - found.f_ffree) / found.f_files)


def _put(metrics: Metrics, name: str, path: str, value: float) -> None:
    metrics.put(f"{name}:{path}", value)
    metrics.put(name, max(value, metrics.get(name, 0.0)))
