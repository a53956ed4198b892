"""What every call through the gRPC door has in common: the caller, failures, and models as messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, Protocol, TypeVar
from urllib.parse import unquote

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict, SerializeToJsonError
from google.protobuf.message import Message
from grpc.aio import ServicerContext
from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from tenantwatch_collector.access.keys import KeysUnavailable
from tenantwatch_collector.access.permissions import Permission
from tenantwatch_collector.api.operation import demanded
from tenantwatch_collector.errors import (
    CollectorError,
    Conflict,
    NobodyThere,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotYet,
    RefusedForEver,
    TooMany,
)
from tenantwatch_collector.identity import Authenticator, Caller, Origin, bearer
from tenantwatch_collector.request_ids import HEADER, begin
from tenantwatch_collector.store.base import StoreUnavailable

DEFAULT_LIMIT = 100
_ABORTED = "abort raises"

_CODES: dict[type[CollectorError], grpc.StatusCode] = {
    NotAllowed: grpc.StatusCode.PERMISSION_DENIED,
    KeysUnavailable: grpc.StatusCode.UNAVAILABLE,
    NotAuthenticated: grpc.StatusCode.UNAUTHENTICATED,
    NotFound: grpc.StatusCode.NOT_FOUND,
    Conflict: grpc.StatusCode.ALREADY_EXISTS,
    RefusedForEver: grpc.StatusCode.INVALID_ARGUMENT,
    TooMany: grpc.StatusCode.RESOURCE_EXHAUSTED,
    NobodyThere: grpc.StatusCode.UNAVAILABLE,
    NotYet: grpc.StatusCode.UNAVAILABLE,
    StoreUnavailable: grpc.StatusCode.UNAVAILABLE,
}

Answer = TypeVar("Answer", bound=Message)
Asked = TypeVar("Asked", bound=BaseModel)
Request = TypeVar("Request", bound=Message)
Serves = TypeVar("Serves", bound="Servicer")


class Door:
    """Lets callers in and tells failures as status codes."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    @asynccontextmanager
    async def admitted(self, context: ServicerContext, permission: Permission) -> AsyncIterator[Caller]:
        """The caller, if there is one with that permission; whatever fails within ends the call."""
        try:
            metadata = dict(context.invocation_metadata() or ())
            request_id = begin(str(metadata.get(HEADER.lower(), "")))
            await context.send_initial_metadata(((HEADER.lower(), request_id),))
            caller = await self._authenticator.caller(bearer(str(metadata.get("authorization", ""))))
            caller.demand(permission)
            yield caller.coming_from(Origin(_address(context.peer()), request_id))
        except ValidationError as error:
            lines = [f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors()[:20]]
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "; ".join(lines))
        except CollectorError as error:
            code = next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), None)
            if code is None:
                raise
            await context.abort(code, str(error))


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
        @wraps(call)
        async def served(self: Serves, request: Request, context: ServicerContext) -> Answer:
            async with self._door.admitted(context, permission) as caller:
                return await call(self, request, caller)
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
                async for answer in call(self, request, caller):
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


def answer(
    kind: type[Answer], model: BaseModel | Mapping[str, Any] | None = None, **named: BaseModel
) -> Answer:
    """What REST answers as JSON, as a message of the same fields; ``named`` fill a field each."""
    told = {} if model is None else _json(model)
    return ParseDict({**told, **{name: _json(one) for name, one in named.items()}}, kind())


def _json(model: BaseModel | Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = to_jsonable_python(model, by_alias=True)
    return told
