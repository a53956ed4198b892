"""Deleting in SQLite: results like everything else in slices."""

from __future__ import annotations

from tenantwatch_collector.store.rollups import Retained, Retention
from tenantwatch_collector.store.sql.database import Database
from tenantwatch_collector.store.sql.retention import delete_history, delete_in_slices

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
        results += await delete_in_slices(db, _OLD_RESULTS, key)
    return Retained(results, await delete_history(db, retention))
