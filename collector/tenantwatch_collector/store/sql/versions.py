"""What each check was from when on: versions that are only added, in SQL that both databases understand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from tenantwatch_wire.records import CheckDefinition

from tenantwatch_collector.errors import RefusedForEver
from tenantwatch_collector.store.agreements import TenantCheck
from tenantwatch_collector.store.results import StoredCheck
from tenantwatch_collector.store.sql.database import Database, Row, Transaction, now_us

VERSIONS = (
    "SELECT d.agent_id, d.check_id, v.* FROM check_version v JOIN check_definition d"
    " ON d.check_key = v.check_key WHERE {whose} ORDER BY v.tenant_key, v.check_key, v.in_force_from_us,"
    " v.known_at_us"
)
"""Of whom, in the order that ``checks_of`` needs."""
_COLUMNS = (
    "tenant_key, check_key, in_force_from_us, known_at_us, member, kind, group_id, interval_ms, timeout_ms,"
    " confirm_failures, confirm_successes"
)
_FOR_EVER = 2**62
_DAY_US = 86_400_000_000
MAX_VERSIONS_A_DAY = 300
"""Of one check: whoever changes it every five minutes does not mean it."""


async def tenant_checks(db: Database, tenant_key: int, check_key: int | None) -> Sequence[TenantCheck]:
    which, one = ("", ()) if check_key is None else (" AND v.check_key = ?", (check_key,))
    sql = VERSIONS.format(whose=f"v.tenant_key = ?{which}")
    return checks_of(await db.read(sql, (tenant_key, *one), tenant_key), _FOR_EVER)


def checks_of(rows: Iterable[Row], known_until_us: int) -> list[TenantCheck]:
    """The checks as it was known then, each from when it was a member on until that changed.

    Of one that came later its beginning is told, so that whoever meets its key knows its name.
    """
    found: list[TenantCheck] = []
    last_key = None
    for row in rows:
        if row["known_at_us"] > known_until_us and row["check_key"] == last_key:
            continue
        goes_on = row["check_key"] == last_key and found[-1].active_until_us is None
        last_key = row["check_key"]
        now = _check_of(row) if row["member"] else None
        if goes_on:
            if now == replace(found[-1], active_since_us=row["in_force_from_us"]):
                continue
            found[-1] = replace(found[-1], active_until_us=row["in_force_from_us"])
        if now is not None:
            found.append(now)
    return found


async def latest_beginnings(db: Database) -> dict[int, int]:
    """By check's key, of those that have several versions, when the newest begins."""
    rows = await db.read(
        "SELECT check_key, max(in_force_from_us) AS begins FROM check_version GROUP BY tenant_key, check_key"
        " HAVING count(*) > 1"
    )
    return {row["check_key"]: row["begins"] for row in rows}


async def defined_by_agents(tx: Transaction, tenant_key: int) -> set[int]:
    """The checks of which any version held from when it was known on: only an import tells of the past."""
    rows = await tx.rows(
        "SELECT DISTINCT check_key FROM check_version"
        " WHERE tenant_key = ? AND in_force_from_us = known_at_us",
        (tenant_key,),
    )
    return {row["check_key"] for row in rows}


async def next_instant(tx: Transaction, tenant_key: int) -> int:
    """Now, but later than anything that was written of the tenant's checks."""
    rows = await tx.rows(
        "SELECT coalesce(max(known_at_us), 0) AS newest FROM check_version WHERE tenant_key = ?",
        (tenant_key,),
    )
    return max(now_us(), int(rows[0]["newest"]) + 1)


async def refuse_flood(tx: Transaction, tenant_key: int, check_keys: Collection[int], now_us: int) -> None:
    """Raise RefusedForEver if any of these checks was defined anew too often lately."""
    rows = await tx.rows(
        "SELECT check_key FROM check_version WHERE tenant_key = ? AND known_at_us > ? GROUP BY check_key"
        " HAVING count(*) >= ?",
        (tenant_key, now_us - _DAY_US, MAX_VERSIONS_A_DAY),
    )
    if any(row["check_key"] in check_keys for row in rows):
        raise RefusedForEver(
            f"a check was defined anew {MAX_VERSIONS_A_DAY} times within a day, and each time is kept:"
            " do two agents with different checks share one agent_id?"
        )


async def write_versions(
    tx: Transaction, checks: Sequence[tuple[StoredCheck, bool]], in_force_from_us: int, known_at_us: int
) -> None:
    """Add what each of these checks is from then on: a member or not."""
    rows = [
        (c.tenant_key, c.check_key, in_force_from_us, known_at_us, member, *judged_by(c.definition))
        for c, member in checks
    ]
    await tx.execute_many(
        f"INSERT INTO check_version ({_COLUMNS}) VALUES ({', '.join('?' * len(_COLUMNS.split(',')))})", rows
    )


def judged_by(definition: CheckDefinition) -> tuple[object, ...]:
    """Of a definition what figures rest on."""
    return (
        definition.kind,
        definition.group or definition.kind,
        definition.interval_ms,
        definition.timeout_ms,
        definition.confirm_failures,
        definition.confirm_successes,
    )


def _check_of(row: Row) -> TenantCheck:
    definition = CheckDefinition(row["check_id"], row["kind"], row["interval_ms"], row["timeout_ms"])
    return TenantCheck(
        check_key=row["check_key"],
        agent_id=row["agent_id"],
        check_id=row["check_id"],
        kind=row["kind"],
        group=row["group_id"],
        interval_ms=row["interval_ms"],
        timeout_ms=row["timeout_ms"],
        confirm_failures=row["confirm_failures"],
        confirm_successes=row["confirm_successes"],
        stale_after_ms=definition.stale_after_ms,
        active_since_us=row["in_force_from_us"] or None,
        active_until_us=None,
    )
