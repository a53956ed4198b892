"""Writing what agents sent: results, gaps and refused batches, with the watermark that makes it once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence

import aiosqlite
import numpy as np

from tenantwatch_collector.store.base import (
    AgentPosition,
    Commit,
    Delivery,
    ResultColumns,
    TenantResults,
)

_INSERT_RESULT = (
    "INSERT INTO result (tenant_key, check_key, time_us, status, latency_us, commit_id, text, metrics)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_WATERMARK_KEY = "tenant_key = ? AND agent_id = ? AND generation = ? AND lane = ?"


async def write_commit(db: aiosqlite.Connection, deliveries: Sequence[Delivery]) -> Commit:
    """Keep the deliveries within the caller's transaction, less what the store has already."""
    commit_id, received_at_us, first_row = await _next_commit(db)
    parts = []
    for delivery in deliveries:
        committed = await _watermark(db, delivery.last)
        if delivery.last.sequence <= committed:
            continue
        if delivery.first_sequence > committed + 1 and delivery.gap is None:
            await _note_jump(db, delivery, committed, received_at_us)
        if delivery.results is not None:
            fresh = delivery.results.tail(max(0, committed + 1 - delivery.first_sequence))
            await db.executemany(_INSERT_RESULT, _rows(delivery.last.tenant_key, commit_id, fresh))
            parts.append(TenantResults(delivery.last.tenant_key, fresh))
        await _note_lost(db, delivery, received_at_us)
        await _advance(db, delivery.last)
    last_row = await _last_row(db)
    await db.execute(
        "INSERT INTO commit_log VALUES (?, ?, ?, ?)", (commit_id, received_at_us, first_row, last_row)
    )
    return Commit(commit_id, received_at_us, parts)


async def _next_commit(db: aiosqlite.Connection) -> tuple[int, int, int]:
    rows = await db.execute_fetchall(
        "SELECT commit_id, received_at_us, last_row FROM commit_log ORDER BY commit_id DESC LIMIT 1"
    )
    now_us = time.time_ns() // 1000
    for commit_id, received_at_us, last_row in rows:
        return commit_id + 1, max(now_us, received_at_us), last_row
    return 1, now_us, 0


async def _last_row(db: aiosqlite.Connection) -> int:
    rows = await db.execute_fetchall("SELECT max(row_id) FROM result")
    return next(iter(rows))[0] or 0


async def _watermark(db: aiosqlite.Connection, position: AgentPosition) -> int:
    rows = await db.execute_fetchall(f"SELECT sequence FROM watermark WHERE {_WATERMARK_KEY}", _key(position))
    return next((row[0] for row in rows), 0)


async def _advance(db: aiosqlite.Connection, position: AgentPosition) -> None:
    await db.execute(
        "INSERT INTO watermark VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET sequence = max(sequence, excluded.sequence)",
        (*_key(position), position.sequence),
    )


def _key(position: AgentPosition) -> tuple[int, str, str, int]:
    return position.tenant_key, position.agent_id, position.generation, int(position.lane)


async def _note_jump(
    db: aiosqlite.Connection, delivery: Delivery, committed: int, received_at_us: int
) -> None:
    await _insert_gap(
        db,
        delivery.last,
        (committed + 1, delivery.first_sequence - 1, 0, 0, "the agent's sequence jumped", received_at_us),
    )


async def _note_lost(db: aiosqlite.Connection, delivery: Delivery, received_at_us: int) -> None:
    span = delivery.first_sequence, delivery.last.sequence
    if delivery.gap is not None:
        gap = delivery.gap
        await _insert_gap(db, delivery.last, (*span, gap.from_us, gap.to_us, gap.reason, received_at_us))
    if delivery.refused is not None:
        await db.execute(
            "INSERT INTO dead_letter (tenant_key, agent_id, generation, lane, first_sequence, last_sequence,"
            " reason, payload, received_at_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *_key(delivery.last),
                *span,
                delivery.refused.reason,
                delivery.refused.payload,
                received_at_us,
            ),
        )


async def _insert_gap(
    db: aiosqlite.Connection, position: AgentPosition, values: tuple[int, int, int, int, str, int]
) -> None:
    await db.execute(
        "INSERT INTO gap (tenant_key, agent_id, generation, lane, first_sequence, last_sequence,"
        " from_us, to_us, reason, received_at_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*_key(position), *values),
    )


def _rows(tenant_key: int, commit_id: int, columns: ResultColumns) -> Iterable[tuple[object, ...]]:
    count = len(columns)
    latencies: list[int | None] = columns.latency_us.tolist()
    for row in np.flatnonzero(columns.latency_us < 0).tolist():
        latencies[row] = None
    texts: list[str | None] = [None] * count
    for row, text in columns.texts.items():
        texts[row] = text
    metrics: list[str | None] = [None] * count
    for row, values in columns.metrics.items():
        metrics[row] = json.dumps(values, separators=(",", ":"))
    return zip(
        [tenant_key] * count,
        columns.check_key.tolist(),
        columns.time_us.tolist(),
        columns.status.tolist(),
        latencies,
        [commit_id] * count,
        texts,
        metrics,
        strict=True,
    )
