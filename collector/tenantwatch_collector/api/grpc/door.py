"""What every call through the gRPC door has in common: the caller, failures, and models as messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict, SerializeToJsonError
from google.protobuf.message import Message
from grpc.aio import ServicerContext
from pydantic import BaseModel, ValidationError
from pydantic_core import to_jsonable_python

from tenantwatch_collector.errors import (
    CollectorError,
    Conflict,
    NobodyThere,
    NotAuthenticated,
    NotFound,
    NotYet,
    RefusedForEver,
    TooMany,
)
from tenantwatch_collector.identity import Authenticator, Caller, bearer
from tenantwatch_collector.store.base import StoreUnavailable

ABORTED = "abort raises"

_CODES: dict[type[CollectorError], grpc.StatusCode] = {
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


class Door:
    """Lets callers in and tells failures as status codes."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    @asynccontextmanager
    async def reader(self, context: ServicerContext) -> AsyncIterator[Caller]:
        """Admins, and tenants within their own bounds."""
        async with self._caller(context, "admin", "tenant") as caller:
            yield caller

    @asynccontextmanager
    async def admin(self, context: ServicerContext) -> AsyncIterator[Caller]:
        """The platform's own people: they alone change anything."""
        async with self._caller(context, "admin") as caller:
            yield caller

    @asynccontextmanager
    async def _caller(self, context: ServicerContext, *roles: str) -> AsyncIterator[Caller]:
        try:
            metadata = dict(context.invocation_metadata() or ())
            secret = bearer(str(metadata.get("authorization", "")))
            yield await self._authenticator.caller(secret, *roles)
        except ValidationError as error:
            lines = [f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors()[:20]]
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "; ".join(lines))
        except CollectorError as error:
            code = next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), None)
            if code is None:
                raise
            await context.abort(code, str(error))


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
