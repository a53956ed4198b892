"""Checks assigned to agents, at both doors: kept, brought to the agents, and what each of them says of it."""

from __future__ import annotations

import asyncio
import json
import tomllib
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import ParseDict
from tenantwatch_collector.access.permissions import Role
from tenantwatch_collector.ingest import service
from tenantwatch_wire.records import Status
from tenantwatch_wire.v1 import agent_pb2
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tests.collector.api.served import OTHER, TENANT, Served, StandInAgent, both_doors, served

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-assignments")]
CHECKS = f"/monitoring/checks/{TENANT}"
AGENTS = f"/monitoring/agents/{TENANT}"
HOST: list[tuple[str, str, Status, dict[str, float]]] = [("host", "host_resources", Status.HEALTHY, {})]
WEB: dict[str, Any] = {
    "kind": "http_endpoint",
    "url": "https://example.org/",
    "interval_seconds": 15.0,
    "expect_status": ["200"],
}


async def given(agent: StandInAgent, version: int) -> list[dict[str, Any]]:
    """The checks of that version, as the agent reads them."""
    async with asyncio.timeout(30):
        while (brought := await agent.given.get()).version < version:
            continue
    assert brought.version == version
    found: list[dict[str, Any]] = tomllib.loads(brought.checks_toml).get("checks", [])
    return found


async def agent_is(here: Served, wanted: dict[str, Any]) -> None:
    """Return when the API says so of the agent."""
    async with asyncio.timeout(30):
        while not wanted.items() <= (await here.tenant.rest("GET", AGENTS))["agents"][0].items():
            continue


async def test_a_check_is_put_brought_changed_and_removed(here: Served) -> None:
    async with here.agent(HOST) as agent:
        before = (await here.admin.rest("GET", CHECKS))["version"]
        put = await here.admin.rest("PUT", f"{CHECKS}/web", {"check": WEB})
        assert (put["version"], put["check"]["agent_id"]) == (before + 1, None)
        # A whole number is one, whichever way it came.
        assert put["check"]["check"] == {**WEB, "interval_seconds": 15}
        assert await given(agent, before + 1) == [{"id": "web", **WEB}]
        request = {"tenant_id": TENANT, "check_id": "other", "agent_id": "a2", "check": WEB}
        by_grpc = await here.admin.call("PutAssignedCheck", ParseDict(request, pb.PutAssignedCheckRequest()))
        assert by_grpc["check"]["agent_id"] == "a2"
        # Another agent's check: nothing changes here but the version.
        assert await given(agent, before + 2) == [{"id": "web", **WEB}]
        changed = await here.admin.rest(
            "PUT", f"{CHECKS}/web", {"agent_id": "a1", "check": {**WEB, "url": "http://b/"}}
        )
        assert [one["url"] for one in await given(agent, changed["version"])] == ["http://b/"]
        listed, asked = await both_doors(
            lambda: here.tenant.rest("GET", CHECKS),
            lambda: here.tenant.call("ListAssignedChecks", pb.ListAssignedChecksRequest(tenant_id=TENANT)),
        )
        assert listed == asked
        assert [one["check_id"] for one in listed["checks"]] == ["other", "web"]
        await here.admin.rest("DELETE", f"{CHECKS}/web")
        gone = pb.DeleteAssignedCheckRequest(tenant_id=TENANT, check_id="other")
        left = await here.admin.call("DeleteAssignedCheck", gone)
        assert await given(agent, left["version"]) == []
        assert await here.admin.refused("DeleteAssignedCheck", gone) == (
            grpc.StatusCode.NOT_FOUND,
            f"no check 'other' is assigned to agents of {TENANT}",
        )


async def test_an_agent_that_comes_is_told_and_what_it_says_is_shown(here: Served) -> None:
    version = (await here.admin.rest("PUT", f"{CHECKS}/late", {"check": WEB}))["version"]
    async with here.agent(HOST) as agent:
        assert [one["id"] for one in await given(agent, version)] == ["late"]
        await agent.say(configuration_applied=agent_pb2.ConfigurationApplied(version=version))
        await agent_is(here, {"applied_version": version, "refused_version": None, "connected": True})
        refused = agent_pb2.ConfigurationApplied(
            version=version + 1,
            error="check late: no",
            refused=[agent_pb2.RefusedCheck(check_id="late", reason="no\0" + "x" * 5_000)],
        )
        next_one = (await here.admin.rest("PUT", f"{CHECKS}/late", {"check": {**WEB, "retries": 1}}))[
            "version"
        ]
        assert next_one == version + 1
        await given(agent, next_one)
        await agent.say(configuration_applied=refused)
        await agent_is(here, {"applied_version": version, "refused_version": version + 1})
        listed, asked = await both_doors(
            lambda: here.tenant.rest("GET", AGENTS),
            lambda: here.tenant.call("ListAgents", pb.ListAgentsRequest(tenant_id=TENANT)),
        )
        assert listed == asked
        (told,) = listed["agents"]
        assert listed["assigned_version"] == version + 1
        (reason,) = told["refusals"]
        assert (reason["check_id"], reason["reason"][:4], len(reason["reason"])) == ("late", "no x", 2_000)
        await agent.say(
            configuration_applied=agent_pb2.ConfigurationApplied(version=next_one, error="not here")
        )
        await agent_is(here, {"refusals": [{"check_id": "", "reason": "not here"}]})
    await agent_is(here, {"connected": False, "refused_version": next_one})


