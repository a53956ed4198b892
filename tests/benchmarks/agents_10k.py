"""Ten thousand agents on one collector: memory of a stream, and how soon a batch is acknowledged."""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import sys
import time
from pathlib import Path

import grpc
import numpy as np
from tenantwatch_collector.store.sqlite import SqliteStore

from tests.benchmarks.report import Figure, figure
from tests.benchmarks.streams import Load, ingest_server, opened, tokens_for
from tests.fakes.certificates import Authority

AGENTS = 10_000
CLIENTS = 4
TENANTS = 200
SECONDS = 30
EVERY_SECONDS = 10
LOAD = Load(streams=1, batches=1, batch=20)
AIM_KB, AIM_MS = 80.0, 100.0
METHOD = (
    f"TLS streams of {TENANTS} tenants out of {CLIENTS} processes, a connection each, {LOAD.batch} results"
    f" every {EVERY_SECONDS} s for {SECONDS} s, into SQLite, engines off; resident memory with all streams"
    " open less without any; from sending a batch to its acknowledgement"
)


async def measure(folder: Path) -> list[Figure]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    agents = min(AGENTS, hard - 500)
    path = folder / "store.sqlite3"
    store = await SqliteStore.open(path)
    secrets = await tokens_for(store, TENANTS)
    await store.close()
    authority = Authority(folder)
    async with ingest_server(str(path), tls=authority.mint("localhost").file) as (address, process):
        empty = process.memory_info().rss
        clients = [await _client(address, authority.file, secrets, agents, n) for n in range(CLIENTS)]
        for client in clients:
            assert client.stdout is not None
            assert await client.stdout.readline() == b"open\n"
        full = process.memory_info().rss
        for client in clients:
            assert client.stdin is not None
            client.stdin.write(b"go\n")
        answers = [json.loads((await client.communicate())[0]) for client in clients]
    waits = [wait for answer in answers for wait in answer]
    kilobytes = (full - empty) / agents / 1024
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    name = f"agents_{agents // 1000}k"
    return [
        figure(f"{name}_memory", kilobytes, "KB/stream", AIM_KB, f"{agents} {METHOD}"),
        figure(f"{name}_acknowledged_p50", statistics.median(waits), "ms", None, f"{agents} {METHOD}"),
        figure(
            f"{name}_acknowledged_p99", float(np.percentile(waits, 99)), "ms", AIM_MS, f"{agents} {METHOD}"
        ),
    ]


async def _client(
    address: str, authority: Path, secrets: list[str], agents: int, number: int
) -> asyncio.subprocess.Process:
    mine = [(n, secrets[n % TENANTS]) for n in range(number, agents, CLIENTS)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.agents_10k", address, str(authority),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**26,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(mine).encode() + b"\n")
    await process.stdin.drain()
    return process


async def _be_agents(address: str, authority: Path, mine: list[tuple[int, str]]) -> list[float]:
    credentials = grpc.ssl_channel_credentials(authority.read_bytes())
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.ssl_target_name_override", "localhost")]
    channels = [grpc.aio.secure_channel(address, credentials, options) for _ in mine]
    calls = []
    for first in range(0, len(mine), 50):
        calls += await asyncio.gather(
            *(
                opened(channel, secret, number)
                for channel, (number, secret) in zip(
                    channels[first : first + 50], mine[first : first + 50], strict=True
                )
            )
        )
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    waits = await asyncio.gather(*(_one_agent(call, place / len(calls)) for place, call in enumerate(calls)))
    return [wait for each in waits for wait in each]


async def _one_agent(call: grpc.aio.StreamStreamCall, phase: float) -> list[float]:
    await asyncio.sleep(phase * EVERY_SECONDS)
    waits = []
    for number in range(SECONDS // EVERY_SECONDS):
        message = LOAD.message(0, number, time.time_ns() // 1000)
        started = time.perf_counter()
        await call.write(message)
        answer = await call.read()
        assert answer.HasField("acknowledgement"), answer
        waits.append(1000 * (time.perf_counter() - started))
        await asyncio.sleep(max(0.0, started + EVERY_SECONDS - time.perf_counter()))
    return waits


def main() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    mine = json.loads(sys.stdin.readline())
    print(json.dumps(asyncio.run(_be_agents(sys.argv[1], Path(sys.argv[2]), mine))), flush=True)


if __name__ == "__main__":
    main()
