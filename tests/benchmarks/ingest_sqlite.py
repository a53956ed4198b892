"""Durable results per second over gRPC into SQLite, against plain sqlite3 into the same table."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import grpc
import numpy as np
from tenantwatch_wire import limits
from tenantwatch_wire.v1 import agent_pb2, agent_pb2_grpc

from tests.benchmarks.report import Figure, figure
from tests.system.ground import Ground, ground

BATCH = 1_000
BATCHES = 200
CHECKS = 20
ROUNDS = 3
SPACING_US = 10
"""Between results, so that all of them are of the last two seconds, as live ones are."""
_INSERT = (
    "INSERT INTO result (tenant_key, check_key, time_us, status, latency_us, commit_id, text, metrics)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
METHOD = (
    f"{BATCHES} batches of {BATCH} results of {CHECKS} checks in order of time, no texts, one stream with "
    f"{limits.MAX_IN_FLIGHT_BATCHES} batches in flight; from the first batch sent to the last "
    "acknowledgement; real collector process on SQLite (WAL, synchronous=FULL), engines on; against sqlite3 "
    f"executemany of the same rows into the same table with its index in {BATCH}-row commits, same settings, "
    f"same disk; median of {ROUNDS} alternating rounds"
)


def _batch(first_sequence: int, start_us: int) -> agent_pb2.Batch:
    rows = np.arange(first_sequence - 1, first_sequence - 1 + BATCH, dtype=np.int64)
    return agent_pb2.Batch(
        lane=agent_pb2.LANE_LIVE,
        first_sequence=first_sequence,
        check_index=(rows % CHECKS).astype("<u4").tobytes(),
        time_us=(start_us + rows * SPACING_US).astype("<i8").tobytes(),
        status=bytes(BATCH),
        latency_us=(1_000 + rows % 977).astype("<u4").tobytes(),
    )


def _opening(generation: str) -> list[agent_pb2.ConnectRequest]:
    hello = agent_pb2.Hello(
        protocol_version=limits.PROTOCOL_VERSION,
        agent_id="bench",
        agent_version="bench",
        spool_generation=generation,
        lanes=[agent_pb2.LanePosition(lane=agent_pb2.LANE_LIVE, sequence=1)],
        sent_at_us=time.time_ns() // 1_000,
        hostname="bench",
    )
    entries = [
        agent_pb2.CheckEntry(
            index=index, check_id=f"check-{index}", kind="http_endpoint", interval_ms=1_000, timeout_ms=1_000,
            confirm_failures=3, confirm_successes=2, active=True,
        )
        for index in range(CHECKS)
    ]  # fmt: skip
    dictionary = agent_pb2.CheckDictionary(entries=entries)
    return [agent_pb2.ConnectRequest(hello=hello), agent_pb2.ConnectRequest(dictionary=dictionary)]


async def _over_grpc(here: Ground, generation: str, start_us: int) -> float:
    """Results per second of one stream that sends all batches as fast as they are taken."""
    batches = [
        agent_pb2.ConnectRequest(batch=_batch(1 + number * BATCH, start_us)) for number in range(BATCHES)
    ]
    async with grpc.aio.insecure_channel(here.collector.grpc_address) as channel:
        stub = agent_pb2_grpc.AgentServiceStub(channel)
        call = stub.Connect(metadata=(("authorization", f"Bearer {here.agent_token}"),))
        for request in _opening(generation):
            await call.write(request)
        welcome = await call.read()
        assert welcome.HasField("welcome"), welcome
        started = time.perf_counter()
        await _send_all(call, batches)
        seconds = time.perf_counter() - started
        await call.done_writing()
        call.cancel()
    return BATCH * BATCHES / seconds


async def _send_all(call: grpc.aio.StreamStreamCall, batches: list[agent_pb2.ConnectRequest]) -> None:
    sent, goal = 0, BATCH * len(batches)
    async for acknowledged in _acknowledged(call):
        while sent < len(batches) and sent - acknowledged // BATCH < limits.MAX_IN_FLIGHT_BATCHES:
            await call.write(batches[sent])
            sent += 1
        if acknowledged >= goal:
            return


async def _acknowledged(call: grpc.aio.StreamStreamCall) -> AsyncIterator[int]:
    yield 0
    while (answer := await call.read()) is not grpc.aio.EOF:
        if answer.HasField("refusal"):
            raise RuntimeError(answer.refusal.reason)
        if answer.HasField("acknowledgement"):
            yield answer.acknowledgement.sequence


def _schema(database: Path) -> list[str]:
    """How the collector itself made its table of results, and the index over it."""
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'result' AND sql IS NOT NULL"
        )
        return [row[0] for row in found]


def _plain_sqlite(schema: list[str], path: Path, start_us: int) -> float:
    """Results per second of sqlite3 alone."""
    rows = [
        (
            1,
            1 + number % CHECKS,
            start_us + number * SPACING_US,
            0,
            1_000 + number % 977,
            number // BATCH,
            None,
            None,
        )
        for number in range(BATCH * BATCHES)
    ]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", *schema):
            connection.execute(statement)
        started = time.perf_counter()
        for first in range(0, len(rows), BATCH):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT, rows[first : first + BATCH])
            connection.execute("COMMIT")
        return len(rows) / (time.perf_counter() - started)


async def measure(folder: Path) -> list[Figure]:
    ours, plain = [], []
    for number in range(ROUNDS):
        # A fresh store each round, as the table that it is compared with is fresh too.
        async with ground(folder / str(number)) as here:
            start_us = time.time_ns() // 1_000 - BATCH * BATCHES * SPACING_US
            ours.append(await _over_grpc(here, f"bench-{number}", start_us))
            schema = _schema(here.collector.database)
            await here.collector.terminate()
            plain.append(_plain_sqlite(schema, folder / f"plain-{number}.sqlite3", start_us))
    return [
        figure("ingest_sqlite_ratio", statistics.median(ours), "results/s", statistics.median(plain), METHOD)
    ]
