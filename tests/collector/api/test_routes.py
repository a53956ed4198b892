"""Routes through both doors: linted, versioned, over those of the file, and in force for what opens next."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.protobuf.json_format import ParseDict
from tenantwatch_collector.access.permissions import Role
from tenantwatch_collector.notify.settings import NotifySection
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tests.collector.api.served import OTHER, TENANT, Served, served, without_nulls
from tests.fakes.webhook import Webhook

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-routes")]
ROUTES = "/monitoring/alert-routes"
STEPS = [{"channels": ["webhook:shop"]}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop() -> AsyncIterator[Webhook]:
    async with Webhook() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory, shop: Webhook) -> AsyncIterator[Served]:
    folder: Path = tmp_path_factory.mktemp("routes")
    hooks = [
        {"name": name, "url": shop.url, "every_alert": name == "all"} for name in ("all", "shop", "night")
    ]
    file = {
        "name": "from the file",
        "severities": ["critical"],
        "steps": [["webhook:all"], ["webhook:night"]],
    }
    notify = NotifySection.model_validate({"webhooks": hooks, "routes": [file]})
    async with served(folder, notify) as found:
        yield found


async def test_a_route_is_made_changed_and_removed_and_every_version_is_kept(here: Served) -> None:
    hours = {"timezone": "Europe/Berlin", "days": ["mon"], "start": "08:00", "end": "18:00"}
    body = {"tenants": [TENANT], "severities": ["error"], "steps": STEPS, "hours": hours, "priority": 10}
    made = await here.admin.rest("PUT", f"{ROUTES}/by%20day", body)
    assert (made["name"], made["version"], made["source"]) == ("by day", 1, "api")
    assert {name: made[name] for name in body} == body
    changed = {"tenants": [TENANT], "steps": STEPS, "escalation_seconds": 0}
    answered = await here.admin.call(
        "PutAlertRoute", ParseDict({**changed, "name": "by day"}, pb.PutAlertRouteRequest())
    )
    assert (answered["route"]["version"], answered["route"]["priority"]) == (2, 100)
    by_rest = await here.admin.rest("GET", ROUTES)
    by_grpc = await here.admin.call("ListAlertRoutes", pb.ListAlertRoutesRequest())
    assert without_nulls(by_grpc) == without_nulls(by_rest)
    assert [(route["name"], route["source"]) for route in by_rest["routes"]] == [
        ("by day", "api"),
        ("from the file", "file"),
    ]
    assert by_rest["routes"][1]["steps"] == [{"channels": ["webhook:all"]}, {"channels": ["webhook:night"]}]
    assert by_rest["problems"] == []
    await here.admin.rest("DELETE", f"{ROUTES}/by%20day", status=204)
    await here.admin.rest("DELETE", f"{ROUTES}/by%20day", status=404)
    by_rest = await here.admin.rest("GET", f"{ROUTES}/by%20day")
    by_grpc = await here.admin.call("GetAlertRoute", pb.GetAlertRouteRequest(name="by day"))
    assert without_nulls(by_grpc) == without_nulls(by_rest)
    assert [(one["version"], one["removed"]) for one in by_rest["versions"]] == [
        (3, True),
        (2, False),
        (1, False),
    ]
    # Without the route nothing reaches that channel any more.
    (problem,) = (await here.admin.rest("GET", ROUTES))["problems"]
    assert problem.startswith("nothing is ever sent to webhook:shop")


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"steps": [{"channels": ["slack:nobody"]}]}, "the route 'new': no channel is called slack:nobody"),
        ({"severities": ["info"], "steps": [*STEPS, *STEPS]}, "step 2 can never come: info is not escalated"),
        ({"steps": STEPS * 5}, "step 5 can never come"),
        ({"steps": STEPS}, "the route 'from the file': it never matches: 'new' comes before it"),
        ({"hours": {"timezone": "Europe/Nowhere"}}, "hours.timezone: 'Europe/Nowhere' is no time zone"),
        ({"hours": {"timezone": "UTC", "start": "08:00", "end": "08:00"}}, "start and end are the same"),
        ({"hours": {"timezone": "UTC", "start": "8"}}, "hours.start"),
    ],
)
async def test_what_could_never_work_is_refused_by_name_at_both_doors(
    here: Served, body: dict[str, Any], complaint: str
) -> None:
    refused = await here.admin.rest("PUT", f"{ROUTES}/new", body, 422)
    assert complaint in refused["detail"]
    request = ParseDict({**body, "name": "new"}, pb.PutAlertRouteRequest())
    code, text = await here.admin.refused("PutAlertRoute", request)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert complaint in text


async def test_a_route_is_the_platforms_to_make_and_a_tenant_sees_its_own_alone(here: Served) -> None:
    both = {"tenants": [TENANT, OTHER], "priority": 200, "alert_types": ["x"]}
    theirs: dict[str, dict[str, Any]] = {
        "mine": {"tenants": [TENANT]},
        "theirs": {"tenants": [OTHER], "alert_types": ["y"]},
        "both": both,
    }
    for name, route in theirs.items():
        await here.admin.rest("PUT", f"{ROUTES}/{name}", {**route, "steps": STEPS})
    own = await here.tenant.rest("GET", ROUTES)
    assert ([route["name"] for route in own["routes"]], own["problems"]) == (["mine"], [])
    await here.tenant.rest("GET", f"{ROUTES}/theirs", status=404)
    assert len((await here.tenant.rest("GET", f"{ROUTES}/mine"))["versions"]) == 1
    await here.tenant.rest("PUT", f"{ROUTES}/mine", {"steps": STEPS}, 403)
    refused = await here.roles[Role.TENANT_ADMIN].rest("PUT", f"{ROUTES}/mine", {"steps": STEPS}, 404)
    assert "the platform's own people make routes" in refused["detail"]
    await here.roles[Role.TENANT_ADMIN].rest("DELETE", f"{ROUTES}/mine", status=404)
    for name in theirs:
        await here.admin.rest("DELETE", f"{ROUTES}/{name}", status=204)


async def test_what_opens_next_goes_where_the_newest_version_leads(here: Served) -> None:
    await here.admin.rest("PUT", f"{ROUTES}/queue", {"alert_types": ["custom:Qu*"], "steps": STEPS})
    told: list[str] = []
    async with asyncio.timeout(60):
        for number in itertools.count():
            report = {
                "tenant_id": TENANT,
                "alert_name": f"Queue {number}",
                "severity": "error",
                "description": "d",
            }
            made = await here.admin.rest("POST", "/monitoring/alerts", report, 201)
            # Within two seconds it is in force.
            told = await _all_told(here, made["alert_id"])
            if "webhook:shop" in told:
                break
    assert "webhook:shop" in told
    await here.admin.rest("DELETE", f"{ROUTES}/queue", status=204)


async def _all_told(here: Served, alert_id: str) -> list[str]:
    """The channels that were told once nothing of the alert is under way."""
    while True:
        told = await here.admin.rest("GET", f"/monitoring/alerts/{alert_id}")
        channels: list[str] = told["alert"]["notification_channels"]
        if "webhook:all" in channels:
            return channels
        await asyncio.sleep(0.05)
