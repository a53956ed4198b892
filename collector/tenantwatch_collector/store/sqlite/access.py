"""Tenants, tokens, agents and their checks."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

import aiosqlite
from tenantwatch_wire.records import CheckDefinition, Lane

from tenantwatch_collector.store.base import AgentPosition, StoredCheck, Tenant, Token

TOKEN_SQL = (
    "SELECT token.*, tenant.tenant_id, tenant.tenant_name, tenant.tier,"
    " tenant.created_at_us AS tenant_created_at_us FROM token LEFT JOIN tenant USING (tenant_key)"
)


def now_us() -> int:
    return time.time_ns() // 1000


def tenant_of(row: sqlite3.Row, created: str = "created_at_us") -> Tenant:
    return Tenant(row["tenant_key"], row["tenant_id"], row["tenant_name"], row["tier"], row[created])


def token_of(row: sqlite3.Row) -> Token:
    tenant = None if row["tenant_key"] is None else tenant_of(row, "tenant_created_at_us")
    return Token(
        row["token_id"],
        row["role"],
        row["name"],
        tenant,
        row["created_at_us"],
        row["revoked_at_us"],
        row["last_used_at_us"],
    )


def check_of(row: sqlite3.Row) -> StoredCheck:
    definition = CheckDefinition(
        check_id=row["check_id"],
        kind=row["kind"],
        interval_ms=row["interval_ms"],
        timeout_ms=row["timeout_ms"],
        group=row["group_id"],
        confirm_failures=row["confirm_failures"],
        confirm_successes=row["confirm_successes"],
        target=row["target"],
    )
    return StoredCheck(row["check_key"], row["tenant_key"], row["agent_id"], definition, bool(row["active"]))


async def write_agent(
    db: aiosqlite.Connection,
    tenant_key: int,
    agent_id: str,
    generation: str,
    version: str,
    hostname: str,
    digest: str,
) -> Sequence[AgentPosition]:
    now = now_us()
    await db.execute(
        "INSERT INTO agent VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " version = excluded.version, hostname = excluded.hostname,"
        " configuration_digest = excluded.configuration_digest,"
        " spool_generation = excluded.spool_generation, last_seen_us = excluded.last_seen_us",
        (tenant_key, agent_id, version, hostname, digest, generation, now, now),
    )
    rows = await db.execute_fetchall(
        "SELECT lane, sequence FROM watermark WHERE tenant_key = ? AND agent_id = ? AND generation = ?",
        (tenant_key, agent_id, generation),
    )
    return [AgentPosition(tenant_key, agent_id, generation, Lane(row[0]), row[1]) for row in rows]


async def write_checks(
    db: aiosqlite.Connection,
    tenant_key: int,
    agent_id: str,
    checks: Sequence[tuple[CheckDefinition, bool]],
) -> Sequence[StoredCheck]:
    stored = []
    for definition, active in checks:
        values = (
            definition.kind,
            definition.group or definition.kind,
            definition.interval_ms,
            definition.timeout_ms,
            definition.confirm_failures,
            definition.confirm_successes,
            definition.target,
            active,
        )
        rows = await db.execute_fetchall(
            "INSERT INTO check_definition (tenant_key, agent_id, check_id, kind, group_id, interval_ms,"
            " timeout_ms, confirm_failures, confirm_successes, target, active)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " kind = excluded.kind, group_id = excluded.group_id, interval_ms = excluded.interval_ms,"
            " timeout_ms = excluded.timeout_ms, confirm_failures = excluded.confirm_failures,"
            " confirm_successes = excluded.confirm_successes, target = excluded.target,"
            " active = excluded.active RETURNING *",
            (tenant_key, agent_id, definition.check_id, *values),
        )
        stored.append(check_of(next(iter(rows))))
    return stored


async def retire_other_checks(
    db: aiosqlite.Connection, tenant_key: int, agent_id: str, kept: Sequence[StoredCheck]
) -> None:
    """A check that its agent no longer names is active no more; its history stays."""
    keep = {check.check_key for check in kept}
    rows = await db.execute_fetchall(
        "SELECT check_key FROM check_definition WHERE tenant_key = ? AND agent_id = ? AND active",
        (tenant_key, agent_id),
    )
    gone = [(row[0],) for row in rows if row[0] not in keep]
    await db.executemany("UPDATE check_definition SET active = 0 WHERE check_key = ?", gone)
