"""An agent that keeps to nothing: it sends whatever bytes it is given."""

from __future__ import annotations

import time
from dataclasses import dataclass

import grpc
import grpc.aio
from tenantwatch_collector.store.sqlite import SqliteStore
from tenantwatch_wire import limits
from tenantwatch_wire.codec import encode_batch
from tenantwatch_wire.records import Lane, Result, Status
from tenantwatch_wire.v1 import agent_pb2

NOW_US = time.time_ns() // 1000
METHOD = "/tenantwatch_wire.v1.AgentService/Connect"
Request = agent_pb2.ConnectRequest


@dataclass(slots=True)
class Raw:
    """An agent that may send any bytes."""

    address: str
    token: str
    store: SqliteStore

    async def open(self, channel: grpc.aio.Channel, agent_id: str) -> grpc.aio.StreamStreamCall:
        """A stream that was welcomed and knows one check."""
        call = await self.greeted(channel, agent_id)
        assert (await call.read()).WhichOneof("message") == "welcome"
        entry = agent_pb2.CheckEntry(
            check_id="web", kind="http_endpoint", interval_ms=60_000, timeout_ms=1_000, confirm_failures=1,
            confirm_successes=1, active=True,
        )  # fmt: skip
        dictionary = agent_pb2.CheckDictionary(entries=[entry])
        await call.write(Request(dictionary=dictionary).SerializeToString())
        return call

    async def greeted(self, channel: grpc.aio.Channel, agent_id: str) -> grpc.aio.StreamStreamCall:
        """A stream on which the agent has said who it is."""
        connect = channel.stream_stream(METHOD, None, agent_pb2.ConnectResponse.FromString)
        call = connect(metadata=(("authorization", f"Bearer {self.token}"),))
        hello = agent_pb2.Hello(
            protocol_version=limits.PROTOCOL_VERSION, agent_id=agent_id, spool_generation="g"
        )
        await call.write(Request(hello=hello).SerializeToString())
        return call

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await self.store._db.read(sql)]  # type: ignore[arg-type]


def batch(sequence: int, count: int = 3) -> agent_pb2.Batch:
    metrics = {"tls_ms": 1.5, "dns_ms": -0.0}
    results = [
        (0, Result("web", NOW_US + sequence + n, Status.HEALTHY, 7, "words", metrics)) for n in range(count)
    ]
    return encode_batch(Lane.LIVE, sequence, results)
