"""One channel's way out: claims what is owed to it, sends it, marks it. Lanes know nothing of one another.

A crash in between sends it again with the same dedup key. What may not go yet, because enough is under
way or the channel's rate is used up, stays in the outbox, unclaimed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tenantwatch_collector.alerts.outbox import retry_delay_seconds
from tenantwatch_collector.alerts.rule import kind_of
from tenantwatch_collector.background import end
from tenantwatch_collector.errors import CollectorError, RefusedForEver, RetryLater
from tenantwatch_collector.notify.bucket import TokenBucket
from tenantwatch_collector.notify.channels.base import Channel, Message, Reached
from tenantwatch_collector.notify.operator import undeliverable
from tenantwatch_collector.notify.templates import Templates
from tenantwatch_collector.signal import Signal
from tenantwatch_collector.store.base import OutboxMessage, Store, StoreUnavailable
from tenantwatch_collector.vitals import Vitals

MAX_AT_ONCE = 10
_IDLE_SECONDS = 15.0
# Two sendings, for one may have to wait for another of its alert, and time to note the outcome.
_LEASE_MARGIN_SECONDS = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ways:
    """What all lanes share."""

    store: Store
    templates: Templates
    owed: Signal
    vitals: Vitals


class Lane:
    """``start`` once, ``stop`` as often as you like."""

    def __init__(self, ways: Ways, channel: Channel, timeout_seconds: float, per_minute: int) -> None:
        self._ways = ways
        self._channel = channel
        self._timeout_seconds = timeout_seconds
        self._lease_us = int((2 * timeout_seconds + _LEASE_MARGIN_SECONDS) * 1_000_000)
        self._bucket = TokenBucket(per_minute, time.monotonic())
        self._task: asyncio.Task[None] | None = None
        # By alert, the newest sending: the next one of that alert waits for it, or they might swap.
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self.passes = Signal()
        """Fired whenever all that may go has been taken in hand."""

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"lane {self._channel.name}")

    async def stop(self, timeout_seconds: float) -> None:
        """Let deliveries under way end within the time; the rest stays owed."""
        await end(self._task)
        self._task = None
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=timeout_seconds)
            for task in late:
                task.cancel()
        await self._channel.close()

    async def _run(self) -> None:
        while True:
            seen = self._ways.owed.count
            try:
                pause = await self._send_due()
            except StoreUnavailable as error:
                log.error("messages to %s wait: %s", self._channel.name, error)
                pause = 1.0
            else:
                self.passes.fire()
            if len(self._under_way) >= MAX_AT_ONCE:
                await asyncio.wait(
                    self._under_way, timeout=_IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
            elif pause > 0:
                await self._ways.owed.wait_beyond(seen, pause)

    async def _send_due(self) -> float:
        """Take in hand what may go; returns how long nothing else can."""
        room = min(MAX_AT_ONCE - len(self._under_way), self._bucket.available(time.monotonic()))
        if room <= 0:
            return min(_IDLE_SECONDS, self._bucket.wait_seconds(time.monotonic()))
        name = self._channel.name
        due_us = await self._ways.store.next_message_due_us(name)
        now_us = time.time_ns() // 1000
        if due_us is None or due_us > now_us:
            return _IDLE_SECONDS if due_us is None else min(_IDLE_SECONDS, (due_us - now_us) / 1e6 + 0.001)
        messages = await self._ways.store.claim_messages(name, now_us, self._lease_us, room)
        self._bucket.take(len(messages))
        for message in messages:
            self._begin(message)
        return 0.0

    def _begin(self, message: OutboxMessage) -> None:
        before = self._sending.get(message.alert_id)
        task = asyncio.create_task(self._deliver(message, before))
        self._sending[message.alert_id] = task
        self._under_way.add(task)
        task.add_done_callback(lambda done: self._ended(message.alert_id, done))

    def _ended(self, alert_id: str, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if self._sending.get(alert_id) is task:
            del self._sending[alert_id]

    async def _deliver(self, message: OutboxMessage, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        reached = self._reached(message)
        try:
            await self._send(message, reached)
        except RetryLater as error:
            await self._failed_for_now(message, error)
        except RefusedForEver as error:
            await self._refused(message, error)
        else:
            await self._sent(message, reached)

    async def _send(self, message: OutboxMessage, reached: Reached) -> None:
        payload = json.loads(message.payload)
        texts = self._ways.templates.render(kind_of(message.channel), payload)
        sent = Message(message.dedup_key, message.kind, payload, message.attempts, texts, reached)
        try:
            # Channels keep their own time; this is for one that does not.
            async with asyncio.timeout(self._timeout_seconds + 1):
                await self._channel.send(sent)
        except CollectorError:
            raise
        except TimeoutError as error:
            raise RetryLater("no answer in time") from error
        except Exception as error:
            log.exception("channel %s failed unexpectedly", message.channel)
            raise RetryLater(type(error).__name__) from error

    def _reached(self, message: OutboxMessage) -> Reached:
        async def keep(outcomes: Mapping[str, str]) -> None:
            store = self._ways.store
            await _until_noted(store.message_progress, message.message_id, json.dumps(dict(outcomes)))

        return Reached(json.loads(message.progress or "{}"), keep)

    async def _sent(self, message: OutboxMessage, reached: Reached) -> None:
        """It is done; whom it could never reach is on record, and told to the operator."""
        self._ways.vitals.messages.labels(message.channel, "sent").inc()
        now_us = time.time_ns() // 1000
        missed = ", ".join(f"{address}: {why}" for address, why in reached.refused.items())
        # Tenants read the record: whose addresses these are is not for them.
        detail = f"{len(reached.refused)} of {len(reached.outcomes)} were refused" if missed else ""
        report = undeliverable(message, missed) if missed else ""
        await _until_noted(self._ways.store.message_sent, message.message_id, now_us, detail, report)

    async def _failed_for_now(self, message: OutboxMessage, error: RetryLater) -> None:
        delay_seconds = error.delay_seconds
        if delay_seconds is None:
            delay_seconds = retry_delay_seconds(message.attempts)
        else:
            self._bucket.pause(time.monotonic(), delay_seconds)
        self._note("retry", message, error)
        due_us = time.time_ns() // 1000 + int(delay_seconds * 1_000_000)
        await _until_noted(self._ways.store.message_failed, message.message_id, str(error), due_us)
        if delay_seconds < _IDLE_SECONDS:
            # Sooner than the lane would look by itself.
            self._ways.owed.fire()

    async def _refused(self, message: OutboxMessage, error: RefusedForEver) -> None:
        """It is given up, and in the same transaction the operator's alert of it is reported."""
        self._note("dead", message, error)
        report = undeliverable(message, str(error))
        await _until_noted(self._ways.store.message_failed, message.message_id, str(error), None, report)

    def _note(self, outcome: str, message: OutboxMessage, error: CollectorError) -> None:
        self._ways.vitals.messages.labels(message.channel, outcome).inc()
        level = logging.ERROR if outcome == "dead" else logging.WARNING
        log.log(level, "message %s to %s: %s (%s)", message.dedup_key, message.channel, error, outcome)


async def _until_noted(note: Callable[..., Awaitable[None]], *arguments: object) -> None:
    """A store that is away just now must not make a delivered message look owed for long."""
    for delay_seconds in (0.1, 0.5, 2, 5):
        try:
            return await note(*arguments)
        except StoreUnavailable:
            await asyncio.sleep(delay_seconds)
    log.error("the outcome of a delivery could not be noted; it will be repeated with the same key")
