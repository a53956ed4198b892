"""This machine's own figures, and a time server of our own."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from tenantwatch_agent.checks import host_resources
from tenantwatch_agent.checks.findings import Metrics
from tenantwatch_agent.checks.host import clock, disks, processors
from tenantwatch_agent.checks.host.network import Network
from tenantwatch_agent.checks.registry import build_check
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tests.agent.checks.looking import look
from tests.missing import not_tested
from tests.ports import stable_port

ON_UVLOOP = True

UNLIMITED = {
    f"{name}_{word}_percent": 100
    for name in ("cpu", "memory", "disk", "inodes", "file_handles")
    for word in ("degraded", "unhealthy")
}
NTP_EPOCH_SECONDS = 2_208_988_800


async def seen(timeout_ms: int = 60_000, **settings: Any) -> Result:
    check = build_check("host_resources", {**UNLIMITED, **settings}, "here")
    return await look(CheckDefinition("host", "host_resources", 1000, timeout_ms), check)


async def test_all_figures() -> None:
    result = await seen(disk_paths=["/", "/proc"])
    assert result.status is Status.HEALTHY, result.text
    expected = {
        "cpu_percent", "memory_percent", "memory_available_bytes", "swap_percent", "load_1m", "load_per_core",
        "disk_percent", "disk_percent:/", "disk_free_bytes:/", "file_handles", "network_bytes_per_second",
    }  # fmt: skip
    assert expected <= result.metrics.keys()
    assert result.metrics["disk_percent"] == pytest.approx(psutil.disk_usage("/").percent, abs=2)
    assert result.metrics["file_handles"] > 0


@pytest.mark.parametrize(
    ("settings", "status", "text"),
    [
        ({"memory_degraded_percent": 0, "memory_unhealthy_percent": 0}, Status.UNHEALTHY, "memory "),
        ({"load_degraded_per_core": 0}, Status.DEGRADED, "load of 5 minutes "),
        ({"disk_degraded_percent": 0}, Status.DEGRADED, " %, more than 0 % (/)"),
        ({"interfaces": ["no-such0"]}, Status.UNHEALTHY, "interface no-such0 is down or not there"),
    ],
)
async def test_more_than_the_limit(settings: dict[str, Any], status: Status, text: str) -> None:
    result = await seen(**settings)
    assert result.status is status
    assert text in result.text


def test_traffic_of_an_interface() -> None:
    network = Network(["lo"])
    network.read(Metrics())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        own.sendto(bytes(1000), own.getsockname())
    metrics = Metrics()
    assert network.read(metrics) == []
    assert metrics["network_received_bytes_per_second:lo"] > 0
    assert metrics["network_bytes_per_second"] >= metrics["network_sent_bytes_per_second:lo"] > 0
    assert metrics["network_errors_per_second"] >= 0


def test_a_folder_that_is_hidden_by_an_empty_one_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0)
    try:
        with pytest.raises(ConfigurationError, match="is hidden here, as a unit's ProtectHome does"):
            build_check("host_resources", {"disk_paths": [str(tmp_path)]}, "here")
    finally:
        tmp_path.chmod(0o700)


async def test_a_folder_that_goes_is_named_and_the_others_are_seen(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    check = build_check("host_resources", {**UNLIMITED, "disk_paths": ["/", str(folder)]}, "here")
    folder.rmdir()
    result = await look(CheckDefinition("host", "host_resources", 1000, 20_000), check)
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        f"disk {folder}: the folder is not there",
    )
    assert {"memory_percent", "disk_percent:/"} <= result.metrics.keys()


UNMOUNTED = """
import subprocess, sys
from tenantwatch_agent.checks.findings import Metrics
from tenantwatch_agent.checks.host.disks import Disks
folder = sys.argv[1]
subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
disks = Disks([folder])
assert disks.read(Metrics()) == []
subprocess.run(["umount", folder], check=True)
print(*disks.read(Metrics()))
"""


def test_the_disk_below_is_not_taken_for_one_that_was_unmounted(tmp_path: Path) -> None:
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True).returncode:
        not_tested(
            "a mount that vanishes", "util-linux's unshare, and user namespaces that are not forbidden"
        )
    done = subprocess.run(
        [*alone, sys.executable, "-c", UNMOUNTED, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == (f"disk {tmp_path}: nothing is mounted at {tmp_path} any more\n", "")


def test_mounts_are_folders() -> None:
    assert disks.mounts()
    assert all(os.path.isdir(mount) for mount in disks.mounts())


def test_the_bound_of_a_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_resources, "_CGROUP", tmp_path)
    metrics = Metrics()
    host_resources._read_container(metrics)
    (tmp_path / "memory.current").write_text("50\n")
    (tmp_path / "memory.max").write_text("max\n")
    host_resources._read_container(metrics)
    assert metrics == {}
    (tmp_path / "memory.max").write_text("200\n")
    host_resources._read_container(metrics)
    assert metrics == {"container_memory_percent": 25}


class TimeServer(asyncio.DatagramProtocol):
    """Answers with what ``answer`` makes of a request."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if answer := self._answer(data):
            self._transport.sendto(answer, addr)


