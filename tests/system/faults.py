"""Everything that can come between an agent, its collector and the database, each at an instant of chance."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.http_target import HttpTarget
from tests.fakes.proxy import Proxy, Way
from tests.servers import PostgresServer
from tests.system.ground import Ground, ground
from tests.system.harness import Agent, Collector, CollectorSettings
from tests.system.kept import read_rows
from tests.system.spooled import spooled_results
from tests.system.streaming import assert_kept, checks_of, finish

SLOW_BYTES_PER_SECOND = 8_000
_AWAY_FOR = (1, 120)
"""Answers of the target, that is results of the agent, during which a fault lasts."""


@dataclass(slots=True)
class Faults:
    """``agents`` is the line to the collector, ``database`` the one from it; the agent itself stays well."""

    collector: Collector
    agent: Agent
    agents: Proxy
    database: Proxy
    server: PostgresServer
    web: HttpTarget
    chance: random.Random
    url: str
    dealt: Counter[str] = field(default_factory=Counter)

    async def strike(self, name: str) -> None:
        """Deal the fault amid the stream, then see that the collector answers the agent again."""
        await self.agents.wait_forwarded(Way.UP, self.chance.randrange(1, 3_000))
        await getattr(self, name)()
        self.dealt[name] += 1
        await self.agents.wait_forwarded(Way.DOWN, 1)

    async def _last(self) -> None:
        await self.web.wait_more(self.chance.randrange(*_AWAY_FOR))

    async def cut_agents(self) -> None:
        await self.agents.cut()

    async def cut_database(self) -> None:
        await self.database.cut()

    async def silence_agents(self) -> None:
        """Half of the time only what comes back: committed and not heard of."""
        self.agents.blackhole(*self.chance.choice([(Way.DOWN,), (Way.UP, Way.DOWN)]))
        await self._last()
        await self.agents.cut()
        self.agents.restore()

    async def silence_database(self) -> None:
        self.database.blackhole(*self.chance.choice([(Way.DOWN,), (Way.UP, Way.DOWN)]))
        await self._last()
        if self.chance.random() < 0.5:
            await self.database.cut()
        self.database.restore()

    async def slow_agents(self) -> None:
        self.agents.slow(SLOW_BYTES_PER_SECOND)
        await self._last()
        self.agents.restore()

    async def slow_database(self) -> None:
        self.database.slow(SLOW_BYTES_PER_SECOND)
        await self._last()
        self.database.restore()

    async def kill_database(self) -> None:
        """No checkpoint, no farewell: every connection is cut and the log is replayed at the next start."""
        self.server.stop()
        await self._last()
        self.server.start()

    async def kill_collector(self) -> None:
        await self.collector.kill()
        await self._last()
        await self.collector.start()


NAMES = (
    "cut_agents", "cut_database", "silence_agents", "silence_database", "slow_agents", "slow_database",
    "kill_database", "kill_collector",
)  # fmt: skip


@asynccontextmanager
async def between(folder: Path, server: PostgresServer, chance: random.Random) -> AsyncIterator[Faults]:
    """Agent, collector and PostgreSQL at work; at the end, unless it failed, everything is compared."""
    name = server.create_database()
    url = server.url_of(name)
    async with HttpTarget() as web, Proxy(f"127.0.0.1:{server.port}") as database:
        through = url.replace(f":{server.port}/", f":{database.port}/")
        settings = CollectorSettings(extra=f'[store]\nurl = "{through}"\n')
        async with (
            ground(folder, settings) as here,
            Proxy(here.collector.grpc_address) as agents,
            here.agent(checks_of(web), address=agents.address) as agent,
        ):
            await agent.start()
            yield Faults(here.collector, agent, agents, database, server, web, chance, url)
            await _end(here, agent, web, url)


async def _end(here: Ground, agent: Agent, web: HttpTarget, url: str) -> None:
    await web.wait_more(10)
    assert read_rows(url, "SELECT * FROM check_change WHERE level IN (1, 2)") == [], (
        "nobody's downtime but ours"
    )
    await finish(agent, web)
    assert spooled_results(agent.data) == []
    await here.collector.terminate()
    assert_kept(url, web)
