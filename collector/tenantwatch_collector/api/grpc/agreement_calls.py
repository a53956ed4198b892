"""Terms, maintenance windows and corrections through the gRPC door."""

from __future__ import annotations

from grpc.aio import ServicerContext as Context
from tenantwatch_wire.v1 import monitoring_pb2 as pb
from tenantwatch_wire.v1 import monitoring_pb2_grpc

from tenantwatch_collector.api.agreements import NewCorrection, NewTerms, NewWindow
from tenantwatch_collector.api.contracting import Contracting
from tenantwatch_collector.api.grpc.door import ABORTED, Door, answer, asked


class AgreementCalls(monitoring_pb2_grpc.MonitoringServiceServicer):
    """The part of the service that is about what was agreed, announced and corrected."""

    _door: Door
    _contracting: Contracting

    async def GetTerms(self, request: pb.GetTermsRequest, context: Context) -> pb.GetTermsResponse:
        async with self._door.reader(context) as caller:
            return answer(pb.GetTermsResponse, await self._contracting.terms(caller, request.tenant_id))
        raise AssertionError(ABORTED)

    async def SetTerms(self, request: pb.SetTermsRequest, context: Context) -> pb.SetTermsResponse:
        async with self._door.admin(context) as caller:
            new = asked(NewTerms, request, "tenant_id")
            kept = await self._contracting.set_terms(caller, request.tenant_id, new)
            return answer(pb.SetTermsResponse, kept)
        raise AssertionError(ABORTED)

    async def ListMaintenance(
        self, request: pb.ListMaintenanceRequest, context: Context
    ) -> pb.ListMaintenanceResponse:
        async with self._door.reader(context) as caller:
            found = await self._contracting.windows(caller, request.tenant_id)
            return answer(pb.ListMaintenanceResponse, found)
        raise AssertionError(ABORTED)

    async def AnnounceMaintenance(
        self, request: pb.AnnounceMaintenanceRequest, context: Context
    ) -> pb.AnnounceMaintenanceResponse:
        async with self._door.admin(context) as caller:
            new = asked(NewWindow, request, "tenant_id")
            window = await self._contracting.announce(caller, request.tenant_id, new)
            return answer(pb.AnnounceMaintenanceResponse, window=window)
        raise AssertionError(ABORTED)

    async def CancelMaintenance(
        self, request: pb.CancelMaintenanceRequest, context: Context
    ) -> pb.CancelMaintenanceResponse:
        async with self._door.admin(context) as caller:
            await self._contracting.cancel(caller, request.tenant_id, request.window_id)
            return pb.CancelMaintenanceResponse()
        raise AssertionError(ABORTED)

    async def ListCorrections(
        self, request: pb.ListCorrectionsRequest, context: Context
    ) -> pb.ListCorrectionsResponse:
        async with self._door.reader(context) as caller:
            found = await self._contracting.corrections(caller, request.tenant_id)
            return answer(pb.ListCorrectionsResponse, found)
        raise AssertionError(ABORTED)

    async def CreateCorrection(
        self, request: pb.CreateCorrectionRequest, context: Context
    ) -> pb.CreateCorrectionResponse:
        async with self._door.admin(context) as caller:
            new = asked(NewCorrection, request, "tenant_id")
            entered = await self._contracting.correct(caller, request.tenant_id, new)
            return answer(pb.CreateCorrectionResponse, correction=entered)
        raise AssertionError(ABORTED)

    async def ApproveCorrection(
        self, request: pb.ApproveCorrectionRequest, context: Context
    ) -> pb.ApproveCorrectionResponse:
        async with self._door.admin(context) as caller:
            approved = await self._contracting.approve(caller, request.tenant_id, request.number)
            return answer(pb.ApproveCorrectionResponse, correction=approved)
        raise AssertionError(ABORTED)
