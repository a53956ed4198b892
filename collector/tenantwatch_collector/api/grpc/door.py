"""What every call through the gRPC door has in common: the caller, failures, and models as messages."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial, wraps
from typing import Any, Protocol, TypeVar, get_type_hints
from urllib.parse import unquote

from google.protobuf.json_format import MessageToDict, ParseDict, SerializeToJsonError
from google.protobuf.message import Message
from grpc.aio import ServicerContext
from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from tenantwatch_collector.access.permissions import READING, Permission
from tenantwatch_collector.api.admission import Admission
from tenantwatch_collector.api.grpc.failures import code_of, status_of, trailing
from tenantwatch_collector.api.idempotency import Idempotency, Told
from tenantwatch_collector.api.operation import demanded
from tenantwatch_collector.api.pages import MAX_LIMIT, Page
from tenantwatch_collector.errors import CollectorError, NotAuthenticated, RefusedForEver, TooMany
from tenantwatch_collector.identity import Caller, Origin
from tenantwatch_collector.request_ids import HEADER, begin

KEY_HEADER = "idempotency-key"
DEFAULT_LIMIT = 100
GUARD_SECONDS = 2.0
MAX_STREAMS = 500
MAX_STREAMS_OF_CALLER = 20
_ABORTED = "abort raises"

Answer = TypeVar("Answer", bound=Message)
Asked = TypeVar("Asked", bound=BaseModel)
Request = TypeVar("Request", bound=Message)
Serves = TypeVar("Serves", bound="Servicer")


class Door:
    """Lets callers in and tells failures as status codes. One for all services."""

    def __init__(self, admission: Admission, idempotency: Idempotency) -> None:
        self._admission = admission
        self._idempotency = idempotency
        self._streams: Counter[str] = Counter()

    @asynccontextmanager
    async def admitted(self, context: ServicerContext, permission: Permission) -> AsyncIterator[Caller]:
        """The caller, if there is one with that permission; whatever fails within ends the call."""
        request_id = begin(metadata_of(context, HEADER))
        await context.send_initial_metadata(((HEADER.lower(), request_id),))
        try:
            authorization = metadata_of(context, "authorization")
            origin = Origin(_address(context.peer()), request_id)
            caller, standing = await self._admission.admit(authorization, permission, origin)
            context.set_trailing_metadata(_lower(standing.headers()))
            yield caller
        except (CollectorError, ValidationError) as error:
            status = status_of(error, request_id)
            if status is None:
                raise
            await context.abort(code_of(status), status.message, trailing(status))

    async def once(
        self,
        context: ServicerContext,
        caller: Caller,
        request: Message,
        kind: type[Answer],
        carry_out: Callable[[Caller], Awaitable[Answer]],
    ) -> Answer:
        """What ``carry_out`` answers; with an idempotency-key the answer that was given first."""
        key = metadata_of(context, KEY_HEADER)
        if not key:
            return await carry_out(caller)

        async def told(bound: Caller) -> Told:
            return Told(0, (await carry_out(bound)).SerializeToString(), True)

        asked_for = f"{type(request).__name__}\n".encode() + request.SerializeToString(deterministic=True)
        found, _ = await self._idempotency.once(caller, key, asked_for, told)
        return kind.FromString(found.content)

    async def while_admitted(self, caller: Caller, answers: AsyncIterator[Answer]) -> AsyncIterator[Answer]:
        """The answers, for as long as the caller's credential is good; a caller has few streams at a time."""
        whose = caller.token_id or caller.subject
        if self._streams[whose] >= MAX_STREAMS_OF_CALLER or self._streams.total() >= MAX_STREAMS:
            raise TooMany("too many streams are open: close some", GUARD_SECONDS)
        self._streams[whose] += 1
        coming = asyncio.ensure_future(anext(answers, None))
        try:
            while True:
                await asyncio.wait([coming], timeout=GUARD_SECONDS)
                if not await self._admission.still_admitted(caller):
                    raise NotAuthenticated("the credential has ended: call again with another one")
                if not coming.done():
                    continue
                if (answer := coming.result()) is None:
                    return
                yield answer
                coming = asyncio.ensure_future(anext(answers, None))
        finally:
            self._streams -= Counter([whose])
            coming.cancel()
            await asyncio.wait([coming])


