"""Rubbish from an agent: one clear answer, its neighbours go on, and nothing accepted is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from tenantwatch_wire import limits
from tenantwatch_wire.codec import encode_batch
from tenantwatch_wire.records import Lane, Result, Status
from tenantwatch_wire.v1 import agent_pb2, agent_pb2_grpc

from tests.system.ground import TENANT, Ground, ground
from tests.system.kept import read_rows

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("bad-input"),
]
NOW_US = time.time_ns() // 1000
Request = agent_pb2.ConnectRequest


def hello(version: int = limits.PROTOCOL_VERSION, agent_id: str = "raw") -> Request:
    return Request(
        hello=agent_pb2.Hello(protocol_version=version, agent_id=agent_id, spool_generation="generation")
    )


def dictionary(kind: str = "http_endpoint", check_id: str = "web") -> Request:
    entry = agent_pb2.CheckEntry(
        index=0,
        check_id=check_id,
        kind=kind,
        interval_ms=60_000,
        timeout_ms=1_000,
        confirm_failures=1,
        confirm_successes=1,
        active=True,
    )
    return Request(dictionary=agent_pb2.CheckDictionary(entries=[entry]))


def batch(
    sequence: int, time_us: int = NOW_US, status: Status = Status.HEALTHY, check_id: str = "web"
) -> Request:
    return Request(batch=encode_batch(Lane.LIVE, sequence, [(0, Result(check_id, time_us, status))]))


async def answers(here: Ground, *requests: Request, token: str = "") -> list[agent_pb2.ConnectResponse]:
    """What the collector answers to each request in turn; AioRpcError if it ends the stream."""
    async with grpc.aio.insecure_channel(here.collector.grpc_address) as channel:
        stub = agent_pb2_grpc.AgentServiceStub(channel)
        call = stub.Connect(metadata=(("authorization", f"Bearer {token or here.agent_token}"),))
        found = []
        for request in requests:
            await call.write(request)
            # A good dictionary is not answered.
            if request.WhichOneof("message") != "dictionary" or request is requests[-1]:
                found.append(await call.read())
        if grpc.aio.EOF in found or await _ended(call):
            raise AssertionError("the stream ended without a reason")
        return found


async def _ended(call: grpc.aio.StreamStreamCall) -> bool:
    await call.write(Request(farewell=agent_pb2.Farewell()))
    await call.done_writing()
    return await call.read() is not grpc.aio.EOF


async def last_words(here: Ground, *requests: Request) -> None:
    """Send and read to the end: a refusal in words comes before the status."""
    async with grpc.aio.insecure_channel(here.collector.grpc_address) as channel:
        stub = agent_pb2_grpc.AgentServiceStub(channel)
        call = stub.Connect(metadata=(("authorization", f"Bearer {here.agent_token}"),))
        for request in requests:
            await call.write(request)
        while await call.read() is not grpc.aio.EOF:
            pass


def refused(code: str, why: str) -> AbstractContextManager[object]:
    """The call ends with that status, and with words that say what to do."""
    return pytest.raises(grpc.aio.AioRpcError, match=rf"(?s){code}.*{why}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    """One collector for all: each test is an agent of its own."""
    async with ground(tmp_path_factory.mktemp("bad-input")) as started:
        yield started


async def test_another_protocol_version_is_named_with_what_to_do(here: Ground) -> None:
    with refused("INVALID_ARGUMENT", "version 99.*install matching versions"):
        await last_words(here, hello(version=99))


@pytest.mark.parametrize("role", ["nobody", "tenant", "admin"])
async def test_only_an_agents_token_opens_a_stream(here: Ground, role: str) -> None:
    token = {"nobody": "tw_wrong", "tenant": here.tenant_token, "admin": here.admin_token}[role]
    with refused("UNAUTHENTICATED", "token"):
        await answers(here, hello(), token=token)


async def test_an_agent_cannot_ask(here: Ground) -> None:
    async with here.caller(here.agent_token) as caller:
        refused = await caller.get(f"/health/{TENANT}/summary", status=403)
    assert "agent" in refused["detail"]


async def test_a_stream_must_begin_with_hello_and_known_kinds(here: Ground) -> None:
    with refused("INVALID_ARGUMENT", "begins with a Hello"):
        await last_words(here, batch(1))
    with refused("INVALID_ARGUMENT", "kind 'magic' is none of"):
        await last_words(here, hello(agent_id="magic"), dictionary("magic"))


async def test_a_garbled_batch_is_set_aside_and_the_next_one_is_kept(here: Ground) -> None:
    garbled = batch(2)
    garbled.batch.time_us = b"\x00" * 8
    _, first, refusal, last = await answers(
        here, hello(agent_id="garbled"), dictionary(), batch(1), garbled, batch(3, NOW_US + 1)
    )
    assert first.acknowledgement.sequence == 1
    assert "years 2000 to 2200" in refusal.refusal.reason
    assert (refusal.refusal.first_sequence, refusal.refusal.last_sequence) == (2, 2)
    assert last.acknowledgement.sequence == 3
    async with here.caller() as caller:
        history = await caller.get(f"/health-checks/{TENANT}")
    assert sum(result["agent_id"] == "garbled" for result in history["results"]) == 2


async def test_an_oversized_message_ends_its_stream_alone(here: Ground) -> None:
    huge = batch(1)
    huge.batch.texts.append("x" * (limits.MAX_MESSAGE_BYTES + 1))
    with refused("RESOURCE_EXHAUSTED", "larger than max"):
        await answers(here, hello(agent_id="huge"), dictionary(), huge)
    *_, kept = await answers(here, hello(agent_id="neighbour"), dictionary(), batch(1))
    assert kept.acknowledgement.sequence == 1


async def test_the_older_of_two_agents_with_one_id_is_told_so(here: Ground) -> None:
    metadata = (("authorization", f"Bearer {here.agent_token}"),)
    address = here.collector.grpc_address
    own = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(address, own) as one, grpc.aio.insecure_channel(address, own) as two:
        older, newer = (agent_pb2_grpc.AgentServiceStub(c).Connect(metadata=metadata) for c in (one, two))
        for call in (older, newer):
            await call.write(hello(agent_id="twin"))
            assert (await call.read()).HasField("welcome")
        async with asyncio.timeout(90):
            with pytest.raises(grpc.aio.AioRpcError, match="another agent with this agent_id") as ended:
                assert await older.read() is not grpc.aio.EOF
        assert ended.value.code() is grpc.StatusCode.ABORTED
        await newer.write(dictionary())
        await newer.write(batch(1))
        assert (await newer.read()).acknowledgement.sequence == 1


async def test_a_clock_far_ahead_is_stored_as_sent_and_judged_by_ours(here: Ground) -> None:
    ahead = NOW_US + 3_600_000_000
    check = dictionary(check_id="ahead")
    await answers(here, hello(agent_id="ahead"), check, batch(1, ahead, Status.UNHEALTHY, "ahead"))
    async with here.caller() as caller:
        await caller.wait_checks(TENANT, {"ahead": "unhealthy"})
        summary = await caller.get(f"/health/{TENANT}/summary")
    (seen,) = [check for check in summary["checks"] if check["check_id"] == "ahead"]
    assert seen["since"] == seen["last_result"]
    kept = read_rows(here.collector.database, "SELECT sent_time_us FROM result WHERE sent_time_us > time_us")
    assert kept == [(ahead,)]
