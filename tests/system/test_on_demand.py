"""A health check on demand reaches the real agent and answers with what it saw just now."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tenantwatch_client import Client

from tests.fakes.http_target import HttpTarget
from tests.system.ground import TENANT, ground, http_check

pytestmark = pytest.mark.system


async def test_a_check_on_demand_sees_what_the_schedule_has_not_yet(tmp_path: Path) -> None:
    path = f"/health-checks/{TENANT}"
    async with HttpTarget() as web, ground(tmp_path) as here, here.caller() as tenant:
        # The schedule's next look is an hour away.
        hourly = http_check("web", f"{web.url}/health", interval_seconds=3600)
        host = {"id": "host", "kind": "host_resources", "interval_seconds": 3600}
        async with here.agent([hourly, host]) as agent:
            await agent.start()
            await tenant.wait_checks(TENANT, {"web": "healthy"})
            web.status = 503
            told = await tenant.send("POST", path, {"check_type": "comprehensive"}, 200)
            assert (told["overall_status"], told["checks"]["http_endpoint"]) == ("unhealthy", "unhealthy")
            assert told["resource_usage"]["memory_percent"] > 0
            assert told["unanswered"] == []
            (newest,) = [r for r in told["results"] if r["check_id"] == "web"]
            history = await tenant.get(f"{path}?check_id=web&limit=1")
            assert history["results"] == [newest]
            with Client(here.collector.rest_url, here.tenant_token) as client:
                looked = await asyncio.to_thread(client.health.look, TENANT, "http_endpoint")
            assert [(each["check_id"], each["status"]) for each in looked["results"]] == [
                ("web", "unhealthy")
            ]
            await agent.terminate()
        gone = await tenant.send("POST", path, {}, 503)
        assert gone["title"] == "no agent is connected"
