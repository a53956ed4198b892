"""Who may call a path: everybody with a token, or admins alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from tenantwatch_collector.identity import Authenticator, Caller, bearer

Who = Callable[[Request], Awaitable[Caller]]


def readers(authenticator: Authenticator) -> Who:
    """Admins, and tenants within their own bounds."""

    async def reader(request: Request) -> Caller:
        return await authenticator.caller(bearer(request.headers.get("authorization")), "admin", "tenant")

    return reader


def admins(authenticator: Authenticator) -> Who:
    """The platform's own people: they alone change anything."""

    async def administrator(request: Request) -> Caller:
        return await authenticator.caller(bearer(request.headers.get("authorization")), "admin")

    return administrator
