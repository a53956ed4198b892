"""The gRPC door for agents: authenticates the connection and runs its stream."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import grpc
from grpc.aio import ServicerContext as Context
from tenantwatch_wire.v1 import agent_pb2, agent_pb2_grpc

from tenantwatch_collector.errors import NotAuthenticated, RefusedForEver, TenantSuspended
from tenantwatch_collector.identity import Authenticator, Caller, bearer
from tenantwatch_collector.ingest.batching import GroupCommit
from tenantwatch_collector.ingest.fairness import TenantRates
from tenantwatch_collector.ingest.stream import AgentStream
from tenantwatch_collector.ingest.turns import Origin, Turns
from tenantwatch_collector.ingest.unreadable import Unreadable
from tenantwatch_collector.store.base import Store, StoreUnavailable, Tenant
from tenantwatch_collector.vitals import Vitals

GUARD_SECONDS = 10.0
LAST_WORDS_SECONDS = 10.0
BRING_AGAIN_SECONDS = 2.0
_OVERLAP_US = 60_000_000
"""How far back the guard looks each time, for tokens revoked through another collector's clock."""

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Session:
    """One open stream, its caller, and the task that serves it."""

    caller: Caller
    context: Context
    task: asyncio.Task[None] | None = None
    ending: tuple[grpc.StatusCode, str] | None = None
    """Why it is being ended by us, for its agent."""
    origin: Origin | None = None
    """Set once the agent said Hello."""
    stream: AgentStream | None = None
    """Set once the agent was welcomed."""
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def write(self, answer: agent_pb2.ConnectResponse) -> None:
        """gRPC takes one write at a time, and requests are written beside acknowledgements."""
        async with self._writing:
            await self.context.write(answer)


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
        self._sessions: dict[tuple[int, str], Session] = {}
        self._guard: asyncio.Task[None] | None = None
        self._turns = Turns()
        self._draining = False
        self._bringing: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """From now on streams whose token is revoked are ended soon after, and what was assigned by way of
        another collector is brought."""
        self._guard = asyncio.create_task(self._watch(), name="guard of streams")

    async def drain(self, within_seconds: float) -> None:
        """Ask every agent to go elsewhere and wait for them as long as that."""
        self._draining = True
        for task in (*self._bringing, *([self._guard] if self._guard else [])):
            task.cancel()
        goodbye = agent_pb2.ConnectResponse(drain=agent_pb2.Drain(within_ms=int(within_seconds * 1000)))
        sessions = list(self._sessions.values())
        # An agent that reads nothing any more holds up nobody's goodbye.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                await asyncio.gather(*(s.write(goodbye) for s in sessions), return_exceptions=True)
        tasks = [session.task for session in sessions if session.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=within_seconds)

    async def look(
        self, tenant_key: int, wanted: Mapping[str, Sequence[str]], timeout_seconds: float
    ) -> Mapping[str, bool]:
        """Have the tenant's agents look now with the checks named, by agent.

        Says of each that is connected here whether all that it saw was committed in time.
        """
        asked = {
            agent_id: asyncio.create_task(session.stream.runs.look(check_ids))
            for agent_id, check_ids in wanted.items()
            if (session := self._sessions.get((tenant_key, agent_id))) is not None
            and session.stream is not None
        }
        if asked:
            _, late = await asyncio.wait(asked.values(), timeout=timeout_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*asked.values(), return_exceptions=True)
        return {agent_id: _is_done(task) for agent_id, task in asked.items()}

    def reassigned(self, tenant_key: int) -> None:
        """The tenant's assigned checks changed: its agents that are connected here hear of it soon."""
        for (key, _), session in self._sessions.items():
            if key == tenant_key and session.stream is not None:
                self._bring_soon(session.stream)

    def _bring_soon(self, stream: AgentStream) -> None:
        # Beside everything else: an agent that does not read holds up nobody.
        task = asyncio.create_task(_bring(stream))
        self._bringing.add(task)
        task.add_done_callback(self._bringing.discard)

    def connected(self, tenant_key: int) -> Collection[str]:
        """The ids of the tenant's agents that are connected here now."""
        return {
            agent_id
            for (key, agent_id), session in self._sessions.items()
            if key == tenant_key and session.stream is not None
        }

    async def Connect(self, _: AsyncIterator[agent_pb2.ConnectRequest], context: Context) -> None:
        caller = await self._authenticate(context)
        if self._draining:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the collector is stopping; connect again")
        session = Session(caller, context)
        session.task = asyncio.create_task(self._serve(session))
        try:
            await asyncio.shield(session.task)
        except asyncio.CancelledError:
            session.task.cancel()
            # The call is over: nobody hears what its task may still have to say.
            await asyncio.gather(session.task, return_exceptions=True)
            raise

    async def _authenticate(self, context: Context) -> Caller:
        try:
            return await self._caller(context)
        except NotAuthenticated as error:
            await context.abort(*_refusal(error))
        except StoreUnavailable as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        raise AssertionError("abort raises")

    async def _caller(self, context: Context) -> Caller:
        metadata = dict(context.invocation_metadata() or ())
        return await self._authenticator.caller(bearer(str(metadata.get("authorization", ""))), "agent")

    async def _serve(self, session: Session) -> None:
        context, tenant = session.context, session.caller.tenant
        assert tenant is not None  # a token of the role agent always has one
        stream = AgentStream(
            tenant,
            self._store,
            self._commits,
            self._rates,
            self._vitals,
            session.write,
            self._on_definitions,
        )
        key: tuple[int, str] | None = None
        self._vitals.streams.inc()
        try:
            first = await context.read()
            if (
                first is grpc.aio.EOF
                or isinstance(first, Unreadable)
                or first.WhichOneof("message") != "hello"
            ):
                raise RefusedForEver("a stream begins with a Hello")
            # While nobody else can end this stream: gRPC tells no end that comes amid its first words.
            await context.send_initial_metadata(())
            session.origin = Origin(context.peer(), first.hello.spool_generation)
            key = await self._take_over(session, tenant, first.hello.agent_id)
            await stream.open(first.hello)
            session.stream = stream
            log.info("agent %s of %s is here", first.hello.agent_id, tenant.tenant_id)
            # The session can be reached by now: what changes from here on is brought as well.
            await stream.assigning.bring()
            await self._converse(stream, context)
        except RefusedForEver as error:
            log.warning("stream of %s refused: %s", tenant.tenant_id, error)
            with contextlib.suppress(Exception):
                refusal = agent_pb2.Refusal(reason=str(error))
                await session.write(agent_pb2.ConnectResponse(refusal=refusal))
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except StoreUnavailable as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        except asyncio.CancelledError:
            if session.ending is None:
                raise
            await context.abort(*session.ending)
        finally:
            self._vitals.streams.dec()
            if key is not None and self._sessions.get(key) is session:
                del self._sessions[key]

    async def _take_over(self, session: Session, tenant: Tenant, agent_id: str) -> tuple[int, str]:
        """Make this the agent's only stream: the older one has ended, with all it sent committed."""
        key = (tenant.tenant_key, agent_id)
        older, self._sessions[key] = self._sessions.get(key), session
        if older is not None and older.task is not None and session.origin is not None:
            await self._turns.take(key, tenant.tenant_id, older.origin, session.origin)
            reason = "another agent with this agent_id connected; each agent needs an agent_id of its own"
            older.ending = grpc.StatusCode.ABORTED, reason
            older.task.cancel()
            await asyncio.wait([older.task])
        return key

    async def _converse(self, stream: AgentStream, context: Context) -> None:
        try:
            while (request := await context.read()) is not grpc.aio.EOF:
                if not await stream.receive(request):
                    break
            # A farewell: let the last acknowledgements follow their commits.
            await asyncio.wait_for(stream.acknowledged(), LAST_WORDS_SECONDS)
        finally:
            await stream.settle()

    async def _watch(self) -> None:
        since_us = time.time_ns() // 1000
        while True:
            await asyncio.sleep(GUARD_SECONDS)
            now_us = time.time_ns() // 1000
            try:
                revoked = set(await self._store.tokens_revoked_since(since_us - _OVERLAP_US))
                versions = await self._store.assignment_versions()
                for session in [one for one in self._sessions.values() if one.caller.token_id in revoked]:
                    await self._end_if_refused(session)
            except StoreUnavailable:
                continue  # what was revoked meanwhile is asked for again
            since_us = now_us
            for (tenant_key, _), session in list(self._sessions.items()):
                if session.stream is not None and session.stream.assigning.told != versions.get(
                    tenant_key, 0
                ):
                    self._bring_soon(session.stream)

    async def _end_if_refused(self, session: Session) -> None:
        """For what its credential is refused for: it was revoked, it is over, its tenant is suspended."""
        try:
            await self._caller(session.context)
        except NotAuthenticated as error:
            session.ending = _refusal(error)
            if session.task is not None:
                session.task.cancel()


def _refusal(error: NotAuthenticated) -> tuple[grpc.StatusCode, str]:
    """No other token would help the agent of a suspended tenant, so that is another status."""
    suspended = isinstance(error, TenantSuspended)
    return grpc.StatusCode.PERMISSION_DENIED if suspended else grpc.StatusCode.UNAUTHENTICATED, str(error)


async def _bring(stream: AgentStream) -> None:
    """Until the agent was told; where its stream ends before, the next one brings it."""
    while True:
        try:
            return await stream.assigning.bring()
        except StoreUnavailable:
            await asyncio.sleep(BRING_AGAIN_SECONDS)
        except Exception as error:
            log.debug("an agent was not told of its checks: %s", error)
            return


def _is_done(task: asyncio.Task[bool]) -> bool:
    """False for one that was late or whose line broke."""
    return not task.cancelled() and task.exception() is None and task.result()
