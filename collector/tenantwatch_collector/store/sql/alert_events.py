"""The record of every alert: what happened, by whom, and each attempt to tell somebody, for audit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tenantwatch_collector.store.alerts import AlertEvent
from tenantwatch_collector.store.sql.database import Database, Transaction

_COLUMNS = "tenant_key, alert_id, time_us, kind, who, channel, outcome, detail"
_ASKED_TOGETHER = 500


class SqlAlertEvents:
    """See :class:`tenantwatch_collector.store.alerts.AlertStore` for what each method promises."""

    _db: Database

    async def alert_events(self, alert_id: str, tenant_key: int | None, limit: int) -> Sequence[AlertEvent]:
        own = "" if tenant_key is None else " AND tenant_key = ?"
        parameters = (alert_id,) if tenant_key is None else (alert_id, tenant_key)
        rows = await self._db.read(
            f"SELECT {_COLUMNS} FROM alert_event WHERE alert_id = ?{own} ORDER BY event_id LIMIT ?",
            (*parameters, limit),
            tenant_key,
        )
        return [AlertEvent(*(row[name] for name in _COLUMNS.split(", "))) for row in rows]

    async def alert_notes(self, alert_ids: Sequence[str]) -> Sequence[AlertEvent]:
        found: list[AlertEvent] = []
        for first in range(0, len(alert_ids), _ASKED_TOGETHER):
            some = alert_ids[first : first + _ASKED_TOGETHER]
            rows = await self._db.read(
                f"SELECT {_COLUMNS} FROM alert_event WHERE alert_id IN ({', '.join('?' * len(some))})"
                " AND (outcome = 'sent' OR (channel = '' AND kind IN ('acknowledged', 'resolved')))"
                " ORDER BY event_id",
                tuple(some),
            )
            found += [AlertEvent(*(row[name] for name in _COLUMNS.split(", "))) for row in rows]
        return found

    async def newest_alert_event(self) -> int:
        rows = await self._db.read("SELECT coalesce(max(event_id), 0) AS newest FROM alert_event")
        return int(rows[0]["newest"])

    async def alert_events_after(
        self, event_id: int, tenant_key: int | None, limit: int
    ) -> Sequence[tuple[int, AlertEvent]]:
        own = "" if tenant_key is None else " AND tenant_key = ?"
        rows = await self._db.read(
            f"SELECT event_id, {_COLUMNS} FROM alert_event WHERE event_id > ?{own} ORDER BY event_id LIMIT ?",
            (event_id, limit) if tenant_key is None else (event_id, tenant_key, limit),
            tenant_key,
        )
        return [(row["event_id"], AlertEvent(*(row[name] for name in _COLUMNS.split(", ")))) for row in rows]


async def note(tx: Transaction, events: Iterable[AlertEvent]) -> None:
    await tx.execute_many(
        f"INSERT INTO alert_event ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (e.tenant_key, e.alert_id, e.time_us, e.kind, e.who, e.channel, e.outcome, e.detail)
            for e in events
        ],
    )


async def note_attempt(tx: Transaction, message_id: int, now_us: int, outcome: str, detail: str) -> None:
    """One attempt to deliver that message, and how it ended."""
    await tx.execute(
        f"INSERT INTO alert_event ({_COLUMNS})"
        " SELECT tenant_key, alert_id, CAST(? AS bigint), kind, '', channel, CAST(? AS text), CAST(? AS text)"
        " FROM outbox WHERE message_id = ?",
        (now_us, outcome, detail, message_id),
    )
