"""Every command that there is leaves its entry in the audit log, by its request's id; nothing else does."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from tenantwatch_collector.access.permissions import Role
from tenantwatch_collector.notify.settings import NotifySection
from tenantwatch_wire.records import Status
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tests.collector.api.served import OTHER, TENANT, Served, both_doors, served
from tests.fakes.webhook import Webhook

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-audit")]
RULE = {
    "tenant_id": TENANT,
    "metric": "cpu_percent",
    "condition": "equals",
    "threshold": 1,
    "severity": "info",
}
SLA = f"/monitoring/sla/{TENANT}"
Fill = Callable[[Served], Awaitable[tuple[str, Any]]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """With a channel, so that a route can reach somebody."""
    async with Webhook() as hook:
        notify = NotifySection.model_validate({"webhooks": [{"name": "a", "url": hook.url}]})
        async with served(tmp_path_factory.mktemp("served"), notify) as started:
            yield started


def hours(count: int) -> str:
    return (datetime.now(UTC) + timedelta(hours=count)).isoformat()


async def new_alert(here: Served) -> str:
    body = {"tenant_id": TENANT, "alert_name": secrets.token_hex(4), "severity": "info", "description": "d"}
    alert_id: str = (await here.admin.rest("POST", "/monitoring/alerts", body, 201))["alert_id"]
    return alert_id


async def new_rule(here: Served) -> str:
    rule_id: str = (await here.admin.rest("POST", "/monitoring/alert-rules", RULE, 201))["rule_id"]
    return rule_id


async def alert(here: Served) -> tuple[str, Any]:
    return "", {"tenant_id": TENANT, "alert_name": "n", "severity": "info", "description": "d"}


async def alert_acknowledge(here: Served) -> tuple[str, Any]:
    return await new_alert(here), {"notes": "seen"}


async def rule(here: Served) -> tuple[str, Any]:
    return await new_rule(here), RULE


async def silence(here: Served) -> tuple[str, Any]:
    made = await here.admin.rest("POST", "/monitoring/silences", {"tenant_id": TENANT, "end": hours(1)}, 201)
    return str(made["silence_id"]), None


async def route(here: Served) -> tuple[str, Any]:
    await here.admin.rest("PUT", f"/monitoring/alert-routes/{TENANT}", {"tenants": [TENANT]})
    return TENANT, None


async def assigned(here: Served) -> tuple[str, Any]:
    body = {"check": {"kind": "http_endpoint", "url": "https://example.org/"}}
    await here.admin.rest("PUT", f"/monitoring/checks/{TENANT}/given", body)
    return "given", body


async def new_tenant(here: Served) -> str:
    path, body = "/tenant-orchestration/deployments", {"tenant_name": secrets.token_hex(4)}
    tenant_id: str = (await here.admin.rest("POST", path, body, 201))["tenant_id"]
    return tenant_id


async def suspended(here: Served) -> tuple[str, Any]:
    tenant_id = await new_tenant(here)
    await here.admin.rest("POST", f"/monitoring/tenants/{tenant_id}/suspend")
    return tenant_id, None


async def window(here: Served) -> tuple[str, Any]:
    body = {"from": hours(1), "to": hours(2), "reason": "r"}
    made = await here.admin.rest("POST", f"{SLA}/maintenance", body, 201)
    return str(made["window_id"]), body


async def correction(here: Served) -> tuple[str, Any]:
    body = {"from": hours(-2), "to": hours(-1), "counts_as": "up", "reason": "r"}
    made = await here.second_admin.rest("POST", f"{SLA}/corrections", body, 201)
    return str(made["number"]), body


async def away(here: Served) -> tuple[str, Any]:
    """An agent that was here once."""
    tenant = await here.store.tenant(TENANT)
    assert tenant is not None
    await here.store.agent_arrived(tenant.tenant_key, "away", "g", "1", "h", "d")
    return "away", None


def just(body: Any) -> Fill:
    async def fill(here: Served) -> tuple[str, Any]:
        return TENANT, body

    return fill


COMMANDS: dict[tuple[str, str], tuple[str, Fill]] = {
    ("post", "/health-checks"): ("checks.round", just({})),
    ("post", "/health-checks/{}"): ("checks.run", just({})),
    ("post", "/alerts"): ("alert.create", alert),
    ("post", "/alerts/{}/acknowledge"): ("alert.acknowledge", alert_acknowledge),
    ("post", "/alerts/{}/resolve"): ("alert.resolve", lambda here: with_body(new_alert(here), None)),
    ("post", "/alert-rules"): ("rule.create", just(RULE)),
    ("put", "/alert-rules/{}"): ("rule.replace", rule),
    ("delete", "/alert-rules/{}"): ("rule.remove", lambda here: with_body(new_rule(here), None)),
    ("post", "/silences"): ("silence.create", just({"tenant_id": TENANT, "end": hours(1)})),
    ("delete", "/silences/{}"): ("silence.end", silence),
    ("put", "/alert-routes/{}"): ("route.put", just({"tenants": [TENANT]})),
    ("delete", "/alert-routes/{}"): ("route.remove", route),
    ("put", "/sla/{}/terms"): ("terms.set", just({"contract": {"tier": "basic"}, "reason": "r"})),
    ("put", "/checks/{}/{}"): ("check.assign", assigned),
    ("delete", "/checks/{}/{}"): ("check.unassign", assigned),
    ("delete", "/agents/{}/{}"): ("agent.retire", away),
    ("put", "/tenants/{}"): ("tenant.change", just({"tenant_name": "Acme", "resource_tier": "small"})),
    ("post", "/tenants/{}/suspend"): ("tenant.suspend", lambda here: with_body(new_tenant(here), None)),
    ("post", "/tenants/{}/resume"): ("tenant.resume", suspended),
    ("delete", "/tenants/{}"): ("tenant.delete", lambda here: with_body(new_tenant(here), None)),
    ("post", "/sla/{}/maintenance"): (
        "maintenance.announce",
        just({"from": hours(1), "to": hours(2), "reason": "r"}),
    ),
    ("delete", "/sla/{}/maintenance/{}"): ("maintenance.cancel", window),
    ("post", "/sla/{}/corrections"): (
        "correction.enter",
        just({"from": hours(-2), "to": hours(-1), "counts_as": "up", "reason": "r"}),
    ),
    ("post", "/sla/{}/corrections/{}/approve"): ("correction.approve", correction),
    ("post", "/api/v1/tenant-orchestration/deployments"): ("tenant.create", just({"tenant_name": "New"})),
}
"""Each command, what it is called in the log, and what to send so that it is carried out."""


async def with_body(name: Awaitable[str], body: Any) -> tuple[str, Any]:
    return await name, body


async def commands(here: Served) -> list[tuple[str, str]]:
    """Method and path of everything that does more than tell."""
    described = (await here.admin.http.get("/openapi.json")).json()["paths"]
    return [
        (method, path)
        for path, methods in described.items()
        if path.startswith("/api/")
        for method in methods
        if method != "get"
    ]


async def test_every_command_leaves_its_entry(here: Served) -> None:
    async with here.agent([("host", "host_resources", Status.HEALTHY, {"cpu_percent": 9.0})]):
        for method, path in await commands(here):
            await assert_recorded(here, method, path)


PARAMETERS = ("alert_id", "rule_id", "silence_id", "window_id", "number", "check_id", "agent_id", "name")


async def assert_recorded(here: Served, method: str, path: str) -> None:
    plain = path.removeprefix("/api/v1/monitoring")
    pattern = path.removeprefix("/api/v1/monitoring")
    for name in ("tenant_id", *PARAMETERS):
        pattern = pattern.replace(f"{{{name}}}", "{}")
    assert (method, pattern) in COMMANDS, "a new command: say here what carries it out"
    action, fill = COMMANDS[method, pattern]
    name, body = await fill(here)
    whose = name if plain.startswith("/tenants/") else TENANT
    plain = plain.replace("{tenant_id}", whose)
    for parameter in PARAMETERS:
        plain = plain.replace(f"{{{parameter}}}", name)
    request_id = secrets.token_hex(8)
    headers = {"authorization": f"Bearer {here.admin.token}", "x-request-id": request_id}
    address = plain if plain.startswith("/api/") else f"/api/v1/monitoring{plain}"
    if method == "put":
        seen = await here.admin.http.get(address, headers=headers)
        headers |= {"if-match": seen.headers["etag"]} if "etag" in seen.headers else {}
    answer = await here.admin.http.request(method, address, json=body, headers=headers)
    assert answer.status_code < 300, f"{method} {plain}: {answer.text}"
    assert answer.headers["x-request-id"] == request_id
    log = await here.roles[Role.AUDITOR].rest("GET", "/monitoring/audit?limit=5")
    (entry,) = [one for one in log["entries"] if one["request_id"] == request_id]
    assert (entry["action"], entry["address"]) == (action, "127.0.0.1")
    assert entry["roles"] == ["admin"]
    assert entry["before"] or entry["after"]
    assert "tw_" not in str(entry)


async def test_what_is_refused_and_what_only_reads_leaves_none(here: Served) -> None:
    before = await here.admin.rest("GET", "/monitoring/audit")
    await here.admin.rest("GET", "/monitoring/alert-rules")
    await here.admin.rest("POST", "/monitoring/alerts/none/resolve", {}, 404)
    await here.tenant.rest("POST", "/monitoring/silences", {"end": hours(1)}, 403)
    await here.admin.rest("POST", "/monitoring/silences", {"end": hours(-1)}, 422)
    assert await here.admin.rest("GET", "/monitoring/audit") == before


async def test_pages_follow_one_another_and_both_doors_tell_the_same(here: Served) -> None:
    for _ in range(3):
        await silence(here)
    auditor, seen, cursor = here.roles[Role.AUDITOR], [], ""
    while True:
        told = await auditor.rest("GET", f"/monitoring/audit?action=silence.create&limit=2&cursor={cursor}")
        seen += [entry["entry_id"] for entry in told["entries"]]
        await silence(here)  # what is new comes before the first page and moves no other
        if (cursor := told["next_cursor"] or "") == "" or len(seen) > 20:
            break
    assert seen == sorted(set(seen), reverse=True)
    await auditor.rest("GET", "/monitoring/audit?cursor=WyJhIl0", status=422)
    request = pb.ListAuditEntriesRequest(action="silence.create", limit=2)
    by_rest, by_grpc = await both_doors(
        lambda: auditor.rest("GET", "/monitoring/audit?action=silence.create&limit=2"),
        lambda: auditor.call("ListAuditEntries", request),
    )
    for entry in by_grpc["entries"]:
        entry["entry_id"] = int(entry["entry_id"])
    assert by_grpc == by_rest


async def test_a_tenant_sees_what_was_done_to_it(here: Served) -> None:
    await silence(here)
    own = await here.roles[Role.TENANT_ADMIN].rest("GET", "/monitoring/audit")
    assert {entry["tenant_id"] for entry in own["entries"]} == {TENANT}
    foreign = here.foreign[Role.TENANT_ADMIN]
    theirs = await foreign.rest("GET", "/monitoring/audit")
    assert {entry["tenant_id"] for entry in theirs["entries"]} <= {OTHER}
    await foreign.rest("GET", f"/monitoring/audit?tenant_id={TENANT}", status=404)


async def test_an_id_that_is_none_is_replaced(here: Served) -> None:
    for wrong in ("x" * 129, "a b", 'a"'):
        answer = await here.admin.http.get("/healthz", headers={"x-request-id": wrong})
        assert answer.headers["x-request-id"] not in ("", wrong)
    refused = await here.admin.http.get("/api/v1/monitoring/audit", headers={"x-request-id": "mine"})
    assert refused.json()["request_id"] == refused.headers["x-request-id"] == "mine"
