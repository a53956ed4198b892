"""Group commit: all that arrived while the last commit ran goes into the next one.

Promise: a submission's future is done after the transaction that holds it has committed, never before.
What waits is bounded; a sender beyond its tenant's share waits, and its wait reaches the agent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from tenantwatch_collector.ingest.fairness import FairQueue, Waiting
from tenantwatch_collector.store.base import (
    Commit,
    Delivery,
    RefusedBatch,
    Store,
    StoreUnavailable,
    UnfitDelivery,
)
from tenantwatch_collector.vitals import Vitals

MAX_WAITING_BYTES = 64 * 1024 * 1024
MAX_COMMIT_RESULTS = 20_000
_RETRY_SECONDS = 0.5

log = logging.getLogger(__name__)


class GroupCommit:
    """As many writer loops as the store takes; all that a tenant sends goes through one of them."""

    def __init__(self, store: Store, vitals: Vitals, on_commit: Callable[[Commit], None]) -> None:
        share = MAX_WAITING_BYTES // store.writers
        self._writers = [_Writer(store, vitals, on_commit, FairQueue(share)) for _ in range(store.writers)]
        vitals.waiting_bytes.set_function(lambda: sum(writer.queue.size_bytes for writer in self._writers))

    @property
    def available(self) -> bool:
        """False while the store refuses to commit."""
        return all(writer.available for writer in self._writers)

    def start(self) -> None:
        for number, writer in enumerate(self._writers):
            writer.start(f"group commit {number}")

    async def stop(self, timeout_seconds: float = 10) -> None:
        """Commit what was submitted, then end; what cannot be committed in time stays with its agent."""
        await asyncio.gather(*(writer.stop(timeout_seconds) for writer in self._writers))

    def has_room(self, delivery: Delivery) -> bool:
        """Whether it would be queued at once."""
        return self._writer_of(delivery).queue.has_room(delivery)

    async def submit(self, delivery: Delivery) -> asyncio.Future[None]:
        """Queue it, waiting for room; the future is done once it is committed."""
        return await self._writer_of(delivery).submit(delivery)

    def _writer_of(self, delivery: Delivery) -> _Writer:
        return self._writers[delivery.last.tenant_key % len(self._writers)]


class _Writer:
    """One loop over one queue."""

    def __init__(
        self, store: Store, vitals: Vitals, on_commit: Callable[[Commit], None], queue: FairQueue
    ) -> None:
        self._store = store
        self._vitals = vitals
        self._on_commit = on_commit
        self.queue = queue
        self._room = asyncio.Condition()
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._ended = False
        self.available = True

    def start(self, name: str) -> None:
        self._task = asyncio.create_task(self._run(), name=name)

    async def stop(self, timeout_seconds: float) -> None:
        if self._task is None:
            return
        self._stopping = True
        self._work.set()
        _, late = await asyncio.wait([self._task], timeout=timeout_seconds)
        for task in late:
            task.cancel()
            await asyncio.wait([task])
        self._ended = True
        while self.queue:
            _cancel(self.queue.take(MAX_COMMIT_RESULTS))
        self._task = None

    async def submit(self, delivery: Delivery) -> asyncio.Future[None]:
        if not self.queue.has_room(delivery):
            async with self._room:
                await self._room.wait_for(lambda: self.queue.has_room(delivery))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._ended:
            done.cancel()
            return done
        self.queue.put(delivery, done)
        self._work.set()
        return done

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                while self.queue:
                    await self._commit_group(self.queue.take(MAX_COMMIT_RESULTS))
            except StoreUnavailable:
                return  # stopping: what was not committed stays with its agent
            if self._stopping:
                return

    async def _commit_group(self, group: list[Waiting]) -> None:
        try:
            commits = await self._commit_until_done([delivery for delivery, _ in group])
        except (asyncio.CancelledError, StoreUnavailable):
            _cancel(group)
            raise
        for commit in commits:
            self._vitals.commits.inc()
            self._vitals.results.inc(len(commit.columns))
            self._on_commit(commit)
        for _, done in group:
            if not done.done():
                done.set_result(None)
        self.queue.release(group)
        async with self._room:
            self._room.notify_all()

    async def _commit_until_done(self, deliveries: Sequence[Delivery]) -> list[Commit]:
        """A store that is away is waited for: nothing was acknowledged, so nothing is lost meanwhile.

        Raises StoreUnavailable only when the writer is told to stop.
        """
        while True:
            try:
                with self._vitals.commit_seconds.time():
                    commit = await self._store.commit(deliveries)
            except UnfitDelivery as error:
                if len(deliveries) == 1:
                    deliveries = [self._set_aside(deliveries[0], error)]
                    continue
                return [c for each in deliveries for c in await self._commit_until_done([each])]
            except StoreUnavailable as error:
                if self._stopping:
                    raise
                await self._wait(str(error), error.delay_seconds)
            except Exception as error:
                # A fault of ours, or a store that was changed behind our back: results wait for its mending.
                log.exception("results wait, the store failed in a way nobody foresaw")
                await self._wait(repr(error), None)
            else:
                self.available = True
                return [commit]

    async def _wait(self, reason: str, delay_seconds: float | None) -> None:
        if self.available:
            log.error("results wait, the store does not commit: %s", reason)
        self.available = False
        await asyncio.sleep(delay_seconds or _RETRY_SECONDS)

    def _set_aside(self, delivery: Delivery, error: UnfitDelivery) -> Delivery:
        log.error("agent %s: results set aside: %s", delivery.last.agent_id, error)
        self._vitals.unfit.inc()
        payload = delivery.payload() if delivery.payload is not None else b""
        return replace(delivery, results=None, gap=None, refused=RefusedBatch(str(error), payload))


def _cancel(group: list[Waiting]) -> None:
    for _, done in group:
        done.cancel()
