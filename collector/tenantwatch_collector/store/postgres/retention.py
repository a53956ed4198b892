"""Deleting in PostgreSQL: whole days of raw results at once, everything else some thousand rows at a time."""

from __future__ import annotations

from tenantwatch_collector.store.facts import Retained, Retention
from tenantwatch_collector.store.postgres.connection import Pools
from tenantwatch_collector.store.postgres.table import DAY_US, ResultTable
from tenantwatch_collector.store.sql.retention import slices_of_history

SLICE_ROWS = 5_000


async def retain(pools: Pools, table: ResultTable, retention: Retention, now_us: int) -> Retained:
    """See the contract. A day's results leave together, so the instant is moved back to a midnight (UTC)."""
    raw_before_us = retention.raw_before_us - retention.raw_before_us % DAY_US
    async with pools.housekeeper() as connection:
        results = await table.drop_before(connection, raw_before_us)
        await table.tidy(connection, now_us)
    history = 0
    for sql, parameters in slices_of_history(Retention(raw_before_us, retention.history_before_us)):
        deleted = SLICE_ROWS
        while deleted >= SLICE_ROWS:
            async with pools.transaction() as tx:
                deleted = await tx.execute(sql, (*parameters, SLICE_ROWS))
            history += deleted
    return Retained(results, history)
