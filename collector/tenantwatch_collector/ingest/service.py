"""The gRPC door for agents: authenticates the connection and runs its stream."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

import grpc
from grpc.aio import ServicerContext as Context
from tenantwatch_wire.v1 import agent_pb2, agent_pb2_grpc

from tenantwatch_collector.errors import NotAuthenticated, RefusedForEver
from tenantwatch_collector.identity import Authenticator, Caller, bearer
from tenantwatch_collector.ingest.batching import GroupCommit
from tenantwatch_collector.ingest.fairness import TenantRates
from tenantwatch_collector.ingest.stream import AgentStream
from tenantwatch_collector.store.base import Store, StoreUnavailable
from tenantwatch_collector.vitals import Vitals

GUARD_SECONDS = 10.0

log = logging.getLogger(__name__)


class AgentService(agent_pb2_grpc.AgentServiceServicer):
    """At most one stream of an agent at a time: a newer one ends the older, whose results are kept first."""

    def __init__(
        self,
        store: Store,
        authenticator: Authenticator,
        commits: GroupCommit,
        rates: TenantRates,
        vitals: Vitals,
        on_definitions: Callable[[], None],
    ) -> None:
        self._store = store
        self._authenticator = authenticator
        self._commits = commits
        self._rates = rates
        self._vitals = vitals
        self._on_definitions = on_definitions
        self._sessions: dict[tuple[int, str], asyncio.Task[None]] = {}
        self._contexts: dict[AgentStream, Context] = {}
        self._draining = False

    async def drain(self, within_seconds: float) -> None:
        """Ask every agent to go elsewhere and wait for them as long as that."""
        self._draining = True
        goodbye = agent_pb2.ConnectResponse(drain=agent_pb2.Drain(within_ms=int(within_seconds * 1000)))
        for context in list(self._contexts.values()):
            with contextlib.suppress(Exception):
                await context.write(goodbye)
        sessions = list(self._sessions.values())
        if sessions:
            await asyncio.wait(sessions, timeout=within_seconds)

    async def Connect(
        self, request_iterator: AsyncIterator[agent_pb2.ConnectRequest], context: Context
    ) -> None:
        caller = await self._authenticate(context)
        if self._draining:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the collector is stopping; connect again")
        session = asyncio.create_task(self._serve(caller, request_iterator, context))
        try:
            await asyncio.shield(session)
        except asyncio.CancelledError:
            session.cancel()
            await asyncio.wait([session])
            raise

    async def _authenticate(self, context: Context) -> Caller:
        metadata = dict(context.invocation_metadata() or ())
        try:
            return await self._authenticator.caller(bearer(str(metadata.get("authorization", ""))), "agent")
        except NotAuthenticated as error:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, str(error))
        except StoreUnavailable as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        raise AssertionError("abort raises")

    async def _serve(
        self, caller: Caller, requests: AsyncIterator[agent_pb2.ConnectRequest], context: Context
    ) -> None:
        assert caller.tenant is not None  # a token of the role agent always has one
        stream = AgentStream(
            caller.tenant,
            self._store,
            self._commits,
            self._rates,
            self._vitals,
            context.write,
            self._on_definitions,
        )
        key: tuple[int, str] | None = None
        self._vitals.streams.inc()
        try:
            first = await anext(aiter(requests), None)
            if first is None or first.WhichOneof("message") != "hello":
                raise RefusedForEver("a stream begins with a Hello")
            key = await self._take_over(caller.tenant.tenant_key, first.hello.agent_id)
            await stream.open(first.hello)
            self._contexts[stream] = context
            log.info("agent %s of %s is here", first.hello.agent_id, caller.tenant.tenant_id)
            await self._converse(stream, requests, caller)
        except RefusedForEver as error:
            log.warning("stream of %s refused: %s", caller.tenant.tenant_id, error)
            with contextlib.suppress(Exception):
                refusal = agent_pb2.Refusal(reason=str(error))
                await context.write(agent_pb2.ConnectResponse(refusal=refusal))
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except NotAuthenticated as error:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, str(error))
        except StoreUnavailable as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        finally:
            self._vitals.streams.dec()
            self._contexts.pop(stream, None)
            if key is not None and self._sessions.get(key) is asyncio.current_task():
                del self._sessions[key]

    async def _take_over(self, tenant_key: int, agent_id: str) -> tuple[int, str]:
        """Make this the agent's only stream: the older one has ended, with all it sent committed."""
        key = (tenant_key, agent_id)
        mine = asyncio.current_task()
        assert mine is not None
        older, self._sessions[key] = self._sessions.get(key), mine
        if older is not None:
            older.cancel()
            await asyncio.wait([older])
        return key

    async def _converse(
        self, stream: AgentStream, requests: AsyncIterator[agent_pb2.ConnectRequest], caller: Caller
    ) -> None:
        receiving = asyncio.create_task(self._receive(stream, requests))
        others = [asyncio.create_task(stream.acknowledge()), asyncio.create_task(self._guard(caller))]
        try:
            done, _ = await asyncio.wait([receiving, *others], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            # A farewell: let the last acknowledgements follow their commits.
            await asyncio.wait_for(stream.acknowledged(), 10)
        finally:
            for task in (receiving, *others):
                task.cancel()
            await asyncio.wait([receiving, *others])
            await stream.settle()

    async def _guard(self, caller: Caller) -> None:
        """Raise NotAuthenticated soon after the stream's token was revoked."""
        while True:
            if not await self._authenticator.still_valid(caller):
                raise NotAuthenticated("the token was revoked; ask the platform's admin for another one")
            await asyncio.sleep(GUARD_SECONDS)

    async def _receive(self, stream: AgentStream, requests: AsyncIterator[agent_pb2.ConnectRequest]) -> None:
        async for request in requests:
            if not await stream.receive(request):
                return
