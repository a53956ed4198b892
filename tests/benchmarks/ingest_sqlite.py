"""Durable results per second over gRPC into SQLite, against plain sqlite3 into the same table."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from contextlib import closing
from pathlib import Path

from tenantwatch_collector.store.sqlite import SqliteStore

from tests.benchmarks.report import Figure, figure
from tests.benchmarks.streams import CHECKS, SPACING_US, Load, ingest_server, send, tokens_for

LOAD = Load(streams=20, batches=15, batch=1_000)
ROUNDS = 3
_INSERT = (
    "INSERT INTO result (tenant_key, check_key, time_us, status, latency_us, commit_key, sent_time_us, text,"
    " metric_set_key, metric_values) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
METHOD = (
    f"{LOAD.results} results of {LOAD.streams} tenants with {CHECKS} checks each, {LOAD.batch} a batch, one"
    " stream a tenant, full windows, no texts, engines off; from the first batch to the last acknowledgement;"
    " SQLite with WAL and synchronous=FULL; against sqlite3 executemany of the same rows in the order of"
    f" batches into the same table with its index in {LOAD.batch}-row commits, same settings, same disk;"
    f" median of {ROUNDS} alternating rounds"
)


def _schema(database: Path) -> list[str]:
    """How the collector itself made its table of results, and the index over it."""
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'result' AND sql IS NOT NULL"
        )
        return [row[0] for row in found]


def _rows(start_us: int) -> list[list[tuple[object, ...]]]:
    """The same results, a list a batch, batches of all streams in turn."""
    found: list[list[tuple[object, ...]]] = []
    for number in range(LOAD.batches):
        for stream in range(LOAD.streams):
            times = LOAD.times_us(stream, number, start_us).tolist()
            found.append(
                [
                    (
                        stream + 1, row % CHECKS + 1 + stream * CHECKS, time_us, 0, 1_000 + row % 977, 1,
                        None, None, None, None,
                    )
                    for row, time_us in enumerate(times, number * LOAD.batch)
                ]
            )  # fmt: skip
    return found


def _plain_sqlite(schema: list[str], path: Path, start_us: int) -> float:
    """Results per second of sqlite3 alone."""
    commits = _rows(start_us)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", *schema):
            connection.execute(statement)
        started = time.perf_counter()
        for rows in commits:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT, rows)
            connection.execute("COMMIT")
        return LOAD.results / (time.perf_counter() - started)


async def _ours(path: Path, start_us: int) -> float:
    store = await SqliteStore.open(path)
    secrets = await tokens_for(store, LOAD.streams)
    await store.close()
    async with ingest_server(str(path)) as (address, process):
        measured = await send(LOAD, address, process, secrets, start_us)
    return LOAD.results / measured.seconds


async def measure(folder: Path) -> list[Figure]:
    ours, plain = [], []
    for number in range(ROUNDS):
        # A fresh store each round, as the table that it is compared with is fresh too.
        path = folder / f"ours-{number}.sqlite3"
        start_us = time.time_ns() // 1_000 - LOAD.batches * LOAD.batch * SPACING_US
        ours.append(await _ours(path, start_us))
        plain.append(
            await asyncio.to_thread(
                _plain_sqlite, _schema(path), folder / f"plain-{number}.sqlite3", start_us
            )
        )
    return [
        figure("ingest_sqlite_ratio", statistics.median(ours), "results/s", statistics.median(plain), METHOD)
    ]
