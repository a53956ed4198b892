"""REST paths of reports that were issued."""

# No postponed annotations here: FastAPI must see the types.
from typing import Annotated, Any

from fastapi import APIRouter, Path

from tenantwatch_collector.api.issued import Issued, IssuedList
from tenantwatch_collector.api.rest.door import PREFIX, Known, operations_router, through
from tenantwatch_collector.api.rest.parameters import Paged

Word = Annotated[str, Path(max_length=64)]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


def create_issued_router(issued: Issued) -> APIRouter:
    """The REST door to what was issued."""
    router = operations_router(f"{PREFIX}/reports/issued", "service levels")

    @router.get("/{tenant_id}")
    @through(issued.list)
    async def issued_reports(caller: Known, tenant_id: str, page: Paged) -> IssuedList:
        return await issued.list(caller, tenant_id, page)

    @router.get("/{tenant_id}/{period_type}/{label}/{sequence}")
    @through(issued.document)
    async def issued_report(
        caller: Known, tenant_id: str, period_type: Word, label: Word, sequence: Number
    ) -> dict[str, Any]:
        return await issued.document(caller, tenant_id, period_type, label, sequence)

    return router
