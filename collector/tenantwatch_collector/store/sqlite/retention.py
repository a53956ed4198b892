"""Deleting in SQLite: some thousand rows a transaction, so that commits pass in between."""

from __future__ import annotations

import asyncio

from tenantwatch_collector.store.facts import Retained, Retention
from tenantwatch_collector.store.sql.database import Database
from tenantwatch_collector.store.sql.retention import slices_of_history

SLICE_ROWS = 5_000

# By tenant and check, so that the index leads to the old rows without a search.
_OLD_RESULTS = (
    "DELETE FROM result WHERE row_id IN (SELECT r.row_id FROM result r WHERE r.tenant_key = ?"
    " AND r.check_key = ? AND r.time_us < ? LIMIT ?)"
)


async def retain(db: Database, retention: Retention) -> Retained:
    """See the contract."""
    results = 0
    for check in await db.read("SELECT tenant_key, check_key FROM check_definition"):
        key = check["tenant_key"], check["check_key"], retention.raw_before_us
        results += await _in_slices(db, _OLD_RESULTS, key)
    history = 0
    for sql, parameters in slices_of_history(retention):
        history += await _in_slices(db, sql, parameters)
    return Retained(results, history)


async def _in_slices(db: Database, sql: str, parameters: tuple[object, ...]) -> int:
    total, deleted = 0, SLICE_ROWS
    while deleted >= SLICE_ROWS:
        async with db.transaction() as tx:
            deleted = await tx.execute(sql, (*parameters, SLICE_ROWS))
        total += deleted
        await asyncio.sleep(0)  # whoever waits for the writer comes first
    return total
