"""The gRPC door to the operations: messages in and out, failures as status codes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import datetime

from tenantwatch_wire.records import Status
from tenantwatch_wire.v1 import query_pb2, query_pb2_grpc

from tenantwatch_collector.api import models
from tenantwatch_collector.api.alerting import AlertView
from tenantwatch_collector.api.alerts import Alerts
from tenantwatch_collector.api.grpc.door import DEFAULT_LIMIT, Door, stream_through, through
from tenantwatch_collector.api.operations import Operations
from tenantwatch_collector.api.watching import Watching
from tenantwatch_collector.identity import Caller
from tenantwatch_collector.store.base import StoredResult

_DAY_US = 86_400_000_000

_STATES = {
    "healthy": query_pb2.HEALTH_STATE_HEALTHY,
    "degraded": query_pb2.HEALTH_STATE_DEGRADED,
    "unhealthy": query_pb2.HEALTH_STATE_UNHEALTHY,
    "unknown": query_pb2.HEALTH_STATE_UNKNOWN,
}


class QueryService(query_pb2_grpc.QueryServiceServicer):
    """Answers like the REST door: the same operations, the same bounds."""

    def __init__(self, operations: Operations, alerts: Alerts, watching: Watching, door: Door) -> None:
        self._alerts = alerts
        self._watching = watching
        self._operations = operations
        self._door = door

    @through(Operations.tenants)
    async def ListTenants(
        self, request: query_pb2.ListTenantsRequest, caller: Caller
    ) -> query_pb2.ListTenantsResponse:
        page, cursor = await self._operations.tenants(caller, request.limit or DEFAULT_LIMIT, request.cursor)
        tenants = [
            query_pb2.Tenant(
                tenant_id=health.tenant.tenant_id,
                tenant_name=health.tenant.tenant_name,
                tier=health.tenant.tier,
                state=_STATES[health.state],
            )
            for health in page
        ]
        return query_pb2.ListTenantsResponse(tenants=tenants, next_cursor=cursor)

    @through(Operations.tenant_summary)
    async def GetHealth(
        self, request: query_pb2.GetHealthRequest, caller: Caller
    ) -> query_pb2.GetHealthResponse:
        summary = await self._operations.tenant_summary(caller, request.tenant_id)
        return query_pb2.GetHealthResponse(health=_health(summary))

    @through(Operations.history)
    async def ListResults(
        self, request: query_pb2.ListResultsRequest, caller: Caller
    ) -> query_pb2.ListResultsResponse:
        to_us = request.to_us or time.time_ns() // 1000 + 1
        page, cursor = await self._operations.history(
            caller,
            request.tenant_id,
            request.from_us or to_us - _DAY_US,
            to_us,
            request.limit or DEFAULT_LIMIT,
            request.check_id,
            request.cursor,
        )
        return query_pb2.ListResultsResponse(results=[_result(r) for r in page], next_cursor=cursor)

    @through(Alerts.list)
    async def ListAlerts(
        self, request: query_pb2.ListAlertsRequest, caller: Caller
    ) -> query_pb2.ListAlertsResponse:
        found = await self._alerts.list(
            caller,
            request.tenant_id,
            request.severity,
            request.status,
            request.limit or DEFAULT_LIMIT,
            request.cursor,
        )
        return query_pb2.ListAlertsResponse(
            alerts=[_alert(alert) for alert in found.alerts], next_cursor=found.next_cursor or ""
        )

    @stream_through(Operations.watch)
    async def WatchHealth(
        self, request: query_pb2.WatchHealthRequest, caller: Caller
    ) -> AsyncIterator[query_pb2.WatchHealthResponse]:
        async for summary in self._operations.watch(caller, request.tenant_id):
            yield query_pb2.WatchHealthResponse(health=_health(summary))

    @stream_through(Watching.alerts)
    async def WatchAlerts(
        self, request: query_pb2.WatchAlertsRequest, caller: Caller
    ) -> AsyncIterator[query_pb2.WatchAlertsResponse]:
        async for news in self._watching.alerts(caller, request.tenant_id, request.cursor):
            entry = news.entry
            yield query_pb2.WatchAlertsResponse(
                alert=_alert(news.alert),
                time_us=_us(entry.time),
                kind=entry.kind,
                who=entry.who,
                channel=entry.channel,
                outcome=entry.outcome,
                detail=entry.detail,
                cursor=news.cursor,
            )

    @stream_through(Watching.results)
    async def WatchResults(
        self, request: query_pb2.WatchResultsRequest, caller: Caller
    ) -> AsyncIterator[query_pb2.WatchResultsResponse]:
        async for results, cursor in self._watching.results(caller, request.tenant_id, request.cursor):
            yield query_pb2.WatchResultsResponse(results=[_result(r) for r in results], cursor=cursor)


def _us(moment: datetime | None) -> int:
    """Unix microseconds, exactly; 0 for none."""
    if moment is None:
        return 0
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond


def _health(summary: models.TenantSummary) -> query_pb2.TenantHealth:
    return query_pb2.TenantHealth(
        tenant_id=summary.tenant_id,
        tenant_name=summary.tenant_name,
        state=_STATES[summary.state],
        since_us=_us(summary.since),
        groups=[
            query_pb2.GroupHealth(group=g.group, role=g.role, rule=g.rule, state=_STATES[g.state])
            for g in summary.groups
        ],
        checks=[_check(check) for check in summary.checks],
    )


def _check(check: models.CheckSummary) -> query_pb2.CheckHealth:
    latency = None if check.response_time is None else round(check.response_time * 1000)
    return query_pb2.CheckHealth(
        agent_id=check.agent_id,
        check_id=check.check_id,
        kind=check.kind,
        group=check.group,
        state=_STATES[check.state],
        since_us=_us(check.since),
        last_result_us=_us(check.last_result),
        latency_us=latency,
        text=check.text,
        target=check.target,
    )


def _result(result: StoredResult) -> query_pb2.StoredResult:
    return query_pb2.StoredResult(
        agent_id=result.agent_id,
        check_id=result.check_id,
        kind=result.kind,
        time_us=result.time_us,
        status=_STATES[Status(result.status).word],
        latency_us=result.latency_us,
        text=result.text,
        metrics=result.metrics,
        received_at_us=result.received_at_us,
    )


def _alert(alert: AlertView) -> query_pb2.Alert:
    return query_pb2.Alert(
        alert_id=alert.alert_id,
        alert_name=alert.alert_name,
        alert_description=alert.alert_description,
        tenant_id=alert.tenant_id,
        severity=alert.severity,
        status=alert.status,
        source_service=alert.source_service,
        metric_name=alert.metric_name,
        first_occurred_us=_us(alert.first_occurred),
        last_occurred_us=_us(alert.last_occurred),
        occurrence_count=alert.occurrence_count,
        resolved_at_us=_us(alert.resolved_at),
    )
