"""Scenario 4: whatever instant the agent dies at, what reached its spool arrives exactly once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fakes.http_target import HttpTarget
from tests.fakes.proxy import Proxy, Way
from tests.system.ground import ground
from tests.system.spooled import spooled_results
from tests.system.streaming import KILLS, PATHS, assert_kept, checks_of, finish

pytestmark = pytest.mark.system
LOST_PER_KILL = 2
"""Of one check: the answer that became no result yet, and the result that was on its way to the disk."""


async def _wait_for_some_work(web: HttpTarget, line: Proxy, chance: random.Random) -> None:
    """Return at a random byte of the stream, or at a random answer, before or after the stream stands."""
    if chance.random() < 0.5:
        await line.wait_forwarded(Way.UP, chance.randrange(1, 3_000))
    else:
        await web.wait_more(chance.randrange(1, 100))


async def test_twenty_kills_of_the_agent_lose_and_double_nothing_it_kept(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails, to repeat it
    chance = random.Random(seed)
    spooled: set[tuple[int | str, ...]] = set()
    async with HttpTarget() as web, ground(tmp_path) as here, Proxy(here.collector.grpc_address) as line:
        async with here.agent(checks_of(web), address=line.address) as agent:
            for _ in range(KILLS):
                await agent.start()
                await _wait_for_some_work(web, line, chance)
                await agent.kill()
                spooled.update(spooled_results(agent.data))
            await agent.start()
            await web.wait_more(len(PATHS))
            await finish(agent, web)
            assert spooled_results(agent.data) == []
        await here.collector.terminate()
        kept = assert_kept(here.collector.database, web, lost_per_check=KILLS * LOST_PER_KILL)
        assert spooled, "no kill ever found anything in the spool: nothing was tried"
        assert spooled <= set(kept.instants)
