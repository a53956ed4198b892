"""Terms, maintenance windows and corrections through the gRPC door."""

from __future__ import annotations

from tenantwatch_wire.v1 import monitoring_pb2 as pb
from tenantwatch_wire.v1 import monitoring_pb2_grpc

from tenantwatch_collector.api.agreements import NewCorrection, NewTerms, NewWindow
from tenantwatch_collector.api.contracting import Contracting
from tenantwatch_collector.api.grpc.door import Door, answer, asked, page_of, through
from tenantwatch_collector.identity import Caller


class AgreementCalls(monitoring_pb2_grpc.MonitoringServiceServicer):
    """The part of the service that is about what was agreed, announced and corrected."""

    _door: Door
    _contracting: Contracting

    @through(Contracting.terms)
    async def GetTerms(self, request: pb.GetTermsRequest, caller: Caller) -> pb.GetTermsResponse:
        return answer(pb.GetTermsResponse, await self._contracting.terms(caller, request.tenant_id))

    @through(Contracting.set_terms)
    async def SetTerms(self, request: pb.SetTermsRequest, caller: Caller) -> pb.SetTermsResponse:
        new = asked(NewTerms, request, "tenant_id")
        kept = await self._contracting.set_terms(caller, request.tenant_id, new)
        return answer(pb.SetTermsResponse, kept)

    @through(Contracting.windows)
    async def ListMaintenance(
        self, request: pb.ListMaintenanceRequest, caller: Caller
    ) -> pb.ListMaintenanceResponse:
        found = await self._contracting.windows(caller, request.tenant_id, page_of(request))
        return answer(pb.ListMaintenanceResponse, found)

    @through(Contracting.announce)
    async def AnnounceMaintenance(
        self, request: pb.AnnounceMaintenanceRequest, caller: Caller
    ) -> pb.AnnounceMaintenanceResponse:
        new = asked(NewWindow, request, "tenant_id")
        window = await self._contracting.announce(caller, request.tenant_id, new)
        return answer(pb.AnnounceMaintenanceResponse, window=window)

    @through(Contracting.cancel)
    async def CancelMaintenance(
        self, request: pb.CancelMaintenanceRequest, caller: Caller
    ) -> pb.CancelMaintenanceResponse:
        await self._contracting.cancel(caller, request.tenant_id, request.window_id)
        return pb.CancelMaintenanceResponse()

    @through(Contracting.corrections)
    async def ListCorrections(
        self, request: pb.ListCorrectionsRequest, caller: Caller
    ) -> pb.ListCorrectionsResponse:
        found = await self._contracting.corrections(caller, request.tenant_id, page_of(request))
        return answer(pb.ListCorrectionsResponse, found)

    @through(Contracting.correct)
    async def CreateCorrection(
        self, request: pb.CreateCorrectionRequest, caller: Caller
    ) -> pb.CreateCorrectionResponse:
        new = asked(NewCorrection, request, "tenant_id")
        entered = await self._contracting.correct(caller, request.tenant_id, new)
        return answer(pb.CreateCorrectionResponse, correction=entered)

    @through(Contracting.approve)
    async def ApproveCorrection(
        self, request: pb.ApproveCorrectionRequest, caller: Caller
    ) -> pb.ApproveCorrectionResponse:
        approved = await self._contracting.approve(caller, request.tenant_id, request.number)
        return answer(pb.ApproveCorrectionResponse, correction=approved)
