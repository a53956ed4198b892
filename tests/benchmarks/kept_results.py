"""What a day of results takes in TimescaleDB once it is compressed, and how soon questions are answered."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import psycopg
from tenantwatch_agent.checks.base import Outcome
from tenantwatch_agent.checks.registry import build_check
from tenantwatch_collector.store.base import AgentPosition, Delivery, ResultColumns, Retention, StoredCheck
from tenantwatch_collector.store.postgres import PostgresStore
from tenantwatch_wire.columns import MetricColumns
from tenantwatch_wire.records import CheckDefinition, Lane

from tests.benchmarks.ingest_postgres import SETTINGS
from tests.benchmarks.report import Figure, figure
from tests.fakes.http_target import HttpTarget
from tests.servers import running_postgres, timescale_programs

TENANTS, CHECKS, MINUTES = 50, 10, 1_440
LOOKS = 3_000
MINUTES_A_COMMIT = 10
ASKED = 50
DAY_US = 86_400_000_000
AIM_BYTES = 9.0
_ROW = ("time_us", "tenant_key", "check_key", "status", "latency_us")
_BESIDE = ("commit_key", "text", "metric_values")
METHOD = (
    f"a day of {TENANTS} tenants with {CHECKS} checks a minute, {TENANTS * CHECKS * MINUTES} results;"
    f" latencies, phases, texts and jitter drawn from {LOOKS} real looks of the agent's HTTP check at a local"
    " server; TimescaleDB, a chunk a day, merged and compressed"
)


async def _real_results() -> list[Outcome]:
    """What the agent's own check sees, one look after the other."""
    async with HttpTarget() as web:
        check = build_check("http_endpoint", {"url": f"{web.url}/"}, "benchmark")
        return [await check.look() for _ in range(LOOKS)]


def _metrics(drawn: list[Outcome]) -> MetricColumns:
    names = tuple(drawn[0].metrics)
    rows = [n for n, result in enumerate(drawn) if tuple(result.metrics) == names]
    values = np.array([list(drawn[n].metrics.values()) for n in rows])
    return MetricColumns(
        np.repeat(np.array(rows, np.uint32), len(names)),
        np.tile(np.arange(len(names), dtype=np.uint32), len(rows)),
        values.reshape(-1),
        names,
    )


def _delivery(
    checks: list[StoredCheck], first: int, start_us: int, real: list[Outcome], chance: np.random.Generator
) -> Delivery:
    """Ten minutes of one tenant, in the order in which an agent sends them."""
    count = CHECKS * MINUTES_A_COMMIT
    drawn = [real[n] for n in chance.integers(0, len(real), count)]
    minutes = np.repeat(np.arange(MINUTES_A_COMMIT), CHECKS)
    phases = np.tile(np.linspace(0, 59_000_000, CHECKS).astype(np.int64), MINUTES_A_COMMIT)
    # What a timer of the agent is late by.
    jitter = chance.gamma(2.0, 600.0, count).astype(np.int64)
    columns = ResultColumns(
        np.full(count, checks[0].tenant_key),
        np.tile(np.array([check.check_key for check in checks]), MINUTES_A_COMMIT),
        start_us + minutes * 60_000_000 + phases + jitter,
        np.array([result.status for result in drawn], np.uint8),
        np.array([-1 if result.latency_us is None else result.latency_us for result in drawn]),
        {n: result.text for n, result in enumerate(drawn)},
        _metrics(drawn),
    )
    last = AgentPosition(checks[0].tenant_key, "a", "g", Lane.LIVE, first + count - 1)
    return Delivery(first, last, results=columns)


