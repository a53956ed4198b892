"""Group commit: all that arrived while the last commit ran goes into the next one.

Promise: a submission's future is done after the transaction that holds it has committed, never before.
Pending results are bounded; a sender beyond the bound waits, and its wait reaches the agent.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from tenantwatch_collector.store.base import Commit, Delivery, Store, StoreUnavailable
from tenantwatch_collector.vitals import Vitals

MAX_PENDING_RESULTS = 200_000
MAX_COMMIT_RESULTS = 50_000
_RETRY_SECONDS = 0.5

log = logging.getLogger(__name__)


class GroupCommit:
    """One writer loop over one bounded queue."""

    def __init__(self, store: Store, vitals: Vitals, on_commit: Callable[[Commit], None]) -> None:
        self._store = store
        self._vitals = vitals
        self._on_commit = on_commit
        self._pending: deque[tuple[Delivery, asyncio.Future[None]]] = deque()
        self._pending_results = 0
        self._space = asyncio.Condition()
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self.available = True
        """False while the store refuses to commit."""

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="group commit")

    async def stop(self, timeout_seconds: float = 10) -> None:
        """Commit what was submitted, then end; what cannot be committed in time stays with its agent."""
        if self._task is None:
            return
        self._stopping = True
        self._work.set()
        _, late = await asyncio.wait([self._task], timeout=timeout_seconds)
        for task in late:
            task.cancel()
        for _, done in self._pending:
            done.cancel()
        self._task = None

    async def submit(self, delivery: Delivery) -> asyncio.Future[None]:
        """Queue it, waiting for space; the future is done once it is committed."""
        size = _size(delivery)
        async with self._space:
            await self._space.wait_for(
                lambda: self._pending_results == 0 or self._pending_results + size <= MAX_PENDING_RESULTS
            )
            self._pending_results += size
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((delivery, done))
        self._work.set()
        return done

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while self._pending:
                await self._commit_group()
            if self._stopping:
                return

    async def _commit_group(self) -> None:
        group: list[tuple[Delivery, asyncio.Future[None]]] = []
        size = 0
        while self._pending and (not group or size + _size(self._pending[0][0]) <= MAX_COMMIT_RESULTS):
            group.append(self._pending.popleft())
            size += _size(group[-1][0])
        commit = await self._commit_until_done([delivery for delivery, _ in group])
        for _, done in group:
            if not done.done():
                done.set_result(None)
        async with self._space:
            self._pending_results -= size
            self._space.notify_all()
        self._vitals.commits.inc()
        self._vitals.results.inc(sum(len(part.columns) for part in commit.parts))
        self._on_commit(commit)

    async def _commit_until_done(self, deliveries: list[Delivery]) -> Commit:
        """A store that is away is waited for: nothing was acknowledged, so nothing is lost meanwhile."""
        while True:
            try:
                with self._vitals.commit_seconds.time():
                    commit = await self._store.commit(deliveries)
            except StoreUnavailable as error:
                if self.available:
                    log.error("results wait, the store does not commit: %s", error)
                self.available = False
                await asyncio.sleep(error.delay_seconds or _RETRY_SECONDS)
            else:
                self.available = True
                return commit


def _size(delivery: Delivery) -> int:
    return len(delivery.results) if delivery.results is not None else 1
