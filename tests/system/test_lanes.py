"""After a long outage both lanes come through once, whoever is killed. Which goes first: test_stream."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from tenantwatch_agent.config import SpoolLimits
from tenantwatch_agent.spool import Spool
from tenantwatch_wire.records import CheckDefinition, Lane, Result, Status

from tests.fakes.http_target import HttpTarget
from tests.fakes.proxy import Proxy, Way
from tests.system.ground import ground
from tests.system.kept import Kept
from tests.system.spooled import spooled_results
from tests.system.streaming import PATHS, checks_of, finish

pytestmark = pytest.mark.system
KEPT = 40_000
KILLS = 3
SLOW_BYTES_PER_SECOND = 150_000


async def _outage(folder: Path) -> None:
    """Fill the agent's spool as a day without its collector does: by its own code, at another clock."""
    now = 0.0
    check = CheckDefinition("old", "http_endpoint", 1000, 1000)
    spool = await Spool.open(folder, [check], SpoolLimits(), clock=lambda: now)
    begin_us = time.time_ns() // 1000 - KEPT * 1_000_000
    results = [Result("old", begin_us + n * 1_000_000, Status.HEALTHY, n) for n in range(KEPT)]
    await spool.append(results[:10])
    now = 3600.0
    await spool.append(results[10:])
    assert spool.last == {Lane.LIVE: 10, Lane.BACKLOG: KEPT - 10}
    await spool.close()


async def test_kills_amid_two_lanes_lose_and_double_nothing(
    tmp_path: Path,
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails, to repeat it
    chance = random.Random(seed)
    spooled: set[tuple[int | str, ...]] = set()
    async with HttpTarget() as web, ground(tmp_path) as here, Proxy(here.collector.grpc_address) as line:
        web.switch(500)  # troubles do not wait for company
        async with here.agent(checks_of(web), address=line.address) as agent:
            await _outage(agent.data)
            # So slow that the backlog cannot be through before the first look of the restarted agent.
            line.slow(SLOW_BYTES_PER_SECOND)
            await agent.start()
            for _ in range(KILLS):
                await line.wait_forwarded(Way.UP, chance.randrange(1, 100_000))
                victim = agent if chance.random() < 0.5 else here.collector
                await victim.kill()
                if victim is agent:
                    spooled.update(spooled_results(agent.data))
                await victim.start()
            await web.wait_more(len(PATHS))
            line.restore()
            # What is seen meanwhile is sent as it comes: of that something may always be on its way.
            while any(check_id == "old" for check_id, _ in spooled_results(agent.data)):
                await web.wait_more(len(PATHS))
            await finish(agent, web)
        await here.collector.terminate()
        kept = Kept.by(here.collector.database)
    kept.assert_exactly_once()
    assert kept.count("old", Status.HEALTHY) == KEPT
    assert spooled <= set(kept.instants)
