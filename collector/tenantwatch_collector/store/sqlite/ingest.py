"""Writing a commit into SQLite: four statements, however many deliveries it holds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tenantwatch_collector.store.columns import MetricSet, ResultColumns, metric_sets
from tenantwatch_collector.store.intake import Intake, Key, intake, key_of
from tenantwatch_collector.store.results import Commit, Delivery
from tenantwatch_collector.store.sql.database import Transaction
from tenantwatch_collector.store.sql.lost import write_lost

_INSERT_RESULT = (
    "INSERT INTO result (row_id, tenant_key, check_key, time_us, status, latency_us, commit_key,"
    " sent_time_us, text, metric_set_key, metric_values) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_READ_TOGETHER = 200


async def write_commit(tx: Transaction, deliveries: Sequence[Delivery], oldest_us: int) -> Commit:
    """Keep the deliveries within the caller's transaction, less what the store has already."""
    commit_id, received_at_us, first_row = await _next_commit(tx)
    committed = await _watermarks(tx, {key_of(delivery.last) for delivery in deliveries})
    found = intake(deliveries, committed, received_at_us, oldest_us)
    sets = await metric_set_keys(tx, found.columns)
    await tx.execute_many(_INSERT_RESULT, _rows(found, commit_id, first_row, sets))
    await write_lost(tx, found, received_at_us)
    await tx.execute_many(
        "INSERT INTO watermark VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET sequence = excluded.sequence",
        [(*key, after) for key, (_, after) in found.watermarks.items()],
    )
    count = len(found.columns)
    await tx.execute(
        "INSERT INTO commit_log VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            commit_id,
            commit_id,
            received_at_us,
            count,
            found.touched.to_bytes(),
            first_row,
            first_row + count,
        ),
    )
    return Commit(commit_id, received_at_us, found.columns)


async def _next_commit(tx: Transaction) -> tuple[int, int, int]:
    rows = await tx.rows(
        "SELECT commit_id, received_at_us, last_row FROM commit_log ORDER BY commit_id DESC LIMIT 1"
    )
    now_us = time.time_ns() // 1000
    for row in rows:
        return row["commit_id"] + 1, max(now_us, row["received_at_us"] + 1), row["last_row"]
    return 1, now_us, 0


async def _watermarks(tx: Transaction, keys: set[Key]) -> dict[Key, int]:
    found: dict[Key, int] = {}
    ordered = sorted(keys)
    for first in range(0, len(ordered), _READ_TOGETHER):
        asked = ordered[first : first + _READ_TOGETHER]
        marks = ", ".join(["(?, ?, ?, ?)"] * len(asked))
        rows = await tx.rows(
            f"SELECT * FROM watermark WHERE (tenant_key, agent_id, generation, lane) IN (VALUES {marks})",
            [part for key in asked for part in key],
        )
        for row in rows:
            key = row["tenant_key"], row["agent_id"], row["generation"], row["lane"]
            found[key] = row["sequence"]
    return found


async def metric_set_keys(tx: Transaction, columns: ResultColumns) -> list[tuple[MetricSet, dict[int, int]]]:
    """The commit's sets of metrics, each with its key by tenant."""
    found = []
    for each in metric_sets(columns.metrics):
        names = json.dumps(each.names)
        keys = {}
        for tenant_key in np.unique(columns.tenant_key[each.rows]).tolist():
            await tx.execute(
                "INSERT INTO metric_set (tenant_key, names) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (tenant_key, names),
            )
            rows = await tx.rows(
                "SELECT metric_set_key FROM metric_set WHERE tenant_key = ? AND names = ?",
                (tenant_key, names),
            )
            keys[tenant_key] = rows[0]["metric_set_key"]
        found.append((each, keys))
    return found


def _rows(
    found: Intake, commit_key: int, last_row: int, sets: Sequence[tuple[MetricSet, dict[int, int]]]
) -> Iterable[tuple[object, ...]]:
    """The rows, numbered on from the last one there ever was: left to itself SQLite gives numbers again."""
    columns, count = found.columns, len(found.columns)
    tenants: list[int] = columns.tenant_key.tolist()
    latencies: list[int | None] = columns.latency_us.tolist()
    for row in np.flatnonzero(columns.latency_us < 0).tolist():
        latencies[row] = None
    set_keys: list[int | None] = [None] * count
    values: list[bytes | None] = [None] * count
    for each, keys in sets:
        for row, line in zip(each.rows.tolist(), each.values.astype("<f8"), strict=True):
            set_keys[row], values[row] = keys[tenants[row]], line.tobytes()
    return zip(
        range(last_row + 1, last_row + 1 + count),
        tenants,
        columns.check_key.tolist(),
        columns.time_us.tolist(),
        columns.status.tolist(),
        latencies,
        [commit_key] * count,
        _sparse(found.sent_time_us, count),
        _sparse(columns.texts, count),
        set_keys,
        values,
        strict=True,
    )


def _sparse(values: Mapping[int, object], count: int) -> list[object]:
    column: list[object] = [None] * count
    for row, value in values.items():
        column[row] = value
    return column
