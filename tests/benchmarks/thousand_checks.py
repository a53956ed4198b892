"""A thousand checks in one agent: how far from its own phase each look begins, and how many are missed."""

from __future__ import annotations

import asyncio
import statistics
from collections import defaultdict
from pathlib import Path

import psutil

from tests.benchmarks.report import Figure, figure
from tests.fakes.http_target import HttpTarget
from tests.system.ground import ground, http_check
from tests.system.harness import Collector
from tests.system.kept import Kept

CHECKS = 1_000
INTERVAL_SECONDS = 10
ROUNDS = 6
METHOD = (
    f"real agent with {CHECKS} http_endpoint checks every {INTERVAL_SECONDS} s against a server on this"
    f" machine, {ROUNDS} rounds after the first two; off: how far a look begins from its own phase, as"
    " the collector's table has it"
)


async def measure(folder: Path) -> list[Figure]:
    checks = [f"web-{n}" for n in range(CHECKS)]
    async with HttpTarget() as web, ground(folder) as here:
        configured = [http_check(one, f"{web.url}/{one}", INTERVAL_SECONDS) for one in checks]
        async with here.agent(configured) as agent:
            await agent.start()
            await web.wait_more(2 * CHECKS, deadline_seconds=120)
            process = psutil.Process(agent.pid)
            before = process.cpu_times()
            # The window is the measurement: nothing is awaited here but time.
            await asyncio.sleep(ROUNDS * INTERVAL_SECONDS)
            after = process.cpu_times()
            missed = (await agent.status())["counts"]["missed_runs"]
            await agent.terminate()
        await here.collector.terminate()
        off_ms = _off_ms(here.collector)
    used = (after.user + after.system) - (before.user + before.system)
    return [
        figure("thousand_checks_missed", missed, "runs", None, METHOD),
        figure("thousand_checks_off_p50", statistics.median(off_ms), "ms", None, METHOD),
        figure("thousand_checks_off_p99", off_ms[len(off_ms) * 99 // 100], "ms", None, METHOD),
        figure("thousand_checks_cpu", 100 * used / (ROUNDS * INTERVAL_SECONDS), "% of a core", None, METHOD),
    ]


def _off_ms(collector: Collector) -> list[float]:
    """Sorted; of each check's looks but the first, which is early so that something is known soon."""
    began: dict[int | str, list[int]] = defaultdict(list)
    for check_id, time_us in Kept.by(collector.database).instants:
        began[check_id].append(int(time_us))
    interval_us = INTERVAL_SECONDS * 1_000_000
    off: list[float] = []
    for times in began.values():
        times.sort()
        # Distances along the grid through the second look: no border of an interval comes between.
        phases = [(time_us - times[1] + interval_us // 2) % interval_us for time_us in times[1:]]
        own = statistics.median(phases)
        off += [abs(phase - own) / 1000 for phase in phases]
    return sorted(off)
