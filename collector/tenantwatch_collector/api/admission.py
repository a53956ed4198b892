"""Who is let in, at either door: a credential that is valid, a permission, and no more often than one may."""

from __future__ import annotations

from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.rates import Rates, Standing
from tenantwatch_collector.errors import NotAuthenticated
from tenantwatch_collector.identity import Authenticator, Caller, Origin, bearer

STRANGERS_PER_MINUTE = 600
"""Of one address, without a valid credential: those after them are not told why, but when to come again."""


class Admission:
    """One for both doors: a caller has one bucket, whichever way the requests come."""

    def __init__(self, authenticator: Authenticator, requests_per_minute: int) -> None:
        self._authenticator = authenticator
        self._callers = Rates(requests_per_minute)
        self._strangers = Rates(STRANGERS_PER_MINUTE)

    async def admit(
        self, authorization: str | None, permission: Permission, origin: Origin
    ) -> tuple[Caller, Standing]:
        """The caller behind an Authorization header, who has that permission."""
        try:
            caller = await self._authenticator.caller(bearer(authorization))
        except NotAuthenticated:
            self._strangers.take(origin.address)
            raise
        standing = self._callers.take(caller.token_id or f"jwt {caller.subject}")
        caller.demand(permission)
        return caller.coming_from(origin), standing

    async def still_admitted(self, caller: Caller) -> bool:
        """Whether the credential of a caller who was let in is still good."""
        return await self._authenticator.still_valid(caller)
