"""The two listening doors: a grpc.aio server and uvicorn, both on the collector's one loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import grpc
import grpc.aio
import uvicorn
from fastapi import FastAPI
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from tenantwatch_wire import limits
from tenantwatch_wire.v1 import (
    agent_pb2,
    agent_pb2_grpc,
    monitoring_pb2,
    monitoring_pb2_grpc,
    query_pb2,
    query_pb2_grpc,
)

from tenantwatch_collector.config import GrpcListener, RestListener, Tls
from tenantwatch_collector.errors import ConfigurationError
from tenantwatch_collector.ingest.unreadable import read_request

_SERVICES = (
    agent_pb2.DESCRIPTOR.services_by_name["AgentService"].full_name,
    query_pb2.DESCRIPTOR.services_by_name["QueryService"].full_name,
    monitoring_pb2.DESCRIPTOR.services_by_name["MonitoringService"].full_name,
)


class GrpcDoor:
    """Agent stream and queries, with the standard health service and reflection."""

    def __init__(
        self,
        listener: GrpcListener,
        tls: Tls | None,
        agents: agent_pb2_grpc.AgentServiceServicer,
        queries: query_pb2_grpc.QueryServiceServicer,
        monitoring: monitoring_pb2_grpc.MonitoringServiceServicer,
    ) -> None:
        self._listener = listener
        self._tls = tls
        self._agents, self._queries, self._monitoring = agents, queries, monitoring
        self._health = health.aio.HealthServicer()
        self._server: grpc.aio.Server | None = None

    def _built(self) -> grpc.aio.Server:
        """Only when it starts: one that never did complains at the program's end, in words nobody reads."""
        server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", limits.MAX_MESSAGE_BYTES),
                ("grpc.so_reuseport", 0),
                # Agents behind NAT may ping this often without being thrown out.
                ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.keepalive_time_ms", 30_000),
                ("grpc.keepalive_timeout_ms", 10_000),
            ]
        )
        server.add_generic_rpc_handlers((_agent_handler(self._agents),))
        query_pb2_grpc.add_QueryServiceServicer_to_server(self._queries, server)
        monitoring_pb2_grpc.add_MonitoringServiceServicer_to_server(self._monitoring, server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        reflection.enable_server_reflection(
            (*_SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME), server
        )
        return server

    async def start(self) -> str:
        """Listen; returns HOST:PORT. Raises ConfigurationError when the port is taken."""
        address = self._listener.listen
        # gRPC itself says only that it could not bind; asking the kernel first gives the reason.
        with bound_socket(self._listener):
            pass
        self._server = server = self._built()
        try:
            if self._tls is None:
                port = server.add_insecure_port(address)
            else:
                port = server.add_secure_port(address, _credentials(self._tls))
        except RuntimeError as error:
            raise ConfigurationError(f"grpc.listen = {address!r}: cannot listen there: {error}") from None
        await server.start()
        for service in ("", *_SERVICES):
            await self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        return f"{self._listener.host}:{port}"

    async def stop(self, grace_seconds: float) -> None:
        if self._server is not None:
            await self._health.enter_graceful_shutdown()
            await self._server.stop(grace_seconds)


class RestDoor:
    """The REST API and the dashboard."""

    def __init__(self, listener: RestListener, tls: Tls | None, app: FastAPI) -> None:
        self._listener = listener
        self._scheme = "http" if tls is None else "https"
        self._server = _Uvicorn(
            uvicorn.Config(
                app,
                loop="none",
                log_config=None,
                access_log=False,
                server_header=False,
                ssl_certfile=None if tls is None else tls.certificate_file,
                ssl_keyfile=None if tls is None else tls.key_file,
                timeout_graceful_shutdown=3,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Listen; returns the address as a URL. Raises ConfigurationError when the port is taken."""
        listening = bound_socket(self._listener)
        port = listening.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]), name="rest")
        await asyncio.wait(
            [self._task, asyncio.ensure_future(self._server.listening.wait())],
            return_when=asyncio.FIRST_COMPLETED,
        )
        if self._task.done():
            self._task.result()
        return f"{self._scheme}://{self._listener.listen.rpartition(':')[0]}:{port}"

    async def stop(self) -> None:
        if self._task is not None:
            self._server.should_exit = True
            await asyncio.wait([self._task])
            self._task = None


class _Uvicorn(uvicorn.Server):
    """Signals are the application's: uvicorn would take them for itself."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bound_socket(listener: GrpcListener | RestListener) -> socket.socket:
    """A socket bound to the address; raises ConfigurationError that says why it cannot be."""
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    # With the protocol named, asyncio too sends at once what it has, as uvloop always does.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((listener.host, listener.port))
    except OSError as error:
        listening.close()
        raise ConfigurationError(
            f"cannot listen on {listener.listen}: {error.strerror};"
            " stop what listens there or choose another port"
        ) from None
    return listening


def _credentials(tls: Tls) -> grpc.ServerCredentials:
    pair = tls.key_file.read_bytes(), tls.certificate_file.read_bytes()
    return grpc.ssl_server_credentials([pair])


def _agent_handler(agents: agent_pb2_grpc.AgentServiceServicer) -> grpc.GenericRpcHandler:
    """As generated, but that a message nobody can read is given to the service, which refuses it in words."""
    connect = grpc.stream_stream_rpc_method_handler(
        agents.Connect,
        request_deserializer=read_request,
        response_serializer=agent_pb2.ConnectResponse.SerializeToString,
    )
    name = agent_pb2.DESCRIPTOR.services_by_name["AgentService"].full_name
    return grpc.method_handlers_generic_handler(name, {"Connect": connect})
