"""REST paths of assigned checks and of agents."""

# No postponed annotations here: FastAPI must see the types that the function makes.
from fastapi import APIRouter

from tenantwatch_collector.api.assigned import (
    AgentList,
    AssignedChecks,
    AssignedCheckView,
    AssignmentChange,
    AssignmentVersion,
    Id,
    NewAssignedCheck,
)
from tenantwatch_collector.api.assignments import Assignments
from tenantwatch_collector.api.rest.door import PREFIX, Known, operations_router, through
from tenantwatch_collector.api.rest.parameters import Paged


def create_assignment_router(assignments: Assignments) -> APIRouter:
    """The REST door to what agents are given to look with."""
    router = operations_router(PREFIX, "agents")

    @router.get("/checks/{tenant_id}")
    @through(assignments.list)
    async def list_assigned_checks(caller: Known, tenant_id: str) -> AssignedChecks:
        return await assignments.list(caller, tenant_id)

    @router.get("/checks/{tenant_id}/{check_id}")
    @through(assignments.get)
    async def assigned_check(caller: Known, tenant_id: str, check_id: Id) -> AssignedCheckView:
        return await assignments.get(caller, tenant_id, check_id)

    @router.put("/checks/{tenant_id}/{check_id}")
    @through(assignments.put)
    async def put_assigned_check(
        caller: Known, tenant_id: str, check_id: Id, new: NewAssignedCheck
    ) -> AssignmentChange:
        return await assignments.put(caller, tenant_id, check_id, new)

    @router.delete("/checks/{tenant_id}/{check_id}")
    @through(assignments.remove)
    async def delete_assigned_check(caller: Known, tenant_id: str, check_id: Id) -> AssignmentVersion:
        return await assignments.remove(caller, tenant_id, check_id)

    @router.get("/agents/{tenant_id}")
    @through(assignments.agents)
    async def list_agents(caller: Known, tenant_id: str, page: Paged) -> AgentList:
        return await assignments.agents(caller, tenant_id, page)

    @router.delete("/agents/{tenant_id}/{agent_id}", status_code=204)
    @through(assignments.retire)
    async def retire_agent(caller: Known, tenant_id: str, agent_id: Id) -> None:
        await assignments.retire(caller, tenant_id, agent_id)

    return router
