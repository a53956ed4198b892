"""Reports that were issued, through the gRPC door."""

from __future__ import annotations

import json

from tenantwatch_wire.v1 import monitoring_pb2 as pb
from tenantwatch_wire.v1 import monitoring_pb2_grpc

from tenantwatch_collector.api.grpc.door import Door, answer, page_of, through
from tenantwatch_collector.api.issued import Issued
from tenantwatch_collector.identity import Caller


class IssuedCalls(monitoring_pb2_grpc.MonitoringServiceServicer):
    """The part of the service that is about what was issued."""

    _door: Door
    _issued: Issued

    @through(Issued.list)
    async def ListIssuedReports(
        self, request: pb.ListIssuedReportsRequest, caller: Caller
    ) -> pb.ListIssuedReportsResponse:
        found = await self._issued.list(caller, request.tenant_id, page_of(request))
        return answer(pb.ListIssuedReportsResponse, found)

    @through(Issued.document)
    async def GetIssuedReport(
        self, request: pb.GetIssuedReportRequest, caller: Caller
    ) -> pb.GetIssuedReportResponse:
        document = await self._issued.document(
            caller, request.tenant_id, request.period_type, request.label, request.sequence
        )
        return pb.GetIssuedReportResponse(content=json.dumps(document, ensure_ascii=False).encode())
