"""What an outage does to a budget is told within seconds, once, whenever the collector is killed."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from tenantwatch_wire import limits
from tenantwatch_wire.codec import encode_batch
from tenantwatch_wire.records import Lane, Result, Status
from tenantwatch_wire.v1 import agent_pb2, agent_pb2_grpc

from tests.fakes.webhook import Webhook
from tests.system.ground import Ground, ground
from tests.system.harness import CollectorSettings
from tests.system.worked_cases import make_tenant

pytestmark = pytest.mark.system
Request = agent_pb2.ConnectRequest
MINUTE_US = 60_000_000
CHECK = agent_pb2.CheckEntry(
    index=0,
    check_id="web",
    kind="http_endpoint",
    interval_ms=120_000,
    timeout_ms=10_000,
    confirm_failures=1,
    confirm_successes=1,
    active=True,
)


def zone_of_noon() -> str:
    """Where it is noon, or a little later: no border of a day or a month is near, whenever this runs."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


async def send(here: Ground, token: str, sequence: int, results: Sequence[tuple[int, Status]]) -> int:
    """Send these looks as an agent's stream; returns the next sequence once they are acknowledged."""
    batch = [(0, Result("web", at_us, status, 20_000)) for at_us, status in results]
    async with grpc.aio.insecure_channel(here.collector.grpc_address) as channel:
        stub = agent_pb2_grpc.AgentServiceStub(channel)
        call = stub.Connect(metadata=(("authorization", f"Bearer {token}"),))
        hello = agent_pb2.Hello(protocol_version=limits.PROTOCOL_VERSION, agent_id="a", spool_generation="g")
        await call.write(Request(hello=hello))
        await call.read()
        await call.write(Request(dictionary=agent_pb2.CheckDictionary(entries=[CHECK])))
        await call.write(Request(batch=encode_batch(Lane.LIVE, sequence, batch)))
        while (answer := await call.read()) is not grpc.aio.EOF:
            if answer.HasField("acknowledgement"):
                break
        call.cancel()
    return sequence + len(results)


def of(hook: Webhook, metric: str) -> list[Any]:
    return [call.json for call in hook.calls if call.json["alert"]["metric_name"] == metric]


async def told(hook: Webhook, metric: str, kind: str) -> Any:
    """The first message of that kind, as soon as it arrives."""
    calls = 0
    while not (found := [each for each in of(hook, metric) if each["kind"] == kind]):
        calls = len(await hook.wait_for(calls + 1))
    return found[0]


async def test_a_burning_budget_is_told_once_over_two_kills(tmp_path: Path) -> None:
    async with Webhook() as hook:
        settings = CollectorSettings(webhooks=[f"{hook.url}/tenantwatch"])
        async with ground(tmp_path, settings) as here:
            token = await make_tenant(here, "shop", {"tier": "professional", "timezone": zone_of_noon()})
            now_us = time.time_ns() // 1000
            good = [(now_us - minute * MINUTE_US, Status.HEALTHY) for minute in range(120, 20, -1)]
            bad = [(now_us - minute * MINUTE_US, Status.UNHEALTHY) for minute in range(20, -1, -1)]
            following = await send(here, token, 1, good + bad)
            # Acknowledged is committed; whether it was judged or told nobody knows.
            await here.collector.kill()
            await here.collector.start()
            page = await told(hook, "burn_rate", "firing")
            assert page["alert"]["severity"] == "critical"
            data = page["alert"]["alert_data"]
            assert data["condition"].startswith("burn-")
            assert re.fullmatch(r"\d{4}-\d\d", data["period"])
            assert "too fast over 1 h" in data["text"]
            await told(hook, "sla_violation", "firing")
            await here.collector.kill()
            await here.collector.start()
            healed_us = time.time_ns() // 1000
            await send(here, token, following, [(healed_us, Status.HEALTHY)])
            await told(hook, "tenant_down", "resolved")
            async with here.caller(here.admin_token) as admin:
                alerts = (await admin.get("/alerts?limit=100"))["alerts"]
        assert len([each for each in alerts if each["metric_name"] == "burn_rate"]) == 1
        for metric in ("burn_rate", "sla_violation"):
            firing = {each["dedup_key"] for each in of(hook, metric) if each["kind"] == "firing"}
            assert len(firing) == 1, "once, not twice"
