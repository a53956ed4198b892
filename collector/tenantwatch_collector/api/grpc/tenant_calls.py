"""Tenants themselves through the gRPC door."""

from __future__ import annotations

from tenantwatch_wire.v1 import monitoring_pb2 as pb
from tenantwatch_wire.v1 import monitoring_pb2_grpc

from tenantwatch_collector.api.grpc.door import Door, answer, asked, through
from tenantwatch_collector.api.tenancy import Tenancy, TenantBody
from tenantwatch_collector.identity import Caller


class TenantCalls(monitoring_pb2_grpc.MonitoringServiceServicer):
    """The part of the service that is about tenants themselves."""

    _door: Door
    _tenancy: Tenancy

    @through(Tenancy.get)
    async def GetTenant(self, request: pb.GetTenantRequest, caller: Caller) -> pb.GetTenantResponse:
        return answer(pb.GetTenantResponse, tenant=await self._tenancy.get(caller, request.tenant_id))

    @through(Tenancy.change)
    async def ChangeTenant(self, request: pb.ChangeTenantRequest, caller: Caller) -> pb.ChangeTenantResponse:
        new = asked(TenantBody, request, "tenant_id")
        changed = await self._tenancy.change(caller, request.tenant_id, new)
        return answer(pb.ChangeTenantResponse, tenant=changed)

    @through(Tenancy.suspend)
    async def SuspendTenant(
        self, request: pb.SuspendTenantRequest, caller: Caller
    ) -> pb.SuspendTenantResponse:
        suspended = await self._tenancy.suspend(caller, request.tenant_id)
        return answer(pb.SuspendTenantResponse, tenant=suspended)

    @through(Tenancy.resume)
    async def ResumeTenant(self, request: pb.ResumeTenantRequest, caller: Caller) -> pb.ResumeTenantResponse:
        return answer(pb.ResumeTenantResponse, tenant=await self._tenancy.resume(caller, request.tenant_id))

    @through(Tenancy.delete)
    async def DeleteTenant(self, request: pb.DeleteTenantRequest, caller: Caller) -> pb.DeleteTenantResponse:
        await self._tenancy.delete(caller, request.tenant_id)
        return pb.DeleteTenantResponse()

    @through(Tenancy.groups)
    async def ListGroups(self, request: pb.ListGroupsRequest, caller: Caller) -> pb.ListGroupsResponse:
        return answer(pb.ListGroupsResponse, await self._tenancy.groups(caller, request.tenant_id))
