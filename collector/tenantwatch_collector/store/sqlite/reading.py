"""Commits read again, and the newest rows: by the rowid, which follows the order of commits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tenantwatch_collector.store.columns import ResultColumns
from tenantwatch_collector.store.results import Commit, StoredResult
from tenantwatch_collector.store.sql.database import Database, Row
from tenantwatch_collector.store.sql.history import named
from tenantwatch_collector.store.sql.results import columns_of


async def commits_after(db: Database, commit_id: int, max_results: int) -> Sequence[Commit]:
    entries = await db.read(
        "SELECT commit_id, received_at_us, first_row, last_row FROM (SELECT *, sum(result_count) OVER"
        " (ORDER BY commit_id) AS so_far FROM (SELECT * FROM commit_log WHERE commit_id > ?"
        " ORDER BY commit_id LIMIT 1000)) WHERE so_far <= ? OR so_far = result_count ORDER BY commit_id",
        (commit_id, max_results),
    )
    return [await _read_commit(db, entry) for entry in entries]


async def _read_commit(db: Database, entry: Row) -> Commit:
    rows = await db.read(
        "SELECT r.*, m.names FROM result r LEFT JOIN metric_set m USING (metric_set_key)"
        " WHERE row_id > ? AND row_id <= ? ORDER BY row_id",
        (entry["first_row"], entry["last_row"]),
    )
    return Commit(entry["commit_id"], entry["received_at_us"], columns_of(rows))


async def results_between(
    db: Database, tenant_key: int, from_us: int, to_us: int
) -> tuple[ResultColumns, npt.NDArray[np.int64]]:
    rows = await db.read(
        "SELECT tenant_key, check_key, time_us, status, latency_us, received_at_us FROM check_definition d"
        " JOIN visible_result r USING (tenant_key, check_key)"
        " WHERE d.tenant_key = ? AND time_us >= ? AND time_us < ?",
        (tenant_key, from_us, to_us),
    )
    columns = np.array(
        [
            (r["check_key"], r["time_us"], r["status"], -1 if (us := r["latency_us"]) is None else us,
             r["received_at_us"])
            for r in rows
        ],
        np.int64,
    ).reshape(-1, 5)  # fmt: skip
    found = ResultColumns(
        np.full(len(columns), tenant_key, np.int64),
        columns[:, 0],
        columns[:, 1],
        columns[:, 2].astype(np.uint8),
        columns[:, 3],
    )
    return found, columns[:, 4]


async def newest_results(db: Database, limit: int) -> Sequence[StoredResult]:
    rows = await db.read(
        "SELECT * FROM visible_result WHERE row_id > (SELECT max(row_id) - ? FROM result)"
        " ORDER BY row_id DESC",
        (limit,),
    )
    return await named(db, rows)
