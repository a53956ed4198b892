"""Durable results per second over gRPC into TimescaleDB, against psql's COPY of the same rows."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg
from tenantwatch_collector.store.columns import ResultColumns
from tenantwatch_collector.store.intake import Intake
from tenantwatch_collector.store.postgres import PostgresStore
from tenantwatch_collector.store.postgres.copy import COPY_RESULT, HEADER, TRAILER, copy_rows

from tests.benchmarks.report import Figure, figure
from tests.benchmarks.streams import CHECKS, SPACING_US, Load, Measured, ingest_server, send, tokens_for
from tests.servers import PostgresServer, running_postgres, timescale_programs

LOAD = Load(streams=50, batches=40, batch=1_000)
SMALL = Load(streams=200, batches=50, batch=20)
ROUNDS = 3
SETTINGS = (
    "-c fsync=on -c synchronous_commit=on -c shared_buffers=1GB -c max_wal_size=4GB -c jit=off"
    " -c shared_preload_libraries=timescaledb -c timescaledb.telemetry_level=off"
)
METHOD = (
    f"{LOAD.results} results of {LOAD.streams} tenants with {CHECKS} checks each, {LOAD.batch} a batch, one"
    " stream a tenant, full windows, engines off; from the first batch to the last acknowledgement, client,"
    " collector and PostgreSQL on one machine; against psql \\copy (FORMAT binary) of the same rows in the"
    " order of batches into the same kind of table, written compressed too; median of"
    f" {ROUNDS} alternating rounds"
)


@dataclass(frozen=True, slots=True)
class Ground:
    """A database with a store, its tenants' tokens, and files of the rows that are sent."""

    server: PostgresServer
    database: str
    secrets: list[str]
    psql: Path

    @property
    def url(self) -> str:
        return self.server.url_of(self.database)


def rows_file(path: Path, load: Load, streams: Sequence[int], start_us: int) -> Path:
    """The rows of these streams as psql copies them, batches of all streams in turn."""
    with path.open("wb") as file:
        file.write(HEADER)
        for number in range(load.batches):
            for stream in streams:
                rows = np.arange(number * load.batch, (number + 1) * load.batch)
                times = load.times_us(stream, number, start_us)
                columns = ResultColumns(
                    np.full(load.batch, stream + 1), rows % CHECKS + 1 + stream * CHECKS, times,
                    np.zeros(load.batch, np.uint8), 1_000 + rows % 977,
                )  # fmt: skip
                for block in copy_rows(Intake(columns), np.arange(load.batch), 1, []):
                    file.write(block)
        file.write(TRAILER)
    return path


async def prepare(server: PostgresServer, psql: Path, streams: int) -> Ground:
    database = server.create_database()
    store = await PostgresStore.open(server.url_of(database))
    secrets = await tokens_for(store, streams)
    await store.close()
    return Ground(server, database, secrets, psql)


async def copied(here: Ground, files: Sequence[Path], results: int) -> float:
    """Results per second of one psql for each file, all at once."""
    copy = COPY_RESULT.replace("COPY", "\\copy", 1)

    def command(path: Path) -> list[str]:
        return [
            str(here.psql), here.url, "-q", "-c", "SET timescaledb.enable_direct_compress_copy = on",
            "-c", copy.replace("FROM STDIN", f"FROM '{path}'"),
        ]  # fmt: skip

    started = time.perf_counter()
    running = [await asyncio.create_subprocess_exec(*command(path)) for path in files]
    assert [await process.wait() for process in running] == [0] * len(files)
    return results / (time.perf_counter() - started)


async def empty(here: Ground) -> None:
    """The table without rows, today's chunk made again, nothing left for the checkpointer to do."""
    async with await psycopg.AsyncConnection.connect(here.url, autocommit=True) as connection:
        await connection.execute("TRUNCATE result")
        day_us = 86_400_000_000
        start = time.time_ns() // 1000 // day_us * day_us
        place = f'{{"time_us": [{start}, {start + day_us}]}}'
        await connection.execute("SELECT _timescaledb_functions.create_chunk('result', %s::jsonb)", (place,))
        await connection.execute("SELECT compress_chunk(c) FROM show_chunks('result') c")
        await connection.execute("CHECKPOINT")


async def sent(here: Ground, load: Load, writers: int, engines: bool = False) -> Measured:
    start_us = time.time_ns() // 1000 - load.batches * load.batch * SPACING_US
    async with ingest_server(here.url, writers, engines) as (address, process):
        return await send(load, address, process, here.secrets[: load.streams], start_us)


async def _count(here: Ground) -> int:
    async with await psycopg.AsyncConnection.connect(here.url) as connection:
        row = await (await connection.execute("SELECT count(*) FROM result")).fetchone()
    assert row is not None
    return int(row[0])


async def measure(folder: Path) -> list[Figure]:
    programs = timescale_programs()
    with running_postgres(lambda *_: programs, SETTINGS) as server:
        here = await prepare(server, programs / "psql", SMALL.streams)
        start_us = time.time_ns() // 1000 - LOAD.batches * LOAD.batch * SPACING_US
        whole = [rows_file(folder / "all", LOAD, range(LOAD.streams), start_us)]
        halves = [rows_file(folder / f"half{n}", LOAD, range(n, LOAD.streams, 2), start_us) for n in (0, 1)]
        ours: dict[int, list[Measured]] = {1: [], 2: []}
        raw: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(ROUNDS):
            for writers, files in ((1, whole), (2, halves)):
                await empty(here)
                raw[writers].append(await copied(here, files, LOAD.results))
                await empty(here)
                ours[writers].append(await sent(here, LOAD, writers))
                assert await _count(here) == LOAD.results
        figures = [
            figure(
                name, statistics.median(LOAD.results / m.seconds for m in ours[writers]), "results/s",
                statistics.median(raw[writers]), f"{writers} writer(s); {METHOD}",
            )
            for writers, name in ((1, "ingest_timescale_ratio"), (2, "ingest_timescale_2w_ratio"))
        ]  # fmt: skip
        return figures + await _engines_and_small(here)


async def _engines_and_small(here: Ground) -> list[Figure]:
    cpu: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(ROUNDS):
        for engines in (False, True):
            await empty(here)
            cpu[engines].append(1e6 * (await sent(here, LOAD, 1, engines)).cpu_seconds / LOAD.results)
    await empty(here)
    small = await sent(here, SMALL, 1)
    return [
        figure(
            "ingest_engines_overhead", statistics.median(cpu[True]), "µs of CPU/result",
            statistics.median(cpu[False]), f"collector's CPU with all engines on, against off; {METHOD}",
        ),
        figure(
            "ingest_small_batches", SMALL.results / small.seconds, "results/s", None,
            f"{SMALL.streams} streams, {SMALL.batch} results a batch, full windows, engines off",
        ),
        figure(
            "ingest_small_acknowledged_p99", float(np.percentile(small.acknowledged_ms, 99)), "ms", None,
            "the same run, from a batch's sending to its acknowledgement, queueing in full windows included",
        ),
    ]  # fmt: skip
