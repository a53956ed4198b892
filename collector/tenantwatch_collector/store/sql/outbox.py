"""Messages that are owed: each once to each channel, claimed by a lease, marked when sent."""

from __future__ import annotations

from collections.abc import Sequence

from tenantwatch_collector.store.access import PLATFORM_KEY
from tenantwatch_collector.store.outbox import OutboxMessage
from tenantwatch_collector.store.sql import alert_commands
from tenantwatch_collector.store.sql.alert_events import note_attempt
from tenantwatch_collector.store.sql.database import Database, Row, Transaction, now_us


class SqlOutbox:
    """See :class:`tenantwatch_collector.store.outbox.OutboxStore` for what each method promises."""

    _db: Database
    serves_one_collector: bool

    async def sender_started(self, channels: Sequence[str]) -> None:
        async with self._db.transaction() as tx:
            known = ", ".join("?" * len(channels)) or "''"
            await tx.execute(
                "UPDATE outbox SET status = 'not_configured'"
                f" WHERE status = 'owed' AND channel NOT IN ({known})",
                tuple(channels),
            )
            if self.serves_one_collector:
                # No error noted after an attempt: it was under way.
                await tx.execute(
                    "UPDATE outbox SET next_attempt_us = ? WHERE status = 'owed' AND attempts > 0"
                    " AND last_error IS NULL",
                    (now_us(),),
                )

    async def claim_messages(
        self, channel: str, now_us: int, lease_us: int, limit: int
    ) -> Sequence[OutboxMessage]:
        async with self._db.transaction() as tx:
            rows = await tx.rows(
                "UPDATE outbox SET attempts = attempts + 1, last_error = NULL, next_attempt_us = ?"
                " WHERE message_id IN (SELECT message_id FROM outbox WHERE status = 'owed' AND channel = ?"
                " AND next_attempt_us <= ? ORDER BY next_attempt_us, message_id LIMIT ?)"
                " AND next_attempt_us <= ? RETURNING *",
                (now_us + lease_us, channel, now_us, limit, now_us),
            )
            return sorted((_message_of(row) for row in rows), key=lambda message: message.message_id)

    async def message_progress(self, message_id: int, progress: str) -> None:
        async with self._db.transaction() as tx:
            await tx.execute("UPDATE outbox SET progress = ? WHERE message_id = ?", (progress, message_id))

    async def message_sent(self, message_id: int, now_us: int, detail: str = "", report: str = "") -> None:
        async with self._db.transaction() as tx:
            await tx.execute(
                "UPDATE outbox SET status = 'sent', sent_at_us = ?, last_error = NULL WHERE message_id = ?",
                (now_us, message_id),
            )
            await note_attempt(tx, message_id, now_us, "sent", detail)
            await _report(tx, report)

    async def message_failed(
        self, message_id: int, error: str, next_attempt_us: int | None, report: str = ""
    ) -> None:
        async with self._db.transaction() as tx:
            if next_attempt_us is None:
                await tx.execute(
                    "UPDATE outbox SET last_error = ?, status = 'dead'"
                    " WHERE message_id = ? AND status = 'owed'",
                    (error, message_id),
                )
            else:
                await tx.execute(
                    "UPDATE outbox SET last_error = ?, next_attempt_us = ?"
                    " WHERE message_id = ? AND status = 'owed'",
                    (error, next_attempt_us, message_id),
                )
            await note_attempt(
                tx, message_id, now_us(), "dead" if next_attempt_us is None else "retry", error
            )
            await _report(tx, report)

    async def next_message_due_us(self, channel: str) -> int | None:
        rows = await self._db.read(
            "SELECT min(next_attempt_us) AS due_us FROM outbox WHERE status = 'owed' AND channel = ?",
            (channel,),
        )
        return rows[0]["due_us"] if rows else None


async def owe(tx: Transaction, message: OutboxMessage) -> None:
    """Put it into the outbox; it replaces an undelivered older message of its alert to its channel.

    That all is well again is told only to a channel that was told of the alert, or may have been: a
    message under way counts as told.
    """
    of_alert = (message.alert_id, message.channel, message.dedup_key)
    told = await tx.rows(
        "SELECT 1 AS told FROM outbox WHERE alert_id = ? AND channel = ? AND dedup_key <> ?"
        " AND (status = 'sent' OR (status = 'owed' AND attempts > 0 AND last_error IS NULL)) LIMIT 1",
        of_alert,
    )
    await tx.execute(
        "UPDATE outbox SET status = 'replaced' WHERE alert_id = ? AND channel = ? AND dedup_key <> ?"
        " AND status = 'owed'",
        of_alert,
    )
    if message.kind != "resolved" or told:
        await tx.execute(
            "INSERT INTO outbox (tenant_key, alert_id, kind, dedup_key, channel, payload,"
            " created_at_us, next_attempt_us, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (
                message.tenant_key,
                message.alert_id,
                message.kind,
                message.dedup_key,
                message.channel,
                message.payload,
                message.created_at_us,
                message.created_at_us,
                "owed" if message.configured else "not_configured",
            ),
        )


def _message_of(row: Row) -> OutboxMessage:
    return OutboxMessage(
        row["message_id"],
        row["tenant_key"],
        row["alert_id"],
        row["kind"],
        row["dedup_key"],
        row["channel"],
        row["payload"],
        row["created_at_us"],
        row["attempts"],
        progress=row["progress"],
    )


async def _report(tx: Transaction, report: str) -> None:
    if report:
        await alert_commands.report(tx, PLATFORM_KEY, "", "", report, now_us())
