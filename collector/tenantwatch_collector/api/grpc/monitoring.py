"""The gRPC door to what REST does: the same operations, the same fields."""

from __future__ import annotations

from dataclasses import dataclass

from grpc.aio import ServicerContext as Context
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tenantwatch_collector.api.alerts import Alerts
from tenantwatch_collector.api.contracting import Contracting
from tenantwatch_collector.api.deployments import Deployments, NewDeployment
from tenantwatch_collector.api.grpc.agreement_calls import AgreementCalls
from tenantwatch_collector.api.grpc.alert_calls import AlertCalls
from tenantwatch_collector.api.grpc.door import ABORTED, Door, answer, asked
from tenantwatch_collector.api.grpc.level_calls import LevelCalls
from tenantwatch_collector.api.health_checks import HealthChecks, NewHealthCheck
from tenantwatch_collector.api.measured import Days
from tenantwatch_collector.api.metrics import Metrics
from tenantwatch_collector.api.rules import Rules
from tenantwatch_collector.api.service_levels import ServiceLevels
from tenantwatch_collector.api.silences import Silences
from tenantwatch_collector.identity import Authenticator


@dataclass(frozen=True, slots=True)
class Offered:
    """All operations that the service is a door to."""

    checks: HealthChecks
    alerts: Alerts
    rules: Rules
    silences: Silences
    levels: ServiceLevels
    contracting: Contracting
    metrics: Metrics
    deployments: Deployments


class MonitoringService(AlertCalls, LevelCalls, AgreementCalls):
    """Thin: reads the message, calls the operation, answers its model."""

    def __init__(self, offered: Offered, authenticator: Authenticator) -> None:
        self._door = Door(authenticator)
        self._checks, self._metrics, self._deployments = offered.checks, offered.metrics, offered.deployments
        self._alerts, self._rules, self._silences = offered.alerts, offered.rules, offered.silences
        self._levels, self._contracting = offered.levels, offered.contracting

    async def RunHealthCheck(
        self, request: pb.RunHealthCheckRequest, context: Context
    ) -> pb.RunHealthCheckResponse:
        async with self._door.reader(context) as caller:
            new = asked(NewHealthCheck, request, "tenant_id")
            found = await self._checks.run(caller, request.tenant_id, new)
            return answer(pb.RunHealthCheckResponse, found)
        raise AssertionError(ABORTED)

    async def GetPlatformMetrics(
        self, request: pb.GetPlatformMetricsRequest, context: Context
    ) -> pb.GetPlatformMetricsResponse:
        async with self._door.reader(context) as caller:
            return answer(pb.GetPlatformMetricsResponse, await self._metrics.platform(caller))
        raise AssertionError(ABORTED)

    async def GetTenantMetrics(
        self, request: pb.GetTenantMetricsRequest, context: Context
    ) -> pb.GetTenantMetricsResponse:
        async with self._door.reader(context) as caller:
            days = asked(Days, request, "tenant_id")
            found = await self._metrics.tenant(caller, request.tenant_id, days.start_date, days.end_date)
            return answer(pb.GetTenantMetricsResponse, found)
        raise AssertionError(ABORTED)

    async def CreateDeployment(
        self, request: pb.CreateDeploymentRequest, context: Context
    ) -> pb.CreateDeploymentResponse:
        async with self._door.admin(context) as caller:
            made = await self._deployments.create(caller, asked(NewDeployment, request))
            return answer(pb.CreateDeploymentResponse, made)
        raise AssertionError(ABORTED)
