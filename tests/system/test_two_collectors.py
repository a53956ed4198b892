"""Two collectors on one PostgreSQL: one judges, the other takes over; nothing is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.http_target import HttpTarget
from tests.fakes.webhook import Webhook
from tests.servers import PostgresServer
from tests.system.ground import TENANT, Ground, ground, http_check
from tests.system.harness import Agent, Caller, Collector, CollectorSettings
from tests.system.kept import Kept, read_rows

pytestmark = pytest.mark.system

AGENTS = ("east", "west")


@dataclass(slots=True)
class Pair:
    """The first judges, the second stands by; an agent at each, looking at the same target."""

    first: Ground
    second: Collector
    agents: list[Agent]
    url: str
    web: HttpTarget
    hook: Webhook

    def caller(self) -> Caller:
        """Asks the one that stands by."""
        return Caller(self.second, self.first.tenant_token)

    async def turn(self, status: int, agents: tuple[str, ...] = AGENTS) -> None:
        """Let the target answer so, until the second collector shows what comes of it for these agents."""
        self.web.switch(status)
        word = "healthy" if status == 200 else "unhealthy"
        async with self.caller() as caller:
            await caller.wait_checks(TENANT, {f"web-{agent}": word for agent in agents})

    async def term(self, number: int) -> None:
        """Once the lease on the engines has that term."""
        async with asyncio.timeout(90):
            while read_rows(self.url, "SELECT term FROM lease") != [(number,)]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def end(self, *running: Collector) -> None:
        """Agents first, so that all they saw has arrived; then compare what is stored with what was told."""
        await self.nothing_owed()
        for agent in self.agents:
            await agent.terminate()
        for collector in running:
            await collector.terminate()
        kept = Kept.by(self.url)
        assert [key for key, times in kept.instants.items() if times > 1] == []
        assert sum(map(int, kept.last_sequences)) == kept.instants.total()

    async def nothing_owed(self) -> None:
        async with asyncio.timeout(90):
            while read_rows(self.url, "SELECT 1 FROM outbox WHERE status = 'owed'"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@asynccontextmanager
async def pair(folder: Path, server: PostgresServer) -> AsyncIterator[Pair]:
    url = server.url_of(server.create_database())
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(HttpTarget())
        hook = await stack.enter_async_context(Webhook())
        settings = CollectorSettings([f"{hook.url}/tenantwatch"], f'[store]\nurl = "{url}"\n')
        first = await stack.enter_async_context(ground(folder, settings))
        second = await stack.enter_async_context(Collector(folder / "second", settings))
        await second.start()
        agents = []
        for name, address in zip(AGENTS, (first.collector.grpc_address, second.grpc_address), strict=True):
            # By the timeout a check is given long before its silence counts.
            check = http_check(
                f"web-{name}",
                f"{web.url}/{name}",
                confirm_failures=1,
                confirm_successes=1,
                timeout_seconds=60,
            )
            agent = await stack.enter_async_context(first.agent([check], agent_id=name, address=address))
            await agent.start()
            agents.append(agent)
        yield Pair(first, second, agents, url, web, hook)


def assert_told_once(pair: Pair, outages: int, kills: int = 0) -> None:
    """Of each outage one alert of the check and one of the tenant, which explains it; each message once, but
    for what somebody was telling when he was killed."""
    alerts = read_rows(pair.url, "SELECT alert_type, status, alert_id FROM alert ORDER BY first_occurred_us")
    for kind in ("http_endpoint", "tenant_down"):
        assert [status for of, status, _ in alerts if of == kind] == ["resolved"] * outages, alerts
    sent = read_rows(pair.url, "SELECT dedup_key, status FROM outbox WHERE channel = 'webhook:hook-0'")
    assert {status for _, status in sent} <= {"sent", "replaced"}
    assert {call.json["dedup_key"] for call in pair.hook.calls} == {
        key for key, status in sent if status == "sent"
    }
    told = Counter((call.json["dedup_key"], call.json["alert"]["alert_id"]) for call in pair.hook.calls)
    down = [str(alert_id) for of, _, alert_id in alerts if of == "tenant_down"]
    for alert_id in down:
        kinds = {call.json["kind"] for call in pair.hook.calls if call.json["alert"]["alert_id"] == alert_id}
        assert kinds == {"firing", "resolved"}
    assert sum(told.values()) - len(told) <= kills, told


async def test_the_one_judges_what_the_other_receives_and_is_replaced_when_it_is_killed(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    async with pair(tmp_path, postgres_server) as two:
        await two.turn(200)
        await two.turn(500)
        await two.turn(200)
        await two.nothing_owed()
        await two.term(1)
        two.web.switch(500)
        await two.web.wait_more(1)  # amid the judging of it
        await two.first.collector.kill()
        await two.turn(500, ("west",))
        await two.term(2)
        await two.first.collector.start()
        await two.turn(500)
        await two.turn(200)
        await two.end(two.second)
        await two.term(3)  # given back, and taken at once
        await two.first.collector.terminate()
        assert_told_once(two, outages=2, kills=1)


async def test_one_that_is_paused_is_replaced_and_does_no_harm_when_it_goes_on(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    async with pair(tmp_path, postgres_server) as two:
        await two.turn(200)
        os.kill(two.first.collector.pid, signal.SIGSTOP)
        await two.term(2)
        await two.turn(500, ("west",))
        os.kill(two.first.collector.pid, signal.SIGCONT)
        await two.turn(500)
        await two.turn(200)
        await two.end(two.first.collector, two.second)
        assert_told_once(two, outages=1)


async def test_a_second_collector_on_one_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    async with Collector(tmp_path / "first") as first:
        await first.start()
        settings = CollectorSettings(extra=f'[store]\npath = "{first.database}"\n')
        second = Collector(tmp_path / "second", settings)
        await second.launch("run", "--config", str(second.configuration))
        assert await second.exit_code() == 1
        assert f"another collector runs on {first.database}" in second.log_text()
        await first.kill()
        await first.start()
        await first.terminate()
