"""CPU of the collector for a small batch, against a bare grpc.aio server that answers each message."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
from tenantwatch_collector.store.sqlite import SqliteStore

from tests.benchmarks.ingest_postgres import SETTINGS, prepare
from tests.benchmarks.report import Figure, figure
from tests.benchmarks.streams import Load, ingest_server, send, tokens_for
from tests.servers import running_postgres, timescale_programs

LOAD = Load(streams=100, batches=100, batch=20)
ROUNDS = 3
_ECHO = """
import asyncio, grpc, uvloop
from tenantwatch_wire.v1 import agent_pb2, agent_pb2_grpc

class Echo(agent_pb2_grpc.AgentServiceServicer):
    async def Connect(self, requests, context):
        async for request in requests:
            kind = request.WhichOneof("message")
            if kind == "hello":
                yield agent_pb2.ConnectResponse(welcome=agent_pb2.Welcome())
            elif kind == "batch":
                last = request.batch.first_sequence + len(request.batch.status) - 1
                done = agent_pb2.Acknowledgement(lane=1, sequence=last)
                yield agent_pb2.ConnectResponse(acknowledgement=done)

async def main():
    server = grpc.aio.server()
    agent_pb2_grpc.add_AgentServiceServicer_to_server(Echo(), server)
    print(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}", flush=True)
    await server.start()
    await server.wait_for_termination()

with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
"""
METHOD = (
    f"user and system time of the collector's process for {LOAD.streams * LOAD.batches} batches of"
    f" {LOAD.batch} results, {LOAD.streams} streams with full windows, engines off; against a grpc.aio server"
    f" on uvloop that reads the same messages and answers each; median of {ROUNDS} alternating rounds"
)


@asynccontextmanager
async def echo_server() -> AsyncIterator[tuple[str, psutil.Process]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _ECHO, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip(), psutil.Process(process.pid)
    finally:
        process.kill()
        await process.wait()


async def measure(folder: Path) -> list[Figure]:
    """Into TimescaleDB, where storing is not the collector's own work, and into SQLite, where it is."""
    path = folder / "store.sqlite3"
    store = await SqliteStore.open(path)
    secrets = await tokens_for(store, LOAD.streams)
    await store.close()
    programs = timescale_programs()
    with running_postgres(lambda *_: programs, SETTINGS) as server:
        here = await prepare(server, programs / "psql", LOAD.streams)
        ours: dict[str, list[float]] = {"TimescaleDB": [], "SQLite": []}
        bare = []
        for _ in range(ROUNDS):
            async with ingest_server(here.url) as (address, process):
                ours["TimescaleDB"].append(await _cpu_us(address, process, here.secrets))
            async with ingest_server(str(path)) as (address, process):
                ours["SQLite"].append(await _cpu_us(address, process, secrets))
            async with echo_server() as (address, process):
                bare.append(await _cpu_us(address, process, secrets))
    return [
        figure(
            name,
            statistics.median(ours[kind]),
            "µs of CPU/batch",
            statistics.median(bare),
            f"into {kind}: {METHOD}",
        )
        for name, kind in (("message_cost_ratio", "TimescaleDB"), ("message_cost_sqlite_ratio", "SQLite"))
    ]


async def _cpu_us(address: str, process: psutil.Process, secrets: list[str]) -> float:
    start_us = time.time_ns() // 1000 - 1_000_000
    measured = await send(LOAD, address, process, secrets, start_us)
    return 1e6 * measured.cpu_seconds / (LOAD.streams * LOAD.batches)
