"""The gRPC door to what REST does: the same operations, the same fields."""

from __future__ import annotations

from tenantwatch_wire.v1 import monitoring_pb2 as pb

from tenantwatch_collector.api.deployments import Deployments, NewDeployment
from tenantwatch_collector.api.grpc.agreement_calls import AgreementCalls
from tenantwatch_collector.api.grpc.alert_calls import AlertCalls
from tenantwatch_collector.api.grpc.assignment_calls import AssignmentCalls
from tenantwatch_collector.api.grpc.audit_calls import AuditCalls
from tenantwatch_collector.api.grpc.door import Door, answer, asked, through
from tenantwatch_collector.api.grpc.issued_calls import IssuedCalls
from tenantwatch_collector.api.grpc.level_calls import LevelCalls
from tenantwatch_collector.api.grpc.tenant_calls import TenantCalls
from tenantwatch_collector.api.health_checks import HealthChecks
from tenantwatch_collector.api.looks import NewHealthCheck
from tenantwatch_collector.api.measured import Days
from tenantwatch_collector.api.metrics import Metrics
from tenantwatch_collector.api.offered import Offered
from tenantwatch_collector.api.operations import Operations
from tenantwatch_collector.identity import Caller


class MonitoringService(
    AlertCalls, LevelCalls, AgreementCalls, AssignmentCalls, AuditCalls, TenantCalls, IssuedCalls
):
    """Thin: reads the message, calls the operation, answers its model."""

    def __init__(self, offered: Offered, door: Door) -> None:
        self._door = door
        self._operations = offered.operations
        self._checks, self._metrics, self._deployments = offered.checks, offered.metrics, offered.deployments
        self._alerts, self._rules, self._silences = offered.alerts, offered.rules, offered.silences
        self._auditing, self._tenancy, self._issued = offered.auditing, offered.tenancy, offered.issued
        self._routes = offered.routes
        self._levels, self._contracting = offered.levels, offered.contracting
        self._assignments = offered.assignments

    @through(HealthChecks.run)
    async def RunHealthCheck(
        self, request: pb.RunHealthCheckRequest, caller: Caller
    ) -> pb.RunHealthCheckResponse:
        new = asked(NewHealthCheck, request, "tenant_id")
        found = await self._checks.run(caller, request.tenant_id, new)
        return answer(pb.RunHealthCheckResponse, found)

    @through(HealthChecks.round)
    async def RunRound(self, request: pb.RunRoundRequest, caller: Caller) -> pb.RunRoundResponse:
        found = await self._checks.round(caller, asked(NewHealthCheck, request))
        return answer(pb.RunRoundResponse, found)

    @through(Operations.dashboard)
    async def GetDashboard(self, request: pb.GetDashboardRequest, caller: Caller) -> pb.GetDashboardResponse:
        return answer(pb.GetDashboardResponse, await self._operations.dashboard(caller))

    @through(Metrics.platform)
    async def GetPlatformMetrics(
        self, request: pb.GetPlatformMetricsRequest, caller: Caller
    ) -> pb.GetPlatformMetricsResponse:
        return answer(pb.GetPlatformMetricsResponse, await self._metrics.platform(caller))

    @through(Metrics.tenant)
    async def GetTenantMetrics(
        self, request: pb.GetTenantMetricsRequest, caller: Caller
    ) -> pb.GetTenantMetricsResponse:
        days = asked(Days, request, "tenant_id")
        found = await self._metrics.tenant(caller, request.tenant_id, days.start_date, days.end_date)
        return answer(pb.GetTenantMetricsResponse, found)

    @through(Deployments.create)
    async def CreateDeployment(
        self, request: pb.CreateDeploymentRequest, caller: Caller
    ) -> pb.CreateDeploymentResponse:
        made = await self._deployments.create(caller, asked(NewDeployment, request))
        return answer(pb.CreateDeploymentResponse, made)