def metadata_of(context: ServicerContext, name: str) -> str:
    """The first value of that name that the caller sent, or an empty text."""
    values = (value for key, value in context.invocation_metadata() or () if key == name.lower())
    return str(next(values, ""))


def _lower(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in headers.items())


def _address(peer: str) -> str:
    """The address in gRPC's own writing of it, such as ipv4:127.0.0.1:50051."""
    kind, _, rest = unquote(peer).partition(":")
    return rest.rpartition(":")[0].strip("[]") if kind in ("ipv4", "ipv6") else kind


class Servicer(Protocol):
    """Whoever opens calls through a door."""

    _door: Door


def through(
    operation: Callable[..., Any],
) -> Callable[
    [Callable[[Serves, Request, Caller], Awaitable[Answer]]],
    Callable[[Serves, Request, ServicerContext], Awaitable[Answer]],
]:
    """The call is the way to that operation, and demands what it demands."""
    permission = demanded(operation)

    def mark(
        call: Callable[[Serves, Request, Caller], Awaitable[Answer]],
    ) -> Callable[[Serves, Request, ServicerContext], Awaitable[Answer]]:
        kind: type[Answer] = get_type_hints(call)["return"]

        @wraps(call)
        async def served(self: Serves, request: Request, context: ServicerContext) -> Answer:
            async with self._door.admitted(context, permission) as caller:
                if permission in READING:
                    return await call(self, request, caller)
                return await self._door.once(context, caller, request, kind, partial(call, self, request))
            raise AssertionError(_ABORTED)

        served.operation = operation  # type: ignore[attr-defined]
        return served

    return mark


def stream_through(
    operation: Callable[..., Any],
) -> Callable[
    [Callable[[Serves, Request, Caller], AsyncIterator[Answer]]],
    Callable[[Serves, Request, ServicerContext], AsyncIterator[Answer]],
]:
    """As ``through``, of a call that answers a stream."""
    permission = demanded(operation)

    def mark(
        call: Callable[[Serves, Request, Caller], AsyncIterator[Answer]],
    ) -> Callable[[Serves, Request, ServicerContext], AsyncIterator[Answer]]:
        @wraps(call)
        async def served(self: Serves, request: Request, context: ServicerContext) -> AsyncIterator[Answer]:
            async with self._door.admitted(context, permission) as caller:
                async for answer in self._door.while_admitted(caller, call(self, request, caller)):
                    yield answer

        served.operation = operation  # type: ignore[attr-defined]
        return served

    return mark


def asked(model: type[Asked], request: Message, *elsewhere: str) -> Asked:
    """The request as REST reads a body, without the fields named ``elsewhere``; raises ValidationError."""
    try:
        body = MessageToDict(request, preserving_proto_field_name=True)
    except (ValueError, OverflowError, SerializeToJsonError) as error:
        # Such as an instant beyond the calendar, or not a number in a Struct.
        raise RefusedForEver(f"a value cannot be read: {error}") from error
    return model.model_validate({name: value for name, value in body.items() if name not in elsewhere})


def page_of(request: Any) -> Page:
    """The page that the request asks for; without a limit as long as pages are."""
    return Page(request.limit or MAX_LIMIT, request.cursor)


def answer(
    kind: type[Answer], model: BaseModel | Mapping[str, Any] | None = None, **named: BaseModel
) -> Answer:
    """What REST answers as JSON, as a message of the same fields; ``named`` fill a field each."""
    told = {} if model is None else _json(model)
    return ParseDict({**told, **{name: _json(one) for name, one in named.items()}}, kind())


def _json(model: BaseModel | Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = to_jsonable_python(model, by_alias=True)
    return told
