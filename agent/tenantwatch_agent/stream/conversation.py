"""One open stream, from Hello to farewell."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import time

import grpc
import grpc.aio
from grpc.aio import StreamStreamCall as Stream
from tenantwatch_wire import __version__, limits
from tenantwatch_wire.records import CheckDefinition, Lane
from tenantwatch_wire.v1 import agent_pb2

from tenantwatch_agent.config import AgentConfig
from tenantwatch_agent.logs import Seldom
from tenantwatch_agent.spool import Spool
from tenantwatch_agent.stream.channel import raise_status
from tenantwatch_agent.stream.ending import REFUSED_SECONDS, Renewed, StreamEnded
from tenantwatch_agent.stream.lane import LaneSender
from tenantwatch_agent.stream.outgoing import Outgoing
from tenantwatch_agent.stream.requests import Assignments, Requests, RunNow
from tenantwatch_agent.vitals import Vitals
from tenantwatch_agent.words import shown

WELCOME_SECONDS = 10.0
MAX_PAUSE_SECONDS = 300.0

log = logging.getLogger(__name__)


class Conversation:
    """``open``, then ``run``; raises StreamEnded or AioRpcError when it is over."""

    def __init__(
        self,
        stream: Stream,
        config: AgentConfig,
        spool: Spool,
        run_now: RunNow,
        assignments: Assignments,
        vitals: Vitals,
    ) -> None:
        self._stream = stream
        self._config = config
        self._spool = spool
        self._requests = Requests(config, spool, run_now, assignments, self._write)
        self._vitals = vitals
        self._seldom = Seldom()
        self._writing = asyncio.Lock()
        self._renewal = ""
        self._ending = asyncio.Event()
        self._outgoing: Outgoing

    def renew(self, reason: str) -> None:
        """End this one so that the next says what is true now."""
        self._renewal = reason
        self._ending.set()

    async def open(self) -> None:
        """Hello, Welcome, dictionary. Raises StreamEnded or AioRpcError."""
        generation = self._spool.generation
        hello = agent_pb2.Hello(
            protocol_version=limits.PROTOCOL_VERSION,
            agent_id=self._config.agent_id,
            agent_version=__version__,
            configuration_digest=self._config.digest,
            spool_generation=generation,
            lanes=[_position(lane, last + 1) for lane, last in self._spool.last.items()],
            sent_at_us=time.time_ns() // 1000,
            hostname=socket.gethostname()[: limits.MAX_ID_LENGTH],
            labels=self._config.labels,
        )
        await self._write(agent_pb2.ConnectRequest(hello=hello))
        await self._welcome(await self._first_answer())
        if self._spool.generation != generation:
            raise StreamEnded("the collector has what this spool never sent: a new generation begins")

    async def run(self, finishing: asyncio.Event) -> None:
        """Returns only when we are stopping and all is acknowledged."""
        receiving = asyncio.create_task(self._receive())
        sending = asyncio.create_task(self._outgoing.run(finishing))
        ending = asyncio.create_task(self._ending.wait())
        try:
            await asyncio.wait([receiving, sending, ending], return_when=asyncio.FIRST_COMPLETED)
            if self._outgoing.said_farewell:
                # It is on its way: cancelling the call now could overtake it. That the collector closes,
                # perhaps before we are done with our side, is no trouble.
                await asyncio.wait([asyncio.create_task(self._close()), receiving], timeout=1)
                return
            if sending.done():
                sending.result()
            if receiving.done():
                receiving.result()
            raise Renewed(self._renewal)
        finally:
            tasks = (receiving, sending, ending)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._requests.stop()

    async def _close(self) -> None:
        await self._stream.done_writing()

    async def _first_answer(self) -> agent_pb2.Welcome:
        try:
            async with asyncio.timeout(WELCOME_SECONDS):
                answer = await self._stream.read()
        except TimeoutError:
            raise StreamEnded(f"the collector did not answer within {WELCOME_SECONDS:g} s") from None
        if answer is grpc.aio.EOF:
            await raise_status(self._stream)
            raise StreamEnded("the collector closed the stream")
        if answer.WhichOneof("message") == "refusal":
            raise StreamEnded(
                f"the collector refuses the stream: {shown(answer.refusal.reason)}", REFUSED_SECONDS
            )
        if answer.WhichOneof("message") != "welcome":
            raise StreamEnded("the collector did not answer with a Welcome", REFUSED_SECONDS)
        welcome: agent_pb2.Welcome = answer.welcome
        return welcome

    async def _welcome(self, welcome: agent_pb2.Welcome) -> None:
        if welcome.protocol_version != limits.PROTOCOL_VERSION:
            raise StreamEnded(
                f"the collector speaks protocol {welcome.protocol_version}, this agent"
                f" {limits.PROTOCOL_VERSION}: upgrade the older of the two",
                REFUSED_SECONDS,
            )
        # Results name their check by the spool's index, batches by its place in the dictionary.
        entries = await self._spool.entries()
        indices = {index: place for place, (index, _) in enumerate(entries)}
        self._outgoing = Outgoing(
            self._spool,
            self._write,
            max(1, min(welcome.max_in_flight_batches or 1, 64)),
            max(1, min(welcome.max_batch_results or 1, limits.MAX_BATCH_RESULTS)),
            indices,
            self._ending,
        )
        committed = {int(position.lane): position.sequence for position in welcome.committed}
        for lane in Lane:
            self._vitals.acknowledged_results += await self._outgoing.committed(
                lane, committed.get(int(lane), 0)
            )
        await self._spool.begin_sending()
        active = {one.definition.check_id for one in self._config.checks}
        listed = [_entry(place, d, d.check_id in active) for place, (_, d) in enumerate(entries)]
        dictionary = agent_pb2.CheckDictionary(entries=listed)
        await self._write(agent_pb2.ConnectRequest(dictionary=dictionary))
        await self._requests.say_what_is_assigned()

    async def _receive(self) -> None:
        while True:
            answer = await self._stream.read()
            if answer is grpc.aio.EOF:
                # The status behind the end says why.
                await raise_status(self._stream)
                raise StreamEnded("the collector closed the stream")
            await self._take(answer)

    async def _take(self, answer: agent_pb2.ConnectResponse) -> None:
        kind = answer.WhichOneof("message")
        if kind == "acknowledgement":
            await self._committed(answer.acknowledgement.lane, answer.acknowledgement.sequence)
        elif kind == "refusal":
            await self._refused(answer.refusal)
        elif kind == "slow_down":
            if self._seldom():
                log.warning("the collector asks to slow down: %s", shown(answer.slow_down.reason))
            self._outgoing.pause(min(answer.slow_down.delay_ms / 1000, MAX_PAUSE_SECONDS))
        elif kind == "drain":
            raise StreamEnded("the collector is stopping", random.uniform(0.05, 0.5))
        elif kind == "run_now":
            self._requests.look(answer.run_now)
        elif kind == "configuration":
            self._requests.assign(answer.configuration)

    async def _committed(self, lane: int, sequence: int) -> None:
        """Raises StreamEnded for what was never sent."""
        if sequence > self._lane(lane).sent:
            raise StreamEnded(
                f"the collector acknowledges result {sequence}, which was never sent to it", REFUSED_SECONDS
            )
        self._vitals.acknowledged_results += await self._outgoing.committed(Lane(lane), sequence)

    def _lane(self, number: int) -> LaneSender:
        try:
            return self._outgoing.lanes[Lane(number)]
        except ValueError:
            raise StreamEnded(
                f"the collector names a lane {number}, and there is none", REFUSED_SECONDS
            ) from None

    async def _refused(self, refusal: agent_pb2.Refusal) -> None:
        if not refusal.lane:
            raise StreamEnded(f"the collector ends the stream: {shown(refusal.reason)}", REFUSED_SECONDS)
        first, last = refusal.first_sequence, refusal.last_sequence
        if last <= self._lane(refusal.lane).acknowledged:
            return
        await self._committed(refusal.lane, last)
        self._vitals.refused_batches += 1
        log.error("the collector set results %d to %d aside: %s", first, last, shown(refusal.reason))

    async def _write(self, request: agent_pb2.ConnectRequest) -> None:
        try:
            # gRPC takes one write at a time, and answers are written beside the batches.
            async with self._writing:
                await self._stream.write(request)
        except asyncio.InvalidStateError:
            await raise_status(self._stream)
            raise StreamEnded("the stream is closed") from None


def _position(lane: Lane, sequence: int) -> agent_pb2.LanePosition:
    return agent_pb2.LanePosition(lane=int(lane), sequence=sequence)  # type: ignore[arg-type]


def _entry(index: int, definition: CheckDefinition, active: bool) -> agent_pb2.CheckEntry:
    return agent_pb2.CheckEntry(
        index=index,
        check_id=definition.check_id,
        kind=definition.kind,
        group=definition.group,
        interval_ms=definition.interval_ms,
        timeout_ms=definition.timeout_ms,
        confirm_failures=definition.confirm_failures,
        confirm_successes=definition.confirm_successes,
        target=definition.target,
        active=active,
    )
