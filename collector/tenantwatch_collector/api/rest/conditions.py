"""ETags: an answer has one by its content, and a change may be bound to what its caller has seen."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from fastapi import Request, Response
from starlette.responses import StreamingResponse

from tenantwatch_collector.errors import NotFound, PreconditionFailed, PreconditionMissing

Handler = Callable[[Request], Awaitable[Response]]
MAX_TAGS = 20


def tagged(request: Request, answer: Response) -> Response:
    """The answer with its ETag, or 304 where the caller has it already."""
    if answer.status_code != 200 or isinstance(answer, StreamingResponse):
        return answer
    tag = _tag(answer)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if _named(request, "if-none-match", tag):
        return Response(None, 304, headers)
    answer.headers.update(headers)
    return answer


def is_bound(request: Request) -> bool:
    """Whether a change depends on what there is: PUT always, others where their caller says so."""
    return request.method == "PUT" or any(name in request.headers for name in ("if-match", "if-none-match"))


class Conditions:
    """Changes of one address come one after another, each bound to what it found."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def changed(self, request: Request, look: Handler, change: Handler) -> Response:
        """``change``, if the address is as the caller says; the answer has the ETag of what is there then."""
        turn = self._turns.setdefault(request.url.path, asyncio.Lock())
        async with turn:
            _demand(request, await self._present(request, look))
            answer = await change(request)
            if request.method == "PUT" and answer.status_code < 300:
                tag = await self._present(request, look)
                if tag is not None:
                    answer.headers["ETag"] = tag
            return answer

    async def _present(self, request: Request, look: Handler) -> str | None:
        """The ETag of what GET answers there, without query and body; None where there is nothing."""
        reading = Request({**request.scope, "method": "GET", "query_string": b""})
        reading.state.caller = request.state.caller
        try:
            return _tag(await look(reading))
        except NotFound:
            return None


def _demand(request: Request, present: str | None) -> None:
    """Raise unless what is there is what the caller's headers ask for."""
    bound = "if-match" in request.headers
    if bound and not _named(request, "if-match", present):
        raise PreconditionFailed("it has changed since you read it: read it again, and change that")
    if "if-none-match" in request.headers and _named(request, "if-none-match", present):
        raise PreconditionFailed("there is one already: change it with If-Match")
    if not bound and present is not None and request.method == "PUT":
        raise PreconditionMissing("send If-Match with the ETag that GET of this address answers, or *")


def _named(request: Request, header: str, tag: str | None) -> bool:
    given = request.headers.get(header, "")
    if given.strip() == "*":
        return tag is not None
    return tag in [each.strip().removeprefix("W/") for each in given.split(",", MAX_TAGS)[:MAX_TAGS]]


def _tag(answer: Response) -> str:
    return f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