async def _fill(store: PostgresStore, start_us: int) -> list[list[StoredCheck]]:
    real, chance = await _real_results(), np.random.default_rng(1)
    tenants = []
    for number in range(TENANTS):
        tenant = await store.create_tenant(f"tenant-{number}", "", "basic")
        definitions = [
            (CheckDefinition(f"web-{n}", "http_endpoint", 60_000, 5_000), True) for n in range(CHECKS)
        ]
        tenants.append(list(await store.register_checks(tenant.tenant_key, "a", definitions, complete=True)))
    for minute in range(0, MINUTES, MINUTES_A_COMMIT):
        at_us = start_us + minute * 60_000_000
        first = 1 + minute * CHECKS
        await store.commit([_delivery(checks, first, at_us, real, chance) for checks in tenants])
    return tenants


async def _bytes_by_column(url: str) -> dict[str, float]:
    """Bytes a result of each column in the compressed chunks; what is kept beside them under ``other``."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        found = await connection.execute(
            "SELECT format('%I.%I', c.schema_name, c.table_name)::regclass FROM _timescaledb_catalog.chunk c"
            " JOIN _timescaledb_catalog.hypertable h ON h.compressed_hypertable_id = c.hypertable_id"
            " WHERE h.table_name = 'result'"
        )
        (chunk,) = [row[0] for row in await found.fetchall()]
        found = await connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0", (chunk,)
        )
        columns = [row[0] for row in await found.fetchall()]
        sums = ", ".join(f'coalesce(sum(pg_column_size("{column}")), 0)' for column in columns)
        found = await connection.execute(
            f"SELECT sum(_ts_meta_count), {sums}, pg_total_relation_size('{chunk}') FROM {chunk}".encode()
        )
        row = await found.fetchone()
    assert row is not None
    results, *sizes, total = (int(value) for value in row)
    by_column = {column: size / results for column, size in zip(columns, sizes, strict=True)}
    return {**by_column, "total": total / results}


def _of_size(name: str, value: float, what: str, aim: float | None = None) -> Figure:
    return figure(name, value, "bytes", aim, f"{what} of {METHOD}")


async def _of_question(name: str, what: str, ask: Callable[[int], Awaitable[object]]) -> Figure:
    waits = []
    for number in range(ASKED):
        started = time.perf_counter()
        await ask(number)
        waits.append(1000 * (time.perf_counter() - started))
    return figure(
        name, statistics.median(waits), "ms", None, f"{what}, median of {ASKED}, through the store; {METHOD}"
    )


async def measure(folder: Path) -> list[Figure]:
    programs = timescale_programs()
    with running_postgres(lambda *_: programs, SETTINGS) as server:
        url = server.url_of(server.create_database())
        store = await PostgresStore.open(url)
        start_us = (time.time_ns() // 1000 // DAY_US - 2) * DAY_US
        tenants = await _fill(store, start_us)
        await store.retain(Retention(0, 0))
        sizes = await _bytes_by_column(url)
        keys = [checks[0].tenant_key for checks in tenants]
        end_us = start_us + DAY_US

        async def page(number: int) -> None:
            found = await store.results(keys[number % TENANTS], start_us, end_us, 100, "", None)
            assert len(found) == 100

        async def one_check(number: int) -> None:
            found = await store.results(keys[number % TENANTS], start_us, end_us, 100, "web-3", None)
            assert len(found) == 100

        async def tenant(number: int) -> None:
            assert len(await store.check_health(keys[number % TENANTS])) == CHECKS

        figures = [
            _of_size("bytes_per_result", sum(sizes[name] for name in _ROW), ", ".join(_ROW), AIM_BYTES),
            _of_size("bytes_per_result_whole", sizes["total"], "all columns, TOAST and index"),
            *(_of_size(f"bytes_of_{name}", sizes[name], name) for name in _BESIDE),
            await _of_question("query_history_page", "a tenant's newest 100 results of a day", page),
            await _of_question("query_check_page", "a check's newest 100 results of a day", one_check),
            await _of_question(
                "query_tenant_checks", "a tenant's checks, each with its newest result", tenant
            ),
        ]
        await store.close()
    return figures
