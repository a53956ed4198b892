"""The REST application: routes, problem details, and the three addresses that watch the collector itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tenantwatch_collector import __version__
from tenantwatch_collector.api.models import Problem
from tenantwatch_collector.errors import NotAuthenticated, NotFound, RefusedForEver
from tenantwatch_collector.reports.pdf import TypesettingFailed
from tenantwatch_collector.store.base import Store, StoreUnavailable
from tenantwatch_collector.vitals import Vitals

Handler = Callable[[Request, Exception], Awaitable[Response]]


def create_app(store: Store, vitals: Vitals, routers: list[APIRouter]) -> FastAPI:
    """Everything that the REST port serves."""
    app = FastAPI(
        title="tenantwatch",
        version=__version__,
        description="How each tenant is served. Send a token: `Authorization: Bearer tw_...`.",
    )
    for router in routers:
        app.include_router(router)
    _watch_the_watcher(app, store, vitals)
    for failure, (status, title) in _PROBLEMS.items():
        app.add_exception_handler(failure, _problem_handler(status, title))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_problem)
    return app


_PROBLEMS: dict[type[Exception], tuple[int, str]] = {
    NotAuthenticated: (401, "not authenticated"),
    NotFound: (404, "not found"),
    RefusedForEver: (422, "not allowed"),
    StoreUnavailable: (503, "the store cannot serve now"),
    TypesettingFailed: (503, "no PDF now"),
}


def _watch_the_watcher(app: FastAPI, store: Store, vitals: Vitals) -> None:
    @app.get("/healthz", tags=["collector"])
    async def healthz() -> dict[str, str]:
        """Answers while the process lives."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["collector"], responses={503: {"model": Problem}})
    async def readyz() -> dict[str, str]:
        """Answers ok while the store can be written."""
        await store.ping()
        return {"status": "ok"}

    @app.get("/metrics", tags=["collector"], response_class=Response)
    async def metrics() -> Response:
        """The collector's own figures for Prometheus; nothing of any tenant."""
        return Response(vitals.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


def problem(status: int, title: str, detail: str) -> Response:
    """RFC 9457 problem details."""
    body = Problem(title=title, status=status, detail=detail).model_dump()
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def _problem_handler(status: int, title: str) -> Handler:
    async def handle(_: Request, error: Exception) -> Response:
        return problem(status, title, str(error))

    return handle


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    lines = [f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors()[:20]]
    return problem(422, "not allowed", "; ".join(lines))


async def _http_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, str(error.detail).lower(), str(error.detail))
