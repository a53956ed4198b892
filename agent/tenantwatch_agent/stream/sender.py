"""Keeps a stream to the collector, and says once what is wrong while there is none."""

from __future__ import annotations

import asyncio
import logging
import time

import grpc
import grpc.aio
from grpc.aio import StreamStreamCall as Stream
from tenantwatch_wire.v1 import agent_pb2_grpc

from tenantwatch_agent.config import AgentConfig, CollectorAddress
from tenantwatch_agent.errors import AgentError
from tenantwatch_agent.spool import Spool
from tenantwatch_agent.stream.backoff import FREE, Backoff
from tenantwatch_agent.stream.channel import explanation, is_twin, open_channel
from tenantwatch_agent.stream.conversation import Conversation
from tenantwatch_agent.stream.ending import REFUSED_SECONDS, Renewed, StreamEnded
from tenantwatch_agent.stream.requests import Assignments, RunNow
from tenantwatch_agent.vitals import Vitals

CONNECTING_SECONDS = 1.0
"""What a stream that is just being opened may still take when the agent stops."""

log = logging.getLogger(__name__)


class Sender:
    """``start`` once, ``stop`` once."""

    def __init__(
        self, config: AgentConfig, spool: Spool, run_now: RunNow, assignments: Assignments, vitals: Vitals
    ) -> None:
        self._config = config
        self._spool = spool
        self._run_now = run_now
        self._assignments = assignments
        self._vitals = vitals
        self._backoff = Backoff()
        self._complaint = ""
        self._last_complaint = ""
        self._task: asyncio.Task[None] | None = None
        self._finishing = asyncio.Event()
        self._hurry = asyncio.Event()
        self._channel: grpc.aio.Channel | None = None
        self._channel_to: CollectorAddress | None = None
        self._conversation: Conversation | None = None
        self._connected_at: float | None = None

    @property
    def connected(self) -> bool:
        return self._connected_at is not None

    def status(self) -> dict[str, object]:
        """For people who ask."""
        since = None if self._connected_at is None else round(time.monotonic() - self._connected_at)
        return {
            "collector": self._config.collector.address,
            "connected_seconds": since,
            "trouble": self._complaint,
            "warning": self._warning(),
        }

    def _warning(self) -> str:
        """What an open stream does not show."""
        if self._backoff.has_twin:
            return _twin(self._config.agent_id)
        if self.connected and self._backoff.short_streams > FREE and self._last_complaint:
            many = self._backoff.short_streams
            return f"the last {many} streams ended soon after they began: {self._last_complaint}"
        return ""

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="stream")

    def apply(self, config: AgentConfig) -> None:
        """Tell the collector of this configuration: a new stream begins with it."""
        self._config = config
        self._hurry.set()
        if self._conversation is not None:
            self._conversation.renew("the configuration changed")

    async def stop(self, timeout_seconds: float = 5.0) -> None:
        """Send what is in the spool, if the collector takes it in that time, and say farewell.

        One that cannot be had now is not waited for: what is in the spool is safe there.
        """
        if self._task is not None:
            if not self.connected:
                timeout_seconds = 0.0 if self._complaint else min(timeout_seconds, CONNECTING_SECONDS)
            self._finishing.set()
            self._hurry.set()
            self._spool.appended.set()
            _, late = await asyncio.wait([self._task], timeout=timeout_seconds)
            for task in late:
                task.cancel()
                await asyncio.wait([task])
            self._task = None
        if self._channel is not None:
            await self._channel.close(None)

    async def _run(self) -> None:
        while True:
            self._hurry.clear()
            try:
                await self._converse()
                return
            except Renewed as error:
                log.info("a new stream begins: %s", error)
                delay = self._backoff.renewal_seconds()
            except StreamEnded as error:
                self._complain(str(error))
                delay = self._backoff.seconds(error.delay_seconds)
                if self._finishing.is_set():
                    return
            except (grpc.aio.AioRpcError, AgentError) as error:
                delay = self._refused(error)
                if self._finishing.is_set():
                    return
            except Exception:
                # Whatever it is, results must go on being sent once it has passed.
                log.exception("the stream failed by a fault of our own")
                delay = REFUSED_SECONDS
            await self._wait(delay)

    def _refused(self, error: grpc.aio.AioRpcError | AgentError) -> float:
        """Says why; returns how long to wait."""
        if is_twin(error):
            self._complain(_twin(self._config.agent_id))
            return self._backoff.twin_seconds()
        reason, is_lasting = explanation(error, self._config.collector.address)
        self._complain(reason)
        return self._backoff.seconds(REFUSED_SECONDS if is_lasting else None)

    async def _wait(self, seconds: float) -> None:
        """Less if the configuration changes meanwhile, which may be what was wrong, or if we are stopping."""
        if self._finishing.is_set():
            seconds = min(seconds, 0.2)
        try:
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        except TimeoutError:
            return

    def _complain(self, reason: str) -> None:
        if reason != self._complaint:
            log.warning("%s; results wait in the spool", reason)
            self._complaint = self._last_complaint = reason

    async def _converse(self) -> None:
        """One stream, from Hello to farewell. Returns only when we are stopping and all is acknowledged."""
        config = self._config
        token = config.collector.token()
        stub = agent_pb2_grpc.AgentServiceStub(await self._channel_of(config.collector))
        taken = self._vitals.acknowledged_results
        stream: Stream = stub.Connect(metadata=(("authorization", f"Bearer {token}"),))
        try:
            conversation = Conversation(
                stream, config, self._spool, self._run_now, self._assignments, self._vitals
            )
            self._conversation = conversation
            await conversation.open()
            self._vitals.connections += 1
            self._complaint = ""
            self._connected_at = time.monotonic()
            log.info("connected to the collector at %s", config.collector.address)
            await conversation.run(self._finishing)
        finally:
            since = self._connected_at
            self._backoff.ended(
                None if since is None else time.monotonic() - since,
                took_results=self._vitals.acknowledged_results > taken,
            )
            self._conversation, self._connected_at = None, None
            self._spool.end_sending()
            stream.cancel()

    async def _channel_of(self, address: CollectorAddress) -> grpc.aio.Channel:
        """One channel as long as the address stays the same."""
        if self._channel is None or self._channel_to != address:
            before, self._channel = self._channel, open_channel(address)
            self._channel_to = address
            if before is not None:
                await before.close(None)
        return self._channel


def _twin(agent_id: str) -> str:
    return (
        f"another agent that calls itself {agent_id!r} takes this one's place at the collector: give each an"
        " agent_id of its own"
    )
