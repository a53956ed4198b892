"""Assigned checks and agents through the gRPC door."""

from __future__ import annotations

from pydantic import TypeAdapter
from tenantwatch_wire.v1 import monitoring_pb2 as pb
from tenantwatch_wire.v1 import monitoring_pb2_grpc

from tenantwatch_collector.api.assigned import Id, NewAssignedCheck
from tenantwatch_collector.api.assignments import Assignments
from tenantwatch_collector.api.grpc.door import Door, answer, asked, page_of, through
from tenantwatch_collector.identity import Caller

_ID: TypeAdapter[str] = TypeAdapter(Id)


class AssignmentCalls(monitoring_pb2_grpc.MonitoringServiceServicer):
    """The part of the service that is about what agents are given to look with."""

    _door: Door
    _assignments: Assignments

    @through(Assignments.list)
    async def ListAssignedChecks(
        self, request: pb.ListAssignedChecksRequest, caller: Caller
    ) -> pb.ListAssignedChecksResponse:
        return answer(pb.ListAssignedChecksResponse, await self._assignments.list(caller, request.tenant_id))

    @through(Assignments.put)
    async def PutAssignedCheck(
        self, request: pb.PutAssignedCheckRequest, caller: Caller
    ) -> pb.PutAssignedCheckResponse:
        new = asked(NewAssignedCheck, request, "tenant_id", "check_id")
        check_id = _ID.validate_python(request.check_id)
        made = await self._assignments.put(caller, request.tenant_id, check_id, new)
        return answer(pb.PutAssignedCheckResponse, made)

    @through(Assignments.remove)
    async def DeleteAssignedCheck(
        self, request: pb.DeleteAssignedCheckRequest, caller: Caller
    ) -> pb.DeleteAssignedCheckResponse:
        left = await self._assignments.remove(caller, request.tenant_id, request.check_id)
        return answer(pb.DeleteAssignedCheckResponse, left)

    @through(Assignments.agents)
    async def ListAgents(self, request: pb.ListAgentsRequest, caller: Caller) -> pb.ListAgentsResponse:
        return answer(
            pb.ListAgentsResponse, await self._assignments.agents(caller, request.tenant_id, page_of(request))
        )

    @through(Assignments.retire)
    async def RetireAgent(self, request: pb.RetireAgentRequest, caller: Caller) -> pb.RetireAgentResponse:
        agent_id = _ID.validate_python(request.agent_id)
        await self._assignments.retire(caller, request.tenant_id, agent_id)
        return pb.RetireAgentResponse()
