"""The REST path of the audit log."""

# No postponed annotations here: FastAPI must see the types.
from fastapi import APIRouter

from tenantwatch_collector.api.auditing import Auditing, AuditList
from tenantwatch_collector.api.rest.door import PREFIX, Known, operations_router, through
from tenantwatch_collector.api.rest.parameters import Cursor, Limit, Text


def create_audit_router(auditing: Auditing) -> APIRouter:
    """The REST door to who did what."""
    router = operations_router(PREFIX, "audit")

    @router.get("/audit")
    @through(auditing.list)
    async def audit(
        caller: Known,
        tenant_id: Text = "",
        subject: Text = "",
        action: Text = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> AuditList:
        return await auditing.list(caller, tenant_id, subject, action, limit, cursor)

    return router
