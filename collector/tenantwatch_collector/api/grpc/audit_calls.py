"""The audit log through the gRPC door."""

from __future__ import annotations

from tenantwatch_wire.v1 import monitoring_pb2 as pb
from tenantwatch_wire.v1 import monitoring_pb2_grpc

from tenantwatch_collector.api.auditing import Auditing
from tenantwatch_collector.api.grpc.door import DEFAULT_LIMIT, Door, answer, through
from tenantwatch_collector.identity import Caller


class AuditCalls(monitoring_pb2_grpc.MonitoringServiceServicer):
    """The part of the service that is about who did what."""

    _door: Door
    _auditing: Auditing

    @through(Auditing.list)
    async def ListAuditEntries(
        self, request: pb.ListAuditEntriesRequest, caller: Caller
    ) -> pb.ListAuditEntriesResponse:
        found = await self._auditing.list(
            caller,
            request.tenant_id,
            request.subject,
            request.action,
            request.limit or DEFAULT_LIMIT,
            request.cursor,
        )
        return answer(pb.ListAuditEntriesResponse, found)