async def test_an_agent_that_will_not_come_back_is_retired(here: Served) -> None:
    tenant = await here.store.tenant(TENANT)
    assert tenant is not None

    async def watched() -> list[str]:
        found = await here.store.check_health(tenant.tenant_key)
        return [each.check.definition.check_id for each in found if each.check.active]

    async with here.agent(HOST):
        await agent_is(here, {"connected": True})
        told = await here.admin.rest("DELETE", f"{AGENTS}/a1", None, 409)
        assert "stop it first" in told["detail"]
    await agent_is(here, {"connected": False})
    assert await watched() == ["host"]
    await here.admin.rest("DELETE", f"{AGENTS}/a1", None, 204)
    assert await watched() == []
    # As it is already: nothing changes.
    assert await here.admin.call("RetireAgent", pb.RetireAgentRequest(tenant_id=TENANT, agent_id="a1")) == {}
    gone = pb.RetireAgentRequest(tenant_id=TENANT, agent_id="nobody")
    assert (await here.admin.refused("RetireAgent", gone))[0] is grpc.StatusCode.NOT_FOUND
    async with here.agent(HOST):
        await agent_is(here, {"connected": True})
    async with asyncio.timeout(30):
        while await watched() != ["host"]:
            await here.tenant.rest("GET", AGENTS)


async def test_an_agent_with_what_nobody_here_assigned_is_told_what_is(here: Served) -> None:
    """As after the collector's store was restored, or the agent moved here from another one."""
    version = (await here.admin.rest("PUT", f"{CHECKS}/kept", {"check": WEB}))["version"]
    async with here.agent(HOST) as agent:
        await given(agent, version)
        await agent.say(configuration_applied=agent_pb2.ConfigurationApplied(version=version + 1_000))
        await given(agent, version)
    await here.admin.rest("DELETE", f"{CHECKS}/kept")


async def test_what_another_collector_on_the_store_was_told_is_brought_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "GUARD_SECONDS", 0.05)
    async with served(tmp_path) as here, here.agent(HOST) as agent:
        tenant = await here.store.tenant(TENANT)
        assert tenant is not None
        await here.store.put_assigned_check(tenant.tenant_key, "web", None, json.dumps(WEB), "ann")
        assert [one["id"] for one in await given(agent, 1)] == ["web"]


async def test_a_tenants_admin_assigns_and_its_viewer_looks(here: Served) -> None:
    body = {"check": WEB}
    await here.roles[Role.TENANT_ADMIN].rest("PUT", f"{CHECKS}/own", body)
    await here.roles[Role.TENANT_VIEWER].rest("PUT", f"{CHECKS}/own", body, status=403)
    await here.foreign[Role.TENANT_ADMIN].rest("PUT", f"{CHECKS}/own", body, status=404)
    await here.foreign[Role.TENANT_ADMIN].rest("DELETE", f"{CHECKS}/own", status=404)
    mine = await here.foreign[Role.TENANT_ADMIN].rest("GET", f"/monitoring/checks/{OTHER}")
    assert mine == {"tenant_id": OTHER, "version": 0, "checks": []}
    await here.roles[Role.TENANT_ADMIN].rest("DELETE", f"{CHECKS}/own")


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        ({"url": "http://a/"}, "kind must be one of http_endpoint"),
        ({**WEB, "kind": "magic"}, "kind must be one of"),
        ({**WEB, "id": "x"}, "leave out id"),
        ({**WEB, "url": None}, "leave the key out"),
        ({**WEB, "retries": 2**60}, "too large"),
        ({**WEB, "body": "x" * 20_000}, "may have 16384 bytes"),
        ({**WEB, "url": "https://ann:secret@example.org/"}, "url holds a secret"),
        ({**WEB, "headers": {"Authorization": "Bearer x"}}, "write Authorization_env or"),
        ({**WEB, "headers": {"X-Api-Key": "x"}}, "X-Api-Key holds a secret"),
        ({**WEB, "deep": [[[[[[[[[1]]]]]]]]]}, "nested 8 deep"),
        ({**WEB, "retires": 5}, "unknown key 'retires'; did you mean 'retries'?"),
    ],
)
async def test_what_cannot_be_a_check_is_refused_alike_at_both_doors(
    here: Served, check: dict[str, Any], reason: str
) -> None:
    told = await here.admin.rest("PUT", f"{CHECKS}/wrong", {"check": check}, status=422)
    assert reason in told["detail"]
    request = {"tenant_id": TENANT, "check_id": "wrong", "check": check}
    code, details = await here.admin.refused(
        "PutAssignedCheck", ParseDict(request, pb.PutAssignedCheckRequest())
    )
    assert (code, reason in details) == (grpc.StatusCode.INVALID_ARGUMENT, True), details


async def test_names_of_secrets_are_no_secrets(here: Served) -> None:
    check = {**WEB, "headers_env": {"Authorization": "SHOP_LOGIN"}, "body_file": "/etc/tenantwatch/body"}
    await here.admin.rest("PUT", f"{CHECKS}/named", {"check": check})
    await here.admin.rest("DELETE", f"{CHECKS}/named")


async def test_ids_stand_in_paths(here: Served) -> None:
    for check_id in ("", "a/b", "a\nb", "x" * 129):
        request = pb.PutAssignedCheckRequest(tenant_id=TENANT, check_id=check_id)
        request.check.update(WEB)
        code, _ = await here.admin.refused("PutAssignedCheck", request)
        assert code is grpc.StatusCode.INVALID_ARGUMENT
