"""The collector dies while it evaluates rules: the same alerts as if it had lived, none told twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.http_target import HttpTarget
from tests.fakes.webhook import Webhook
from tests.system.ground import TENANT, Ground, ground, http_check
from tests.system.harness import CollectorSettings
from tests.system.kept import read_rows

pytestmark = pytest.mark.system

ROUNDS = 1
RULE = "--metric body_bytes --condition greater_than --threshold 100 --severity error"
WINDOWED = f"{RULE} --window-seconds 1 --aggregation max"


async def _until(here: Ground, reached: Callable[[list[tuple[int | str, ...]]], bool]) -> None:
    """Until the alerts' statuses, by when they were opened, are as wanted."""
    asked = "SELECT status FROM alert WHERE alert_type = 'body_bytes' ORDER BY first_occurred_us"
    async with asyncio.timeout(90):
        while not reached(read_rows(here.collector.database, asked)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def _turn_and_die(here: Ground, web: HttpTarget, body: bytes, seconds: float) -> None:
    """Something else to measure from now on, and the collector is killed while it finds out."""
    web.body = body
    await asyncio.sleep(seconds)
    await here.collector.kill()
    await here.collector.start()


async def test_rules_open_and_end_the_same_alerts_whenever_the_collector_is_killed(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails, to repeat it
    chance = random.Random(seed)
    async with HttpTarget() as web, Webhook() as hook:
        settings = CollectorSettings(webhooks=[f"{hook.url}/tenantwatch"])
        check = http_check("web", f"{web.url}/health")
        async with ground(tmp_path, settings) as here, here.caller() as tenant, here.agent([check]) as agent:
            await agent.start()
            await tenant.wait_checks(TENANT, {"web": "healthy"})
            for rule_id, rule in (("plain", RULE), ("peak", WINDOWED)):
                await here.collector.command("alerts", "rule", "put", rule_id, *rule.split())
            for number in range(ROUNDS):
                await _turn_and_die(here, web, b"x" * 200, chance.random() * 0.5)
                await _until(here, lambda found, n=number: found == n * [("resolved",)] + [("active",)])  # type: ignore[misc]
                await _turn_and_die(here, web, b"short", chance.random() * 1.5)
                await _until(here, lambda found, n=number: found == (n + 1) * [("resolved",)])  # type: ignore[misc]
            await agent.terminate()
            await here.collector.terminate()
        rows = read_rows(
            here.collector.database,
            "SELECT o.alert_id, o.kind, o.status FROM outbox o JOIN alert a ON a.alert_id = o.alert_id"
            " WHERE a.alert_type = 'body_bytes' AND o.channel LIKE 'webhook:%'",
        )
        arrived = {call.json["dedup_key"] for call in hook.calls}
    assert len({alert for alert, _, _ in rows}) == ROUNDS
    told = [alert for alert, kind, status in rows if kind == "firing" and status == "sent"]
    ended = [alert for alert, kind, status in rows if kind == "resolved" and status == "sent"]
    assert sorted(told) == sorted(ended)
    assert len(told) == len(set(told)) == ROUNDS
    assert {f"{alert}/firing/0" for alert in told} <= arrived
