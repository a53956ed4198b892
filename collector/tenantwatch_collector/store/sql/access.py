"""Tenants, tokens, agents and their checks."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tenantwatch_wire.records import CheckDefinition, Lane

from tenantwatch_collector.store.access import Tenant, Token
from tenantwatch_collector.store.results import AgentPosition, StoredCheck
from tenantwatch_collector.store.sql.database import Database, Row, Transaction, now_us
from tenantwatch_collector.store.sql.definitions import (
    defined_by_agents,
    judged_by,
    latest_beginnings,
    next_instant,
    refuse_flood,
    write_versions,
)

_TOKEN = (
    "SELECT token.*, tenant.tenant_id, tenant.tenant_name, tenant.tier, tenant.resource_tier,"
    " tenant.suspended_at_us, tenant.deleted_at_us,"
    " tenant.created_at_us AS tenant_created_at_us FROM token LEFT JOIN tenant USING (tenant_key)"
)


def tenant_of(row: Row, created: str = "created_at_us") -> Tenant:
    return Tenant(
        row["tenant_key"],
        row["tenant_id"],
        row["tenant_name"],
        row["tier"],
        row[created],
        row["resource_tier"],
        row["suspended_at_us"],
        row["deleted_at_us"],
    )


def check_of(row: Row) -> StoredCheck:
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


def _token_of(row: Row) -> Token:
    tenant = None if row["tenant_key"] is None else tenant_of(row, "tenant_created_at_us")
    return Token(
        row["token_id"],
        row["role"],
        row["name"],
        tenant,
        row["created_at_us"],
        row["revoked_at_us"],
        row["last_used_at_us"],
        row["subject"],
        tuple(row["scopes"].split()),
        row["expires_at_us"],
    )


async def create_tenant(tx: Transaction, tenant_id: str, tenant_name: str, tier: str) -> Tenant:
    await tx.execute(
        "INSERT INTO tenant (tenant_id, tenant_name, tier, created_at_us) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (tenant_id, tenant_name, tier, now_us()),
    )
    rows = await tx.rows("SELECT * FROM tenant WHERE tenant_id = ?", (tenant_id,))
    return tenant_of(rows[0])


async def add_tenant(
    tx: Transaction, tenant_id: str, tenant_name: str, tier: str, resource_tier: str
) -> Tenant | None:
    rows = await tx.rows(
        "INSERT INTO tenant (tenant_id, tenant_name, tier, resource_tier, created_at_us)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING *",
        (tenant_id, tenant_name, tier, resource_tier, now_us()),
    )
    return tenant_of(rows[0]) if rows else None


async def tenant(db: Database, tenant_id: str) -> Tenant | None:
    sql = "SELECT * FROM tenant WHERE tenant_id = ? AND deleted_at_us IS NULL"
    rows = await db.read(sql, (tenant_id,))
    return tenant_of(rows[0]) if rows else None


async def tenants(db: Database) -> Sequence[Tenant]:
    return [tenant_of(row) for row in await db.read("SELECT * FROM tenant ORDER BY tenant_id")]


async def create_token(
    tx: Transaction,
    token_id: str,
    secret_sha256: bytes,
    role: str,
    tenant_key: int | None,
    name: str,
    subject: str,
    scopes: Sequence[str],
    expires_at_us: int | None,
) -> None:
    await tx.execute(
        "INSERT INTO token (token_id, secret_sha256, role, tenant_key, name, created_at_us, subject, scopes,"
        " expires_at_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            token_id,
            secret_sha256,
            role,
            tenant_key,
            name,
            now_us(),
            subject,
            " ".join(scopes),
            expires_at_us,
        ),
    )


async def token_by_hash(db: Database, secret_sha256: bytes) -> Token | None:
    rows = await db.read(f"{_TOKEN} WHERE secret_sha256 = ?", (secret_sha256,))
    if not rows or not hmac.compare_digest(bytes(rows[0]["secret_sha256"]), secret_sha256):
        return None
    return _token_of(rows[0])


async def token_is_valid(db: Database, token_id: str) -> bool:
    sql = (
        "SELECT 1 AS valid FROM token LEFT JOIN tenant USING (tenant_key)"
        " WHERE token_id = ? AND revoked_at_us IS NULL AND suspended_at_us IS NULL"
        " AND (expires_at_us IS NULL OR expires_at_us > ?)"
    )
    return bool(await db.read(sql, (token_id, now_us())))


async def touch_token(tx: Transaction, token_id: str, used_at_us: int) -> None:
    await tx.execute("UPDATE token SET last_used_at_us = ? WHERE token_id = ?", (used_at_us, token_id))


async def tokens(db: Database) -> Sequence[Token]:
    rows = await db.read(f"{_TOKEN} ORDER BY token.created_at_us, token_id")
    return [_token_of(row) for row in rows]


async def revoke_token(tx: Transaction, token_id: str) -> bool:
    changed = await tx.execute(
        "UPDATE token SET revoked_at_us = ? WHERE token_id = ? AND revoked_at_us IS NULL",
        (now_us(), token_id),
    )
    return changed == 1


async def tokens_revoked_since(db: Database, since_us: int) -> Sequence[str]:
    sql = (
        "SELECT token_id FROM token LEFT JOIN tenant USING (tenant_key)"
        " WHERE revoked_at_us >= ? OR expires_at_us BETWEEN ? AND ? OR suspended_at_us >= ?"
    )
    rows = await db.read(sql, (since_us, since_us, now_us(), since_us))
    return [row["token_id"] for row in rows]


async def agent_arrived(
    tx: Transaction,
    tenant_key: int,
    agent_id: str,
    generation: str,
    version: str,
    hostname: str,
    digest: str,
    labels: Mapping[str, str],
) -> Sequence[AgentPosition]:
    now, written = now_us(), json.dumps(dict(labels), sort_keys=True)
    await tx.execute(
        "INSERT INTO agent (tenant_key, agent_id, version, hostname, configuration_digest, spool_generation,"
        " labels, first_seen_us, last_seen_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (tenant_key, agent_id) DO UPDATE SET"
        " version = excluded.version, hostname = excluded.hostname, labels = excluded.labels,"
        " configuration_digest = excluded.configuration_digest,"
        " spool_generation = excluded.spool_generation, last_seen_us = excluded.last_seen_us",
        (tenant_key, agent_id, version, hostname, digest, generation, written, now, now),
    )
    rows = await tx.rows(
        "SELECT lane, sequence FROM watermark WHERE tenant_key = ? AND agent_id = ? AND generation = ?",
        (tenant_key, agent_id, generation),
    )
    return [
        AgentPosition(tenant_key, agent_id, generation, Lane(row["lane"]), row["sequence"]) for row in rows
    ]


async def register_checks(
    tx: Transaction,
    tenant_key: int,
    agent_id: str,
    checks: Sequence[tuple[CheckDefinition, bool]],
    complete: bool,
    since_us: int | None,
) -> Sequence[StoredCheck]:
    before = {check.definition.check_id: check for check in await _checks_of(tx, tenant_key, agent_id)}
    given = {definition.check_id: (definition, active) for definition, active in checks}
    if since_us is None:
        changed = [each for name, each in given.items() if not _says(before.get(name), *each)]
    else:
        theirs = await defined_by_agents(tx, tenant_key)
        changed = [
            e for name, e in given.items() if name not in before or before[name].check_key not in theirs
        ]
    gone = [check for name, check in before.items() if complete and check.active and name not in given]
    if not changed and not gone:
        return [before[definition.check_id] for definition, _ in checks]
    await _write_definitions(tx, tenant_key, agent_id, changed, gone)
    after = {check.definition.check_id: check for check in await _checks_of(tx, tenant_key, agent_id)}
    touched = [*(definition for definition, _ in changed), *(check.definition for check in gone)]
    await _keep_versions(tx, tenant_key, before, [after[each.check_id] for each in touched], since_us)
    return [after[definition.check_id] for definition, _ in checks]


async def _write_definitions(
    tx: Transaction,
    tenant_key: int,
    agent_id: str,
    changed: Sequence[tuple[CheckDefinition, bool]],
    gone: Sequence[StoredCheck],
) -> None:
    await tx.execute_many(
        "INSERT INTO check_definition (tenant_key, agent_id, check_id, kind, group_id, interval_ms,"
        " timeout_ms, confirm_failures, confirm_successes, target, active)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (tenant_key, agent_id, check_id) DO UPDATE SET"
        " kind = excluded.kind, group_id = excluded.group_id, interval_ms = excluded.interval_ms,"
        " timeout_ms = excluded.timeout_ms, confirm_failures = excluded.confirm_failures,"
        " confirm_successes = excluded.confirm_successes, target = excluded.target,"
        " active = excluded.active",
        [(tenant_key, agent_id, *_values(definition, active)) for definition, active in changed],
    )
    await tx.execute_many(
        "UPDATE check_definition SET active = FALSE WHERE check_key = ?",
        [(check.check_key,) for check in gone],
    )


async def _keep_versions(
    tx: Transaction,
    tenant_key: int,
    before: Mapping[str, StoredCheck],
    touched: Sequence[StoredCheck],
    since_us: int | None,
) -> None:
    """Of each check that is another now; one that stopped is a member no more."""
    different = [
        (check, check.active or known is None or since_us is not None)
        for check in touched
        if (known := before.get(check.definition.check_id)) is None
        or since_us is not None
        or _judged_by(known) != _judged_by(check)
    ]
    if different:
        known_at_us = await next_instant(tx, tenant_key)
        await refuse_flood(tx, tenant_key, {check.check_key for check, _ in different}, known_at_us)
        await write_versions(tx, different, known_at_us if since_us is None else since_us, known_at_us)


def _judged_by(check: StoredCheck) -> tuple[object, ...]:
    return check.active, *judged_by(check.definition)


async def _checks_of(tx: Transaction, tenant_key: int, agent_id: str) -> Sequence[StoredCheck]:
    rows = await tx.rows(
        "SELECT * FROM check_definition WHERE tenant_key = ? AND agent_id = ?", (tenant_key, agent_id)
    )
    return [check_of(row) for row in rows]


def _says(known: StoredCheck | None, definition: CheckDefinition, active: bool) -> bool:
    """Whether the store says the same of the check already."""
    return (
        known is not None
        and known.active == active
        and _values(known.definition, active) == _values(definition, active)
    )


def _values(definition: CheckDefinition, active: bool) -> tuple[object, ...]:
    return (
        definition.check_id,
        definition.kind,
        definition.group or definition.kind,
        definition.interval_ms,
        definition.timeout_ms,
        definition.confirm_failures,
        definition.confirm_successes,
        definition.target,
        active,
    )


async def checks(db: Database) -> Sequence[StoredCheck]:
    """All of all tenants, with the labels of their agents; of a tenant that is not watched none is active."""
    begun = await latest_beginnings(db)
    sql = "SELECT tenant_key FROM tenant WHERE suspended_at_us IS NOT NULL OR deleted_at_us IS NOT NULL"
    unwatched = {row["tenant_key"] for row in await db.read(sql)}
    agents = await db.read("SELECT tenant_key, agent_id, labels FROM agent WHERE labels <> '{}'")
    labels = {(row["tenant_key"], row["agent_id"]): _labels_of(row) for row in agents}
    found = [
        replace(
            check,
            active=check.active and check.tenant_key not in unwatched,
            since_us=begun.get(check.check_key, 0),
        )
        if check.tenant_key in unwatched or check.check_key in begun
        else check
        for check in map(check_of, await db.read("SELECT * FROM check_definition"))
    ]
    return [
        replace(check, labels=labels[place])
        if (place := (check.tenant_key, check.agent_id)) in labels
        else check
        for check in found
    ]


def _labels_of(row: Row) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(json.loads(row["labels"]).items()))
