"""Space and inodes of mounts."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

import psutil

from tenantwatch_agent.checks.base import os_reason
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


class Disks:
    """The disks of these folders, which must stay what they were at first; without any, those there are."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._mounts = {path: mount_of(path) for path in paths}

    def read(self, metrics: Metrics) -> list[str]:
        """Figures of each, and under the plain name those of the fullest; returns what is wrong."""
        if not self._mounts:
            for path in mounts():
                # One that goes while we look was not asked for.
                with contextlib.suppress(OSError):
                    _read(path, metrics)
            return []
        return [reason for path, mount in self._mounts.items() if (reason := _wrong(path, mount, metrics))]


def mount_of(path: str) -> str:
    """The folder at or above it where its disk is mounted."""
    path = os.path.realpath(path)
    while not os.path.ismount(path):
        path = os.path.dirname(path)
    return path


def _wrong(path: str, mount: str, metrics: Metrics) -> str:
    """Why the path has no figures: those of the disk below would be taken for its own."""
    try:
        if not os.path.isdir(path):
            return f"disk {path}: the folder is not there"
        if mount_of(path) != mount:
            return f"disk {path}: nothing is mounted at {mount} any more"
        _read(path, metrics)
    except OSError as error:
        return f"disk {path}: {os_reason(error)}"
    return ""


def _read(path: str, metrics: Metrics) -> None:
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
