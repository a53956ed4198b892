"""Failures as gRPC tells them: a status code, words, and details that programs can read (google.rpc)."""

from __future__ import annotations

import math
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status
from pydantic import ValidationError

from tenantwatch_collector.access.keys import KeysUnavailable
from tenantwatch_collector.errors import (
    CollectorError,
    Conflict,
    NobodyThere,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotYet,
    RefusedForEver,
    StillRunning,
    TooMany,
)
from tenantwatch_collector.store.base import StoreUnavailable
from tenantwatch_collector.wording import MAX_PROBLEMS, dotted, in_words, told

DOMAIN = "tenantwatch"
_KINDS: dict[type[Exception], tuple[grpc.StatusCode, str]] = {
    ValidationError: (grpc.StatusCode.INVALID_ARGUMENT, "NOT_ALLOWED"),
    NotAllowed: (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING"),
    NotAuthenticated: (grpc.StatusCode.UNAUTHENTICATED, "NO_VALID_CREDENTIAL"),
    NotFound: (grpc.StatusCode.NOT_FOUND, "NOT_FOUND"),
    Conflict: (grpc.StatusCode.ALREADY_EXISTS, "THERE_ALREADY"),
    StillRunning: (grpc.StatusCode.ABORTED, "UNDER_WAY_ALREADY"),
    RefusedForEver: (grpc.StatusCode.INVALID_ARGUMENT, "NOT_ALLOWED"),
    TooMany: (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY"),
    NobodyThere: (grpc.StatusCode.UNAVAILABLE, "NO_AGENT_CONNECTED"),
    NotYet: (grpc.StatusCode.UNAVAILABLE, "NOT_DONE_YET"),
    KeysUnavailable: (grpc.StatusCode.UNAVAILABLE, "KEYS_UNAVAILABLE"),
    StoreUnavailable: (grpc.StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE"),
}


def status_of(error: CollectorError | ValidationError, request_id: str) -> status_pb2.Status | None:
    """The failure as a status with its details; None for what is a fault of ours."""
    found = next((_KINDS[kind] for kind in type(error).__mro__ if kind in _KINDS), None)
    if found is None:
        return None
    code, reason = found
    info = error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata={"request_id": request_id})
    status = status_pb2.Status(code=code.value[0], message=_words(error))
    for detail in (info, *_details(error)):
        status.details.add().Pack(detail)
    return status


def code_of(status: status_pb2.Status) -> grpc.StatusCode:
    return next(code for code in grpc.StatusCode if code.value[0] == status.code)


def trailing(status: status_pb2.Status) -> tuple[tuple[str, Any], ...]:
    """The metadata that carries the details."""
    return ((rpc_status.GRPC_DETAILS_METADATA_KEY, status.SerializeToString()),)


def _details(error: CollectorError | ValidationError) -> list[Message]:
    if isinstance(error, ValidationError):
        violations = [
            error_details_pb2.BadRequest.FieldViolation(
                field=dotted(each["loc"]), description=in_words({**each})
            )
            for each in error.errors()[:MAX_PROBLEMS]
        ]
        return [error_details_pb2.BadRequest(field_violations=violations)]
    delay_seconds = getattr(error, "delay_seconds", None)
    if delay_seconds is None:
        return []
    return [error_details_pb2.RetryInfo(retry_delay=Duration(seconds=math.ceil(delay_seconds)))]


def _words(error: CollectorError | ValidationError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    return told(error.errors(), dotted)