def told(request: bytes, ahead_seconds: float = 0.0, first: int = 0x24, stratum: int = 2) -> bytes:
    """A server's packet by RFC 4330: the request's transmit time comes back as the originate time."""
    now = time.time() + ahead_seconds + NTP_EPOCH_SECONDS
    stamp = struct.pack("!II", int(now) % 2**32, int(now % 1 * 2**32))
    return struct.pack("!BBbb12x8x8s8s8s", first, stratum, 6, -20, request[40:48], stamp, stamp)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may be slow to answer itself."""
    monkeypatch.setattr(clock, "ANSWER_SECONDS", 20.0)


@asynccontextmanager
async def serving(answer: Callable[[bytes], bytes]) -> AsyncIterator[str]:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: TimeServer(answer), local_addr=("127.0.0.1", 0)
    )
    try:
        yield "127.0.0.1:{1}".format(*transport.get_extra_info("sockname"))
    finally:
        transport.close()


@pytest.mark.parametrize("ahead_seconds", [0.0, 7.5, -3.25])
async def test_a_time_server(ahead_seconds: float) -> None:
    async with serving(lambda request: told(request, ahead_seconds)) as address:
        result = await seen(time_server=address, time_offset_unhealthy_ms=2500)
    assert result.metrics["time_offset_ms"] == pytest.approx(ahead_seconds * 1000, abs=500)
    assert result.status is (Status.UNHEALTHY if ahead_seconds else Status.HEALTHY)
    assert ("the clock is off by" in result.text) is bool(ahead_seconds)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda _: b"hello", "its answer is not that of a time server"),
        (lambda request: told(bytes(48)), "its answer is not that of a time server"),
        (lambda request: told(request, first=0xE4), "the server is itself not synchronised"),
        (lambda request: told(request, stratum=0), "the server is itself not synchronised"),
    ],
)
async def test_a_time_server_that_is_none(answer: Callable[[bytes], bytes], reason: str) -> None:
    async with serving(answer) as address:
        result = await seen(time_server=address)
    assert (result.status, result.text) == (Status.DEGRADED, f"the time server {address}: {reason}")


async def test_a_silent_time_server_leaves_the_machines_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "ANSWER_SECONDS", 0.1)
    async with serving(lambda _: b"") as address:
        result = await seen(time_server=address)
    assert result.status is Status.DEGRADED
    assert result.text == f"the time server {address}: none of 3 questions was answered within 0.1 s"
    assert result.metrics["memory_percent"] > 0


async def test_a_packet_that_is_lost_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "ASKS", 300)
    monkeypatch.setattr(clock, "ANSWER_SECONDS", 0.2)
    lost = iter([True])
    async with serving(lambda request: b"" if next(lost, False) else told(request)) as address:
        result = await seen(time_server=address)
    assert result.status is Status.HEALTHY, result.text
    assert "time_offset_ms" in result.metrics


async def test_a_time_server_that_is_not_there() -> None:
    address = f"127.0.0.1:{stable_port()}"
    result = await seen(time_server=address)
    assert (result.status, result.text) == (
        Status.DEGRADED,
        f"the time server {address}: Connection refused",
    )


@pytest.mark.parametrize(
    ("found", "status", "text"),
    [
        (clock.Discipline(True, -12.5), Status.DEGRADED, "the clock is off by 12.5 ms, more than 10 ms"),
        (clock.Discipline(True), Status.HEALTHY, "cpu "),
        (clock.Discipline(False), Status.DEGRADED, "the clock is not synchronised"),
        (None, Status.HEALTHY, "cpu "),
    ],
)
async def test_what_the_kernel_knows_of_its_clock(
    monkeypatch: pytest.MonkeyPatch, found: clock.Discipline | None, status: Status, text: str
) -> None:
    monkeypatch.setattr(clock, "kernel_discipline", lambda: found)
    result = await seen(time_offset_degraded_ms=10)
    assert result.status is status
    assert result.text.startswith(text)


def test_the_kernel_is_asked_without_rights() -> None:
    found = clock.kernel_discipline()
    assert found is None or isinstance(found.synchronised, bool)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"disk_paths": ["/nowhere"]}, "'/nowhere' is not a folder"),
        ({"disk_paths": ["/"] * 17}, "disk_paths: at most 16"),
        ({"interfaces": ["a"] * 17}, "interfaces: at most 16"),
        ({"time_server": "host:x"}, "write HOST or HOST:PORT"),
        ({"swap_degraded_percent": 101}, "swap_degraded_percent must be 0 to 100"),
    ],
)
def test_refused_settings(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        build_check("host_resources", settings, "here")


def test_a_busy_processor_is_seen_by_whichever_thread_looks() -> None:
    busy, seen = processors.Busy(), []
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        sum(range(1_000))
    for _ in range(2):
        thread = threading.Thread(target=lambda: seen.append(busy.percent()))
        thread.start()
        while thread.is_alive():
            sum(range(1_000))
    assert all(0 < percent <= 100 for percent in seen)
