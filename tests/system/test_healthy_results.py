"""Scenario 1: results of every kind of check, against real servers, reach REST and gRPC."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tenantwatch_wire.v1 import query_pb2

from tests.fakes.http_target import HttpTarget
from tests.servers import PostgresServer, RedisServer
from tests.system.ground import TENANT, Ground, ground, http_check
from tests.system.harness import Caller, Check

pytestmark = pytest.mark.system
MONITORED = {"web": "healthy", "db": "healthy", "cache": "healthy", "host": "healthy"}
_LIMITS = ("degraded", "unhealthy")
KINDS = {
    "web": "http_endpoint",
    "db": "database_connectivity",
    "cache": "redis_connectivity",
    "host": "host_resources",
}


def _checks(web: HttpTarget, postgres: PostgresServer, redis: RedisServer) -> list[Check]:
    often = {"interval_seconds": 0.5, "timeout_seconds": 5}
    # A loaded test machine is no finding: this test is about results arriving, not about thresholds.
    calm = {f"{part}_{word}_percent": 100 for part in ("cpu", "memory", "disk") for word in _LIMITS}
    return [
        http_check("web", f"{web.url}/health", 0.5, expect_body_contains="well"),
        {"id": "db", "kind": "database_connectivity", "url": postgres.url, "query": "SELECT 41 + 1",
         "expect_value": "42", **often},
        {"id": "cache", "kind": "redis_connectivity", "url": redis.url, **often},
        {"id": "host", "kind": "host_resources", **often, **calm},
    ]  # fmt: skip


async def test_results_of_every_kind_reach_rest_and_grpc(
    tmp_path: Path, postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    async with HttpTarget() as web, ground(tmp_path) as here:
        async with here.agent(_checks(web, postgres_server, redis_server)) as agent, here.caller() as tenant:
            await agent.start()
            health = await tenant.wait_checks(TENANT, MONITORED)
            assert {check.check_id: check.kind for check in health.checks} == KINDS
            assert health.state == query_pb2.HEALTH_STATE_HEALTHY
            # CPU use is an average since the look before, so that the host must be looked at twice; the end
            # of the agent is the instant from which everything it saw has arrived.
            await web.wait_more(3)
            await _times_are_taken(tenant)
            await agent.terminate()
            await _grpc_shows_it(tenant)
            await _rest_shows_it(tenant)
            await _nothing_is_simulated(here, tenant)
        await here.collector.terminate()


async def _times_are_taken(tenant: Caller) -> None:
    """Once each far end has a latency: what an agent sees while it is itself late has none."""
    async with asyncio.timeout(90):
        for check_id in KINDS.keys() - {"host"}:
            request = query_pb2.ListResultsRequest(tenant_id=TENANT, check_id=check_id)
            results: list[query_pb2.StoredResult] = []
            while not any(one.latency_us for one in results):
                results = (await tenant.ask("ListResults", request)).results


async def _grpc_shows_it(tenant: Caller) -> None:
    health = (await tenant.ask("GetHealth", query_pb2.GetHealthRequest(tenant_id=TENANT))).health
    for check in health.checks:
        assert check.state == query_pb2.HEALTH_STATE_HEALTHY
        assert check.last_result_us > 0
        assert check.agent_id == "web-1"
        # Passwords of the configured addresses stay with the agent.
        assert "secret" not in check.target
    for check_id in KINDS:
        request = query_pb2.ListResultsRequest(tenant_id=TENANT, check_id=check_id)
        (newest, *_) = (await tenant.ask("ListResults", request)).results
        assert newest.status == query_pb2.HEALTH_STATE_HEALTHY, newest
        assert newest.received_at_us >= newest.time_us > 0
    tenants = (await tenant.ask("ListTenants", query_pb2.ListTenantsRequest())).tenants
    assert [each.tenant_id for each in tenants] == [TENANT]
    alerts = await tenant.ask("ListAlerts", query_pb2.ListAlertsRequest(tenant_id=TENANT))
    assert list(alerts.alerts) == []


async def _rest_shows_it(tenant: Caller) -> None:
    summary = await tenant.get(f"/health/{TENANT}/summary")
    assert summary["state"] == "healthy"
    usage = summary["resource_usage"]
    assert all(0 <= usage[name] <= 100 for name in ("cpu_percent", "memory_percent", "disk_percent"))
    rows = (await tenant.get(f"/health-checks/{TENANT}?hours=1&limit=100"))["results"]
    assert {row["check_id"] for row in rows} == set(KINDS)
    assert {row["status"] for row in rows} == {"healthy"}
    board = await tenant.get("/dashboard/health")
    assert [each["tenant_id"] for each in board["tenants"]] == [TENANT]
    assert board["tenants"][0]["checks_total"] == len(KINDS)
    assert board["active_alerts"] == []
    assert 0 < len(board["recent_checks"]) <= 20


async def _nothing_is_simulated(here: Ground, tenant: Caller) -> None:
    """Counts are real, a false token sees nothing, and another tenant does not exist for this one."""
    async with here.caller(here.admin_token) as admin:
        platform = (await admin.get("/dashboard/health"))["platform_health"]
        assert (platform["total_tenants"], platform["healthy_tenants"]) == (1, 1)
        # Judged within a second or two of the first result; until then there is nothing to say.
        assert platform["sla_compliance"] in (None, 100)
    async with here.caller("tw_nobody") as nobody:
        await nobody.get("/dashboard/health", status=401)
    await tenant.get("/health/globex/summary", status=404)
