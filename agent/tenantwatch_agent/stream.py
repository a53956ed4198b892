"""Sends the spool over one gRPC stream, and connects again for as long as it takes.

What is sent stays in the spool until it is acknowledged. After a reconnect the Welcome says what the
collector has; sending goes on behind it, so nothing is lost and nothing counts twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import grpc
import grpc.aio
from grpc.aio import StreamStreamCall as Stream
from tenantwatch_wire import __version__, limits
from tenantwatch_wire.codec import encode_batch
from tenantwatch_wire.records import CheckDefinition, Lane, Status
from tenantwatch_wire.v1 import agent_pb2, agent_pb2_grpc

from tenantwatch_agent.config import SYSTEM_TRUST, AgentConfig, CollectorAddress
from tenantwatch_agent.errors import AgentError, ConfigurationError
from tenantwatch_agent.spool import Spool, Spooled
from tenantwatch_agent.vitals import Vitals

COALESCE_SECONDS = 1.0
_BACKOFF_SECONDS = (0.1, 15.0)
_REFUSED_SECONDS = 15.0
_WELCOME_SECONDS = 10.0

RunNow = Callable[[Sequence[str]], Awaitable[list[str]]]

log = logging.getLogger(__name__)


class StreamEnded(Exception):
    """The stream is over and another one should be opened after the delay."""

    def __init__(self, reason: str, delay_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.delay_seconds = delay_seconds


class Sender:
    """Keeps a stream to the collector. ``start`` once, ``stop`` once."""

    def __init__(self, config: AgentConfig, spool: Spool, run_now: RunNow, vitals: Vitals) -> None:
        self._config = config
        self._spool = spool
        self._run_now = run_now
        self._vitals = vitals
        self._failures = 0
        self._complaint = ""
        self._task: asyncio.Task[None] | None = None
        self._finishing = asyncio.Event()
        self._channel = _channel(config.collector)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="stream")

    async def stop(self, timeout_seconds: float = 5.0) -> None:
        """Send what is in the spool, if the collector takes it in that time, and say farewell."""
        if self._task is not None:
            self._finishing.set()
            self._spool.appended.set()
            _, late = await asyncio.wait([self._task], timeout=timeout_seconds)
            for task in late:
                task.cancel()
                await asyncio.wait([task])
            self._task = None
        await self._channel.close(None)

    async def _run(self) -> None:
        while True:
            try:
                await self._converse()
                return
            except StreamEnded as error:
                self._complain(str(error))
                delay = error.delay_seconds
            except (grpc.aio.AioRpcError, AgentError) as error:
                delay = self._explain(error)
            except Exception:
                # Whatever it is, results must go on being sent once it has passed.
                log.exception("the stream failed by a fault of our own")
                delay = _REFUSED_SECONDS
            self._failures += 1
            await asyncio.sleep(_backoff_seconds(self._failures) if delay is None else delay)

    def _explain(self, error: Exception) -> float | None:
        """Say once what is wrong and what to do; returns the delay for failures that will not mend soon."""
        if not isinstance(error, grpc.aio.AioRpcError):
            self._complain(str(error))
            return _REFUSED_SECONDS
        code, details = error.code(), error.details() or ""
        if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
            self._complain(
                f"the collector does not accept our token: {details}. Make one with `tenantwatch-collector"
                " token create --tenant T --agent` and put it into collector.token_file"
            )
            return _REFUSED_SECONDS
        if code is grpc.StatusCode.INVALID_ARGUMENT:
            self._complain(f"the collector refuses the stream: {details}")
            return _REFUSED_SECONDS
        self._complain(f"no collector at {self._config.collector.address}: {code.name}: {details}")
        return None

    def _complain(self, reason: str) -> None:
        if reason != self._complaint:
            log.warning("%s; results wait in the spool", reason)
            self._complaint = reason

    async def _converse(self) -> None:
        """One stream, from Hello to farewell. Returns only when we are stopping and all is acknowledged."""
        token = self._config.collector.token()
        if not token:
            raise ConfigurationError("no token: set collector.token_file or TENANTWATCH_TOKEN")
        stub = agent_pb2_grpc.AgentServiceStub(self._channel)
        stream: Stream = stub.Connect(metadata=(("authorization", f"Bearer {token}"),))
        try:
            conversation = _Conversation(stream, self._config, self._spool, self._run_now, self._vitals)
            await conversation.open()
            self._vitals.connections += 1
            self._failures, self._complaint = 0, ""
            log.info("connected to the collector at %s", self._config.collector.address)
            await conversation.run(self._finishing)
        finally:
            stream.cancel()


class _Conversation:
    """One open stream: its window, what is sent, and what is acknowledged."""

    def __init__(
        self, stream: Stream, config: AgentConfig, spool: Spool, run_now: RunNow, vitals: Vitals
    ) -> None:
        self._stream = stream
        self._config = config
        self._spool = spool
        self._run_now = run_now
        self._vitals = vitals
        self._sent = 0
        self._in_flight: deque[int] = deque()
        self._window = limits.MAX_IN_FLIGHT_BATCHES
        self._max_results = limits.MAX_BATCH_RESULTS
        self._moved = asyncio.Event()
        self._last_status: dict[int, Status] = {}
        self._pause_until = 0.0
        self._said_farewell = False
        self._runs: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        hello = agent_pb2.Hello(
            protocol_version=limits.PROTOCOL_VERSION,
            agent_id=self._config.agent_id,
            agent_version=__version__,
            configuration_digest=self._config.digest,
            spool_generation=self._spool.generation,
            lanes=[agent_pb2.LanePosition(lane=agent_pb2.LANE_LIVE, sequence=self._spool.last_sequence + 1)],
            sent_at_us=time.time_ns() // 1000,
            hostname=socket.gethostname()[: limits.MAX_ID_LENGTH],
        )
        await self._write(agent_pb2.ConnectRequest(hello=hello))
        try:
            async with asyncio.timeout(_WELCOME_SECONDS):
                answer = await self._stream.read()
        except TimeoutError:
            raise StreamEnded(f"the collector did not answer within {_WELCOME_SECONDS:g} s") from None
        if answer is grpc.aio.EOF:
            # The status behind the end says why; awaiting it raises AioRpcError if it is not OK.
            await _raise_status(self._stream)
            raise StreamEnded("the collector closed the stream")
        if answer.WhichOneof("message") == "refusal":
            raise StreamEnded(f"the collector refuses the stream: {answer.refusal.reason}", _REFUSED_SECONDS)
        if answer.WhichOneof("message") != "welcome":
            raise StreamEnded("the collector did not answer with a Welcome", _REFUSED_SECONDS)
        await self._welcome(answer.welcome)

    async def _welcome(self, welcome: agent_pb2.Welcome) -> None:
        if welcome.protocol_version != limits.PROTOCOL_VERSION:
            raise StreamEnded(
                f"the collector speaks protocol {welcome.protocol_version}, this agent"
                f" {limits.PROTOCOL_VERSION}: upgrade the older of the two",
                _REFUSED_SECONDS,
            )
        self._window = max(1, min(welcome.max_in_flight_batches or 1, 64))
        self._max_results = max(1, min(welcome.max_batch_results or 1, limits.MAX_BATCH_RESULTS))
        for position in welcome.committed:
            if position.lane == agent_pb2.LANE_LIVE:
                self._sent = position.sequence
                await self._spool.acknowledge(position.sequence)
        active = {one.definition.check_id for one in self._config.checks}
        entries = [_entry(index, d, d.check_id in active) for index, d in await self._spool.entries()]
        dictionary = agent_pb2.CheckDictionary(entries=entries)
        await self._write(agent_pb2.ConnectRequest(dictionary=dictionary))

    async def run(self, finishing: asyncio.Event) -> None:
        receiving = asyncio.create_task(self._receive())
        sending = asyncio.create_task(self._send(finishing))
        try:
            await asyncio.wait([receiving, sending], return_when=asyncio.FIRST_COMPLETED)
            if self._said_farewell:
                # It is on its way: cancelling the call now could overtake it. That the collector closes,
                # perhaps before we are done with our side, is no trouble.
                await asyncio.wait([receiving, sending], timeout=1)
                return
            if sending.done():
                sending.result()
            else:
                receiving.result()
        finally:
            ending = (receiving, sending, *self._runs)
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)

    async def _send(self, finishing: asyncio.Event) -> None:
        """Send batches within the window; return when we are finishing and nothing is left."""
        while True:
            self._spool.appended.clear()
            self._moved.clear()
            await asyncio.sleep(max(0.0, self._pause_until - time.monotonic()))
            await self._report_gaps()
            batch: list[Spooled] = []
            if len(self._in_flight) < self._window:
                batch = _without_hole(await self._spool.read(self._sent, self._max_results), self._sent)
            if batch and (finishing.is_set() or self._is_urgent(batch) or await self._linger(finishing)):
                if not (finishing.is_set() or self._is_urgent(batch)):
                    batch = _without_hole(await self._spool.read(self._sent, self._max_results), self._sent)
                await self._send_batch(batch)
                continue
            if finishing.is_set() and not batch and not self._in_flight:
                self._said_farewell = True
                await self._write(agent_pb2.ConnectRequest(farewell=agent_pb2.Farewell(reason="stopping")))
                await self._stream.done_writing()
                return
            await self._something_happened()

    async def _linger(self, finishing: asyncio.Event) -> bool:
        """Wait a moment for more to send with it, less if something urgent comes; always True."""
        deadline = time.monotonic() + COALESCE_SECONDS
        after = self._sent
        while not finishing.is_set() and (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._spool.appended.wait()
            self._spool.appended.clear()
            if self._is_urgent(await self._spool.read(after, self._max_results)):
                break
        return True

    def _is_urgent(self, batch: Sequence[Spooled]) -> bool:
        """Whether it tells of a trouble or of its end: such news do not wait for company."""
        return len(batch) >= self._max_results or any(
            one.result.status is not Status.HEALTHY
            or self._last_status.get(one.index, one.result.status) is not Status.HEALTHY
            for one in batch
        )

    async def _send_batch(self, batch: Sequence[Spooled]) -> None:
        await asyncio.sleep(max(0.0, self._pause_until - time.monotonic()))
        for one in batch:
            self._last_status[one.index] = one.result.status
        message = encode_batch(Lane.LIVE, batch[0].sequence, [(one.index, one.result) for one in batch])
        while message.ByteSize() > limits.MAX_MESSAGE_BYTES // 2 and len(batch) > 1:
            batch = batch[: len(batch) // 2]
            message = encode_batch(Lane.LIVE, batch[0].sequence, [(one.index, one.result) for one in batch])
        self._sent = batch[-1].sequence
        self._in_flight.append(self._sent)
        await self._write(agent_pb2.ConnectRequest(batch=message))

    async def _report_gaps(self) -> None:
        for gap in await self._spool.gaps():
            if gap.last_sequence > self._sent and gap.first_sequence <= self._sent + 1:
                report = agent_pb2.GapReport(
                    lane=agent_pb2.LANE_LIVE,
                    first_sequence=max(gap.first_sequence, self._sent + 1),
                    last_sequence=gap.last_sequence,
                    from_us=gap.from_us,
                    to_us=gap.to_us,
                    reason=gap.reason,
                )
                self._sent = gap.last_sequence
                self._in_flight.append(self._sent)
                await self._write(agent_pb2.ConnectRequest(gap=report))

    async def _something_happened(self) -> None:
        waiting = [
            asyncio.create_task(self._spool.appended.wait()),
            asyncio.create_task(self._moved.wait()),
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    async def _receive(self) -> None:
        while True:
            answer = await self._stream.read()
            if answer is grpc.aio.EOF:
                await _raise_status(self._stream)
                raise StreamEnded("the collector closed the stream")
            await self._take(answer)

    async def _take(self, answer: agent_pb2.ConnectResponse) -> None:
        kind = answer.WhichOneof("message")
        if kind == "acknowledgement":
            await self._committed(answer.acknowledgement.sequence)
        elif kind == "refusal":
            await self._refused(answer.refusal)
        elif kind == "slow_down":
            log.warning("the collector asks to slow down: %s", answer.slow_down.reason)
            self._pause_until = time.monotonic() + min(answer.slow_down.delay_ms / 1000, 300)
        elif kind == "drain":
            raise StreamEnded("the collector is stopping", random.uniform(0.05, 0.5))
        elif kind == "run_now":
            task = asyncio.create_task(self._answer_run_now(answer.run_now))
            self._runs.add(task)
            task.add_done_callback(self._runs.discard)
        elif kind == "configuration":
            applied = agent_pb2.ConfigurationApplied(
                version=answer.configuration.version,
                error="assignment by the collector is not enabled on this agent",
                configuration_digest=self._config.digest,
            )
            await self._write(agent_pb2.ConnectRequest(configuration_applied=applied))

    async def _committed(self, sequence: int) -> None:
        while self._in_flight and self._in_flight[0] <= sequence:
            self._in_flight.popleft()
        self._vitals.acknowledged_results += await self._spool.acknowledge(sequence)
        self._moved.set()

    async def _refused(self, refusal: agent_pb2.Refusal) -> None:
        if not refusal.lane:
            raise StreamEnded(f"the collector ends the stream: {refusal.reason}", _REFUSED_SECONDS)
        log.error(
            "the collector set results %d to %d aside: %s",
            refusal.first_sequence,
            refusal.last_sequence,
            refusal.reason,
        )
        self._vitals.refused_batches += 1
        await self._committed(refusal.last_sequence)

    async def _answer_run_now(self, request: agent_pb2.RunNow) -> None:
        unknown = await self._run_now(list(request.check_ids))
        answer = agent_pb2.RunResult(
            request_id=request.request_id,
            lane=agent_pb2.LANE_LIVE,
            last_sequence=self._spool.last_sequence,
            unknown_check_ids=unknown,
        )
        await self._write(agent_pb2.ConnectRequest(run_result=answer))

    async def _write(self, request: agent_pb2.ConnectRequest) -> None:
        try:
            await self._stream.write(request)
        except asyncio.InvalidStateError:
            await _raise_status(self._stream)
            raise StreamEnded("the stream is closed") from None


async def _raise_status(stream: Stream) -> None:
    code = await stream.code()
    if code is not grpc.StatusCode.OK:
        raise grpc.aio.AioRpcError(
            code, await stream.initial_metadata(), await stream.trailing_metadata(), await stream.details()
        )


def _without_hole(batch: list[Spooled], after: int) -> list[Spooled]:
    """The part in which sequences follow one another; the hole behind it is reported first."""
    for position, one in enumerate(batch):
        if one.sequence != batch[0].sequence + position:
            return batch[:position]
    return batch


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


def _backoff_seconds(failures: int) -> float:
    """Doubles from the least to the most, spread so that agents do not come back together."""
    least, most = _BACKOFF_SECONDS
    return random.uniform(0.5, 1.0) * min(most, least * float(1 << min(failures, 20)))


def _channel(address: CollectorAddress) -> grpc.aio.Channel:
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
