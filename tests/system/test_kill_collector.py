"""Scenario 3: whatever instant the collector dies at, every result is there exactly once in the end."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fakes.http_target import HttpTarget
from tests.fakes.proxy import Proxy, Way
from tests.system.ground import Ground, ground
from tests.system.spooled import spooled_results
from tests.system.streaming import KILLS, assert_kept, checks_of, finish

pytestmark = pytest.mark.system


async def _kill_while_results_stream(here: Ground, line: Proxy, chance: random.Random) -> None:
    """Kill at a random byte of the stream; every second time when acknowledgements are on their way back."""
    await line.wait_forwarded(Way.UP, chance.randrange(1, 3_000))
    if chance.random() < 0.5:
        # What is committed now is never acknowledged, so it must come again and must not count again.
        line.blackhole(Way.DOWN)
        await line.wait_forwarded(Way.DOWN, 1)
    await here.collector.kill()
    await line.cut()
    line.restore()


async def test_twenty_kills_of_the_collector_lose_and_double_nothing(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails, to repeat it
    chance = random.Random(seed)
    async with HttpTarget() as web, ground(tmp_path) as here, Proxy(here.collector.grpc_address) as line:
        async with here.agent(checks_of(web), address=line.address) as agent:
            await agent.start()
            for _ in range(KILLS):
                await _kill_while_results_stream(here, line, chance)
                await here.collector.start()
            await finish(agent, web)
            assert spooled_results(agent.data) == []
        await here.collector.terminate()
        assert_kept(here.collector.database, web)
