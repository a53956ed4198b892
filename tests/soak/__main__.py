"""``python -m tests.soak [MINUTES]``: an agent's memory over 100,000 looks, then kills at random.


Nothing grows, nothing is lost, nothing counts twice. The kills take so many minutes, the looks a few more.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.http_target import HttpTarget
from tests.fakes.proxy import Proxy, Way
from tests.soak.agent_growth import LOOKS, grow
from tests.soak.away import database_away
from tests.soak.faults import FAULTS, strike
from tests.system.described import assert_as_described
from tests.system.ground import ground
from tests.system.harness import Agent, Collector
from tests.system.spooled import spooled_results
from tests.system.streaming import PATHS, assert_kept, checks_of, finish
from tests.system.test_kill_agent import LOST_PER_KILL

REPORT_EVERY_SECONDS = 30


@dataclass(slots=True)
class Blows:
    """What is done to the two programs, each at an instant that chance chooses."""

    collector: Collector
    agent: Agent
    line: Proxy
    web: HttpTarget
    chance: random.Random
    dealt: Counter[str] = field(default_factory=Counter)
    spooled: set[tuple[int | str, ...]] = field(default_factory=set)

    async def one(self) -> None:
        """Wait for some of the stream to pass, then strike."""
        blow = self.chance.choice(
            [self.kill_collector, self.kill_agent, self.kill_both, self.cut, self.restart]
        )
        await self.line.wait_forwarded(Way.UP, self.chance.randrange(1, 30_000))
        await blow()
        self.dealt[blow.__name__] += 1

    async def kill_collector(self) -> None:
        """Half the time with acknowledgements on their way: what is committed then must come again."""
        if self.chance.random() < 0.5:
            self.line.blackhole(Way.DOWN)
            await self.line.wait_forwarded(Way.DOWN, 1)
        await self.collector.kill()
        await self.line.cut()
        self.line.restore()
        await self.web.wait_more(self.chance.randrange(1, 300))
        await self.collector.start()

    async def kill_agent(self) -> None:
        await self.agent.kill()
        self.spooled.update(spooled_results(self.agent.data))
        await self.agent.start()

    async def kill_both(self) -> None:
        await asyncio.gather(self.collector.kill(), self.agent.kill())
        self.spooled.update(spooled_results(self.agent.data))
        await asyncio.gather(self.collector.start(), self.agent.start())

    async def cut(self) -> None:
        await self.line.cut()

    async def restart(self) -> None:
        """The polite way, as an operator does."""
        await self.collector.terminate()
        await self.collector.start()


async def soak(folder: Path, seconds: float, chance: random.Random) -> str:
    """Strike for that long, let everything arrive, compare. Raises AssertionError on any difference."""
    async with HttpTarget() as web, ground(folder) as here, Proxy(here.collector.grpc_address) as line:
        async with here.agent(checks_of(web), address=line.address) as agent:
            await agent.start()
            blows = Blows(here.collector, agent, line, web, chance)
            await _strike(blows, seconds)
            await web.wait_more(len(PATHS))
            await finish(agent, web)
            assert spooled_results(agent.data) == []
        await here.collector.terminate()
        kills = blows.dealt["kill_agent"] + blows.dealt["kill_both"]
        kept = assert_kept(here.collector.database, web, lost_per_check=kills * LOST_PER_KILL)
        assert blows.spooled <= set(kept.instants)
        return f"{kept.instants.total()} results, each once, after {dict(blows.dealt)}"


async def fuzz(folder: Path, seed: int) -> str:
    """Requests by chance from the interface's own description, in sequences as well."""
    async with ground(folder) as here:
        await assert_as_described(here, folder, "--seed", str(seed), "--max-examples", "200")
        await here.collector.terminate()
    return "every answer is one that the interface's description knows"


async def _strike(blows: Blows, seconds: float) -> None:
    end = time.monotonic() + seconds
    report = time.monotonic() + REPORT_EVERY_SECONDS
    while time.monotonic() < end:
        await blows.one()
        if time.monotonic() >= report:
            report += REPORT_EVERY_SECONDS
            left = max(0.0, end - time.monotonic()) / 60
            print(f"{blows.dealt.total()} blows, {left:.1f} minutes left", flush=True)


def main(arguments: list[str]) -> int:
    minutes = float(arguments[0]) if arguments else 60.0
    seed = int(arguments[1]) if len(arguments) > 1 else random.SystemRandom().randrange(2**32)
    print(
        f"{minutes:g} minutes, seed {seed}; again with: python -m tests.soak {minutes:g} {seed}", flush=True
    )
    folder = Path(tempfile.mkdtemp(prefix="tenantwatch-soak-"))
    try:
        print(asyncio.run(grow(folder / "growth", min(LOOKS, int(minutes * 10_000)))), flush=True)
        print(
            asyncio.run(strike(folder / "faults", random.Random(seed), min(FAULTS, int(minutes * 10)))),
            flush=True,
        )
        print(asyncio.run(database_away(folder / "away", min(600, minutes * 10))), flush=True)
        print(asyncio.run(fuzz(folder / "fuzz", seed)), flush=True)
        print(asyncio.run(soak(folder / "kills", minutes * 60, random.Random(seed))))
    except BaseException:
        print(f"everything is left in {folder}", file=sys.stderr)
        raise
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
