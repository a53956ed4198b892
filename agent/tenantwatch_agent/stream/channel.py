"""The gRPC channel to the collector, and what its failures mean."""

from __future__ import annotations

import grpc
import grpc.aio
from grpc.aio import StreamStreamCall as Stream
from tenantwatch_wire import limits

from tenantwatch_agent.config import SYSTEM_TRUST, CollectorAddress
from tenantwatch_agent.errors import ConfigurationError


def open_channel(address: CollectorAddress) -> grpc.aio.Channel:
    """Connects by itself, again and again. Raises ConfigurationError if the authority cannot be read."""
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
        try:
            credentials = grpc.ssl_channel_credentials(address.ca_file.read_bytes())
        except OSError as error:
            raise ConfigurationError(f"collector.ca_file {address.ca_file}: {error.strerror}") from None
    return grpc.aio.secure_channel(address.address, credentials, options)


async def raise_status(stream: Stream) -> None:
    """Raise AioRpcError with the status behind the end of the stream, if it is not OK."""
    code = await stream.code()
    if code is not grpc.StatusCode.OK:
        raise grpc.aio.AioRpcError(
            code, await stream.initial_metadata(), await stream.trailing_metadata(), await stream.details()
        )


def explanation(error: Exception, address: str) -> tuple[str, bool]:
    """What is wrong and what to do; and whether it will not mend soon."""
    if not isinstance(error, grpc.aio.AioRpcError):
        return str(error), True
    code, details = error.code(), error.details() or ""
    if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        return (
            f"the collector does not accept our token: {details}. Make one with `tenantwatch-collector"
            " token create --tenant T --agent` and put it into collector.token_file",
            True,
        )
    if code is grpc.StatusCode.INVALID_ARGUMENT:
        return f"the collector refuses the stream: {details}", True
    return f"no collector at {address}: {code.name}: {details}", False
