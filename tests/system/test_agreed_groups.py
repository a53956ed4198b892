"""A quorum of locations that a contract asks for, in a running collector: health, alerts and reports."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tenantwatch_wire.v1 import query_pb2

from tests.fakes.http_target import HttpTarget
from tests.system.ground import TENANT, Ground, ground, http_check
from tests.system.harness import Caller

pytestmark = pytest.mark.system
PLACES = ("eu", "us", "ap")
TERMS = f"/sla/{TENANT}/terms"
QUORUM = {"site": {"rule": "quorum"}}
SITE = {"name": "site", "role": "critical", "rule": "quorum"}
ASKED = "period=rolling&days=2"


def agreed(groups: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"reason": "a location alone is no outage", "contract": {"tier": "enterprise", "groups": groups}}


async def state_is(tenant: Caller, word: str) -> None:
    """Return once the tenant's health is streamed as that."""
    wanted = query_pb2.HealthState.Value(f"HEALTH_STATE_{word.upper()}")
    call = tenant.query.WatchHealth(query_pb2.WatchHealthRequest(tenant_id=TENANT), metadata=tenant._metadata)
    try:
        async with asyncio.timeout(90):
            async for answer in call:
                if answer.health.state == wanted:
                    return
    finally:
        call.cancel()
    raise AssertionError(f"the stream of health ended before the tenant was {word}")


async def alert_is_open(tenant: Caller, *, expected: bool) -> None:
    """Return once an alert says that the tenant is down, or once none does."""
    request = query_pb2.ListAlertsRequest(tenant_id=TENANT)
    async with asyncio.timeout(90):
        while True:
            alerts = (await tenant.ask("ListAlerts", request)).alerts
            found = [each for each in alerts if each.metric_name == "tenant_down"]
            if any(each.status == "active" for each in found) == expected:
                return
            await asyncio.sleep(0.05)


async def group_of_locations(tenant: Caller) -> tuple[str, str, str]:
    (group,) = (await tenant.get(f"/tenants/{TENANT}/groups"))["groups"]
    assert {check["check_id"] for check in group["checks"]} == set(PLACES)
    return group["role"], group["rule"], group["state"]


async def report_tells(admin: Caller, word: str) -> None:
    """Return once the report's last part is on the quorum, and its time ends with that class."""
    async with asyncio.timeout(90):
        while True:
            detail = (await admin.get(f"/sla/{TENANT}?{ASKED}"))["detail"]
            if (detail["parts"][-1]["terms"]["groups"], detail["timeline"][-1][2]) == ([SITE], word):
                return
            await asyncio.sleep(0.1)


async def report_is_verified(here: Ground, admin: Caller, folder: Path) -> None:
    """By the exported facts alone; the arithmetic and the document tell the rule."""
    report = await admin.get(f"/reports/sla?tenant_id={TENANT}&{ASKED}")
    as_of = quote(report["as_of"])
    export = await admin.text(f"/sla/{TENANT}/export?{ASKED}&as_of={as_of}")
    said = await here.collector.verify(folder, report, export)
    assert f"{TENANT}: the exported facts give every number of the report" in said
    told = await admin.text(f"/sla/{TENANT}/explain?{ASKED}")
    assert "group site: critical, unhealthy if one of its checks is" in told
    assert "group site: critical, unhealthy if more than half of its checks are" in told


async def test_a_quorum_in_terms_is_what_health_alerts_and_reports_go_by(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        webs = {place: await stack.enter_async_context(HttpTarget()) for place in PLACES}
        here = await stack.enter_async_context(ground(tmp_path))
        checks = [http_check(place, f"{webs[place].url}/", 0.2, group="site") for place in PLACES]
        agent = await stack.enter_async_context(here.agent(checks))
        tenant = await stack.enter_async_context(here.caller())
        admin = await stack.enter_async_context(here.caller(here.admin_token))
        await agent.start()
        await state_is(tenant, "healthy")
        assert await group_of_locations(tenant) == ("critical", "any", "healthy")
        webs["eu"].switch(503)
        await state_is(tenant, "unhealthy")
        await alert_is_open(tenant, expected=True)
        await admin.send("PUT", TERMS, agreed(QUORUM), 200)
        await state_is(tenant, "degraded")
        await alert_is_open(tenant, expected=False)
        assert await group_of_locations(tenant) == ("critical", "quorum", "degraded")
        await report_tells(admin, "degraded")
        webs["us"].switch(503)
        await state_is(tenant, "unhealthy")
        await alert_is_open(tenant, expected=True)
        assert await group_of_locations(tenant) == ("critical", "quorum", "unhealthy")
        await report_tells(admin, "down")
        await report_is_verified(here, admin, tmp_path)
        await admin.send("PUT", TERMS, agreed({"site": {"role": "informational", "rule": "all"}}), 200)
        await state_is(tenant, "unknown")
        assert await group_of_locations(tenant) == ("informational", "all", "degraded")
        await admin.send("PUT", TERMS, agreed({}), 200)
        await state_is(tenant, "unhealthy")
        assert await group_of_locations(tenant) == ("critical", "any", "unhealthy")
        wrong = await admin.send("PUT", TERMS, agreed({"site": {"rule": "most"}}), 422)
        assert "'any', 'all' or 'quorum'" in wrong["detail"]
