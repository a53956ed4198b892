"""REST paths of tenants themselves."""

# No postponed annotations here: FastAPI must see the types.
from fastapi import APIRouter

from tenantwatch_collector.api.rest.door import PREFIX, Known, operations_router, through
from tenantwatch_collector.api.tenancy import GroupList, Tenancy, TenantBody, TenantView


def create_tenant_router(tenancy: Tenancy) -> APIRouter:
    """The REST door to tenants; they are created by the platform's own call."""
    router = operations_router(f"{PREFIX}/tenants", "tenants")

    @router.get("/{tenant_id}")
    @through(tenancy.get)
    async def tenant(caller: Known, tenant_id: str) -> TenantView:
        return await tenancy.get(caller, tenant_id)

    @router.put("/{tenant_id}")
    @through(tenancy.change)
    async def change_tenant(caller: Known, tenant_id: str, new: TenantBody) -> TenantView:
        return await tenancy.change(caller, tenant_id, new)

    @router.delete("/{tenant_id}", status_code=204)
    @through(tenancy.delete)
    async def delete_tenant(caller: Known, tenant_id: str) -> None:
        await tenancy.delete(caller, tenant_id)

    @router.post("/{tenant_id}/suspend")
    @through(tenancy.suspend)
    async def suspend_tenant(caller: Known, tenant_id: str) -> TenantView:
        return await tenancy.suspend(caller, tenant_id)

    @router.post("/{tenant_id}/resume")
    @through(tenancy.resume)
    async def resume_tenant(caller: Known, tenant_id: str) -> TenantView:
        return await tenancy.resume(caller, tenant_id)

    @router.get("/{tenant_id}/groups")
    @through(tenancy.groups)
    async def tenant_groups(caller: Known, tenant_id: str) -> GroupList:
        return await tenancy.groups(caller, tenant_id)

    return router
