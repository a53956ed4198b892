"""What every call through the REST door has in common: who calls is settled before anything is read."""

# No postponed annotations here: FastAPI must see the types.
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, ClassVar, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.admission import Admission
from tenantwatch_collector.api.idempotency import Idempotency, Told
from tenantwatch_collector.api.operation import demanded
from tenantwatch_collector.api.rest.conditions import Conditions, Handler, is_bound, tagged
from tenantwatch_collector.api.rest.problems import DOCUMENTED
from tenantwatch_collector.identity import Caller, Origin

PREFIX = "/api/v1/monitoring"
KEY_HEADER = "idempotency-key"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def through(operation: Callable[..., Any]) -> Callable[[Endpoint], Endpoint]:
    """The endpoint is the way to that operation, and demands what it demands."""
    demanded(operation)

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.operation = operation  # type: ignore[attr-defined]
        return endpoint

    return mark


async def _known(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


Known = Annotated[Caller, Depends(_known)]
"""The caller, who has the permission that the endpoint's operation demands."""


class OperationRoute(APIRoute):
    """A route to an operation; one without cannot be made. GET and PUT of a path know each other.

    Answers have ETags, PUT and DELETE heed If-Match, POST an Idempotency-Key: no endpoint does so itself.
    """

    readers: ClassVar[dict[str, Handler]] = {}
    """What GET of a path does, by the path; each router has its own."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **settings: Any) -> None:
        self.permission = demanded(getattr(endpoint, "operation", endpoint))
        settings["openapi_extra"] = {"x-permission": str(self.permission)}
        super().__init__(path, endpoint, **settings)
        if "GET" in (self.methods or ()):
            self.readers[path] = super().get_route_handler()

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        permission, handle, readers, path = (
            self.permission,
            super().get_route_handler(),
            self.readers,
            self.path,
        )

        async def admitted(request: Request) -> Response:
            door: RestDoor = request.app.state.door
            request.state.caller = await door.admit(request, permission)
            if request.method == "GET":
                return tagged(request, await handle(request))
            if request.method == "POST":
                return await door.once(request, handle)
            look = readers.get(path)
            if look is None or not is_bound(request):
                return await handle(request)
            return await door.conditions.changed(request, look, handle)

        return admitted


def operations_router(prefix: str, tag: str) -> APIRouter:
    """A router whose routes all lead to operations."""
    route_class = type("OperationRoute", (OperationRoute,), {"readers": {}})
    return APIRouter(prefix=prefix, tags=[tag], responses=DOCUMENTED, route_class=route_class)


class RestDoor:
    """What all routes share."""

    def __init__(self, admission: Admission, idempotency: Idempotency) -> None:
        self._admission = admission
        self._idempotency = idempotency
        self.conditions = Conditions()

    async def admit(self, request: Request, permission: Permission) -> Caller:
        """The caller, if there is one with that permission; the answer says how the caller stands."""
        address = request.client.host if request.client else ""
        caller, standing = await self._admission.admit(
            request.headers.get("authorization"), permission, Origin(address, request.state.request_id)
        )
        request.state.headers.update(standing.headers())
        return caller

    async def once(self, request: Request, handle: Handler) -> Response:
        """The answer of ``handle``; with an Idempotency-Key the one that was given first."""
        key = request.headers.get(KEY_HEADER)
        if key is None:
            return await handle(request)

        async def carry_out(caller: Caller) -> Told:
            request.state.caller = caller
            answer = await handle(request)
            return Told(answer.status_code, bytes(answer.body), answer.status_code < 300)

        asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()
        told, again = await self._idempotency.once(request.state.caller, key, asked, carry_out)
        headers = {"Idempotent-Replayed": "true"} if again else None
        return Response(told.content, told.status, headers, "application/json")
