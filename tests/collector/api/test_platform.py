"""Metrics and the platform's own call: what was measured, nulls elsewhere, and tenants made to be watched."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from google.protobuf.json_format import ParseDict
from tenantwatch_collector.api.deployments import slug_of
from tenantwatch_collector.identity import Authenticator
from tenantwatch_wire.records import Status
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tests.collector.api.served import OTHER, TENANT, Served, both_doors

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-platform")]
DEPLOYMENTS = "/tenant-orchestration/deployments"
HOST = {"cpu_percent": 40.0, "memory_percent": 50.0, "disk_percent": 60.0, "network_bytes_per_second": 1e6}
CHECKS: list[tuple[str, str, Status, dict[str, float]]] = [
    ("web", "http_endpoint", Status.HEALTHY, {}),
    ("db", "database_connectivity", Status.UNHEALTHY, {}),
    ("host", "host_resources", Status.HEALTHY, HOST),
    ("sales", "business_logic", Status.HEALTHY, {"requests_per_minute": 120.0, "active_users": 7.0}),
]


async def test_the_snapshot_holds_what_was_measured_and_nothing_else(here: Served) -> None:
    async with here.agent(CHECKS):
        pass
    told, by_grpc = await both_doors(
        lambda: here.admin.rest("GET", "/monitoring/metrics/platform"),
        lambda: here.admin.call("GetPlatformMetrics", pb.GetPlatformMetricsRequest()),
    )
    assert by_grpc == told
    told = await here.admin.rest("GET", "/monitoring/metrics/platform")
    platform = told["platform_metrics"]
    assert (platform["total_tenants"], platform["active_tenants"]) == (len(told["tenant_metrics"]), 1)
    assert (platform["total_requests_per_minute"], platform["average_response_time"]) == (120.0, 2.0)
    assert platform["error_rate"] == pytest.approx(100 / 3)
    assert told["resource_metrics"] == {
        "cpu_utilization": 40.0,
        "memory_utilization": 50.0,
        "disk_utilization": 60.0,
        "network_throughput": 1e6,
    }
    mine, other = told["tenant_metrics"][TENANT], told["tenant_metrics"][OTHER]
    assert (mine["cpu_usage"], mine["active_users"], mine["response_time_ms"]) == (40.0, 7.0, 2.0)
    assert set(other.values()) == {None}
    assert set(mine) == set(other)


async def test_a_tenant_sees_itself_alone(here: Served) -> None:
    told = await here.tenant.rest("GET", "/monitoring/metrics/platform")
    assert list(told["tenant_metrics"]) == [TENANT]
    assert told["platform_metrics"]["total_tenants"] == 1
    await here.tenant.rest("GET", f"/monitoring/metrics/{OTHER}", status=404)
    await here.tenant.rest("GET", "/monitoring/metrics/none", status=404)


async def test_performance_over_days(here: Served) -> None:
    async with here.agent(CHECKS):
        pass
    before = datetime.now(UTC).date()
    request = pb.GetTenantMetricsRequest(tenant_id=TENANT)
    told, by_grpc = await both_doors(
        lambda: here.tenant.rest("GET", f"/monitoring/metrics/{TENANT}"),
        lambda: here.tenant.call("GetTenantMetrics", request),
    )
    assert by_grpc == told
    today = datetime.now(UTC).date()
    assert told["end_date"] in (before.isoformat(), today.isoformat())
    assert told["interval_s"] == 3600
    assert told["current"]["cpu_usage"] == 40.0
    span = f"start_date={today - timedelta(days=1)}&end_date={today}"
    assert (await here.tenant.rest("GET", f"/monitoring/metrics/{TENANT}?{span}"))["interval_s"] == 900
    for wrong in (
        f"start_date={today}&end_date=2025-01-01",
        "start_date=2020-01-01",
        "start_date=2025-02-30",
    ):
        await here.tenant.rest("GET", f"/monitoring/metrics/{TENANT}?{wrong}", status=422)


async def test_deployments_are_numbered_and_watched(here: Served) -> None:
    body = {"tenant_name": "Example ISP", "resource_tier": "medium", "sla_tier": "professional"}
    made = await asyncio.gather(*(here.admin.rest("POST", DEPLOYMENTS, body, 201) for _ in range(3)))
    assert sorted(one["tenant_id"] for one in made) == [f"example-isp-00{n}" for n in (1, 2, 3)]
    assert {(one["resource_tier"], one["monitoring_enabled"]) for one in made} == {("medium", True)}
    caller = await Authenticator(here.store).caller(made[0]["agent_token"], "agent")
    assert caller.tenant is not None
    assert (caller.tenant.tenant_id, caller.tenant.tier) == (made[0]["tenant_id"], "professional")
    summary = await here.admin.rest("GET", f"/monitoring/health/{made[0]['tenant_id']}/summary")
    assert (summary["tenant_name"], summary["state"]) == ("Example ISP", "unknown")
    off = ParseDict({"tenant_name": "Quiet", "monitoring_enabled": False}, pb.CreateDeploymentRequest())
    by_grpc = await here.admin.call("CreateDeployment", off)
    assert (by_grpc["tenant_id"], "agent_token" in by_grpc) == ("quiet-001", False)
    await here.admin.rest("POST", DEPLOYMENTS, {**body, "resource_tier": "huge"}, 422)
    await here.tenant.rest("POST", DEPLOYMENTS, body, 403)
    assert (await here.tenant.refused("CreateDeployment", off))[0] is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Example ISP", "example-isp"), ("Ärzte & Söhne GmbH", "arzte-sohne-gmbh"), ("東京", "tenant")],
)
async def test_slugs(name: str, slug: str) -> None:
    assert slug_of(name) == slug
