"""A real stream fed with batches at their limits, beyond them, and mutated: refused whole, and it goes on."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

import grpc
import grpc.aio
import pytest
from tenantwatch_wire import limits
from tenantwatch_wire.v1 import agent_pb2

from tests.collector.ingest.raw import Raw, Request, batch

MUTATIONS = 300


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
