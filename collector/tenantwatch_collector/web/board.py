"""What the dashboard needs of the rest: who is signed in, and what that caller may see."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from tenantwatch_collector.web.sessions import Session


class Board(Protocol):
    """Implemented over the API's operations, so that the page can never show more than the API.

    ``changes`` yields after every change; when it ends, as it should while the collector stops, the pages'
    streams end with it and hold nobody up.
    """

    async def sign_in(self, token: str) -> Session | None: ...
    async def session(self, session_id: str) -> Session | None: ...
    async def sign_out(self, session_id: str) -> None: ...
    async def overview(self, caller: object) -> dict[str, Any]: ...
    async def tenant(self, caller: object, tenant_id: str) -> dict[str, Any] | None: ...
    async def alert(self, caller: object, alert_id: str) -> dict[str, Any] | None:
        """The alert and its record, as ``alert`` and ``timeline``."""

    def changes(self, caller: object) -> AsyncGenerator[None, None]: ...
