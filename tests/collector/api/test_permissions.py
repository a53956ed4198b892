"""Who may do what: every operation there is, for every role and a foreign tenant, at both doors.

The operations are found, not listed: one that is new, or that says no permission, is met here by itself.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, get_type_hints

import grpc
import pytest
import pytest_asyncio
from google.protobuf.message import Message
from tenantwatch_collector.access.permissions import GRANTED, Permission, Role
from tenantwatch_collector.api.grpc.monitoring import MonitoringService
from tenantwatch_collector.api.grpc.service import QueryService
from tenantwatch_collector.api.offered import Offered
from tenantwatch_collector.api.operation import demanded
from tenantwatch_collector.api.rest.door import OperationRoute, operations_router
from tenantwatch_wire.v1 import monitoring_pb2, query_pb2

from tests.collector.api.served import TENANT, Caller, Served
from tests.collector.api.test_bad_input import SOUND

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-permissions")]
NOTHING = {"alert_id": "none", "rule_id": "none", "name": "none", "silence_id": "999999", "tenant_id": "none"}
UNKNOWN = "none of that name"
_REFUSALS = (401, 403)


@dataclass(frozen=True, slots=True)
class RestCall:
    method: str
    path: str
    permission: Permission
    body: dict[str, Any] | None

    def filled(self, names: Mapping[str, str]) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], "1"), self.path)


@dataclass(frozen=True, slots=True)
class GrpcCall:
    service: str
    name: str
    permission: Permission
    request: type[Message]
    streams: bool


def operations() -> Iterator[tuple[type, str]]:
    """Every method of what is offered that a caller can reach."""
    for offering in get_type_hints(Offered).values():
        for name, method in inspect.getmembers(offering, inspect.isfunction):
            if not name.startswith("_") and "caller" in inspect.signature(method).parameters:
                yield offering, name


def grpc_calls() -> list[GrpcCall]:
    calls = []
    for wire, service, servicer in (
        (monitoring_pb2, "MonitoringService", MonitoringService),
        (query_pb2, "QueryService", QueryService),
    ):
        for method in wire.DESCRIPTOR.services_by_name[service].methods:
            permission = demanded(getattr(servicer, method.name).operation)
            request = getattr(wire, method.input_type.name)
            calls.append(GrpcCall(service, method.name, permission, request, method.server_streaming))
    return calls


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rest_calls(here: Served) -> AsyncIterator[list[RestCall]]:
    description = (await here.admin.http.get("/openapi.json")).json()
    yield [
        RestCall(method, path, Permission(told["x-permission"]), sound_body(description, told))
        for path, methods in description["paths"].items()
        if path.startswith("/api/")
        for method, told in methods.items()
    ]


def sound_body(description: dict[str, Any], told: dict[str, Any]) -> dict[str, Any] | None:
    """A body that is right in itself, by the description."""
    if "requestBody" not in told:
        return None
    schema = told["requestBody"]["content"]["application/json"]["schema"]
    schema = next((one for one in schema.get("anyOf", []) if "$ref" in one), schema)
    named = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
    once = ("rule", "first", "duration_s")  # of a window again; from and to are those of one that is once
    return {name: SOUND[name] for name in named if name in SOUND and name not in once}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theirs(here: Served) -> AsyncIterator[dict[str, str]]:
    """What the first tenant has, by the names that paths know it by."""
    report = {"tenant_id": TENANT, "alert_name": "Theirs", "severity": "info", "description": "d"}
    alert = await here.admin.rest("POST", "/monitoring/alerts", report, 201)
    end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    new = {"tenant_id": TENANT, "alert_type": "nothing", "end": end}
    silence = await here.admin.rest("POST", "/monitoring/silences", new, 201)
    yield {
        "tenant_id": TENANT,
        "alert_id": alert["alert_id"],
        "silence_id": str(silence["silence_id"]),
        "rule_id": "none",
        "name": "none",
    }


async def answered(caller: Caller, call: RestCall, names: Mapping[str, str]) -> tuple[int, str]:
    """Status and text, the names that were asked for made alike."""
    headers = {"authorization": f"Bearer {caller.token}", "x-request-id": "same"}
    body = call.body
    if body is not None and "tenant_id" in body:
        body = {**body, "tenant_id": names["tenant_id"]}
    answer = await caller.http.request(call.method, call.filled(names), json=body, headers=headers)
    alike = "|".join(re.escape(name) for name in sorted(names.values(), key=len, reverse=True))
    return answer.status_code, re.sub(alike, UNKNOWN, answer.text)


async def outcome(caller: Caller, call: GrpcCall, tenant_id: str) -> grpc.StatusCode:
    request = call.request()
    if "tenant_id" in request.DESCRIPTOR.fields_by_name:
        request.tenant_id = tenant_id  # type: ignore[attr-defined]
    stub = caller.stub if call.service == "MonitoringService" else caller.query
    pending = getattr(stub, call.name)(
        request, metadata=(("authorization", f"Bearer {caller.token}"),), timeout=30
    )
    try:
        if call.streams:
            await pending.read()
            pending.cancel()
        else:
            await pending
    except grpc.aio.AioRpcError as error:
        code: grpc.StatusCode = error.code()
        return code
    return grpc.StatusCode.OK


async def test_every_operation_demands_a_permission() -> None:
    found = list(operations())
    assert len(found) > 30
    for offering, name in found:
        assert demanded(getattr(offering, name)) in Permission, f"{offering.__name__}.{name}"


async def test_a_route_without_a_permission_cannot_be_made() -> None:
    router = operations_router("/api/v1/monitoring", "new")
    with pytest.raises(TypeError, match="does not say which permission"):

        @router.get("/new")
        async def new() -> None: ...

    assert issubclass(router.route_class, OperationRoute)


@pytest.mark.parametrize("role", Role)
async def test_what_a_role_may_do_by_rest(here: Served, rest_calls: list[RestCall], role: Role) -> None:
    assert len(rest_calls) > 30
    for call in rest_calls:
        status, text = await answered(here.roles[role], call, NOTHING)
        if call.permission in GRANTED[role]:
            assert status not in _REFUSALS, f"{call} {text}"
        else:
            assert (status, str(call.permission) in text) == (403, True), f"{call} {text}"


@pytest.mark.parametrize("role", Role)
async def test_what_a_role_may_do_by_grpc(here: Served, role: Role) -> None:
    for call in grpc_calls():
        code = await outcome(here.roles[role], call, "none")
        allowed = call.permission in GRANTED[role]
        assert (code is not grpc.StatusCode.PERMISSION_DENIED) == allowed, call
        assert code is not grpc.StatusCode.UNAUTHENTICATED


async def test_nobody_gets_in_without_a_credential(here: Served, rest_calls: list[RestCall]) -> None:
    nobody = Caller(here.admin.http, here.admin.stub, here.admin.query, "tw_nobody")
    for call in rest_calls:
        assert (await answered(nobody, call, NOTHING))[0] == 401, call
    for grpc_call in grpc_calls():
        assert await outcome(nobody, grpc_call, TENANT) is grpc.StatusCode.UNAUTHENTICATED, grpc_call


@pytest.mark.parametrize("role", [Role.TENANT_ADMIN, Role.TENANT_VIEWER])
async def test_to_a_foreign_tenant_it_is_as_if_there_were_nothing(
    here: Served, rest_calls: list[RestCall], theirs: dict[str, str], role: Role
) -> None:
    for call in rest_calls:
        if call.permission not in GRANTED[role] or not re.search(r"\{\w+\}", call.path):
            continue
        query = "?tier=basic" if call.path.endswith("what-if") else ""
        asked = RestCall(call.method, call.path + query, call.permission, call.body)
        others = await answered(here.foreign[role], asked, theirs)
        none = await answered(here.foreign[role], asked, NOTHING)
        assert others == none, call
        assert others[0] == 404, f"{call} {others[1]}"


@pytest.mark.parametrize("role", [Role.TENANT_ADMIN, Role.TENANT_VIEWER])
async def test_a_foreign_tenants_calls_find_nothing_by_grpc(here: Served, role: Role) -> None:
    for call in grpc_calls():
        named = "tenant_id" in call.request.DESCRIPTOR.fields_by_name
        if call.permission in GRANTED[role] and named:
            others = await outcome(here.foreign[role], call, TENANT)
            assert others is await outcome(here.foreign[role], call, "none"), call
            assert others in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT), call


async def test_a_tenants_rules_and_silences_are_for_itself(here: Served) -> None:
    own = here.roles[Role.TENANT_ADMIN]
    end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert "acme" in (await own.rest("POST", "/monitoring/silences", {"end": end}, 422))["detail"]
    made = await own.rest("POST", "/monitoring/silences", {"end": end, "tenant_id": TENANT}, 201)
    path = f"/monitoring/silences/{made['silence_id']}"
    await here.foreign[Role.TENANT_ADMIN].rest("DELETE", path, status=404)
    await own.rest("DELETE", path, status=204)
    rule = {"metric": "m", "condition": "equals", "threshold": 1, "severity": "info"}
    assert "acme" in (await own.rest("POST", "/monitoring/alert-rules", rule, 422))["detail"]
    named = {**rule, "tenant_id": TENANT, "rule_id": "taken"}
    assert "acme-" in (await own.rest("POST", "/monitoring/alert-rules", named, 422))["detail"]
