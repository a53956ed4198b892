"""The pages of the dashboard, and the stream of events that keeps them live."""

# No postponed annotations here: FastAPI must see the types that create_web_router makes.
import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from importlib import resources
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from jinja2 import Environment, PackageLoader, select_autoescape

from tenantwatch_collector.web.board import Board
from tenantwatch_collector.web.sessions import LIFETIME_SECONDS, Session, SignInLimit

HOME = "/admin/monitoring/health"
COOKIE = "tw_session"
MIN_SECONDS_BETWEEN_UPDATES = 0.5
PING_SECONDS = 15.0
_MAX_FORM_BYTES = 2_000
_STATIC = {
    "dashboard.js": "text/javascript; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    # no-referrer would make browsers send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def create_web_router(board: Board) -> APIRouter:
    """Everything under /admin/monitoring."""
    router = APIRouter(prefix="/admin/monitoring", include_in_schema=False)
    templates = Environment(loader=PackageLoader("tenantwatch_collector.web"), autoescape=select_autoescape())
    limit = SignInLimit()

    def page(name: str, status: int = 200, **values: object) -> HTMLResponse:
        return HTMLResponse(templates.get_template(name).render(home=HOME, **values), status, _HEADERS)

    async def signed_in(request: Request) -> Session | None:
        return await board.session(request.cookies.get(COOKIE, ""))

    @router.get("/health")
    async def health(request: Request) -> HTMLResponse:
        session = await signed_in(request)
        if session is None:
            return page("sign_in.html", problem="")
        data = await board.overview(session.caller)
        return page("dashboard.html", title="Health", data=data, tenant_id="")

    @router.get("/tenants/{tenant_id}")
    async def tenant(request: Request, tenant_id: str) -> HTMLResponse:
        session = await signed_in(request)
        if session is None:
            return page("sign_in.html", problem="")
        data = await board.tenant(session.caller, tenant_id)
        if data is None:
            raise HTTPException(404, "Not Found")
        return page("dashboard.html", title=data["tenant_name"], data=data, tenant_id=tenant_id)

    @router.get("/health/events")
    async def events(request: Request, tenant: str = "") -> StreamingResponse:
        session = await signed_in(request)
        if session is None:
            raise HTTPException(401, "Unauthorized")
        return StreamingResponse(
            _events(board, session, tenant),
            media_type="text/event-stream",
            headers={**_HEADERS, "X-Accel-Buffering": "no"},
        )

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        _demand_same_origin(request)
        address = request.client.host if request.client else ""
        if not limit.allows(address):
            return page("sign_in.html", 429, problem="Too many attempts. Wait a minute.")
        session = await board.sign_in(await _token_field(request))
        if session is None:
            limit.note_failure(address)
            return page("sign_in.html", 401, problem="This token is unknown, revoked, or an agent's.")
        answer = RedirectResponse(HOME, 303)
        answer.set_cookie(
            COOKIE,
            session.session_id,
            max_age=LIFETIME_SECONDS,
            path="/admin",
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        _demand_same_origin(request)
        await board.sign_out(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse(HOME, 303)
        answer.delete_cookie(COOKIE, path="/admin")
        return answer

    @router.get("/static/{name}")
    async def static(name: str) -> Response:
        if name not in _STATIC:
            raise HTTPException(404, "Not Found")
        content = (resources.files("tenantwatch_collector.web") / "static" / name).read_bytes()
        return Response(
            content, media_type=_STATIC[name], headers={**_HEADERS, "Cache-Control": "max-age=60"}
        )

    return router


async def _token_field(request: Request) -> str:
    """The form's one field; a form larger than any token is not read to its end."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise HTTPException(413, "Content Too Large")
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=4)
    return fields.get("token", [""])[0]


def _demand_same_origin(request: Request) -> None:
    """A form of another site must not act here, even where cookies would let it."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "Forbidden")


async def _events(board: Board, session: Session, tenant_id: str) -> AsyncIterator[str]:
    """The page's data after every change, at most twice a second; ends with the session."""
    async with aclosing(board.changes(session.caller)) as changes:
        pending: asyncio.Task[None] | None = None
        try:
            while await board.session(session.session_id) is not None:
                pending = pending or asyncio.ensure_future(anext(changes))
                done, _ = await asyncio.wait([pending], timeout=PING_SECONDS)
                if not done:
                    yield ": ping\n\n"
                    continue
                pending.result()
                pending = None
                if tenant_id:
                    data = await board.tenant(session.caller, tenant_id)
                else:
                    data = await board.overview(session.caller)
                yield f"data: {json.dumps(data)}\n\n"
                await asyncio.sleep(MIN_SECONDS_BETWEEN_UPDATES)
        finally:
            if pending is not None:
                pending.cancel()
                await asyncio.wait([pending])
