"""Streams of results and alerts: each thing once, in order, to be gone on with from any cursor, bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from tenantwatch_collector.access.permissions import Role
from tenantwatch_collector.api.grpc.door import MAX_STREAMS_OF_CALLER
from tenantwatch_collector.api.pages import cursor_of
from tenantwatch_collector.identity import issue_token
from tenantwatch_wire.records import Status
from tenantwatch_wire.v1 import query_pb2

from tests.collector.api.served import OTHER, TENANT, Caller, Served

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("api-watching")]
SEEN = [("web", "http_endpoint", Status.HEALTHY, {"tls_ms": 2.5})]
FROM_THE_START = cursor_of(0)
Results, Alerts = query_pb2.WatchResultsRequest, query_pb2.WatchAlertsRequest


@asynccontextmanager
async def watching(caller: Caller, operation: str, request: Message) -> AsyncIterator[Any]:
    """The open call. It has begun: its initial metadata is here."""
    metadata = (("authorization", f"Bearer {caller.token}"),)
    call = getattr(caller.query, operation)(request, metadata=metadata)
    try:
        async with asyncio.timeout(30):
            await call.initial_metadata()
            yield call
    finally:
        call.cancel()


async def refused(caller: Caller, operation: str, request: Message) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        async with watching(caller, operation, request) as call:
            await call.read()
    code: grpc.StatusCode = error.value.code()
    return code


async def test_results_come_once_and_in_order_and_go_on_from_a_cursor(here: Served) -> None:
    async with here.agent(SEEN) as agent:
        start = query_pb2.WatchResultsResponse()
        async with watching(here.tenant, "WatchResults", Results(cursor=cursor_of(0, 0))) as call:
            start = await call.read()
        assert start.results[0].metrics["tls_ms"] == 2.5
        assert (start.results[0].agent_id, start.results[0].check_id) == ("a1", "web")
        for _ in range(3):
            await agent.look([])
        async with watching(here.tenant, "WatchResults", Results(cursor=start.cursor)) as call:
            first = await call.read()
        times = [result.time_us for result in first.results]
        async with watching(
            here.admin, "WatchResults", Results(tenant_id=TENANT, cursor=first.cursor)
        ) as call:
            await agent.look([])
            while len(times) < 4:
                times += [result.time_us for result in (await call.read()).results]
        assert times == sorted(set(times))
        assert start.results[0].time_us < times[0]


async def test_alerts_come_as_they_happen_and_go_on_from_a_cursor(here: Served) -> None:
    body = {"tenant_id": TENANT, "alert_name": "Watched", "severity": "info", "description": "d"}
    async with watching(here.tenant, "WatchAlerts", Alerts(cursor=FROM_THE_START)) as call:
        made = await here.admin.rest("POST", "/monitoring/alerts", body, 201)
        await here.admin.rest("POST", f"/monitoring/alerts/{made['alert_id']}/resolve", {})
        opened = await call.read()
        while opened.alert.alert_id != made["alert_id"]:
            opened = await call.read()
        assert opened.kind == "opened"
    kinds = []
    async with watching(here.tenant, "WatchAlerts", Alerts(cursor=opened.cursor)) as call:
        while "resolved" not in kinds:
            news = await call.read()
            kinds.append(news.kind)
            assert news.alert.status == "resolved"
    assert "opened" not in kinds


async def test_nothing_of_others_is_told(here: Served) -> None:
    foreign = here.foreign[Role.TENANT_VIEWER]
    for operation, request in (("WatchResults", Results), ("WatchAlerts", Alerts)):
        assert await refused(foreign, operation, request(tenant_id=TENANT)) is grpc.StatusCode.NOT_FOUND
        assert await refused(foreign, operation, request(cursor="x")) is grpc.StatusCode.INVALID_ARGUMENT
    assert await refused(here.admin, "WatchResults", Results()) is grpc.StatusCode.INVALID_ARGUMENT
    body = {"tenant_id": TENANT, "alert_name": "Not yours", "severity": "info", "description": "d"}
    async with watching(foreign, "WatchAlerts", Alerts(cursor=FROM_THE_START)) as call:
        await here.admin.rest("POST", "/monitoring/alerts", body, 201)
        await here.admin.rest("POST", "/monitoring/alerts", {**body, "tenant_id": OTHER}, 201)
        assert (await call.read()).alert.tenant_id == OTHER


async def test_a_revoked_credential_ends_its_streams(here: Served) -> None:
    token_id, token = await issue_token(here.store, Role.AUDITOR, None, "")
    caller = Caller(here.admin.http, here.admin.stub, here.admin.query, token)
    with pytest.raises(grpc.aio.AioRpcError, match=r"credential has ended|was revoked"):
        await _watch_until_the_end(here, caller, token_id)


async def _watch_until_the_end(here: Served, caller: Caller, token_id: str) -> None:
    async with watching(caller, "WatchAlerts", Alerts()) as call:
        await here.store.revoke_token(token_id)
        while True:
            await call.read()


async def test_a_caller_has_few_streams_at_a_time(here: Served) -> None:
    _, token = await issue_token(here.store, Role.AUDITOR, None, "")
    caller = Caller(here.admin.http, here.admin.stub, here.admin.query, token)
    metadata = (("authorization", f"Bearer {token}"),)
    request = query_pb2.WatchHealthRequest()
    calls = [caller.query.WatchHealth(request, metadata=metadata) for _ in range(MAX_STREAMS_OF_CALLER)]
    async with asyncio.timeout(30):
        for call in calls:
            assert (await call.read()).health.tenant_id  # it was let in
    assert await refused(caller, "WatchHealth", request) is grpc.StatusCode.RESOURCE_EXHAUSTED
    for call in calls:
        call.cancel()
