"""Checks on demand, at both doors: what the agents saw just now, and what is said where they are silent."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from tenantwatch_wire.records import Status
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tests.collector.api.served import DEADLINE_SECONDS, OTHER, TENANT, Served, both_doors

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-health-checks")]
PATH = f"/monitoring/health-checks/{TENANT}"
CHECKS: list[tuple[str, str, Status, dict[str, float]]] = [
    ("web", "http_endpoint", Status.HEALTHY, {}),
    ("db", "database_connectivity", Status.DEGRADED, {}),
    ("host", "host_resources", Status.HEALTHY, {"cpu_percent": 12.5, "disk_percent": 80.0}),
    ("pay", "external_apis", Status.UNHEALTHY, {}),
]


async def test_nobody_connected_is_said_plainly(here: Served) -> None:
    told = await here.admin.rest("POST", f"/monitoring/health-checks/{OTHER}", {}, 422)
    assert "configure one first" in told["detail"]
    async with here.agent(CHECKS):
        pass
    told = await here.admin.rest("POST", PATH, {}, 503)
    assert (told["title"], "run by a1" in told["detail"]) == ("no agent is connected", True)
    code, text = await here.admin.refused("RunHealthCheck", pb.RunHealthCheckRequest(tenant_id=TENANT))
    assert (code, "no agent" in text) == (grpc.StatusCode.UNAVAILABLE, True)


async def test_the_answer_is_what_the_agent_saw_now(here: Served) -> None:
    async with here.agent(CHECKS) as agent:
        told = await here.admin.rest("POST", PATH, {"check_type": "comprehensive"})
        assert agent.asked == [["db", "host", "web"]]
    assert told["overall_status"] == "degraded"
    layers = {"http_endpoint": "healthy", "database": "degraded"}
    assert told["checks"] == {**layers, "redis": None, "kubernetes": None, "external_apis": None}
    assert told["resource_usage"] == {"cpu_percent": 12.5, "memory_percent": None, "disk_percent": 80.0}
    assert told["response_time"] == 2.0
    assert (told["unanswered"], len(told["results"])) == ([], 3)


async def test_deep_checks_and_single_types(here: Served) -> None:
    async with here.agent(CHECKS) as agent:
        deep = await here.tenant.rest("POST", PATH, {"include_deep_checks": True})
        single = await here.tenant.rest("POST", PATH, {"check_type": "external_apis"})
        wrong = await here.tenant.rest("POST", PATH, {"check_type": "everything"}, 422)
        none = await here.tenant.rest("POST", PATH, {"check_type": "redis_connectivity"}, 422)
        assert agent.asked == [["db", "host", "pay", "web"], ["pay"]]
    assert deep["checks"]["external_apis"] == "unhealthy"
    assert (single["overall_status"], single["checks"]["http_endpoint"]) == ("unhealthy", None)
    assert "comprehensive, or one of" in wrong["detail"]
    assert "redis_connectivity" in none["detail"]


async def test_both_doors_answer_the_same(here: Served) -> None:
    async with here.agent(CHECKS):
        by_rest = await here.tenant.rest("POST", PATH, {"include_deep_checks": True})
        request = pb.RunHealthCheckRequest(tenant_id=TENANT, include_deep_checks=True)
        by_grpc = await here.tenant.call("RunHealthCheck", request)
    assert _lasting(by_grpc) == _lasting(by_rest)


async def test_an_agent_that_says_nothing_is_waited_for_by_one_caller(here: Served) -> None:
    async with here.agent(CHECKS, answers=False) as agent:
        first = asyncio.create_task(here.admin.rest("POST", PATH, {"check_type": "http_endpoint"}))
        await asyncio.wait_for(agent.was_asked.wait(), DEADLINE_SECONDS)
        refused = await here.admin.rest("POST", PATH, {"check_type": "http_endpoint"}, 429)
        assert "under way" in refused["detail"]
    # Its stream has ended: the caller hears of that at once.
    told = await first
    assert (told["unanswered"], told["overall_status"]) == (["a1/web"], "unknown")


async def test_a_round_counts_and_names_whom_nobody_could_look_at(here: Served) -> None:
    async with here.agent(CHECKS):
        told = await here.admin.rest("POST", "/monitoring/health-checks", {})
        own = await here.tenant.call("RunRound", pb.RunRoundRequest())
    assert (told["total_checked"], told["degraded"], told["healthy"], told["unhealthy"]) == (1, 1, 0, 0)
    assert [one["tenant_id"] for one in told["results"]] == [TENANT]
    (skipped,) = told["not_checked"]
    assert (skipped["tenant_id"], "configure one first" in skipped["reason"]) == (OTHER, True)
    assert (own["total_checked"], "not_checked" in own) == (1, False)


async def test_the_dashboard_is_the_same_at_both_doors(here: Served) -> None:
    async with here.agent(CHECKS):
        pass
    request = pb.GetDashboardRequest()
    by_rest, by_grpc = await both_doors(
        lambda: here.tenant.rest("GET", "/monitoring/dashboard/health"),
        lambda: here.tenant.call("GetDashboard", request),
    )
    for told in (by_rest, by_grpc):
        for alert in told.get("active_alerts", []):
            alert.pop("duration", None)
    assert by_grpc == by_rest
    assert by_rest["recent_checks"][0]["tenant_id"] == TENANT


async def test_tenants_come_page_by_page(here: Served) -> None:
    first = await here.admin.rest("GET", "/monitoring/tenants?limit=1")
    second = await here.admin.rest("GET", f"/monitoring/tenants?limit=1&cursor={first['next_cursor']}")
    pages = [page["tenants"][0]["tenant_id"] for page in (first, second)]
    assert (pages, second["next_cursor"]) == ([TENANT, OTHER], None)
    whole = await here.admin.rest("GET", "/monitoring/health/platform?limit=1")
    assert (whole["platform_health"]["total_tenants"], len(whole["tenants"])) == (2, 1)
    assert len((await here.tenant.rest("GET", "/monitoring/tenants"))["tenants"]) == 1


async def test_what_is_anothers_does_not_exist(here: Served) -> None:
    body = {"check_type": "comprehensive"}
    others = await here.tenant.rest("POST", f"/monitoring/health-checks/{OTHER}", body, 404)
    none = await here.tenant.rest("POST", "/monitoring/health-checks/none", body, 404)
    assert others["detail"].replace(OTHER, "none") == none["detail"]


def _lasting(told: dict[str, Any]) -> dict[str, Any]:
    """Without instants and without nulls, which protobuf has none of."""
    results = [
        {k: v for k, v in result.items() if k not in ("timestamp", "received_at") and v not in ({}, "")}
        for result in told["results"]
    ]
    whole = {k: v for k, v in told.items() if k != "timestamp" and v not in (None, [])}
    for name in ("checks", "resource_usage"):
        whole[name] = {k: v for k, v in told[name].items() if v is not None}
    return {**whole, "results": results}
