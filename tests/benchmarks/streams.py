"""Many agents' streams out of one process, each sending batches as fast as they are acknowledged."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import numpy as np
import psutil
from tenantwatch_collector.identity import issue_token
from tenantwatch_collector.store.base import Store
from tenantwatch_wire import limits
from tenantwatch_wire.v1 import agent_pb2, agent_pb2_grpc

CHECKS = 20
SPACING_US = 10
READY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent: each stream is an agent of a tenant of its own with 20 checks."""

    streams: int
    batches: int
    batch: int

    @property
    def results(self) -> int:
        return self.streams * self.batches * self.batch

    def times_us(self, stream: int, number: int, start_us: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        rows = np.arange(number * self.batch, (number + 1) * self.batch, dtype=np.int64)
        return start_us + rows // CHECKS * CHECKS * SPACING_US + stream

    def message(self, stream: int, number: int, start_us: int) -> agent_pb2.ConnectRequest:
        rows = np.arange(number * self.batch, (number + 1) * self.batch)
        batch = agent_pb2.Batch(
            lane=agent_pb2.LANE_LIVE,
            first_sequence=1 + number * self.batch,
            check_index=(rows % CHECKS).astype("<u4").tobytes(),
            time_us=self.times_us(stream, number, start_us).astype("<i8").tobytes(),
            status=bytes(self.batch),
            latency_us=(1_000 + rows % 977).astype("<u4").tobytes(),
        )
        return agent_pb2.ConnectRequest(batch=batch)


@dataclass(slots=True)
class Measured:
    """What one run took; CPU is of the process that was watched."""

    seconds: float
    cpu_seconds: float
    acknowledged_ms: list[float]


async def tokens_for(store: Store, streams: int) -> list[str]:
    """A tenant and an agent's token for each stream."""
    secrets = []
    for number in range(streams):
        tenant = await store.create_tenant(f"tenant-{number}", "", "basic")
        _, secret = await issue_token(store, "agent", tenant, "")
        secrets.append(secret)
    return secrets


@asynccontextmanager
async def ingest_server(
    store_at: str, writers: int = 1, engines: bool = False, tls: Path | None = None
) -> AsyncIterator[tuple[str, psutil.Process]]:
    """The ingest server as a process; its address, and the process."""
    command = [sys.executable, "-m", "tests.benchmarks.ingest_server", store_at, "--writers", str(writers)]
    command += ["--engines"] if engines else []
    command += [] if tls is None else ["--tls", str(tls)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(READY_SECONDS):
            address = (await process.stdout.readline()).decode().strip()
        assert address, "the ingest server did not start"
        yield address, psutil.Process(process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def send(
    load: Load, address: str, watched: psutil.Process, secrets: Sequence[str], start_us: int
) -> Measured:
    """Open all streams, then send everything; from the first batch to the last acknowledgement."""
    messages = [
        [load.message(stream, number, start_us) for number in range(load.batches)]
        for stream in range(load.streams)
    ]
    own = [("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.aio.insecure_channel(address, own) for _ in range(load.streams)]
    try:
        opening = [
            opened(channel, secret, n)
            for n, (channel, secret) in enumerate(zip(channels, secrets[: load.streams], strict=True))
        ]
        calls = await asyncio.gather(*opening)
        before = sum(watched.cpu_times()[:2])
        started = time.perf_counter()
        waits = await asyncio.gather(
            *(_send_all(call, batches, load) for call, batches in zip(calls, messages, strict=True))
        )
        seconds = time.perf_counter() - started
        cpu_seconds = sum(watched.cpu_times()[:2]) - before
        for call in calls:
            call.cancel()
    finally:
        await asyncio.gather(*(channel.close() for channel in channels))
    return Measured(seconds, cpu_seconds, [wait for each in waits for wait in each])


async def opened(channel: grpc.aio.Channel, secret: str, number: int) -> grpc.aio.StreamStreamCall:
    """An agent's stream, past its Welcome, its checks named."""
    call: grpc.aio.StreamStreamCall = agent_pb2_grpc.AgentServiceStub(channel).Connect(
        metadata=(("authorization", f"Bearer {secret}"),)
    )
    hello = agent_pb2.Hello(
        protocol_version=limits.PROTOCOL_VERSION,
        agent_id=f"agent-{number}",
        agent_version="bench",
        spool_generation=f"bench-{time.time_ns()}",
        lanes=[agent_pb2.LanePosition(lane=agent_pb2.LANE_LIVE, sequence=1)],
        hostname="bench",
    )
    entries = [
        agent_pb2.CheckEntry(
            index=index, check_id=f"check-{index}", kind="http_endpoint", interval_ms=1_000, timeout_ms=1_000,
            confirm_failures=3, confirm_successes=2, active=True,
        )
        for index in range(CHECKS)
    ]  # fmt: skip
    await call.write(agent_pb2.ConnectRequest(hello=hello))
    welcome = await call.read()
    assert welcome is not grpc.aio.EOF, await call.details()
    assert welcome.HasField("welcome"), welcome
    await call.write(agent_pb2.ConnectRequest(dictionary=agent_pb2.CheckDictionary(entries=entries)))
    return call


async def _send_all(
    call: grpc.aio.StreamStreamCall, batches: Sequence[agent_pb2.ConnectRequest], load: Load
) -> list[float]:
    """Keep the window full; returns how long each acknowledgement took, in ms."""
    sent_at: list[float] = []
    waits: list[float] = []
    while len(waits) < len(batches):
        while len(sent_at) < len(batches) and len(sent_at) - len(waits) < limits.MAX_IN_FLIGHT_BATCHES:
            sent_at.append(time.perf_counter())
            await call.write(batches[len(sent_at) - 1])
        answer = await call.read()
        if answer is grpc.aio.EOF:
            raise RuntimeError(f"the stream ended: {await call.details()}")
        if answer.HasField("refusal"):
            raise RuntimeError(answer.refusal.reason)
        if answer.HasField("acknowledgement"):
            done = answer.acknowledgement.sequence // load.batch
            now = time.perf_counter()
            waits += [1000 * (now - sent_at[n]) for n in range(len(waits), done)]
    return waits
