"""A real stream fed with batches at their limits, beyond them, and mutated: refused whole, and it goes on."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import grpc
import grpc.aio
import pytest
from tenantwatch_collector.app import Collector
from tenantwatch_collector.config import CollectorConfig, GrpcListener, RestListener
from tenantwatch_collector.identity import issue_token
from tenantwatch_collector.store.sqlite import SqliteStore
from tenantwatch_wire import limits
from tenantwatch_wire.codec import encode_batch
from tenantwatch_wire.records import Lane, Result, Status
from tenantwatch_wire.v1 import agent_pb2

NOW_US = time.time_ns() // 1000
MUTATIONS = 300
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
        connect = channel.stream_stream(METHOD, None, agent_pb2.ConnectResponse.FromString)
        call = connect(metadata=(("authorization", f"Bearer {self.token}"),))
        hello = agent_pb2.Hello(
            protocol_version=limits.PROTOCOL_VERSION, agent_id=agent_id, spool_generation="g"
        )
        await call.write(Request(hello=hello).SerializeToString())
        assert (await call.read()).WhichOneof("message") == "welcome"
        entry = agent_pb2.CheckEntry(
            check_id="web", kind="http_endpoint", interval_ms=60_000, timeout_ms=1_000, confirm_failures=1,
            confirm_successes=1, active=True,
        )  # fmt: skip
        dictionary = agent_pb2.CheckDictionary(entries=[entry])
        await call.write(Request(dictionary=dictionary).SerializeToString())
        return call

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await self.store._db.read(sql)]  # type: ignore[arg-type]


@pytest.fixture
async def raw(tmp_path: Path) -> AsyncIterator[Raw]:
    store = await SqliteStore.open(tmp_path / "store.sqlite3")
    tenant = await store.create_tenant("acme", "Acme", "basic")
    _, token = await issue_token(store, "agent", tenant, "test")
    config = CollectorConfig(
        data_folder=tmp_path, grpc=GrpcListener(listen="127.0.0.1:0"), rest=RestListener(listen="127.0.0.1:0")
    )
    collector = Collector(config, store)
    address, _ = await collector.start()
    yield Raw(address, token, store)
    await collector.stop()


def batch(sequence: int, count: int = 3) -> agent_pb2.Batch:
    metrics = {"tls_ms": 1.5, "dns_ms": -0.0}
    results = [
        (0, Result("web", NOW_US + sequence + n, Status.HEALTHY, 7, "words", metrics)) for n in range(count)
    ]
    return encode_batch(Lane.LIVE, sequence, results)


BAD: list[tuple[str, object, str]] = [
    ("time_us", (limits.MAX_TIME_US).to_bytes(8, "little") * 3, "years 2000 to 2200"),
    ("time_us", (-(2**63)).to_bytes(8, "little", signed=True) * 3, "years 2000 to 2200"),
    ("check_index", b"\x01\0\0\0" * 3, "not in the stream's dictionary"),
    ("status", b"\x04\0\0", "status 4 is unknown"),
    ("latency_us", b"\0" * 11, "column latency_us"),
    ("texts", ["x" * (limits.MAX_TEXT_LENGTH + 1), "", ""], "2001 characters"),
    ("texts", ["\0", "", ""], "NUL"),
    ("metric_names", ["n" * (limits.MAX_ID_LENGTH + 1), "x"], "too long"),
    ("metric_value", b"\xff" * 48, "not a finite number"),
    ("check_index", b"", "column check_index has 0 bytes"),
]


@pytest.mark.parametrize(("field", "value", "reason"), BAD)
async def test_a_bad_field_refuses_the_batch_whole_and_the_stream_goes_on(
    raw: Raw, field: str, value: object, reason: str
) -> None:
    bad = batch(4)
    if isinstance(value, list):
        del getattr(bad, field)[:]
        getattr(bad, field).extend(value)
    else:
        setattr(bad, field, value)
    await between_two_good_ones(raw, Request(batch=bad).SerializeToString(), reason)


async def test_a_text_that_is_not_utf_8_refuses_the_batch_whole_and_the_stream_goes_on(raw: Raw) -> None:
    for agent, rubbish in enumerate((b"w\xffrds", b"\xed\xa0\x80ds", b"\xc0\xafrds")):
        data = Request(batch=batch(4)).SerializeToString().replace(b"words", rubbish, 1)
        await between_two_good_ones(raw, data, "not UTF-8", f"agent-{agent}", agent)


async def between_two_good_ones(
    raw: Raw, data: bytes, reason: str, agent_id: str = "raw", before: int = 0
) -> None:
    async with grpc.aio.insecure_channel(raw.address) as channel:
        call = await raw.open(channel, agent_id)
        await call.write(Request(batch=batch(1)).SerializeToString())
        assert (await call.read()).acknowledgement.sequence == 3
        await call.write(data)
        refusal = (await call.read()).refusal
        assert reason in refusal.reason
        assert (refusal.first_sequence, refusal.last_sequence) == (4, 6)
        await call.write(Request(batch=batch(7)).SerializeToString())
        assert (await call.read()).acknowledgement.sequence == 9
        call.cancel()
    letters = await raw.rows("SELECT reason, first_sequence, last_sequence FROM dead_letter")
    assert len(letters) == before + 1
    assert letters[-1] == (refusal.reason, 4, 6)
    assert len(await raw.rows("SELECT 1 FROM result")) == 6 * (before + 1)


async def test_mutated_messages_are_kept_or_refused_and_never_end_anybody_elses_stream(raw: Raw) -> None:
    chance = random.Random(11)
    good = Request(batch=batch(4)).SerializeToString()
    async with grpc.aio.insecure_channel(raw.address) as channel:
        neighbour = await raw.open(channel, "neighbour")
        for number in range(MUTATIONS):
            call = await raw.open(channel, f"mutant-{number % 8}")
            with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                await call.write(mutated(good, chance))
                await call.write(Request(farewell=agent_pb2.Farewell()).SerializeToString())
            with suppress(grpc.aio.AioRpcError):
                while (answer := await call.read()) is not grpc.aio.EOF:
                    assert answer.WhichOneof("message") in ("acknowledgement", "refusal", "slow_down")
            assert await call.code() in (grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT)
            if number % 50 == 0:
                first = 1 + 3 * (number // 50)
                await neighbour.write(Request(batch=batch(first)).SerializeToString())
                assert (await neighbour.read()).acknowledgement.sequence == first + 2
        neighbour.cancel()
    kept = await raw.rows(
        "SELECT count(*) FROM result JOIN check_definition USING (check_key) WHERE agent_id = 'neighbour'"
    )
    assert kept == [(3 * (MUTATIONS // 50),)]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, cut off, doubled or left out."""
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(changed))
        kind = chance.randrange(4)
        if kind == 0:
            changed[place] = chance.randrange(256)
        elif kind == 1:
            del changed[max(1, place) :]
        elif kind == 2:
            changed[place:place] = changed[place : place + chance.randrange(1, 9)]
        else:
            del changed[place : place + chance.randrange(1, 9)]
        if not changed:
            break
    return bytes(changed)
