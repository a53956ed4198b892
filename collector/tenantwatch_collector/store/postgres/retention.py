"""Deleting in PostgreSQL: whole days of raw results at once, everything else in slices."""

from __future__ import annotations

from tenantwatch_collector.store.postgres.connection import Pools
from tenantwatch_collector.store.postgres.table import DAY_US, ResultTable
from tenantwatch_collector.store.rollups import Retained, Retention
from tenantwatch_collector.store.sql.retention import delete_history


async def retain(pools: Pools, table: ResultTable, retention: Retention, now_us: int) -> Retained:
    """See the contract. A day's results leave together, so the instant is moved back to a midnight (UTC)."""
    raw_before_us = retention.raw_before_us - retention.raw_before_us % DAY_US
    async with pools.housekeeper() as connection:
        results = await table.drop_before(connection, raw_before_us)
        await table.tidy(connection, now_us)
    return Retained(
        results, await delete_history(pools, Retention(raw_before_us, retention.history_before_us))
    )
