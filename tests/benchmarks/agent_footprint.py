"""Memory and processor time of a real agent that watches 14 HTTP endpoints and its host."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
from tenantwatch_wire.records import Status

from tests.benchmarks.report import Figure, figure
from tests.fakes.http_target import HttpTarget
from tests.system.ground import TENANT, ground, http_check
from tests.system.harness import Check
from tests.system.kept import Kept

ENDPOINTS = 14
INTERVAL_SECONDS = 15
WINDOW_SECONDS = 60
AIM_MEGABYTES = 50
AIM_PERCENT = 0.4
METHOD = (
    f"real agent process, {ENDPOINTS} http_endpoint checks and host_resources every {INTERVAL_SECONDS} s, "
    f"stream to a real collector live (loopback, no TLS); resident memory at the end, processor time over "
    f"{WINDOW_SECONDS} s after the first round; against the aim"
)


def _checks(web: HttpTarget) -> list[Check]:
    ends = [
        http_check(f"web-{number}", f"{web.url}/{number}", INTERVAL_SECONDS) for number in range(ENDPOINTS)
    ]
    return [*ends, {"id": "host", "kind": "host_resources", "interval_seconds": INTERVAL_SECONDS}]


async def measure(folder: Path) -> list[Figure]:
    async with HttpTarget() as web, ground(folder) as here, here.caller() as tenant:
        async with here.agent(_checks(web)) as agent:
            await agent.start()
            everything = {f"web-{number}": "healthy" for number in range(ENDPOINTS)}
            await tenant.wait_checks(TENANT, everything, deadline_seconds=3 * INTERVAL_SECONDS)
            process = psutil.Process(agent.pid)
            before = process.cpu_times()
            # The window is the measurement: nothing is awaited here but time.
            await asyncio.sleep(WINDOW_SECONDS)
            after, memory = process.cpu_times(), process.memory_info().rss
            await agent.terminate()
        await here.collector.terminate()
        kept = Kept.by(here.collector.database)
    healthy = sum(kept.count(f"web-{number}", Status.HEALTHY) for number in range(ENDPOINTS))
    assert healthy >= ENDPOINTS * (WINDOW_SECONDS // INTERVAL_SECONDS), "the agent did not do its work"
    used = (after.user + after.system) - (before.user + before.system)
    return [
        figure("agent_rss", memory / 1e6, "MB", AIM_MEGABYTES, METHOD),
        figure("agent_cpu", 100 * used / WINDOW_SECONDS, "% of a core", AIM_PERCENT, METHOD),
    ]
