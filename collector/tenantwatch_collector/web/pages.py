"""The pages of the dashboard: sign in, the overview, one tenant, one alert, and the files they use."""

# No postponed annotations here: FastAPI must see the types that create_web_router makes.
import hashlib
import re
from importlib import resources
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from jinja2 import Environment, PackageLoader

from tenantwatch_collector.web.board import Board
from tenantwatch_collector.web.live import Streams, encoded, first_rows, stamped
from tenantwatch_collector.web.sessions import LIFETIME_SECONDS, Session, SignInLimit

PREFIX = "/admin/monitoring"
HOME = f"{PREFIX}/health"
COOKIE = "tw_session"
_COOKIE_PATH = "/admin"
_MAX_FORM_BYTES = 2_000
_TENANT_ID = re.compile(r"[a-z0-9-]{1,63}")
_ALERT_PLACE = re.compile(r"alerts/[0-9a-f]{32}")
_KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Referrers stay on this site; "no-referrer" would make browsers send `Origin: null` with our own forms.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_web_router(board: Board) -> APIRouter:
    """Everything under /admin/monitoring; whoever comes to the bare address is sent there."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)
    _add_pages(router, board)
    _add_alert_page(router, board)
    _add_signing(router, board)
    _add_files(router)
    front = APIRouter(include_in_schema=False)
    front.add_api_route("/", _home, methods=["GET"])
    front.include_router(router)
    return front


async def _home() -> Response:
    return RedirectResponse(HOME, 307, _HEADERS)


_TEMPLATES = Environment(loader=PackageLoader("tenantwatch_collector.web"), autoescape=True)


def _page(name: str, status: int = 200, **values: object) -> HTMLResponse:
    return HTMLResponse(_TEMPLATES.get_template(name).render(home=HOME, **values), status, _HEADERS)


def _add_pages(router: APIRouter, board: Board) -> None:
    streams = Streams(board)

    router.add_api_route("", _home, methods=["GET"])
    router.add_api_route("/", _home, methods=["GET"])

    @router.get("/health")
    async def health(request: Request) -> Response:
        session = await _session(board, request)
        if session is None:
            return _ask_to_sign_in(request, "")
        data = first_rows(await board.overview(session.caller))
        return _dashboard("Health", "", data)

    @router.get("/tenants/{tenant_id}")
    async def tenant(request: Request, tenant_id: str) -> Response:
        session = await _session(board, request)
        if session is None:
            return _ask_to_sign_in(request, tenant_id)
        data = await board.tenant(session.caller, tenant_id)
        if data is None:
            return _page("not_found.html", 404, what="tenant", sought=tenant_id)
        return _dashboard(data["tenant_name"], tenant_id, data)

    @router.get("/health/events")
    async def events(request: Request, tenant: str = "") -> Response:
        session = await _session(board, request)
        if session is None:
            raise HTTPException(401, "Unauthorized")
        if streams.full:
            raise HTTPException(503, "Too many open dashboards")
        headers = {**_HEADERS, "X-Accel-Buffering": "no"}
        return StreamingResponse(streams.events(session, tenant), 200, headers, "text/event-stream")


def _add_alert_page(router: APIRouter, board: Board) -> None:
    @router.get("/alerts/{alert_id}")
    async def alert(request: Request, alert_id: str) -> Response:
        session = await _session(board, request)
        if session is None:
            return _ask_to_sign_in(request, f"alerts/{alert_id}")
        data = await board.alert(session.caller, alert_id)
        if data is None:
            return _page("not_found.html", 404, what="alert", sought=alert_id)
        return _page("alert.html", title=data["alert"]["alert_name"], **data)


def _add_signing(router: APIRouter, board: Board) -> None:
    limit = SignInLimit()

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        _demand_same_origin(request)
        address = request.client.host if request.client else ""
        form = await _form(request)
        tenant_id = form.get("tenant", "")
        if not limit.allows(address):
            problem = "Too many failed attempts from your address. Wait a minute, then try again."
            return _page("sign_in.html", 429, problem=problem, tenant_id=tenant_id)
        session = await board.sign_in(form.get("token", "").strip())
        if session is None:
            limit.note_failure(address)
            problem = "This token cannot open the dashboard: it is unknown, revoked, or an agent's."
            return _page("sign_in.html", 401, problem=problem, tenant_id=tenant_id)
        answer = RedirectResponse(_address_after_sign_in(tenant_id), 303, _HEADERS)
        answer.set_cookie(
            COOKIE,
            session.session_id,
            max_age=LIFETIME_SECONDS,
            path=_COOKIE_PATH,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return answer

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        _demand_same_origin(request)
        await board.sign_out(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse(HOME, 303, _HEADERS)
        answer.delete_cookie(COOKIE, path=_COOKIE_PATH, httponly=True, samesite="strict")
        return answer


def _add_files(router: APIRouter) -> None:
    folder = resources.files("tenantwatch_collector.web") / "static"
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    tags = {name: f'"{hashlib.sha256(content).hexdigest()[:24]}"' for name, content in files.items()}

    @router.get("/static/{name}")
    async def static(request: Request, name: str) -> Response:
        if name not in files:
            raise HTTPException(404, "Not Found")
        # Asked for each time, sent only when it changed: an upgrade never mixes old and new files.
        headers = {**_HEADERS, "Cache-Control": "no-cache", "ETag": tags[name]}
        if request.headers.get("if-none-match") == tags[name]:
            return Response(None, 304, headers)
        return Response(files[name], 200, headers, _KINDS[f".{name.rpartition('.')[2]}"])


async def _session(board: Board, request: Request) -> Session | None:
    return await board.session(request.cookies.get(COOKIE, ""))


def _dashboard(title: str, tenant_id: str, data: dict[str, Any]) -> HTMLResponse:
    return _page("dashboard.html", title=title, tenant_id=tenant_id, first=encoded(stamped(data)))


def _ask_to_sign_in(request: Request, tenant_id: str) -> HTMLResponse:
    # Who follows a link of another site, as in an alert's message, comes without the strict cookie even
    # when signed in. The page then asks once more by itself, and that request brings the cookie.
    if request.headers.get("sec-fetch-site") == "cross-site":
        return _page("arrive.html")
    return _page("sign_in.html", problem="", tenant_id=tenant_id)


def _address_after_sign_in(tenant_id: str) -> str:
    if _ALERT_PLACE.fullmatch(tenant_id):
        return f"{PREFIX}/{tenant_id}"
    return f"{PREFIX}/tenants/{tenant_id}" if _TENANT_ID.fullmatch(tenant_id) else HOME


async def _form(request: Request) -> dict[str, str]:
    """The form's fields; a form larger than any token is not read to its end."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise HTTPException(413, "Content Too Large")
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=4)
    except ValueError:
        raise HTTPException(400, "Bad Request") from None
    return {name: values[0] for name, values in fields.items()}


def _demand_same_origin(request: Request) -> None:
    """A form of another site must not act here, even where cookies would let it."""
    origin = request.headers.get("origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, "Forbidden")
