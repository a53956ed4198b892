"""Tenants themselves at both doors: changed, suspended, resumed, deleted; and what that does to the rest."""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
import pytest
from tenantwatch_collector.access.permissions import Role
from tenantwatch_collector.identity import issue_token
from tenantwatch_collector.ingest import service
from tenantwatch_wire.records import Status
from tenantwatch_wire.v1 import agent_pb2_grpc, query_pb2
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tests.collector.api.served import OTHER, TENANT, Caller, Served, StandInAgent, both_doors, served

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-tenancy")]
MINE, THEIRS = f"/monitoring/tenants/{TENANT}", f"/monitoring/tenants/{OTHER}"
NOTHING: dict[str, float] = {}
CHECKS = [
    ("web", "http_endpoint", Status.HEALTHY, NOTHING),
    ("host", "host_resources", Status.HEALTHY, NOTHING),
]


async def until(here: Served, state: str) -> query_pb2.TenantHealth:
    """The first tenant's health, once its state is that one."""
    metadata = (("authorization", f"Bearer {here.admin.token}"),)
    call = here.admin.query.WatchHealth(query_pb2.WatchHealthRequest(tenant_id=TENANT), metadata=metadata)
    async with asyncio.timeout(30):
        while True:
            health: query_pb2.TenantHealth = (await call.read()).health
            if query_pb2.HealthState.Name(health.state).endswith(f"_{state}"):
                call.cancel()
                return health


async def test_a_tenant_is_changed_and_both_doors_tell_the_same(here: Served) -> None:
    body = {"tenant_name": "Acme & Co", "resource_tier": "large"}
    changed = await here.admin.rest("PUT", MINE, body)
    assert (changed["tenant_name"], changed["resource_tier"], changed["tier"]) == (
        "Acme & Co",
        "large",
        "professional",
    )
    by_rest, by_grpc = await both_doors(
        lambda: here.tenant.rest("GET", MINE),
        lambda: here.tenant.call("GetTenant", pb.GetTenantRequest(tenant_id=TENANT)),
    )
    assert by_grpc["tenant"] == by_rest
    await here.admin.rest("PUT", MINE, {"tenant_name": "x", "tier": "basic"}, 422)
    await here.admin.rest("PUT", MINE, {"tenant_name": ""}, 422)


async def test_groups_have_their_checks(here: Served) -> None:
    async with here.agent(CHECKS):
        await until(here, "HEALTHY")
    by_rest, by_grpc = await both_doors(
        lambda: here.tenant.rest("GET", f"{MINE}/groups"),
        lambda: here.tenant.call("ListGroups", pb.ListGroupsRequest(tenant_id=TENANT)),
    )
    assert by_grpc == by_rest
    members = [check["check_id"] for group in by_rest["groups"] for check in group["checks"]]
    assert sorted(members) == ["host", "web"]


async def test_a_suspended_tenant_is_not_watched_and_opens_nothing(here: Served) -> None:
    await here.admin.rest("POST", f"{THEIRS}/resume", status=409)
    told = await here.admin.rest("POST", f"{THEIRS}/suspend")
    assert told["suspended_at"] is not None
    await here.admin.rest("POST", f"{THEIRS}/suspend", status=409)
    refused = await here.foreign[Role.TENANT_VIEWER].rest("GET", THEIRS, status=401)
    assert "suspended" in refused["detail"]
    assert (await here.admin.rest("POST", "/monitoring/health-checks", {}))["total_checked"] == 0
    resumed = await here.admin.call("ResumeTenant", pb.ResumeTenantRequest(tenant_id=OTHER))
    assert "suspended_at" not in resumed["tenant"]
    await here.foreign[Role.TENANT_VIEWER].rest("GET", THEIRS)


async def test_suspending_ends_the_agents_streams_and_alerts(here: Served) -> None:
    with pytest.raises(grpc.aio.AioRpcError, match="acme is suspended"):
        await suspend_while_it_is_watched(here)
    await here.admin.rest("POST", f"{MINE}/resume")
    await until(here, "UNHEALTHY")


async def suspend_while_it_is_watched(here: Served) -> None:
    async with here.agent([("web", "http_endpoint", Status.UNHEALTHY, NOTHING)]) as agent:
        await agent.look([])
        await agent.look([])
        await until(here, "UNHEALTHY")
        await here.admin.rest("POST", f"{MINE}/suspend")
        assert not (await until(here, "UNKNOWN")).groups
        summary = await here.admin.rest("GET", f"/monitoring/health/{TENANT}/summary")
        assert summary["active_alerts"] == 0
        async with asyncio.timeout(30):
            assert await agent.ended() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_revoked_token_ends_its_agents_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "GUARD_SECONDS", 0.05)
    async with served(tmp_path) as here, grpc.aio.insecure_channel(here.grpc_address) as channel:
        token_id, token = await issue_token(here.store, Role.AGENT, await here.store.tenant(TENANT), "")
        stub = agent_pb2_grpc.AgentServiceStub(channel)
        call = stub.Connect(metadata=(("authorization", f"Bearer {token}"),))
        await StandInAgent(call, CHECKS, answers=True).introduce()
        assert await here.store.revoke_token(token_id)
        async with asyncio.timeout(30):
            assert await call.code() is grpc.StatusCode.UNAUTHENTICATED
        assert "was revoked" in await call.details()


async def test_a_deleted_tenant_is_there_no_more_and_its_id_is_never_given_again(here: Served) -> None:
    made = await here.admin.rest("POST", "/tenant-orchestration/deployments", {"tenant_name": "Leaving"}, 201)
    path = f"/monitoring/tenants/{made['tenant_id']}"
    tenant = await here.store.tenant(made["tenant_id"])
    assert tenant is not None
    _, token = await issue_token(here.store, Role.TENANT_ADMIN, tenant, "")
    own = Caller(here.admin.http, here.admin.stub, here.admin.query, token)
    await own.rest("GET", path)
    await own.rest("DELETE", path, status=403)
    await here.admin.rest("DELETE", path, status=204)
    await own.rest("GET", path, status=401)
    for method, where in (("GET", path), ("DELETE", path), ("GET", f"{path}/groups")):
        await here.admin.rest(method, where, status=404)
    listed = await here.admin.rest("GET", "/monitoring/tenants")
    assert made["tenant_id"] not in [one["tenant_id"] for one in listed["tenants"]]
    again = await here.admin.rest(
        "POST", "/tenant-orchestration/deployments", {"tenant_name": "Leaving"}, 201
    )
    assert again["tenant_id"] != made["tenant_id"]


async def test_what_is_open_of_a_tenant_ends_with_it(here: Served) -> None:
    made = await here.admin.rest("POST", "/tenant-orchestration/deployments", {"tenant_name": "Ending"}, 201)
    new = {"alert_name": "late", "severity": "critical", "description": "x", "tenant_id": made["tenant_id"]}
    alert = await here.admin.rest("POST", "/monitoring/alerts", new, 201)
    await here.admin.rest("DELETE", f"/monitoring/tenants/{made['tenant_id']}", status=204)
    status = ""
    async with asyncio.timeout(30):
        while status != "resolved":
            await asyncio.sleep(0.05)
            found = await here.store.alert(alert["alert_id"], None)
            status = "" if found is None else found[0].status
