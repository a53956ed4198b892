"""Claims what is owed, sends it, marks it. A crash in between sends it again with the same dedup key."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from tenantwatch_collector.alerts.rule import kind_of
from tenantwatch_collector.errors import CollectorError, RefusedForEver, RetryLater
from tenantwatch_collector.notify.channels.base import Channel, Message
from tenantwatch_collector.notify.templates import Templates
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.store.base import OutboxMessage, Store, StoreUnavailable
from tenantwatch_collector.vitals import Vitals

RETRY_SECONDS = (30, 60, 120, 240, 300)
"""Delays after the first, second, ... failure; the last one repeats."""
_LEASE_SECONDS = 90
_CLAIM_LIMIT = 100
_IDLE_SECONDS = 15.0

log = logging.getLogger(__name__)


class Notifier:
    """One loop that sleeps until the next message is due or ``owed`` fires."""

    def __init__(
        self,
        store: Store,
        channels: Mapping[str, Channel],
        templates: Templates,
        owed: Signal,
        vitals: Vitals,
    ) -> None:
        self._store = store
        self._channels = channels
        self._templates = templates
        self._owed = owed
        self._vitals = vitals
        self._task: asyncio.Task[None] | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self.passes = Signal()
        """Fired whenever all that was due has been taken in hand."""

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="notifier")

    async def stop(self, timeout_seconds: float = 5) -> None:
        """Let deliveries under way end within the time; the rest stays owed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=timeout_seconds)
            for task in late:
                task.cancel()
        for channel in self._channels.values():
            await channel.close()

    async def _run(self) -> None:
        while True:
            seen = self._owed.count
            try:
                full = await self._send_due() == _CLAIM_LIMIT
                pause = 0.0 if full else await self._pause_seconds()
                self.passes.fire()
            except StoreUnavailable as error:
                log.error("messages wait: %s", error)
                pause = 1.0
            await self._owed.wait_beyond(seen, pause)

    async def _send_due(self) -> int:
        now_us = time.time_ns() // 1000
        messages = await self._store.claim_messages(now_us, _LEASE_SECONDS * 1_000_000, _CLAIM_LIMIT)
        for message in messages:
            # Concurrent: a slow or failing channel never holds up another.
            task = asyncio.create_task(self._deliver(message))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return len(messages)

    async def _pause_seconds(self) -> float:
        due_us = await self._store.next_message_due_us()
        if due_us is None:
            return _IDLE_SECONDS
        return min(_IDLE_SECONDS, max(0.01, due_us / 1e6 - time.time()))

    async def _deliver(self, message: OutboxMessage) -> None:
        try:
            await self._send(message)
        except RetryLater as error:
            await self._note_failure(message, error, error.delay_seconds or self._backoff(message))
        except RefusedForEver as error:
            await self._note_failure(message, error, None)
        else:
            self._vitals.messages.labels(message.channel, "sent").inc()
            await self._until_noted(self._store.message_sent, message.message_id, time.time_ns() // 1000)

    async def _send(self, message: OutboxMessage) -> None:
        channel = self._channels.get(message.channel)
        if channel is None:
            raise RefusedForEver(f"the channel {message.channel} is configured no more")
        payload = json.loads(message.payload)
        texts = self._templates.render(kind_of(message.channel), payload)
        sent = Message(message.dedup_key, message.kind, payload, message.attempts, texts)
        try:
            async with asyncio.timeout(_LEASE_SECONDS * 2 / 3):
                await channel.send(sent)
        except CollectorError:
            raise
        except TimeoutError as error:
            raise RetryLater("no answer in time") from error
        except Exception as error:
            log.exception("channel %s failed unexpectedly", message.channel)
            raise RetryLater(type(error).__name__) from error

    def _backoff(self, message: OutboxMessage) -> float:
        return RETRY_SECONDS[min(message.attempts, len(RETRY_SECONDS)) - 1]

    async def _note_failure(
        self, message: OutboxMessage, error: CollectorError, delay_seconds: float | None
    ) -> None:
        outcome = "dead" if delay_seconds is None else "retry"
        self._vitals.messages.labels(message.channel, outcome).inc()
        log.warning("message %s to %s: %s (%s)", message.dedup_key, message.channel, error, outcome)
        due_us = None if delay_seconds is None else int((time.time() + delay_seconds) * 1_000_000)
        await self._until_noted(self._store.message_failed, message.message_id, str(error), due_us)

    async def _until_noted(self, note: Callable[..., Awaitable[None]], *arguments: object) -> None:
        """A store that is away just now must not make a delivered message look owed for long."""
        for delay_seconds in (0.1, 0.5, 2, 5):
            try:
                return await note(*arguments)
            except StoreUnavailable:
                await asyncio.sleep(delay_seconds)
        log.error("the outcome of a delivery could not be noted; it will be repeated with the same key")
