"""Deletes what is old enough, once in a while; never what a rollup or an open month still needs."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta

from tenantwatch_collector.background import end
from tenantwatch_collector.engines.rollups import RollupEngine
from tenantwatch_collector.store.base import Retention, Store, StoreUnavailable

PAUSE_SECONDS = 1_800.0
HEEDED_SECONDS = 5.0
"""By then every collector on the store knows what is taken no more."""
FINAL_AFTER = timedelta(hours=72)
"""A month's report may be revised by late results for that long (docs/semantics.md)."""
_WESTERNMOST = timedelta(hours=14)

log = logging.getLogger(__name__)


class RetentionEngine:
    """Start once, stop as often as you like."""

    def __init__(self, store: Store, rollups: RollupEngine, raw_days: int, history_months: int) -> None:
        self._store = store
        self._rollups = rollups
        self._raw_days = raw_days
        self._history_months = history_months
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="retention")

    async def stop(self) -> None:
        await end(self._task)
        self._task = None

    async def _run(self) -> None:
        while True:
            try:
                now_us = time.time_ns() // 1000
                await self._store.keep_raw_since(
                    retention_at(now_us, self._raw_days, self._history_months).raw_before_us
                )
                await asyncio.sleep(HEEDED_SECONDS)
                await self.sweep(now_us)
            except StoreUnavailable as error:
                log.error("old data is deleted later: %s", error)
            except Exception:
                log.exception("old data is deleted later, deleting failed in a way nobody foresaw")
            await asyncio.sleep(PAUSE_SECONDS)

    async def sweep(self, now_us: int) -> None:
        """Delete once. What comes for a time that is about to go is refused first: nothing slips between."""
        retention = retention_at(now_us, self._raw_days, self._history_months)
        await self._store.keep_raw_since(retention.raw_before_us)
        await self._rollups.catch_up()
        unfinished_us = await self._rollups.unfinished_since_us()
        if unfinished_us is not None:
            retention = Retention(min(retention.raw_before_us, unfinished_us), retention.history_before_us)
        self._rollups.raw_since_us = retention.raw_before_us
        done = await self._store.retain(retention)
        if done.results or done.history:
            log.info("deleted %d results and %d rows of history", done.results, done.history)


def retention_at(now_us: int, raw_days: int, history_months: int) -> Retention:
    """What may go at that instant: results older than their days and than every month not yet final."""
    now = datetime.fromtimestamp(now_us / 1_000_000, UTC)
    open_month = (now - FINAL_AFTER - _WESTERNMOST).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    raw_before = min(now - timedelta(days=raw_days), open_month - _WESTERNMOST)
    months = now.year * 12 + now.month - 1 - history_months
    history_before = now.replace(
        year=months // 12, month=months % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return Retention(int(raw_before.timestamp()) * 1_000_000, int(history_before.timestamp()) * 1_000_000)
