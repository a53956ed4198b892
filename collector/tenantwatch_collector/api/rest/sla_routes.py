"""REST paths of service levels, reports, contracts, windows and corrections."""

# No postponed annotations here: FastAPI must see the types of the endpoints.
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import PlainTextResponse, StreamingResponse

from tenantwatch_collector.api.agreements import (
    CorrectionList,
    CorrectionView,
    NewCorrection,
    NewTerms,
    NewWindow,
    TermsView,
    WindowList,
    WindowView,
)
from tenantwatch_collector.api.contracting import Contracting
from tenantwatch_collector.api.models import Instant
from tenantwatch_collector.api.rest.door import PREFIX, Known, operations_router, through
from tenantwatch_collector.api.rest.parameters import Paged
from tenantwatch_collector.api.service_levels import Format, Question, ServiceLevels
from tenantwatch_collector.reports.naming import MAX_ROLLING_DAYS, PeriodName
from tenantwatch_collector.sla.contract import Tier

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


def question(
    period: PeriodName = "monthly",
    date: Annotated[date | None, Query(description="a local date in the period; today without it")] = None,
    days: Annotated[int, Query(ge=1, le=MAX_ROLLING_DAYS, description="of a rolling period")] = 30,
    as_of: Annotated[Instant | None, Query(description="what was known then")] = None,
) -> Question:
    return Question(period, date, days, as_of)


Asked = Annotated[Question, Depends(question)]


def create_sla_router(levels: ServiceLevels) -> APIRouter:
    """The REST door to service levels and their reports."""
    router = operations_router(PREFIX, "service levels")

    @router.get("/sla/{tenant_id}")
    @through(levels.metrics)
    async def sla_metrics(caller: Known, tenant_id: str, asked: Asked) -> dict[str, Any]:
        return await levels.metrics(caller, tenant_id, asked)

    @router.get("/sla/{tenant_id}/what-if")
    @through(levels.metrics)
    async def sla_what_if(caller: Known, tenant_id: str, asked: Asked, tier: Tier) -> dict[str, Any]:
        return await levels.metrics(caller, tenant_id, asked, tier)

    @router.get("/sla/{tenant_id}/explain", response_class=PlainTextResponse)
    @through(levels.explained)
    async def sla_explained(caller: Known, tenant_id: str, asked: Asked) -> str:
        return await levels.explained(caller, tenant_id, asked)

    @router.get("/sla/{tenant_id}/export", response_class=StreamingResponse)
    @through(levels.export)
    async def sla_export(caller: Known, tenant_id: str, asked: Asked) -> StreamingResponse:
        lines = await levels.export(caller, tenant_id, asked)
        return StreamingResponse(lines, media_type="application/x-ndjson")

    @router.get("/reports/sla", response_class=Response)
    @through(levels.report)
    async def sla_report(
        caller: Known,
        asked: Asked,
        tenant_id: Annotated[str, Query(max_length=128)] = "",
        format: Format = "json",
    ) -> Response:
        file = await levels.report(caller, tenant_id, asked, format)
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.content, media_type=file.media_type, headers=headers)

    @router.get("/reports/keys")
    @through(levels.keys)
    async def report_keys(caller: Known) -> dict[str, Any]:
        return await levels.keys(caller)

    return router


def create_terms_router(contracting: Contracting) -> APIRouter:
    """The REST door to what was agreed with a tenant, announced and corrected."""
    router = operations_router(PREFIX, "service levels")

    @router.get("/sla/{tenant_id}/terms")
    @through(contracting.terms)
    async def terms(caller: Known, tenant_id: str) -> TermsView:
        return await contracting.terms(caller, tenant_id)

    @router.put("/sla/{tenant_id}/terms")
    @through(contracting.set_terms)
    async def set_terms(caller: Known, tenant_id: str, new: NewTerms) -> TermsView:
        return await contracting.set_terms(caller, tenant_id, new)

    @router.get("/sla/{tenant_id}/maintenance")
    @through(contracting.windows)
    async def windows(caller: Known, tenant_id: str, page: Paged) -> WindowList:
        return await contracting.windows(caller, tenant_id, page)

    @router.post("/sla/{tenant_id}/maintenance", status_code=201)
    @through(contracting.announce)
    async def announce(caller: Known, tenant_id: str, new: NewWindow) -> WindowView:
        return await contracting.announce(caller, tenant_id, new)

    @router.delete("/sla/{tenant_id}/maintenance/{window_id}", status_code=204)
    @through(contracting.cancel)
    async def cancel(caller: Known, tenant_id: str, window_id: Number) -> None:
        await contracting.cancel(caller, tenant_id, window_id)

    @router.get("/sla/{tenant_id}/corrections")
    @through(contracting.corrections)
    async def corrections(caller: Known, tenant_id: str, page: Paged) -> CorrectionList:
        return await contracting.corrections(caller, tenant_id, page)

    @router.post("/sla/{tenant_id}/corrections", status_code=201)
    @through(contracting.correct)
    async def correct(caller: Known, tenant_id: str, new: NewCorrection) -> CorrectionView:
        return await contracting.correct(caller, tenant_id, new)

    @router.post("/sla/{tenant_id}/corrections/{number}/approve")
    @through(contracting.approve)
    async def approve(caller: Known, tenant_id: str, number: Number) -> CorrectionView:
        return await contracting.approve(caller, tenant_id, number)

    return router
