"""A store of every earlier version, with the facts it could hold, answers as today's once it is migrated."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row, tuple_row
from tenantwatch_collector.__main__ import main
from tenantwatch_collector.store.opening import schema_of
from tenantwatch_collector.store.postgres import migrate as on_postgres
from tenantwatch_collector.store.postgres.table import DAY_US, result_table
from tenantwatch_collector.store.sqlite import migrate as on_sqlite

from tests.collector.store.conftest import Place
from tests.collector.store.given import T0, batch, times
from tests.collector.store.test_golden import answers, fill
from tests.servers import PostgresServer

OWN = {"schema_version", "lease", "revision"}
"""Written by migrations themselves."""


async def make_full(place: Place) -> None:
    """Today's store. It is copied before it is asked: asking for messages claims them."""
    store = await place.open()
    await fill(store)
    await store.close()


async def answered(place: Place) -> dict[str, Any]:
    store = await place.open()
    try:
        return await answers(store)
    finally:
        await store.close()


async def migrated(place: Place, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the command that an operator gives."""
    assert (await schema_of(place.path, place.url)).version == version
    config = place.path.with_name(f"{version}.toml")
    config.write_text(f'[store]\nurl = "{place.url}"\n' if place.url else f'[store]\npath = "{place.path}"\n')
    monkeypatch.undo()
    assert await asyncio.to_thread(main, ["store", "migrate", "--config", str(config)]) == 0
    schema = await schema_of(place.path, place.url)
    assert schema.version == schema.newest


async def goes_on(place: Place) -> None:
    """Agents go on where they were, and what they send again is known."""
    store = await place.open()
    check = min(await store.checks(), key=lambda one: one.check_key)
    before = len(await times(store, check))
    await store.commit([batch(check, 40, 20)])  # up to 51 is there already
    assert len(await times(store, check)) == before + 8
    await store.close()


def copy_file(today: Path, earlier: Path) -> None:
    with closing(sqlite3.connect(earlier)) as file, file:
        file.execute("ATTACH ? AS today", (str(today),))
        tables = file.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'").fetchall()
        for (table,) in tables:
            if table not in OWN:
                now = {row[1] for row in file.execute(f"PRAGMA today.table_info({table})")}
                then = (row[1] for row in file.execute(f"PRAGMA main.table_info({table})"))
                columns = ", ".join(name for name in then if name in now)
                file.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM today.{table}")


async def make_partitions(url: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True, row_factory=dict_row) as owner:
        await result_table("plain").make_room(owner, [T0 // DAY_US, T0 // DAY_US + 1])


def columns_of(database: psycopg.Connection[tuple[Any, ...]]) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {}
    for table, column in database.execute(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0"
        " AND NOT a.attisdropped AND NOT c.relispartition ORDER BY a.attnum"
    ):
        columns.setdefault(table, []).append(column)
    return columns


def copy_database(today: str, earlier: str) -> None:
    """All rows, but for columns that one of the versions does not have; keys go on behind them."""
    with psycopg.connect(today, row_factory=tuple_row) as source, psycopg.connect(earlier) as target:
        target.execute("SET session_replication_role = replica")  # in any order, whatever refers to what
        now = columns_of(source)
        for table, then in columns_of(target).items():
            if table not in OWN:
                names = [name for name in then if name in now[table]]
                listed = sql.SQL(", ").join(map(sql.Identifier, names))
                rows = source.execute(
                    sql.SQL("SELECT {} FROM {}").format(listed, sql.Identifier(table))
                ).fetchall()
                insert = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
                    sql.Identifier(table), listed, sql.SQL(", ").join([sql.Placeholder()] * len(names))
                )
                with target.cursor() as cursor:
                    cursor.executemany(insert, rows)
        for table in ("tenant", "check_definition", "metric_set"):
            target.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{table.removesuffix('_definition')}_key'),"
                f" (SELECT max({table.removesuffix('_definition')}_key) FROM {table}))".encode()
            )
        target.execute("SELECT setval('commit_key', (SELECT max(commit_key) FROM commit_log) + 1000)")


async def test_files_of_every_earlier_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    today = Place(tmp_path / "today.sqlite3")
    await make_full(today)
    told: dict[int, dict[str, Any]] = {}
    files = on_sqlite._files()
    for known in range(2, len(files)):
        earlier = Place(tmp_path / f"{known}.sqlite3")
        monkeypatch.setattr(on_sqlite, "_files", lambda known=known: files[:known])
        on_sqlite.migrate(earlier.path)
        monkeypatch.undo()
        copy_file(today.path, earlier.path)
        await migrated(earlier, files[known - 1][0], monkeypatch)
        told[known] = await answered(earlier)
        await goes_on(earlier)
    wanted = await answered(today)
    for known, said in told.items():
        assert said == wanted, known


@pytest.mark.parametrize(("name", "oldest_only"), [("postgres_server", False), ("timescale_server", True)])
async def test_databases_of_every_earlier_version(
    name: str,
    oldest_only: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """With TimescaleDB only the first: no later version knows of it."""
    server: PostgresServer = request.getfixturevalue(name)
    today = Place(tmp_path / "unused", server.url_of(server.create_database()))
    await make_full(today)
    told: dict[int, dict[str, Any]] = {}
    versions = on_postgres.versions()
    assert oldest_only or len(versions) > 2
    for known in range(1, 2 if oldest_only else len(versions)):
        earlier = Place(tmp_path / "unused", server.url_of(server.create_database()))
        monkeypatch.setattr(on_postgres, "versions", lambda known=known: versions[:known])
        await on_postgres.migrate(earlier.url)
        monkeypatch.undo()
        if not oldest_only:
            await make_partitions(earlier.url)
        copy_database(today.url, earlier.url)
        await migrated(earlier, versions[known - 1].number, monkeypatch)
        told[known] = await answered(earlier)
        await goes_on(earlier)
    wanted = await answered(today)
    for known, said in told.items():
        assert said == wanted, known


BEFORE_VERSIONS = 55
"""The last version whose checks knew no versions of themselves."""
WITH_MEMBERSHIP = (
    "INSERT INTO check_definition (check_key, tenant_key, agent_id, check_id, kind, group_id, interval_ms,"
    " timeout_ms, confirm_failures, confirm_successes, target, active, active_since_us, active_until_us)"
    "{keys} VALUES (1, 1, 'a1', 'old', 'redis_connectivity', 'g', 60000, 10000, 3, 2, '', TRUE, NULL, NULL),"
    " (2, 1, 'a1', 'here', 'http_endpoint', 'g', 60000, 10000, 3, 2, '', TRUE, 5000, NULL),"
    " (3, 1, 'a1', 'gone', 'http_endpoint', 'g', 60000, 10000, 3, 2, '', FALSE, 5000, 7000)"
)
TENANT = (
    "INSERT INTO tenant (tenant_key, tenant_id, tenant_name, tier, created_at_us)"
    "{keys} VALUES (1, 'acme', 'Acme', 'basic', 1)"
)


async def test_what_was_known_of_checks_is_taken_over(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    if place.url:
        versions = [each for each in on_postgres.versions() if each.number <= BEFORE_VERSIONS]
        monkeypatch.setattr(on_postgres, "versions", lambda: versions)
        await on_postgres.migrate(place.url)
    else:
        files = [each for each in on_sqlite._files() if each[0] <= BEFORE_VERSIONS]
        monkeypatch.setattr(on_sqlite, "_files", lambda: files)
        on_sqlite.migrate(place.path)
    monkeypatch.undo()
    for statement in (TENANT, WITH_MEMBERSHIP):
        await place.change(statement.format(keys=" OVERRIDING SYSTEM VALUE" if place.url else ""))
    store = await place.open()
    found = await store.tenant_checks(1)
    await store.close()
    told = [(check.check_id, check.active_since_us, check.active_until_us) for check in found]
    assert told == [("old", None, None), ("here", 5000, None), ("gone", 5000, 7000)]
