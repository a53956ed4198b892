"""The gRPC door to what REST does: the same operations, the same fields."""

from __future__ import annotations

from grpc.aio import ServicerContext as Context
from tenantwatch_wire.v1 import monitoring_pb2 as pb
from tenantwatch_wire.v1 import monitoring_pb2_grpc

from tenantwatch_collector.api.grpc.door import Door, answer, asked
from tenantwatch_collector.api.health_checks import HealthChecks, NewHealthCheck
from tenantwatch_collector.identity import Authenticator


class MonitoringService(monitoring_pb2_grpc.MonitoringServiceServicer):
    """Thin: reads the message, calls the operation, answers its model."""

    def __init__(self, checks: HealthChecks, authenticator: Authenticator) -> None:
        self._door = Door(authenticator)
        self._checks = checks

    async def RunHealthCheck(
        self, request: pb.RunHealthCheckRequest, context: Context
    ) -> pb.RunHealthCheckResponse:
        async with self._door.reader(context) as caller:
            new = asked(NewHealthCheck, request, "tenant_id")
            found = await self._checks.run(caller, request.tenant_id, new)
            return answer(pb.RunHealthCheckResponse, found)
        raise AssertionError("abort raises")
