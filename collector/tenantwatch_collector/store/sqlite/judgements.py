"""What the engines and the notifier write and read: judged states, alerts, and the outbox."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import aiosqlite
import numpy as np
from tenantwatch_wire.records import Status

from tenantwatch_collector.store.base import (
    AlertKeyState,
    AlertRecord,
    CheckState,
    Commit,
    JudgedState,
    Judgement,
    OutboxMessage,
    ResultColumns,
    TenantResults,
    TenantState,
)
from tenantwatch_collector.store.sqlite.connection import Connections

ENGINE = "health"

_UPSERT_ALERT = (
    "INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (alert_id) DO UPDATE SET"
    " alert_description = excluded.alert_description, severity = excluded.severity,"
    " status = excluded.status, last_occurred_us = excluded.last_occurred_us,"
    " occurrence_count = excluded.occurrence_count, resolved_at_us = excluded.resolved_at_us,"
    " alert_data = excluded.alert_data"
)


async def write_judgement(db: aiosqlite.Connection, judgement: Judgement) -> None:
    await db.executemany(
        "INSERT OR REPLACE INTO check_state VALUES (?, ?, ?, ?, ?, ?)",
        [
            (s.tenant_key, s.check_key, int(s.level), s.since_us, s.through_commit, s.timeline)
            for s in judgement.checks
        ],
    )
    await db.executemany(
        "INSERT OR IGNORE INTO check_change VALUES (?, ?, ?, ?, ?)",
        [(c.tenant_key, c.check_key, c.time_us, c.known_at_us, int(c.level)) for c in judgement.changes],
    )
    await db.executemany(
        "INSERT OR REPLACE INTO tenant_state VALUES (?, ?, ?, ?)",
        [(t.tenant_key, t.state, t.since_us, t.groups) for t in judgement.tenants],
    )
    await _write_alerts(db, judgement)
    await db.execute("INSERT OR REPLACE INTO engine_cursor VALUES (?, ?)", (ENGINE, judgement.cursor))


async def _write_alerts(db: aiosqlite.Connection, judgement: Judgement) -> None:
    await db.executemany(
        "INSERT OR REPLACE INTO alert_key VALUES (?, ?, ?, ?)",
        [(k.tenant_key, k.alert_type, k.state, k.next_due_us) for k in judgement.alert_keys],
    )
    # Resolved ones first: the next alert of the same key may open in the same judgement.
    for alert in sorted(judgement.alerts, key=lambda a: a.status != "resolved"):
        await db.execute(_UPSERT_ALERT, _alert_row(alert))
    for message in judgement.messages:
        await _owe(db, message)


async def _owe(db: aiosqlite.Connection, message: OutboxMessage) -> None:
    """Put it into the outbox; it replaces an undelivered older message of its alert to its channel.

    That all is well again is told only to a channel that was told of the alert, or may have been: a
    message under way counts as told.
    """
    of_alert = (message.alert_id, message.channel, message.dedup_key)
    told = await db.execute_fetchall(
        "SELECT 1 FROM outbox WHERE alert_id = ? AND channel = ? AND dedup_key <> ?"
        " AND (status = 'sent' OR (status = 'owed' AND attempts > 0 AND last_error IS NULL)) LIMIT 1",
        of_alert,
    )
    await db.execute(
        "UPDATE outbox SET status = 'replaced' WHERE alert_id = ? AND channel = ? AND dedup_key <> ?"
        " AND status = 'owed'",
        of_alert,
    )
    if message.kind != "resolved" or list(told):
        await db.execute(
            "INSERT OR IGNORE INTO outbox (tenant_key, alert_id, kind, dedup_key, channel, payload,"
            " created_at_us, next_attempt_us, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _message_row(message),
        )


def _alert_row(alert: AlertRecord) -> tuple[object, ...]:
    return (
        alert.alert_id,
        alert.tenant_key,
        alert.alert_type,
        alert.alert_name,
        alert.alert_description,
        alert.severity,
        alert.status,
        alert.first_occurred_us,
        alert.last_occurred_us,
        alert.occurrence_count,
        alert.resolved_at_us,
        alert.alert_data,
    )


def _message_row(message: OutboxMessage) -> tuple[object, ...]:
    return (
        message.tenant_key,
        message.alert_id,
        message.kind,
        message.dedup_key,
        message.channel,
        message.payload,
        message.created_at_us,
        message.created_at_us,
        "owed" if message.configured else "not_configured",
    )


async def read_judged_state(connections: Connections) -> JudgedState:
    cursor = await connections.read("SELECT commit_id FROM engine_cursor WHERE engine = ?", (ENGINE,))
    checks = await connections.read("SELECT * FROM check_state")
    tenants = await connections.read("SELECT * FROM tenant_state")
    keys = await connections.read("SELECT * FROM alert_key")
    return JudgedState(
        cursor=cursor[0][0] if cursor else 0,
        checks=[
            CheckState(
                r["tenant_key"],
                r["check_key"],
                Status(r["level"]),
                r["since_us"],
                r["through_commit"],
                r["timeline"],
            )
            for r in checks
        ],
        tenants=[TenantState(r["tenant_key"], r["state"], r["since_us"], r["groups"]) for r in tenants],
        alert_keys=[
            AlertKeyState(r["tenant_key"], r["alert_type"], r["state"], r["next_due_us"]) for r in keys
        ],
    )


async def read_commits(connections: Connections, after: int, limit: int) -> Sequence[Commit]:
    log = await connections.read(
        "SELECT * FROM commit_log WHERE commit_id > ? ORDER BY commit_id LIMIT ?", (after, limit)
    )
    return [await _read_commit(connections, row) for row in log]


async def _read_commit(connections: Connections, entry: sqlite3.Row) -> Commit:
    rows = await connections.read(
        "SELECT * FROM result WHERE row_id > ? AND row_id <= ? ORDER BY row_id",
        (entry["first_row"], entry["last_row"]),
    )
    by_tenant: dict[int, list[sqlite3.Row]] = {}
    for row in rows:
        by_tenant.setdefault(row["tenant_key"], []).append(row)
    parts = [TenantResults(tenant, columns_of(found)) for tenant, found in by_tenant.items()]
    return Commit(entry["commit_id"], entry["received_at_us"], parts)


def columns_of(rows: Sequence[sqlite3.Row]) -> ResultColumns:
    return ResultColumns(
        check_key=np.array([r["check_key"] for r in rows], np.int64),
        time_us=np.array([r["time_us"] for r in rows], np.int64),
        status=np.array([r["status"] for r in rows], np.uint8),
        latency_us=np.array([-1 if r["latency_us"] is None else r["latency_us"] for r in rows], np.int64),
        texts={i: r["text"] for i, r in enumerate(rows) if r["text"]},
        metrics={i: json.loads(r["metrics"]) for i, r in enumerate(rows) if r["metrics"]},
    )


async def claim_messages(
    db: aiosqlite.Connection, now_us: int, lease_us: int, limit: int
) -> Sequence[OutboxMessage]:
    """Take what is due. The lease is the next attempt's instant: a sender that dies loses its claim."""
    rows = await db.execute_fetchall(
        "UPDATE outbox SET attempts = attempts + 1, last_error = NULL, next_attempt_us = ?"
        " WHERE message_id IN (SELECT message_id FROM outbox WHERE status = 'owed' AND next_attempt_us <= ?"
        " ORDER BY next_attempt_us, message_id LIMIT ?) RETURNING *",
        (now_us + lease_us, now_us, limit),
    )
    messages = [
        OutboxMessage(
            r["message_id"],
            r["tenant_key"],
            r["alert_id"],
            r["kind"],
            r["dedup_key"],
            r["channel"],
            r["payload"],
            r["created_at_us"],
            r["attempts"],
        )
        for r in rows
    ]
    return sorted(messages, key=lambda message: message.message_id)
