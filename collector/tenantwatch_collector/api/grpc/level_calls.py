"""Service levels and their reports through the gRPC door."""

from __future__ import annotations

from datetime import date

from google.protobuf.message import Message
from pydantic import BaseModel, Field
from tenantwatch_wire.v1 import monitoring_pb2 as pb
from tenantwatch_wire.v1 import monitoring_pb2_grpc

from tenantwatch_collector.api.grpc.door import Door, answer, asked, through
from tenantwatch_collector.api.models import Instant
from tenantwatch_collector.api.service_levels import Format, Question, ServiceLevels
from tenantwatch_collector.identity import Caller
from tenantwatch_collector.reports.naming import MAX_ROLLING_DAYS, PeriodName
from tenantwatch_collector.sla.contract import Tier

_Date = date


class Asked(BaseModel):
    """Which period, which form, which tier: as REST's query has them."""

    period: PeriodName = "monthly"
    date: _Date | None = None
    days: int = Field(30, ge=1, le=MAX_ROLLING_DAYS)
    as_of: Instant | None = None
    tier: Tier | None = None
    format: Format = "json"

    def question(self) -> Question:
        return Question(self.period, self.date, self.days, self.as_of)


def _asked(request: Message) -> Asked:
    return asked(Asked, request, "tenant_id")


class LevelCalls(monitoring_pb2_grpc.MonitoringServiceServicer):
    """The part of the service that is about service levels."""

    _door: Door
    _levels: ServiceLevels

    @through(ServiceLevels.metrics)
    async def GetServiceLevel(
        self, request: pb.GetServiceLevelRequest, caller: Caller
    ) -> pb.GetServiceLevelResponse:
        which = _asked(request)
        found = await self._levels.metrics(caller, request.tenant_id, which.question(), which.tier)
        return answer(pb.GetServiceLevelResponse, found)

    @through(ServiceLevels.explained)
    async def ExplainServiceLevel(
        self, request: pb.ExplainServiceLevelRequest, caller: Caller
    ) -> pb.ExplainServiceLevelResponse:
        text = await self._levels.explained(caller, request.tenant_id, _asked(request).question())
        return pb.ExplainServiceLevelResponse(text=text)

    @through(ServiceLevels.keys)
    async def ListReportKeys(
        self, request: pb.ListReportKeysRequest, caller: Caller
    ) -> pb.ListReportKeysResponse:
        return answer(pb.ListReportKeysResponse, await self._levels.keys(caller))

    @through(ServiceLevels.report)
    async def GetServiceLevelReport(
        self, request: pb.GetServiceLevelReportRequest, caller: Caller
    ) -> pb.GetServiceLevelReportResponse:
        which = _asked(request)
        file = await self._levels.report(caller, request.tenant_id, which.question(), which.format)
        return pb.GetServiceLevelReportResponse(
            content=file.content, media_type=file.media_type, name=file.name
        )
