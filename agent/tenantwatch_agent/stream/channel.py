"""The gRPC channel to the collector, and what its failures mean."""

from __future__ import annotations

import grpc
import grpc.aio
from grpc.aio import StreamStreamCall as Stream
from tenantwatch_wire import limits

from tenantwatch_agent.config import SYSTEM_TRUST, CollectorAddress
from tenantwatch_agent.words import shown

_HTTP = (
    "speaks HTTP and no gRPC, as the collector's REST port does: write its gRPC address into"
    " collector.address, whose port is 50051 unless [grpc] listen of the collector says otherwise"
)
_SIGNS = (
    ("Expected SETTINGS frame", _HTTP),
    ("missing selected ALPN", _HTTP),
    (
        "WRONG_VERSION_NUMBER",
        "does not speak TLS: give the collector a [tls] section, or, if it is on this machine, leave out"
        " collector.ca_file",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED",
        "shows a certificate that is over or that collector.ca_file does not vouch for",
    ),
    (
        "Hostname Verification",
        "shows a certificate for another name: give that name as collector.server_name, or have a certificate"
        " made for this one",
    ),
    ("Socket closed", "closes the connection at once: if it speaks TLS, give collector.ca_file"),
)
"""What of gRPC's own words says what is wrong, and what to do."""
_NOBODY = ("failed to connect", "resolution failed")
"""Theirs too; other words of a service that is unavailable are the collector's."""


def open_channel(address: CollectorAddress) -> grpc.aio.Channel:
    """Connects by itself, again and again. Raises ConfigurationError if the authorities cannot be read."""
    options: list[tuple[str, str | int]] = [
        ("grpc.max_receive_message_length", limits.MAX_MESSAGE_BYTES),
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 5_000),
        ("grpc.enable_retries", 0),
    ]
    if address.server_name:
        options.append(("grpc.ssl_target_name_override", address.server_name))
    if address.ca_file is None:
        return grpc.aio.insecure_channel(address.address, options)
    if str(address.ca_file) == SYSTEM_TRUST:
        credentials = grpc.ssl_channel_credentials()
    else:
        credentials = grpc.ssl_channel_credentials(address.authorities())
    return grpc.aio.secure_channel(address.address, credentials, options)


async def raise_status(stream: Stream) -> None:
    """Raise AioRpcError with the status behind the end of the stream, if it is not OK."""
    code = await stream.code()
    if code is not grpc.StatusCode.OK:
        raise grpc.aio.AioRpcError(
            code, await stream.initial_metadata(), await stream.trailing_metadata(), await stream.details()
        )


def is_twin(error: Exception) -> bool:
    """Whether the collector ended the stream as another agent of our id opened one."""
    return (
        isinstance(error, grpc.aio.AioRpcError)
        and error.code() is grpc.StatusCode.ABORTED
        and "agent_id" in (error.details() or "")
    )


def explanation(error: Exception, address: str) -> tuple[str, bool]:
    """What is wrong and what to do; and whether it will not mend soon."""
    if not isinstance(error, grpc.aio.AioRpcError):
        return str(error), True
    code, said = error.code(), error.details() or ""
    details = shown(said)
    if code is grpc.StatusCode.PERMISSION_DENIED:
        # As of a tenant that is suspended: no other token would help.
        return f"the collector takes nothing from this agent now: {details}", True
    if code is grpc.StatusCode.UNAUTHENTICATED:
        return (
            f"the collector does not accept our token: {details}. Make one with `tenantwatch-collector"
            " token create --tenant T --agent` and put it into collector.token_file",
            True,
        )
    if code is grpc.StatusCode.INVALID_ARGUMENT:
        return f"the collector refuses the stream: {details}", True
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return f"what answers at {address} is a gRPC server and no collector of tenantwatch", True
    for sign, meaning in _SIGNS:
        if sign in said:
            return f"what answers at {address} {meaning}", False
    if code is grpc.StatusCode.UNAVAILABLE and any(sign in said for sign in _NOBODY):
        return f"no collector at {address}: {details}", False
    return f"the stream to {address} ended: {details or 'without a word'} ({code.name})", False
