"""The database is away for minutes while a hundred agents send: memory stays flat, and all is there once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import grpc.aio
import psutil
from tenantwatch_wire import limits
from tenantwatch_wire.codec import encode_batch
from tenantwatch_wire.records import Lane, Result, Status
from tenantwatch_wire.v1 import agent_pb2, agent_pb2_grpc

from tests.fakes.proxy import Proxy
from tests.servers import postgres_programs, running_postgres
from tests.system.ground import ground
from tests.system.harness import CollectorSettings
from tests.system.kept import read_rows

AGENTS, TENANTS, BATCH = 100, 4, 500
SETTLED_SECONDS, GROWTH_BYTES = 30, 40 * 1024 * 1024
BEGIN_US = time.time_ns() // 1000 - 3_600_000_000
Request = agent_pb2.ConnectRequest


@dataclass(slots=True)
class Sender:
    """An agent with endless results, made from their sequence, so that it can send them again."""

    address: str
    token: str
    agent_id: str
    heard: Counter[str]
    committed: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Send until told to stop, over as many streams as it takes; then until all sent is acknowledged."""
        while not self.stopping.is_set():
            with contextlib.suppress(grpc.aio.AioRpcError, TimeoutError, asyncio.InvalidStateError):
                async with grpc.aio.insecure_channel(self.address) as channel:
                    await self._stream(agent_pb2_grpc.AgentServiceStub(channel))
            await asyncio.sleep(1)

    async def _stream(self, stub: agent_pb2_grpc.AgentServiceStub) -> None:
        call = stub.Connect(metadata=(("authorization", f"Bearer {self.token}"),))
        hello = agent_pb2.Hello(protocol_version=1, agent_id=self.agent_id, spool_generation="g")
        await call.write(Request(hello=hello))
        welcome = (await asyncio.wait_for(call.read(), 60)).welcome
        sent = self.committed = max([0, *(position.sequence for position in welcome.committed)])
        entry = agent_pb2.CheckEntry(
            check_id="web", kind="http_endpoint", interval_ms=60_000, timeout_ms=1_000, confirm_failures=1,
            confirm_successes=1, active=True,
        )  # fmt: skip
        await call.write(Request(dictionary=agent_pb2.CheckDictionary(entries=[entry])))
        while not (self.stopping.is_set() and self.committed == sent):
            if not self.stopping.is_set() and sent - self.committed < BATCH * limits.MAX_IN_FLIGHT_BATCHES:
                await call.write(Request(batch=_batch(sent + 1)))
                sent += BATCH
                continue
            answer = await call.read()
            if answer is grpc.aio.EOF:
                return
            self.heard[answer.WhichOneof("message")] += 1
            if answer.WhichOneof("message") == "acknowledgement":
                self.committed = answer.acknowledgement.sequence


def _batch(first: int) -> agent_pb2.Batch:
    results = [
        (0, Result("web", BEGIN_US + (first + n) * 1_000, Status.HEALTHY, 900, "", {"tls_ms": 1.5}))
        for n in range(BATCH)
    ]
    return encode_batch(Lane.LIVE, first, results)


async def database_away(folder: Path, seconds: float) -> str:
    """Raises AssertionError where memory grows or a result is missing or there twice."""
    with running_postgres(postgres_programs) as server:
        url = server.url_of(server.create_database())
        async with Proxy(f"127.0.0.1:{server.port}") as line:
            through = url.replace(f":{server.port}/", f":{line.port}/")
            extra = f'[store]\nurl = "{through}"\n[ingest]\nresults_per_second = 2000\n'
            async with ground(folder, CollectorSettings(extra=extra)) as here:
                tokens = [here.agent_token]
                for number in range(1, TENANTS):
                    await here.collector.create_tenant(f"tenant-{number}")
                    tokens.append(await here.collector.create_token(f"tenant-{number}", agent=True))
                heard = Counter[str]()
                senders = [
                    Sender(here.collector.grpc_address, tokens[n % TENANTS], f"agent-{n}", heard)
                    for n in range(AGENTS)
                ]
                running = [asyncio.create_task(sender.run()) for sender in senders]
                await asyncio.sleep(10)
                line.blackhole()
                settled, highest = await _watch(here.collector.pid, seconds)
                await line.cut()
                line.restore()
                await asyncio.sleep(20)
                for sender in senders:
                    sender.stopping.set()
                await asyncio.wait_for(asyncio.gather(*running), 120)
                await here.collector.terminate()
        doubled = read_rows(
            url, "SELECT check_key, time_us FROM result GROUP BY 1, 2 HAVING count(*) > 1 LIMIT 5"
        )
        ((kept,),) = read_rows(url, "SELECT count(*) FROM result")
        ((marked,),) = read_rows(url, "SELECT sum(sequence)::bigint FROM watermark")
    assert (doubled, kept) == ([], marked)
    assert all(sender.committed for sender in senders)
    assert highest - settled <= GROWTH_BYTES, f"{settled} bytes became {highest}"
    return (
        f"database away for {seconds:.0f} s, {AGENTS} agents sending: collector at {settled >> 20} MiB after"
        f" {SETTLED_SECONDS} s, at most {highest >> 20} MiB; {kept} results, each once; heard {dict(heard)}"
    )


async def _watch(pid: int, seconds: float) -> tuple[int, int]:
    """Resident memory once the queues are full, and the most from then on."""
    process = psutil.Process(pid)
    await asyncio.sleep(min(SETTLED_SECONDS, seconds / 2))
    settled = highest = process.memory_info().rss
    end = time.monotonic() + seconds - min(SETTLED_SECONDS, seconds / 2)
    while time.monotonic() < end:
        await asyncio.sleep(1)
        highest = max(highest, process.memory_info().rss)
    return settled, highest
