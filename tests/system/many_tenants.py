"""Many tenants with an agent's stream each, all out of the test's own process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from tenantwatch_collector.identity import issue_token
from tenantwatch_collector.store.sqlite import SqliteStore
from tenantwatch_wire import limits
from tenantwatch_wire.codec import encode_batch
from tenantwatch_wire.records import Lane, Result, Status
from tenantwatch_wire.v1 import agent_pb2, agent_pb2_grpc

Request = agent_pb2.ConnectRequest


async def create_tenants(database: Path, count: int) -> list[str]:
    """Tenants t0, t1, ... in a store that no collector has open; the secrets of their agents."""
    store = await SqliteStore.open(database)
    try:
        tenants = [await store.create_tenant(f"t{n}", f"T{n}", "basic") for n in range(count)]
        return [(await issue_token(store, "agent", tenant, ""))[1] for tenant in tenants]
    finally:
        await store.close()


@dataclass(slots=True)
class Streams:
    """One stream for each tenant, with one check named ``api`` that looks at the target given."""

    address: str
    secrets: list[str]
    targets: list[str]
    kind: str = "external_apis"
    _calls: list[Any] = field(default_factory=list)
    _sequences: list[int] = field(default_factory=list)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Connected until the end of the block, or until the collector is gone."""
        async with grpc.aio.insecure_channel(self.address) as channel:
            stub = agent_pb2_grpc.AgentServiceStub(channel)
            opening = (self._introduce(stub, n) for n in range(len(self.secrets)))
            found = await asyncio.gather(*opening)
            self._calls, self._sequences = [call for call, _ in found], [last for _, last in found]
            yield
            for call in self._calls:
                call.cancel()

    async def tell(self, tenants: Iterable[int], status: Status) -> None:
        """One result of each; returns when all are committed."""
        now_us = time.time_ns() // 1000
        await asyncio.gather(*(self._tell(n, status, now_us) for n in tenants))

    async def _introduce(self, stub: Any, number: int) -> tuple[Any, int]:
        call = stub.Connect(metadata=(("authorization", f"Bearer {self.secrets[number]}"),))
        hello = agent_pb2.Hello(protocol_version=limits.PROTOCOL_VERSION, agent_id="a1", spool_generation="g")
        await call.write(Request(hello=hello))
        committed = [position.sequence for position in (await call.read()).welcome.committed]
        entry = agent_pb2.CheckEntry(
            index=0,
            check_id="api",
            kind=self.kind,
            interval_ms=60_000,
            timeout_ms=1_000,
            confirm_failures=1,
            confirm_successes=1,
            active=True,
            target=self.targets[number],
        )
        await call.write(Request(dictionary=agent_pb2.CheckDictionary(entries=[entry])))
        return call, max(committed, default=0)

    async def _tell(self, number: int, status: Status, now_us: int) -> None:
        call = self._calls[number]
        self._sequences[number] += 1
        result = Result("api", now_us, status, 2_000, "answered 503" if status else "")
        await call.write(Request(batch=encode_batch(Lane.LIVE, self._sequences[number], [(0, result)])))
        answer = await call.read()
        assert answer.HasField("acknowledgement"), answer
