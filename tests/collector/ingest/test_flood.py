"""One tenant's flood over a real collector: another's results wait for no more of it than is on its way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import grpc.aio
from tenantwatch_collector.identity import issue_token
from tenantwatch_wire import limits

from tests.collector.ingest.raw import Raw, Request, batch

ROUNDS = 5


@dataclass(slots=True)
class Flood:
    """An agent that sends full batches as fast as its window lets it."""

    acknowledged: int = 0
    slowed_down: int = 0

    async def run(self, call: grpc.aio.StreamStreamCall) -> None:
        window, sequence = asyncio.Semaphore(limits.MAX_IN_FLIGHT_BATCHES), 1

        async def listen() -> None:
            while True:
                answer = await call.read()
                if answer.WhichOneof("message") == "slow_down":
                    self.slowed_down += 1
                    continue
                now = answer.acknowledgement.sequence // 1_000
                for _ in range(now - self.acknowledged):
                    window.release()
                self.acknowledged = now

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(listen())
            while True:
                await window.acquire()
                await call.write(Request(batch=batch(sequence, 1_000)).SerializeToString())
                sequence += 1_000


async def test_a_flood_delays_nobody_else(raw: Raw) -> None:
    other = await raw.store.create_tenant("other", "Other", "basic")
    _, token = await issue_token(raw.store, "agent", other, "test")
    calm = Raw(raw.address, token, raw.store)
    flood = Flood()
    async with grpc.aio.insecure_channel(raw.address) as one, grpc.aio.insecure_channel(raw.address) as two:
        flooding = asyncio.create_task(flood.run(await raw.open(one, "flood")))
        call = await calm.open(two, "calm")
        waited: list[int] = []
        for number in range(ROUNDS):
            before = flood.acknowledged
            await call.write(Request(batch=batch(1 + 3 * number)).SerializeToString())
            answer = await asyncio.wait_for(call.read(), 60)
            assert answer.acknowledgement.sequence == 3 + 3 * number, "and never asked to slow down"
            waited.append(flood.acknowledged - before)
        # A round in which the machine gave one of them no turn says nothing of the collector.
        assert sorted(waited)[ROUNDS // 2] <= 3 * limits.MAX_IN_FLIGHT_BATCHES, waited
        assert not flooding.done()
        flooding.cancel()
        await asyncio.wait([flooding])
        call.cancel()
    assert flood.acknowledged > 0
