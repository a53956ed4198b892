"""Each request has an id and its answer names it, whatever becomes of it."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenantwatch_collector.request_ids import HEADER, begin


class RequestIds:
    """Notes it as ``request.state.request_id``, and sends the headers of ``request.state.headers`` along."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = begin(Headers(scope=scope).get(HEADER, ""))
        more = {HEADER: request_id}
        scope.setdefault("state", {}).update(request_id=request_id, headers=more)

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(more)
            await send(message)

        await self._app(scope, receive, named)
