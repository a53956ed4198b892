"""One agent's stream: what each of its messages means, and the acknowledgements that follow commits."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable

import numpy as np
from tenantwatch_wire import limits
from tenantwatch_wire.columns import InvalidBatch, claimed_length, decode_batch
from tenantwatch_wire.records import Lane
from tenantwatch_wire.v1 import agent_pb2

from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.ingest.admission import check_hello, definition
from tenantwatch_collector.ingest.assigning import Assigning
from tenantwatch_collector.ingest.batching import GroupCommit
from tenantwatch_collector.ingest.fairness import TenantRates
from tenantwatch_collector.ingest.on_demand import Runs
from tenantwatch_collector.ingest.unreadable import Request, Unreadable
from tenantwatch_collector.store.base import (
    AgentPosition,
    Delivery,
    Gap,
    RefusedBatch,
    ResultColumns,
    Store,
    Tenant,
)
from tenantwatch_collector.vitals import Vitals

FULL_DELAY_SECONDS = 1.0

Answer = tuple[asyncio.Future[None], agent_pb2.ConnectResponse]
"""What is said once the future is done."""
Send = Callable[[agent_pb2.ConnectResponse], Awaitable[None]]

log = logging.getLogger(__name__)


class AgentStream:
    """The collector's end of one stream. ``receive`` is called for one message after the other."""

    def __init__(
        self,
        tenant: Tenant,
        store: Store,
        commits: GroupCommit,
        rates: TenantRates,
        vitals: Vitals,
        send: Send,
        on_definitions: Callable[[], None],
    ) -> None:
        self.tenant = tenant
        self._store = store
        self._commits = commits
        self._rates = rates
        self._vitals = vitals
        self._send = send
        self._on_definitions = on_definitions
        self._agent_id = ""
        self._generation = ""
        self._check_keys = np.zeros(0, np.int64)
        self._newest: asyncio.Future[None] | None = None
        self._owed: deque[Answer] = deque()
        self._answering: asyncio.Task[None] | None = None
        self.runs = Runs(send)
        self.assigning: Assigning
        """Set once the agent was welcomed."""

    async def open(self, hello: agent_pb2.Hello) -> None:
        """Answer the Hello with a Welcome; raises RefusedForEver if there can be no stream."""
        check_hello(hello)
        self._agent_id, self._generation = hello.agent_id, hello.spool_generation
        positions = await self._store.agent_arrived(
            self.tenant.tenant_key,
            hello.agent_id,
            hello.spool_generation,
            hello.agent_version,
            hello.hostname,
            hello.configuration_digest,
            dict(hello.labels),
            _backlog_until(hello),
        )
        for position in positions:
            self.runs.committed(int(position.lane), position.sequence)
        committed = [
            agent_pb2.LanePosition(lane=int(p.lane), sequence=p.sequence)  # type: ignore[arg-type]
            for p in positions
        ]
        welcome = agent_pb2.Welcome(
            protocol_version=limits.PROTOCOL_VERSION,
            tenant_id=self.tenant.tenant_id,
            committed=committed,
            max_batch_results=limits.MAX_BATCH_RESULTS,
            max_message_bytes=limits.MAX_MESSAGE_BYTES,
            max_in_flight_batches=limits.MAX_IN_FLIGHT_BATCHES,
            server_time_us=time.time_ns() // 1000,
        )
        await self._send(agent_pb2.ConnectResponse(welcome=welcome))
        self.assigning = Assigning(self.tenant.tenant_key, self._agent_id, self._store, self._send)

    async def receive(self, request: Request) -> bool:
        """Take one message; False when the agent said farewell."""
        if isinstance(request, Unreadable):
            await self._refuse(request)
            return True
        kind = request.WhichOneof("message")
        if kind == "batch":
            await self._take_batch(request.batch)
        elif kind == "dictionary":
            await self._take_dictionary(request.dictionary)
        elif kind == "gap":
            await self._take_gap(request.gap)
        elif kind == "run_result":
            self.runs.answered(request.run_result)
        elif kind == "configuration_applied":
            await self.assigning.answered(request.configuration_applied)
        elif kind in (None, "hello"):
            raise RefusedForEver("after the Hello only dictionaries, batches and reports may follow")
        return bool(kind != "farewell")

    async def acknowledged(self) -> None:
        """Return once everything received so far is committed and acknowledged."""
        while self._answering is not None:
            await asyncio.wait([self._answering])

    async def settle(self) -> None:
        """Return once everything received so far is committed, acknowledged or not."""
        self.runs.end()
        if self._answering is not None:
            self._answering.cancel()
        if self._newest is not None:
            await asyncio.wait([self._newest])

    async def _answer(self) -> None:
        """Send what is owed, each answer after its commit, in order; of one lane's the last is enough."""
        try:
            while self._owed:
                done, answer = self._owed[0]
                await asyncio.shield(done)
                self._owed.popleft()
                while self._owed and _includes(self._owed[0], answer):
                    answer = self._owed.popleft()[1]
                self.runs.committed(*_place(answer))
                await self._send(answer)
        except Exception as error:
            # The line is broken, which its own handler notices as well; the agent will hear of it next time.
            log.debug("agent %s was not answered: %s", self._agent_id, error)
        finally:
            self._answering = None

    async def _take_dictionary(self, dictionary: agent_pb2.CheckDictionary) -> None:
        first = len(self._check_keys)
        if first + len(dictionary.entries) > limits.MAX_CHECKS_PER_AGENT:
            raise RefusedForEver(f"more than {limits.MAX_CHECKS_PER_AGENT} checks in one agent")
        for offset, entry in enumerate(dictionary.entries):
            if entry.index != first + offset:
                raise RefusedForEver(f"dictionary index {entry.index} does not follow {first + offset - 1}")
        checks = [(definition(entry), entry.active) for entry in dictionary.entries]
        stored = await self._store.register_checks(
            self.tenant.tenant_key, self._agent_id, checks, complete=first == 0
        )
        keys = np.array([check.check_key for check in stored], np.int64)
        self._check_keys = np.concatenate([self._check_keys, keys])
        self._on_definitions()

    async def _take_batch(self, batch: agent_pb2.Batch) -> None:
        try:
            columns = decode_batch(batch, len(self._check_keys))
        except InvalidBatch as error:
            count, payload = claimed_length(batch), batch.SerializeToString()
            await self._refuse(Unreadable(str(error), payload, batch.lane, batch.first_sequence, count))
            return
        latency = columns.latency_us.astype(np.int64)
        latency[columns.latency_us == limits.NO_LATENCY] = -1
        results = ResultColumns(
            np.full(len(columns), self.tenant.tenant_key, np.int64),
            self._check_keys[columns.check_index],
            columns.time_us,
            columns.status,
            latency,
            columns.texts,
            columns.metrics,
        )
        last = batch.first_sequence + len(columns) - 1
        await self._submit(
            Delivery(
                batch.first_sequence,
                self._position(batch.lane, last),
                results=results,
                size_bytes=2 * batch.ByteSize(),
                payload=batch.SerializeToString,
            )
        )
        await self._keep_pace(len(columns))

    async def _take_gap(self, gap: agent_pb2.GapReport) -> None:
        if gap.lane not in (1, 2) or not 0 < gap.first_sequence <= gap.last_sequence < 2**62:
            raise RefusedForEver("a gap report names no lane or no sequences")
        kept = Gap(gap.from_us, gap.to_us, gap.reason[: limits.MAX_TEXT_LENGTH].replace("\0", " "))
        log.warning("agent %s reports a gap: %s", self._agent_id, kept.reason)
        self._vitals.gaps.inc()
        await self._submit(
            Delivery(gap.first_sequence, self._position(gap.lane, gap.last_sequence), gap=kept)
        )

    async def _refuse(self, request: Unreadable) -> None:
        """Set a batch aside with the reason; without results that could be named there is no going on."""
        self._vitals.refused.inc()
        log.warning("agent %s: batch refused: %s", self._agent_id, request.reason)
        if not request.results or request.lane not in (1, 2) or not 0 < request.first_sequence < 2**62:
            raise RefusedForEver(f"a message that names no results: {request.reason}")
        last = request.first_sequence + request.results - 1
        answer = agent_pb2.Refusal(
            reason=request.reason,
            lane=request.lane,  # type: ignore[arg-type]
            first_sequence=request.first_sequence,
            last_sequence=last,
        )
        await self._submit(
            Delivery(
                request.first_sequence,
                self._position(request.lane, last),
                refused=RefusedBatch(request.reason, request.payload),
                size_bytes=len(request.payload),
            ),
            agent_pb2.ConnectResponse(refusal=answer),
        )

    async def _submit(self, delivery: Delivery, answer: agent_pb2.ConnectResponse | None = None) -> None:
        if answer is None:
            position = delivery.last
            acknowledgement = agent_pb2.Acknowledgement(
                lane=int(position.lane),  # type: ignore[arg-type]
                sequence=position.sequence,
            )
            answer = agent_pb2.ConnectResponse(acknowledgement=acknowledgement)
        if not self._commits.has_room(delivery):
            await self._slow_down(FULL_DELAY_SECONDS, "results of this tenant wait to be stored")
        # Commits keep the order of submission, so the newest one done means all are.
        self._newest = done = await self._commits.submit(delivery)
        self._owed.append((done, answer))
        if self._answering is None:
            self._answering = asyncio.create_task(self._answer())
        while len(self._owed) > limits.MAX_IN_FLIGHT_BATCHES and self._answering is not None:
            # More than the Welcome allows: it is read no faster than its answers can leave.
            await asyncio.wait([self._answering])

    async def _keep_pace(self, results: int) -> None:
        """Above its tenant's rate an agent is told to wait, and is read no faster whether it does or not."""
        delay_seconds = self._rates.take(self.tenant.tenant_key, results)
        if delay_seconds > 0:
            await self._slow_down(delay_seconds, "this tenant sends more results than its rate allows")
            await asyncio.sleep(delay_seconds)

    async def _slow_down(self, delay_seconds: float, reason: str) -> None:
        self._vitals.slowed_down.inc()
        slow_down = agent_pb2.SlowDown(delay_ms=max(1, int(delay_seconds * 1000)), reason=reason)
        await self._send(agent_pb2.ConnectResponse(slow_down=slow_down))

    def _position(self, lane: int, sequence: int) -> AgentPosition:
        return AgentPosition(self.tenant.tenant_key, self._agent_id, self._generation, Lane(lane), sequence)


def _place(answer: agent_pb2.ConnectResponse) -> tuple[int, int]:
    """The lane, and up to where it is committed or set aside, that an answer to a batch names."""
    if answer.HasField("acknowledgement"):
        return answer.acknowledgement.lane, answer.acknowledgement.sequence
    return answer.refusal.lane, answer.refusal.last_sequence


def _includes(later: Answer, earlier: agent_pb2.ConnectResponse) -> bool:
    """Whether the later answer is committed as well and says all that the earlier one says."""
    done, answer = later
    return (
        done.done()
        and not done.cancelled()
        and answer.HasField("acknowledgement")
        and earlier.HasField("acknowledgement")
        and answer.acknowledgement.lane == earlier.acknowledgement.lane
    )


def _backlog_until(hello: agent_pb2.Hello) -> int:
    """The last sequence in the agent's backlog; of what is named twice the last counts."""
    following = {int(each.lane): int(each.sequence) for each in hello.lanes}
    return min(max(0, following.get(Lane.BACKLOG, 0) - 1), 2**62)
