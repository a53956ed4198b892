"""Commits read again, and the newest rows: by what the log says that a commit touched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tenantwatch_collector.store.columns import EMPTY, ResultColumns, Touched
from tenantwatch_collector.store.results import Commit, StoredResult
from tenantwatch_collector.store.sql.database import Database, Row
from tenantwatch_collector.store.sql.history import named
from tenantwatch_collector.store.sql.results import columns_of

_NEXT_COMMITS = (
    "SELECT * FROM (SELECT l.*, sum(result_count) OVER (ORDER BY commit_id) AS so_far FROM"
    " (SELECT * FROM commit_log WHERE commit_id > ? ORDER BY commit_id LIMIT 1000) l) c"
    " WHERE so_far <= ? OR so_far = result_count ORDER BY commit_id"
)
_OF_COMMITS = (
    " FROM any_result r LEFT JOIN metric_set m ON m.metric_set_key = r.metric_set_key"
    " WHERE r.tenant_key = ANY(?) AND r.time_us BETWEEN ? AND ? AND r.commit_key = ANY(?)"
)


async def commits_after(db: Database, commit_id: int, max_results: int) -> Sequence[Commit]:
    entries = await db.read(_NEXT_COMMITS, (commit_id, max_results))
    rows = await _rows_of(db, entries, "SELECT r.*, m.names" + _OF_COMMITS)
    by_commit: dict[int, list[Row]] = {}
    for row in rows:
        by_commit.setdefault(row["commit_key"], []).append(row)
    return [
        Commit(
            entry["commit_id"], entry["received_at_us"], columns_of(by_commit.get(entry["commit_key"], []))
        )
        for entry in entries
    ]


async def _rows_of(db: Database, entries: Sequence[Row], sql: str) -> Sequence[Row]:
    filled = [entry for entry in entries if entry["result_count"]]
    if not filled:
        return []
    tenants = np.unique(np.concatenate([Touched.from_bytes(entry["touched"]).tenant_key for entry in filled]))
    return await db.read(
        sql,
        (
            tenants.tolist(),
            min(entry["earliest_us"] for entry in filled),
            max(entry["latest_us"] for entry in filled),
            [entry["commit_key"] for entry in filled],
        ),
    )


async def newest_results(db: Database, limit: int) -> Sequence[StoredResult]:
    entries = await db.read(
        "SELECT * FROM commit_log WHERE result_count > 0 ORDER BY commit_id DESC LIMIT ?", (limit,)
    )
    enough, so_far = [], 0
    for entry in entries:
        enough.append(entry)
        so_far += entry["result_count"]
        if so_far >= limit:
            break
    rows = await _rows_of(
        db,
        enough,
        f"SELECT r.*{_OF_COMMITS} ORDER BY r.received_at_us DESC, r.time_us DESC LIMIT {int(limit)}",
    )
    return await named(db, rows)


async def results_between(
    db: Database, tenant_key: int, from_us: int, to_us: int
) -> tuple[ResultColumns, npt.NDArray[np.int64]]:
    rows = await db.read(
        "SELECT check_key, time_us, status, coalesce(latency_us, -1) AS latency_us, received_at_us"
        " FROM any_result WHERE tenant_key = ? AND time_us >= ? AND time_us < ?",
        (tenant_key, from_us, to_us),
    )
    if not rows:
        return EMPTY, EMPTY.time_us
    columns = np.array([tuple(row.values()) for row in rows], np.int64)  # type: ignore[attr-defined]
    found = ResultColumns(
        np.full(len(columns), tenant_key, np.int64),
        columns[:, 0],
        columns[:, 1],
        columns[:, 2].astype(np.uint8),
        columns[:, 3],
    )
    return found, columns[:, 4]
