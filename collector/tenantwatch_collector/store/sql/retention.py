"""Deleting some thousand rows a transaction, so that commits pass in between; and what is gone already."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from tenantwatch_collector.store.rollups import Retention
from tenantwatch_collector.store.sql.database import Database, Transaction

SLICE_ROWS = 5_000

# table, its key, and which of its rows are older than an instant
_HISTORY = (
    ("rollup", "tenant_key, width_s, start_us, check_key", "start_us < ?"),
    ("rollup_sum", "tenant_key, width_s, start_us", "start_us < ?"),
    ("request_rollup", "tenant_key, start_us, check_key", "start_us < ?"),
    ("gap", "gap_id", "received_at_us < ?"),
    ("dead_letter", "dead_letter_id", "received_at_us < ?"),
    ("alert", "alert_id", "status = 'resolved' AND last_occurred_us < ?"),
    ("silence", "silence_id", "end_us < ?"),
    ("alert_command", "command_id", "done_at_us < ?"),
    ("alert_event", "event_id", "time_us < ?"),
    ("outbox", "message_id", "status <> 'owed' AND created_at_us < ?"),
)
# The last change before the instant says what was in force at it: that one stays.
_OLD_CHANGES = (
    "DELETE FROM check_change WHERE (tenant_key, check_key, time_us, known_at_us, level) IN ("
    "SELECT c.tenant_key, c.check_key, c.time_us, c.known_at_us, c.level FROM check_change c"
    " WHERE c.time_us < ? AND EXISTS (SELECT 1 FROM check_change later WHERE later.tenant_key = c.tenant_key"
    " AND later.check_key = c.check_key AND later.time_us >= c.time_us AND later.time_us < ?"
    " AND later.known_at_us > c.known_at_us) LIMIT ?)"
)
# The last one stays: the next commit counts on from it.
_OLD_COMMITS = (
    "DELETE FROM commit_log WHERE commit_id IN (SELECT commit_id FROM commit_log WHERE received_at_us < ?"
    " AND commit_id < (SELECT max(commit_id) FROM commit_log) ORDER BY commit_id LIMIT ?)"
)


async def delete_history(db: Database, retention: Retention) -> int:
    """Delete what is made of results, where it is old enough; returns how many rows that were."""
    return sum([await delete_in_slices(db, sql, old) for sql, old in _of_history(retention)])


async def delete_in_slices(db: Database, sql: str, parameters: tuple[object, ...]) -> int:
    """Do it until nothing is left; the statement's last parameter is how many rows it may take at once."""
    total, deleted = 0, SLICE_ROWS
    while deleted >= SLICE_ROWS:
        async with db.transaction() as tx:
            deleted = await tx.execute(sql, (*parameters, SLICE_ROWS))
        total += deleted
        await asyncio.sleep(0)  # whoever waits for the writer comes first
    return total


def _of_history(retention: Retention) -> Iterable[tuple[str, tuple[object, ...]]]:
    before_us = retention.history_before_us
    for table, key, old in _HISTORY:
        yield (
            f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {old} LIMIT ?)",
            (before_us,),
        )
    yield _OLD_CHANGES, (before_us, before_us)
    # A result is never newer than its commit, but for the skew that is allowed.
    yield _OLD_COMMITS, (min(before_us, retention.raw_before_us) - 3_600_000_000,)


async def note_raw_since(tx: Transaction, since_us: int) -> None:
    """Remember that no older results are taken any more: it only rises."""
    await _note(tx, "raw", since_us)


async def note_deleted(tx: Transaction, before_us: int) -> None:
    """Remember it before any result is deleted: it only rises."""
    await _note(tx, "deleted", before_us)


async def _note(tx: Transaction, name: str, before_us: int) -> None:
    await tx.execute(
        "INSERT INTO retention (name, before_us) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET"
        " before_us = CASE WHEN excluded.before_us > retention.before_us THEN excluded.before_us"
        " ELSE retention.before_us END",
        (name, before_us),
    )


async def raw_since_us(db: Database) -> int:
    """Results before this are taken no more; most are deleted already."""
    return await _noted(db, "raw")


async def deleted_before_us(db: Database) -> int:
    """Results before this are deleted, or about to be: everything was made of them."""
    return await _noted(db, "deleted")


async def _noted(db: Database, name: str) -> int:
    rows = await db.read("SELECT before_us FROM retention WHERE name = ?", (name,))
    return int(rows[0]["before_us"]) if rows else 0
