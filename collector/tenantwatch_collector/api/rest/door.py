"""What every call through the REST door has in common: who calls is settled before anything is read."""

# No postponed annotations here: FastAPI must see the types.
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.operation import demanded
from tenantwatch_collector.api.rest.problems import DOCUMENTED
from tenantwatch_collector.identity import Authenticator, Caller, Origin, bearer

PREFIX = "/api/v1/monitoring"

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
    """A route to an operation. One without cannot be made."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **settings: Any) -> None:
        self.permission = demanded(getattr(endpoint, "operation", endpoint))
        settings["openapi_extra"] = {"x-permission": str(self.permission)}
        super().__init__(path, endpoint, **settings)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        permission, handle = self.permission, super().get_route_handler()

        async def admitted(request: Request) -> Response:
            door: RestAdmission = request.app.state.door
            request.state.caller = await door.admit(request, permission)
            return await handle(request)

        return admitted


def operations_router(prefix: str, tag: str) -> APIRouter:
    """A router whose routes all lead to operations."""
    return APIRouter(prefix=prefix, tags=[tag], responses=DOCUMENTED, route_class=OperationRoute)


class RestAdmission:
    """Lets callers in."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    async def admit(self, request: Request, permission: Permission) -> Caller:
        """The caller, if there is one with that permission."""
        caller = await self._authenticator.caller(bearer(request.headers.get("authorization")))
        caller.demand(permission)
        address = request.client.host if request.client else ""
        return caller.coming_from(Origin(address, request.state.request_id))
