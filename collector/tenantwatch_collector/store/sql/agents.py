"""Agents as they introduce themselves, and the checks that they have."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from tenantwatch_wire.records import CheckDefinition, Lane

from tenantwatch_collector.store.results import AgentPosition, StoredCheck
from tenantwatch_collector.store.sql.database import Database, Row, Transaction, now_us
from tenantwatch_collector.store.sql.versions import (
    defined_by_agents,
    judged_by,
    latest_beginnings,
    next_instant,
    refuse_flood,
    write_versions,
)


class SqlAgents:
    """See :class:`tenantwatch_collector.store.results.ResultStore` for what each method promises."""

    _db: Database

    async def agent_arrived(
        self,
        tenant_key: int,
        agent_id: str,
        generation: str,
        version: str,
        hostname: str,
        digest: str,
        labels: Mapping[str, str] = MappingProxyType({}),
        backlog_until: int = 0,
    ) -> Sequence[AgentPosition]:
        async with self._db.transaction() as tx:
            now, written = now_us(), json.dumps(dict(labels), sort_keys=True)
            await tx.execute(
                "INSERT INTO agent (tenant_key, agent_id, version, hostname, configuration_digest,"
                " spool_generation, labels, backlog_until, first_seen_us, last_seen_us)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (tenant_key, agent_id) DO UPDATE SET"
                " version = excluded.version, hostname = excluded.hostname, labels = excluded.labels,"
                " configuration_digest = excluded.configuration_digest,"
                " spool_generation = excluded.spool_generation, backlog_until = excluded.backlog_until,"
                " last_seen_us = excluded.last_seen_us",
                (
                    tenant_key,
                    agent_id,
                    version,
                    hostname,
                    digest,
                    generation,
                    written,
                    backlog_until,
                    now,
                    now,
                ),
            )
            rows = await tx.rows(
                "SELECT lane, sequence FROM watermark"
                " WHERE tenant_key = ? AND agent_id = ? AND generation = ?",
                (tenant_key, agent_id, generation),
            )
            return [
                AgentPosition(tenant_key, agent_id, generation, Lane(row["lane"]), row["sequence"])
                for row in rows
            ]

    async def agents_behind(self, tenant_key: int) -> frozenset[str]:
        rows = await self._db.read(
            "SELECT a.agent_id FROM agent a LEFT JOIN watermark w ON w.tenant_key = a.tenant_key"
            " AND w.agent_id = a.agent_id AND w.generation = a.spool_generation AND w.lane = ?"
            " WHERE a.tenant_key = ? AND a.backlog_until > coalesce(w.sequence, 0)",
            (int(Lane.BACKLOG), tenant_key),
        )
        return frozenset(row["agent_id"] for row in rows)

    async def register_checks(
        self,
        tenant_key: int,
        agent_id: str,
        checks: Sequence[tuple[CheckDefinition, bool]],
        complete: bool,
        since_us: int | None = None,
    ) -> Sequence[StoredCheck]:
        async with self._db.transaction() as tx:
            before = await _checks_of(tx, tenant_key, agent_id)
            given = {definition.check_id: (definition, active) for definition, active in checks}
            if since_us is None:
                changed = [each for name, each in given.items() if not _says(before.get(name), *each)]
            else:
                by_agents = await defined_by_agents(tx, tenant_key)
                stay = {name for name, check in before.items() if check.check_key in by_agents}
                changed = [each for name, each in given.items() if name not in stay]
            gone = [c for name, c in before.items() if complete and c.active and name not in given]
            if not changed and not gone:
                return [before[definition.check_id] for definition, _ in checks]
            await _write_definitions(tx, tenant_key, agent_id, changed, gone)
            after = await _checks_of(tx, tenant_key, agent_id)
            touched = [*(definition for definition, _ in changed), *(check.definition for check in gone)]
            await _keep_versions(tx, tenant_key, before, [after[each.check_id] for each in touched], since_us)
            return [after[definition.check_id] for definition, _ in checks]

    async def checks(self) -> Sequence[StoredCheck]:
        begun = await latest_beginnings(self._db)
        sql = "SELECT tenant_key FROM tenant WHERE suspended_at_us IS NOT NULL OR deleted_at_us IS NOT NULL"
        unwatched = {row["tenant_key"] for row in await self._db.read(sql)}
        agents = await self._db.read("SELECT tenant_key, agent_id, labels FROM agent WHERE labels <> '{}'")
        labels = {(row["tenant_key"], row["agent_id"]): _labels_of(row) for row in agents}
        found = [
            replace(
                check,
                active=check.active and check.tenant_key not in unwatched,
                since_us=begun.get(check.check_key, 0),
            )
            if check.tenant_key in unwatched or check.check_key in begun
            else check
            for check in map(check_of, await self._db.read("SELECT * FROM check_definition"))
        ]
        return [
            replace(check, labels=labels[place])
            if (place := (check.tenant_key, check.agent_id)) in labels
            else check
            for check in found
        ]


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


async def _checks_of(tx: Transaction, tenant_key: int, agent_id: str) -> Mapping[str, StoredCheck]:
    """By check_id."""
    rows = await tx.rows(
        "SELECT * FROM check_definition WHERE tenant_key = ? AND agent_id = ?", (tenant_key, agent_id)
    )
    return {row["check_id"]: check_of(row) for row in rows}


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


def _says(known: StoredCheck | None, definition: CheckDefinition, active: bool) -> bool:
    """Whether the store says the same of the check already."""
    return (
        known is not None
        and known.active == active
        and _values(known.definition, active) == _values(definition, active)
    )


def _values(definition: CheckDefinition, active: bool) -> tuple[object, ...]:
    return definition.check_id, *judged_by(definition), definition.target, active


def _labels_of(row: Row) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(json.loads(row["labels"]).items()))
