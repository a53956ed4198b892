"""HTTP checks per core-second, plain and TLS 1.3, against blackbox_exporter where it is installed."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.benchmarks import blackbox
from tests.benchmarks.prober import CONCURRENT
from tests.benchmarks.report import Figure, figure
from tests.fakes.certificates import Authority

ROUNDS = 3
SECONDS = 3.0
METHOD = (
    f"http_endpoint by the agent's own looker, its own process on uvloop, {CONCURRENT} at a time, each on "
    "a new connection to another process (uvloop; TLS 1.3, P-256, no resumption); status and body checked, "
    "certificate verified and its days read, all phases timed; looks ÷ own processor seconds; against probes "
    "÷ processor seconds of blackbox_exporter (GOMAXPROCS=1, one scrape a probe, same concurrency and "
    f"conditions) where it is in PATH; median of {ROUNDS} alternating rounds of {SECONDS:g} s, each after a "
    "warm-up of 1 s"
)


@contextlib.asynccontextmanager
async def _server(*arguments: str) -> AsyncIterator[int]:
    command = [sys.executable, "-m", "tests.benchmarks.web_server", *arguments]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


async def _ours(url: str, ca_file: str) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.prober", url, ca_file, str(SECONDS)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return float(output)


async def _theirs(folder: Path, url: str, ca_file: str) -> float | None:
    if blackbox.program() is None:
        return None
    async with blackbox.running(folder, ca_file) as running:
        return await running.probes_per_core_second(url, SECONDS)


async def measure(folder: Path) -> list[Figure]:
    authority = Authority(folder)
    minted, ca_file = authority.mint("127.0.0.1"), str(authority.file)
    figures = []
    for name, scheme, arguments in (("plain", "http", ()), ("tls", "https", (str(minted.file),))):
        ours, theirs = [], []
        async with _server(*arguments) as port:
            url = f"{scheme}://127.0.0.1:{port}/"
            for _ in range(ROUNDS):
                ours.append(await _ours(url, ca_file))
                theirs.append(await _theirs(folder, url, ca_file))
        known = [value for value in theirs if value is not None]
        against = statistics.median(known) if known else None
        value = statistics.median(ours)
        figures.append(figure(f"http_checks_per_core_{name}", value, "checks/core-s", against, METHOD))
    return figures
