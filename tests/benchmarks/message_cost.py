"""CPU of the collector for a small batch, against a bare grpc.aio server that answers each message."""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
from tenantwatch_collector.store.sqlite import SqliteStore

from tests.benchmarks.report import Figure, figure
from tests.benchmarks.streams import Load, ingest_server, send, tokens_for

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
    f" {LOAD.batch} results, {LOAD.streams} streams with full windows, into SQLite, engines off; against a"
    " grpc.aio server on uvloop that reads the same messages and answers each; median of"
    f" {ROUNDS} alternating rounds"
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
    path = folder / "store.sqlite3"
    store = await SqliteStore.open(path)
    secrets = await tokens_for(store, LOAD.streams)
    await store.close()
    ours, bare = [], []
    for _ in range(ROUNDS):
        async with ingest_server(str(path)) as (address, process):
            ours.append((await send(LOAD, address, process, secrets, 1_790_000_000_000_000)).cpu_seconds)
        async with echo_server() as (address, process):
            bare.append((await send(LOAD, address, process, secrets, 1_790_000_000_000_000)).cpu_seconds)
    messages = LOAD.streams * LOAD.batches
    return [
        figure(
            "message_cost_ratio", 1e6 * statistics.median(ours) / messages, "µs of CPU/batch",
            1e6 * statistics.median(bare) / messages, METHOD,
        )
    ]  # fmt: skip
