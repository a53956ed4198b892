"""Every failure as RFC 9457 problem details."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from tenantwatch_collector.access.keys import KeysUnavailable
from tenantwatch_collector.api.models import Problem
from tenantwatch_collector.errors import (
    Conflict,
    NobodyThere,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotYet,
    PreconditionFailed,
    PreconditionMissing,
    RefusedForEver,
    StillRunning,
    TooMany,
)
from tenantwatch_collector.reports.pdf import TypesettingFailed
from tenantwatch_collector.request_ids import HEADER
from tenantwatch_collector.store.base import StoreUnavailable
from tenantwatch_collector.wording import dotted, told

Handler = Callable[[Request, Exception], Awaitable[Response]]

_PROBLEMS: dict[type[Exception], tuple[int, str]] = {
    NotAuthenticated: (401, "not authenticated"),
    NotAllowed: (403, "not allowed to this caller"),
    NotFound: (404, "not found"),
    Conflict: (409, "there already"),
    RefusedForEver: (422, "not allowed"),
    TooMany: (429, "too many at once"),
    NobodyThere: (503, "no agent is connected"),
    NotYet: (503, "not done yet"),
    PreconditionFailed: (412, "changed meanwhile"),
    PreconditionMissing: (428, "say what you change"),
    StillRunning: (409, "under way already"),
    KeysUnavailable: (503, "the credential cannot be checked now"),
    StoreUnavailable: (503, "the store cannot serve now"),
    TypesettingFailed: (503, "no PDF now"),
}

DOCUMENTED: dict[int | str, dict[str, object]] = {
    400: {"model": Problem, "description": "the body cannot be read as JSON"},
    401: {"model": Problem, "description": "no valid credential"},
    403: {"model": Problem, "description": "the caller lacks the permission that this needs"},
    404: {"model": Problem, "description": "it does not exist, or it is not yours"},
    409: {"model": Problem, "description": "there is one of that name already, or the same is under way"},
    412: {"model": Problem, "description": "it is not what If-Match or If-None-Match names"},
    413: {"model": Problem, "description": "the body is too long"},
    422: {"model": Problem, "description": "a value is not allowed"},
    428: {"model": Problem, "description": "a change needs If-Match"},
    429: {"model": Problem, "description": "too many at once; Retry-After says when"},
    503: {"model": Problem, "description": "the store cannot serve now, or no agent is connected; try again"},
}

log = logging.getLogger(__name__)


def answer_with_problems(app: FastAPI) -> None:
    """From now on no failure of the application leaves it in another form."""
    for failure, (status, title) in _PROBLEMS.items():
        app.add_exception_handler(failure, _problem_handler(status, title))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(Exception, _fault)


def problem(
    request: Request, status: int, title: str, detail: str, headers: dict[str, str] | None = None
) -> Response:
    """RFC 9457 problem details, with the request's id."""
    request_id = getattr(request.state, "request_id", "")
    body = Problem(title=title, status=status, detail=detail, request_id=request_id).model_dump()
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def described(error: RequestValidationError | ValidationError) -> str:
    """What is wrong where, in one line."""
    return told(error.errors(), dotted)


def _problem_handler(status: int, title: str) -> Handler:
    async def handle(request: Request, error: Exception) -> Response:
        delay_seconds = getattr(error, "delay_seconds", None)
        headers = None if delay_seconds is None else {"Retry-After": str(math.ceil(delay_seconds))}
        return problem(request, status, title, str(error), headers)

    return handle


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem(request, 422, "not allowed", described(error))


async def _http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    title = HTTPStatus(error.status_code).phrase.lower()
    headers = dict(error.headers or {})
    if error.status_code == 405:
        # Starlette names the methods of the first route of this path only.
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    return problem(request, error.status_code, title, str(error.detail), headers)


def _methods(request: Request) -> set[str]:
    """What may be done at this path."""
    scope = dict(request.scope)
    return {
        method
        for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    }


async def _fault(request: Request, error: Exception) -> Response:
    """A fault of ours: the server logs it, and whoever asked learns nothing of our insides."""
    told = "it is in the collector's log by its request_id; please report it"
    # This answer is made outside of what names requests.
    headers = {HEADER: getattr(request.state, "request_id", "")}
    return problem(request, 500, "a fault of the collector", told, headers)
