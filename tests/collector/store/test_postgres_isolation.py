"""The database itself keeps tenants apart: held against it by a tenant's own login role."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import psycopg
import pytest
from psycopg import errors
from tenantwatch_collector.store.base import (
    AgentPosition,
    AlertEvent,
    AlertRecord,
    AuditEntry,
    CheckChange,
    CheckState,
    CorrectionRecord,
    Delivery,
    Gap,
    IssuedReport,
    Judgement,
    ResultColumns,
    RolledUp,
    Rollup,
    RollupSpan,
    StoredRule,
    StoredSilence,
    TenantState,
    WindowRecord,
)
from tenantwatch_collector.store.postgres import PostgresStore
from tenantwatch_wire.columns import MetricColumns
from tenantwatch_wire.records import CheckDefinition, Lane, Status

from tests.servers import PostgresServer

NOW_US = time.time_ns() // 1000 - 1_000_000
PASSWORD = "tenants-own"
SHOWN = (
    "tenant", "agent", "check_definition", "metric_set", "gap", "check_state", "check_change", "tenant_state",
    "alert", "alert_event", "rollup", "visible_result",
    "contract", "maintenance_window", "correction", "issued_report", "assigned_check",
    "audit_entry", "rollup_sum", "request_rollup", "check_version",
)  # fmt: skip


SHOWN_BY_ID = ("alert_rule", "silence")
"""They name their tenant by its id."""


@dataclass(frozen=True, slots=True)
class TwoTenants:
    """A database with facts of two tenants in every table, and the login role of the first."""

    store: PostgresStore
    mine: int
    other: int
    url: str


@pytest.fixture(params=["postgres_server", "timescale_server"])
async def two(request: pytest.FixtureRequest) -> AsyncIterator[TwoTenants]:
    server: PostgresServer = request.getfixturevalue(request.param)
    name = server.create_database()
    store = await PostgresStore.open(server.url_of(name))
    keys = [await _fill(store, tenant) for tenant in ("mine", "other")]
    role = f"role_of_{name}"
    async with await psycopg.AsyncConnection.connect(server.url_of(name), autocommit=True) as owner:
        await owner.execute(
            f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}' IN ROLE tenantwatch_tenant".encode()
        )
        await owner.execute("INSERT INTO tenant_role VALUES (%s, %s)", (role, keys[0]))
        for key in keys:
            await owner.execute("INSERT INTO request_rollup VALUES (%s, 1, 0, 1, 0, '', 0)", (key,))
            sql = "INSERT INTO rollup_sum VALUES (%s, 900, 0, '', 1, 0, 0, 0, NULL, '', NULL, 0, 0)"
            await owner.execute(sql, (key,))
    yield TwoTenants(store, keys[0], keys[1], server.url_of(name, role, PASSWORD))
    await store.close()


async def _fill(store: PostgresStore, tenant_id: str) -> int:
    """A row of this tenant in everything that a tenant may see."""
    tenant = await store.create_tenant(tenant_id, tenant_id, "basic")
    key = tenant.tenant_key
    await store.agent_arrived(key, "a", "g", "1", "h", "d")
    definition = CheckDefinition("web", "http_endpoint", 60_000, 10_000)
    (check,) = await store.register_checks(key, "a", [(definition, True)], complete=True)
    count = 40  # enough to be written compressed, where that is possible
    names = (f"of {tenant_id}",)
    columns = ResultColumns(
        np.full(count, key), np.full(count, check.check_key), NOW_US + np.arange(count),
        np.zeros(count, np.uint8), np.full(count, 7),
        metrics=MetricColumns(np.zeros(1, np.uint32), np.zeros(1, np.uint32), np.ones(1), names),
    )  # fmt: skip
    at = AgentPosition(key, "a", "g", Lane.LIVE, count)
    gap_at = AgentPosition(key, "a", "g", Lane.LIVE, count + 1)
    await store.commit([Delivery(1, at, results=columns), Delivery(count + 1, gap_at, gap=Gap(0, 1, "full"))])
    await store.write_judgement(
        Judgement(
            1,
            checks=[CheckState(key, check.check_key, Status.HEALTHY, NOW_US, 1, NOW_US, "{}")],
            changes=[CheckChange(key, check.check_key, NOW_US, Status.HEALTHY, NOW_US)],
            tenants=[TenantState(key, "healthy", NOW_US, "[]")],
            alerts=[
                AlertRecord(tenant_id, key, "t", "n", "d", "error", "active", NOW_US, NOW_US, 1, None, "{}")
            ],
            events=[AlertEvent(key, tenant_id, NOW_US, "opened")],
        )
    )
    rollup = Rollup(key, check.check_key, 900, 0, 1, 0, 0, 0, 0, 0, None, b"", 900_000, 0, 0, 0, NOW_US)
    await store.write_rollups(RolledUp(1, 1, spans=[RollupSpan(key, 900, 0)], rollups=[rollup]))
    await store.add_contract(key, 1, "ann", "signed", "{}")
    await store.add_window(WindowRecord(key, 0, 1, 2, "", None, "upgrade", "ann", 0))
    await store.add_correction(CorrectionRecord(key, 0, 1, 2, "up", "probe", "ann", 0))
    await store.add_issued(IssuedReport(key, "monthly", "2026-03", 1, "final", 0, 1, 2, "sha256:a", "", "{}"))
    await store.put_assigned_check(key, "far", None, "{}", "ann")
    await store.put_alert_rule(StoredRule(f"of {tenant_id}", tenant_id, None, "{}", 0, "ann"))
    await store.add_silence(StoredSilence(0, tenant_id, None, 1, 2, "ann", ""))
    await store.add_audit(key, AuditEntry("ann", "admin", "127.0.0.1", "r", "terms.set", tenant_id))
    return key


@pytest.mark.parametrize("table", SHOWN)
async def test_a_tenants_role_sees_its_own_rows_and_no_others(two: TwoTenants, table: str) -> None:
    async with await psycopg.AsyncConnection.connect(two.url) as connection:
        # Whoever may send any SQL may also set this; it must not be believed.
        await connection.execute("SELECT set_config('tenantwatch.tenant_key', %s, false)", (str(two.other),))
        found = await connection.execute(f"SELECT DISTINCT tenant_key FROM {table}".encode())
        assert await found.fetchall() == [(two.mine,)]


@pytest.mark.parametrize("table", SHOWN_BY_ID)
async def test_a_tenants_role_sees_what_names_it(two: TwoTenants, table: str) -> None:
    async with await psycopg.AsyncConnection.connect(two.url) as connection:
        found = await connection.execute(f"SELECT DISTINCT tenant_id FROM {table}".encode())
        assert await found.fetchall() == [("mine",)]
    by_key = await two.store.alert_rules(two.mine), await two.store.silences(0, two.mine)
    assert [{one.tenant_id for one in kept} for kept in by_key] == [{"mine"}, {"mine"}]


async def test_a_tenants_role_may_read_nothing_else(two: TwoTenants) -> None:
    """Chunks, compressed chunks and partitions among them: rights are given to each relation by itself."""
    async with await psycopg.AsyncConnection.connect(two.url) as connection:
        found = await connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_roles owner ON owner.oid = c.relowner"
            " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_any_column_privilege(c.oid, 'SELECT')"
            " AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema'"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
        )
        assert {row[0] for row in await found.fetchall()} == {*SHOWN, *SHOWN_BY_ID}


async def test_a_function_that_leaks_is_asked_after_the_barrier(two: TwoTenants) -> None:
    async with await psycopg.AsyncConnection.connect(two.url) as connection:
        seen: list[str] = []
        connection.add_notice_handler(lambda notice: seen.append(notice.message_primary or ""))
        await connection.execute(
            "CREATE FUNCTION pg_temp.leak(integer) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS"
            " $$ BEGIN RAISE NOTICE 'tenant %', $1; RETURN true; END $$"
        )
        await connection.execute("SELECT count(*) FROM visible_result WHERE pg_temp.leak(tenant_key)")
        assert set(seen) == {f"tenant {two.mine}"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenant SET tenant_name = 'x'",
        "DELETE FROM rollup",
        "INSERT INTO tenant_role VALUES (current_user, 1)",
        "INSERT INTO visible_result DEFAULT VALUES",
        "SELECT * FROM any_result",
        "SELECT * FROM commit_log",
        "SELECT * FROM token",
        "SELECT * FROM result",
    ],
)
async def test_a_tenants_role_changes_nothing(two: TwoTenants, statement: str) -> None:
    async with await psycopg.AsyncConnection.connect(two.url, autocommit=True) as connection:
        with pytest.raises((errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState)):
            await connection.execute(statement.encode())


async def test_a_role_that_was_admitted_to_no_tenant_sees_nothing(two: TwoTenants) -> None:
    async with await psycopg.AsyncConnection.connect(two.url) as connection:
        name = connection.info.user
    async with two.store._pools.writer() as owner:
        await owner.execute("DELETE FROM tenant_role WHERE role_name = %s", (name,))
    async with await psycopg.AsyncConnection.connect(two.url) as connection:
        await connection.execute("SELECT set_config('tenantwatch.tenant_key', %s, false)", (str(two.other),))
        for table in SHOWN:
            found = await connection.execute(f"SELECT count(*) FROM {table}".encode())
            assert await found.fetchone() == (0,)


async def test_the_collectors_own_questions_in_a_tenants_name_see_that_tenant_alone(two: TwoTenants) -> None:
    rows = await two.store._pools.read("SELECT DISTINCT tenant_key FROM visible_result", (), two.mine)
    assert [row["tenant_key"] for row in rows] == [two.mine]
    rows = await two.store._pools.read("SELECT tenant_key FROM alert", (), two.other)
    assert [row["tenant_key"] for row in rows] == [two.other]
