"""The signs of life of the collectors that share a store."""

from __future__ import annotations

from collections.abc import Sequence

from tenantwatch_collector.store.collectors import CollectorBeat
from tenantwatch_collector.store.sql.database import Database, Transaction


async def beat(tx: Transaction, collector_id: str, now_us: int) -> None:
    await tx.execute(
        "INSERT INTO collector_beat (collector_id, beat, beat_at_us) VALUES (?, 1, ?)"
        " ON CONFLICT (collector_id) DO UPDATE SET beat = collector_beat.beat + 1,"
        " beat_at_us = excluded.beat_at_us",
        (collector_id, now_us),
    )


async def end(tx: Transaction, collector_id: str) -> None:
    await tx.execute("DELETE FROM collector_beat WHERE collector_id = ?", (collector_id,))


async def beats(db: Database) -> Sequence[CollectorBeat]:
    rows = await db.read(
        "SELECT collector_id, beat, beat_at_us FROM collector_beat ORDER BY collector_id LIMIT 1000"
    )
    return [CollectorBeat(row["collector_id"], row["beat"], row["beat_at_us"]) for row in rows]
