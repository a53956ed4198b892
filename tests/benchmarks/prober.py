"""``python -m tests.benchmarks.prober URL CA_FILE SECONDS``: prints how many looks a core-second is good for.

The whole way of a look: its timeout, the watch over the loop's own lateness, the check, the result.
"""

from __future__ import annotations

import asyncio
import sys
import time

import uvloop
from tenantwatch_agent.checks.surroundings import Surroundings
from tenantwatch_agent.config import ConfiguredCheck
from tenantwatch_agent.config.checks import read_checks
from tenantwatch_agent.config.source import Source
from tenantwatch_agent.look import Looker
from tenantwatch_agent.vitals import Vitals
from tenantwatch_wire.records import Status

CONCURRENT = 16
WARM_UP_SECONDS = 1.0


def _check(number: int, url: str, ca_file: str) -> ConfiguredCheck:
    table = {
        "id": str(number),
        "kind": "http_endpoint",
        "url": url,
        "expect_status": ["200"],
        "expect_body_contains": "ok",
        **({"ca_file": ca_file} if url.startswith("https:") else {}),
    }
    return read_checks([table], Source("benchmark"), {}, Surroundings())[str(number)]


async def _look(looker: Looker, check: ConfiguredCheck, until: float) -> int:
    looks = 0
    while time.perf_counter() < until:
        result = await looker.look(check)
        assert result.status is Status.HEALTHY, result.text
        assert "first_byte_ms" in result.metrics or "agent_lag_ms" in result.metrics
        looks += 1
    return looks


async def _all(looker: Looker, checks: list[ConfiguredCheck], seconds: float) -> int:
    until = time.perf_counter() + seconds
    return sum(await asyncio.gather(*(_look(looker, check, until) for check in checks)))


async def _measure(url: str, ca_file: str, seconds: float) -> float:
    looker = Looker(Vitals())
    checks = [_check(number, url, ca_file) for number in range(CONCURRENT)]
    await _all(looker, checks, WARM_UP_SECONDS)
    before = time.process_time()
    looks = await _all(looker, checks, seconds)
    return looks / (time.process_time() - before)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(runner.run(_measure(sys.argv[1], sys.argv[2], float(sys.argv[3]))))
