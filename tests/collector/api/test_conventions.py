"""What all paths do alike: ETags, changes bound to what was seen, commands that are sent twice, rates."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import grpc
import httpx2
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from tenantwatch_collector.access.permissions import Role
from tenantwatch_wire.records import Status
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tests.collector.api.served import TENANT, Caller, Served

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-conventions")]
TERMS = f"/api/v1/monitoring/sla/{TENANT}/terms"
GIVEN = f"/api/v1/monitoring/checks/{TENANT}"
ALERTS = "/api/v1/monitoring/alerts"
DEPLOYMENTS = "/api/v1/tenant-orchestration/deployments"
CHECK = {"check": {"kind": "http_endpoint", "url": "https://example.org/"}}


async def ask(caller: Caller, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
    """With the headers given, their underscores as hyphens."""
    sent = {"authorization": f"Bearer {caller.token}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return await caller.http.request(method, path, json=body, headers=sent)


def new_terms(reason: str) -> dict[str, Any]:
    return {"contract": {"tier": "enterprise"}, "reason": reason}


async def test_what_one_has_already_is_not_sent_again(here: Served) -> None:
    first = await ask(here.admin, "GET", TERMS)
    tag = first.headers["etag"]
    again = await ask(here.tenant, "GET", TERMS, if_none_match=f'"other", W/{tag}')
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert (await ask(here.admin, "GET", TERMS, if_none_match='"other"')).status_code == 200


async def test_a_change_is_bound_to_what_was_seen(here: Served) -> None:
    assert (await ask(here.admin, "PUT", TERMS, new_terms("blind"))).status_code == 428
    tag = (await ask(here.admin, "GET", TERMS)).headers["etag"]
    changed = await ask(here.admin, "PUT", TERMS, new_terms("one"), if_match=tag)
    assert changed.status_code == 200
    late = await ask(here.second_admin, "PUT", TERMS, new_terms("two"), if_match=tag)
    assert (late.status_code, late.json()["title"]) == (412, "changed meanwhile")
    assert changed.headers["etag"] == (await ask(here.admin, "GET", TERMS)).headers["etag"] != tag
    next_one = await ask(here.admin, "PUT", TERMS, new_terms("two"), if_match=changed.headers["etag"])
    assert next_one.status_code == 200
    assert (await ask(here.admin, "PUT", TERMS, new_terms("three"), if_match="*")).status_code == 200


async def test_of_two_changes_at_once_one_is_late(here: Served) -> None:
    tag = (await ask(here.admin, "GET", TERMS)).headers["etag"]
    answers = await asyncio.gather(
        *(ask(here.admin, "PUT", TERMS, new_terms(f"{n}"), if_match=tag) for n in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]


async def test_what_is_not_there_yet_is_made(here: Served) -> None:
    path = f"{GIVEN}/front"
    assert (await ask(here.admin, "PUT", path, CHECK, if_match="*")).status_code == 412
    made = await ask(here.admin, "PUT", path, CHECK, if_none_match="*")
    assert made.status_code == 200, made.text
    assert (await ask(here.admin, "PUT", path, CHECK, if_none_match="*")).status_code == 412
    assert (await ask(here.admin, "DELETE", path, if_match='"old"')).status_code == 412
    assert (await ask(here.admin, "DELETE", path, if_match=made.headers["etag"])).status_code == 200


async def test_every_path_that_is_changed_can_be_read(here: Served) -> None:
    paths = (await here.admin.http.get("/openapi.json")).json()["paths"]
    assert [path for path, methods in paths.items() if "put" in methods and "get" not in methods] == []


async def test_the_same_command_twice_is_one(here: Served) -> None:
    key = str(uuid.uuid4())
    body = {"tenant_name": "Twice"}
    first = await ask(here.admin, "POST", DEPLOYMENTS, body, idempotency_key=key)
    again = await ask(here.admin, "POST", DEPLOYMENTS, body, idempotency_key=f'"{key}"')
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["agent_token"].startswith("tw_")
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    other = await ask(here.admin, "POST", DEPLOYMENTS, {"tenant_name": "Else"}, idempotency_key=key)
    assert (other.status_code, "another request" in other.json()["detail"]) == (422, True)
    second = await ask(here.second_admin, "POST", DEPLOYMENTS, body, idempotency_key=key)
    assert second.json()["tenant_id"] != first.json()["tenant_id"]
    assert (await ask(here.admin, "POST", DEPLOYMENTS, body, idempotency_key="short")).status_code == 422


async def test_a_command_that_is_under_way_is_not_begun_again(here: Served) -> None:
    path, key = f"/api/v1/monitoring/health-checks/{TENANT}", str(uuid.uuid4())
    async with here.agent([("slow", "http_endpoint", Status.HEALTHY, {})], answers=False) as agent:
        first = asyncio.create_task(ask(here.admin, "POST", path, {}, idempotency_key=key))
        async with asyncio.timeout(20):
            await agent.was_asked.wait()
        meanwhile = await ask(here.admin, "POST", path, {}, idempotency_key=key)
        assert (meanwhile.status_code, meanwhile.headers.get("retry-after")) == (409, "1"), meanwhile.text
    # The agent has gone: there is nothing to wait for any more.
    assert (await first).status_code == 200


async def test_a_command_that_was_refused_may_be_sent_again(here: Served) -> None:
    key = str(uuid.uuid4())
    body = {"tenant_id": "not-yet-001", "alert_name": "a", "severity": "info", "description": "d"}
    assert (await ask(here.admin, "POST", ALERTS, body, idempotency_key=key)).status_code == 404
    assert (await ask(here.admin, "POST", DEPLOYMENTS, {"tenant_name": "Not yet"})).status_code == 201
    assert (await ask(here.admin, "POST", ALERTS, body, idempotency_key=key)).status_code == 201


async def test_keys_hold_at_the_other_door_too(here: Served) -> None:
    metadata = (
        ("authorization", f"Bearer {here.admin.token}"),
        ("idempotency-key", str(uuid.uuid4())),
    )
    request = pb.CreateDeploymentRequest(tenant_name="By gRPC")
    first = await here.admin.stub.CreateDeployment(request, metadata=metadata)
    assert await here.admin.stub.CreateDeployment(request, metadata=metadata) == first
    request.tenant_name = "Else"
    with pytest.raises(grpc.aio.AioRpcError, match="another request"):
        await here.admin.stub.CreateDeployment(request, metadata=metadata)


async def test_answers_say_how_the_caller_stands(here: Served) -> None:
    auditor = here.roles[Role.AUDITOR]
    first, second = [await ask(auditor, "GET", TERMS) for _ in range(2)]
    assert first.headers["ratelimit-policy"] == '"caller";q=6000;w=60'
    assert second.headers["ratelimit"].startswith('"caller";r=5')
    refused = await ask(auditor, "POST", ALERTS, {})
    assert "ratelimit" in refused.headers or refused.status_code == 403


async def test_failures_by_grpc_have_details_for_programs(here: Served) -> None:
    metadata = (("authorization", f"Bearer {here.admin.token}"), ("x-request-id", "mine"))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await here.admin.stub.CreateAlert(pb.CreateAlertRequest(severity="fatal"), metadata=metadata)
    status = rpc_status.from_call(refused.value)
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    status.details[0].Unpack(info)
    status.details[1].Unpack(bad)
    assert (info.domain, info.reason, info.metadata["request_id"]) == ("tenantwatch", "NOT_ALLOWED", "mine")
    assert {"tenant_id", "severity"} <= {violation.field for violation in bad.field_violations}
    assert dict(refused.value.initial_metadata())["x-request-id"] == "mine"


async def test_what_may_work_later_says_when_by_grpc(here: Served) -> None:
    async with here.agent([("web", "http_endpoint", Status.HEALTHY, {})]):
        pass
    metadata = (("authorization", f"Bearer {here.admin.token}"),)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await here.admin.stub.RunHealthCheck(pb.RunHealthCheckRequest(tenant_id=TENANT), metadata=metadata)
    retry = error_details_pb2.RetryInfo()
    rpc_status.from_call(refused.value).details[1].Unpack(retry)
    assert retry.retry_delay.seconds == 30
