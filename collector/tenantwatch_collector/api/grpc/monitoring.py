"""The gRPC door to what REST does: the same operations, the same fields."""

from __future__ import annotations

from grpc.aio import ServicerContext as Context
from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tenantwatch_collector.api.deployments import NewDeployment
from tenantwatch_collector.api.grpc.agreement_calls import AgreementCalls
from tenantwatch_collector.api.grpc.alert_calls import AlertCalls
from tenantwatch_collector.api.grpc.door import ABORTED, Door, answer, asked
from tenantwatch_collector.api.grpc.level_calls import LevelCalls
from tenantwatch_collector.api.looks import NewHealthCheck
from tenantwatch_collector.api.measured import Days
from tenantwatch_collector.api.offered import Offered
from tenantwatch_collector.identity import Authenticator


class MonitoringService(AlertCalls, LevelCalls, AgreementCalls):
    """Thin: reads the message, calls the operation, answers its model."""

    def __init__(self, offered: Offered, authenticator: Authenticator) -> None:
        self._door = Door(authenticator)
        self._operations = offered.operations
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

    async def RunRound(self, request: pb.RunRoundRequest, context: Context) -> pb.RunRoundResponse:
        async with self._door.reader(context) as caller:
            found = await self._checks.round(caller, asked(NewHealthCheck, request))
            return answer(pb.RunRoundResponse, found)
        raise AssertionError(ABORTED)

    async def GetDashboard(
        self, request: pb.GetDashboardRequest, context: Context
    ) -> pb.GetDashboardResponse:
        async with self._door.reader(context) as caller:
            return answer(pb.GetDashboardResponse, await self._operations.dashboard(caller))
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
