"""The collector dies between any two steps of a delivery: every message arrives, again with the same key."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.fakes.http1 import Request, Response
from tests.fakes.http_target import HttpTarget
from tests.fakes.webhook import Webhook
from tests.system.ground import TENANT, Ground, ground, http_check
from tests.system.harness import CollectorSettings
from tests.system.kept import read_rows

pytestmark = pytest.mark.system

WAYS = ("unanswered", "unclaimed")
"""When it is killed: while the far end takes the message, or at any moment around the claim."""


class FatalWebhook(Webhook):
    """Kills the caller while it waits for the answer, or just as it gets it."""

    def __init__(self) -> None:
        super().__init__()
        self.kill: Callable[[], Awaitable[None]] | None = None
        self.answers_first = False
        self.killed = asyncio.Event()
        self._killing: asyncio.Task[None] | None = None

    async def answer(self, request: Request) -> Response:
        answer = await super().answer(request)
        if self.kill is not None:
            kill, self.kill = self.kill, None
            self._killing = asyncio.create_task(self._strike(kill))
            if not self.answers_first:
                await self._killing
        return answer

    async def _strike(self, kill: Callable[[], Awaitable[None]]) -> None:
        await kill()
        self.killed.set()

    def arm(self, kill: Callable[[], Awaitable[None]], answers_first: bool) -> None:
        self.kill, self.answers_first = kill, answers_first
        self.killed.clear()


async def _die_and_return(here: Ground, web: HttpTarget, hook: FatalWebhook, way: str, part: float) -> None:
    """Turn the target over, and kill the collector at that moment of telling it."""
    if way == "unclaimed":
        web.switch(200 if web.status == 500 else 500)
        await web.wait_more(3)
        await asyncio.sleep(part * 0.1)
        await here.collector.kill()
    else:
        hook.arm(here.collector.kill, answers_first=way == "answered")
        web.switch(200 if web.status == 500 else 500)
        async with asyncio.timeout(90):
            await hook.killed.wait()
    await here.collector.start()


async def test_every_message_arrives_whenever_the_collector_is_killed(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails, to repeat it
    chance = random.Random(seed)
    async with HttpTarget() as web, FatalWebhook() as hook:
        settings = CollectorSettings(webhooks=[f"{hook.url}/tenantwatch"])
        check = http_check("web", f"{web.url}/health", confirm_failures=1, confirm_successes=1)
        async with ground(tmp_path, settings) as here, here.caller() as tenant, here.agent([check]) as agent:
            await agent.start()
            await tenant.wait_checks(TENANT, {"web": "healthy"})
            for way in WAYS:
                await _die_and_return(here, web, hook, way, chance.random())
                await tenant.wait_checks(TENANT, {"web": "healthy" if web.status == 200 else "unhealthy"})
                await _nothing_owed(here)
            await agent.terminate()
            await here.collector.terminate()
        _assert_told(here.collector.database, hook)


async def _nothing_owed(here: Ground) -> None:
    async with asyncio.timeout(90):
        while read_rows(here.collector.database, "SELECT 1 FROM outbox WHERE status = 'owed'"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def _assert_told(database: Path, hook: FatalWebhook) -> None:
    arrived: dict[str, list[str]] = defaultdict(list)
    for call in hook.calls:
        assert call.headers["idempotency-key"] == call.json["dedup_key"]
        arrived[call.json["dedup_key"]].append(call.json["alert"]["alert_id"])
    rows = read_rows(
        database, "SELECT dedup_key, status, alert_id, kind FROM outbox WHERE channel LIKE 'webhook:%'"
    )
    sent = {str(key) for key, status, _, _ in rows if status == "sent"}
    assert sent <= set(arrived), "marked as sent, and never arrived"
    assert set(arrived) <= {str(key) for key, _, _, _ in rows}, "arrived without being owed"
    assert {status for _, status, _, _ in rows} <= {"sent", "replaced"}
    for key, alerts in arrived.items():
        assert len(set(alerts)) == 1, f"{key} means two things"
    repeated = [key for key, alerts in arrived.items() if len(alerts) > 1]
    assert len(repeated) >= WAYS.count("unanswered"), "what nobody noted as sent must come again"
    # Every alert that was ever opened is resolved, and whoever heard of it heard of its end.
    assert read_rows(database, "SELECT alert_id FROM alert WHERE status <> 'resolved'") == []
    told = {alert for _, status, alert, kind in rows if kind == "firing" and status == "sent"}
    ended = {alert for _, status, alert, kind in rows if kind == "resolved" and status == "sent"}
    assert told == ended
