"""blackbox_exporter as it is deployed: one scrape of its HTTP interface for each probe."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import psutil

from tests.ports import stable_port

CONCURRENT = 16
WARM_UP_SECONDS = 1.0
_NAMES = ("blackbox_exporter", "prometheus-blackbox-exporter")


def program() -> str | None:
    """Where it is installed; None if it is not."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def _configuration(ca_file: str) -> str:
    return f"""
modules:
  ok:
    prober: http
    timeout: 5s
    http:
      valid_status_codes: [200]
      fail_if_body_not_matches_regexp: ["ok"]
      preferred_ip_protocol: ip4
      tls_config: {{ca_file: "{ca_file}"}}
"""


@contextlib.asynccontextmanager
async def running(folder: Path, ca_file: str) -> AsyncIterator[Blackbox]:
    """On one core, as the agent is."""
    path, where = folder / "blackbox.yml", f"127.0.0.1:{stable_port()}"
    path.write_text(_configuration(ca_file))
    command = [program() or _NAMES[0], f"--config.file={path}", f"--web.listen-address={where}"]
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, "GOMAXPROCS": "1"}, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        blackbox = Blackbox(process.pid, where)
        await blackbox.wait_ready()
        yield blackbox
    finally:
        process.kill()
        await process.wait()


class Blackbox:
    """A running one."""

    def __init__(self, pid: int, where: str) -> None:
        self._process = psutil.Process(pid)
        self._host, _, self._port = where.partition(":")

    async def wait_ready(self) -> None:
        async with asyncio.timeout(10):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection(self._host, self._port)
                    writer.close()
                    return
                await asyncio.sleep(0.05)

    async def probes_per_core_second(self, url: str, seconds: float) -> float:
        await self._all(url, WARM_UP_SECONDS)
        before = self._cpu_seconds()
        probes = await self._all(url, seconds)
        return probes / (self._cpu_seconds() - before)

    def _cpu_seconds(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system

    async def _all(self, url: str, seconds: float) -> int:
        until = time.perf_counter() + seconds
        return sum(await asyncio.gather(*(self._probe(url, until) for _ in range(CONCURRENT))))

    async def _probe(self, url: str, until: float) -> int:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        query = urlencode({"target": url, "module": "ok"})
        request = f"GET /probe?{query} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode()
        probes = 0
        while time.perf_counter() < until:
            writer.write(request)
            assert b"probe_success 1" in await _body(reader)
            probes += 1
        writer.transport.abort()
        return probes


async def _body(reader: asyncio.StreamReader) -> bytes:
    """Of one answer on a connection that is kept."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"transfer-encoding: chunked" not in head:
        return await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
    parts = []
    while size := int(await reader.readline(), 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(parts)
