"""What collectors that share a store know of one another: signs of life, and how far each one's work is."""

from __future__ import annotations

from collections.abc import Sequence

from tenantwatch_collector.store.collectors import CollectorBeat, Pulse
from tenantwatch_collector.store.sql.database import Database, Row

PULSE = (
    "SELECT (SELECT coalesce(max(commit_id), 0) FROM commit_log) AS newest_commit,"
    " (SELECT coalesce(max(known_at_us), 0) FROM check_change) AS newest_change_us,"
    " (SELECT coalesce(max(event_id), 0) FROM alert_event) AS newest_event,"
    " (SELECT count(*) FROM alert_command WHERE done_at_us IS NULL) AS commands,"
    " (SELECT number FROM revision WHERE name = 'definitions') AS definitions,"
    " (SELECT judged_through FROM lease WHERE name = 'engines') AS judged_through,"
    " (SELECT coalesce(max(before_us), 0) FROM retention WHERE name = 'raw') AS raw_since_us"
)
_NAMES = tuple(Pulse.__dataclass_fields__)


class SqlCollectors:
    """See :class:`tenantwatch_collector.store.collectors.CollectorStore` for what each method promises."""

    _db: Database

    async def beat(self, collector_id: str, now_us: int) -> None:
        async with self._db.transaction() as tx:
            await tx.execute(
                "INSERT INTO collector_beat (collector_id, beat, beat_at_us) VALUES (?, 1, ?)"
                " ON CONFLICT (collector_id) DO UPDATE SET beat = collector_beat.beat + 1,"
                " beat_at_us = excluded.beat_at_us",
                (collector_id, now_us),
            )

    async def end_beats(self, collector_id: str) -> None:
        async with self._db.transaction() as tx:
            await tx.execute("DELETE FROM collector_beat WHERE collector_id = ?", (collector_id,))

    async def collector_beats(self) -> Sequence[CollectorBeat]:
        rows = await self._db.read(
            "SELECT collector_id, beat, beat_at_us FROM collector_beat ORDER BY collector_id LIMIT 1000"
        )
        return [CollectorBeat(row["collector_id"], row["beat"], row["beat_at_us"]) for row in rows]

    async def note_definitions(self) -> None:
        async with self._db.transaction() as tx:
            await tx.execute("UPDATE revision SET number = number + 1 WHERE name = 'definitions'")


def pulse_of(row: Row) -> Pulse:
    return Pulse(**{name: row[name] for name in _NAMES})
