"""Shares and turns against a model; rates against the plain sum of what was let through."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.ingest.fairness import ENTRY_BYTES, FairQueue, TenantRates, Waiting

from tests.collector.ingest.arrivals import results

MAX_BYTES = 12 * ENTRY_BYTES
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 4), st.sampled_from([0, 1, 90, 4_000])),
        st.tuples(st.just("take"), st.integers(1, 9), st.just(0)),
        st.tuples(st.just("release"), st.just(0), st.just(0)),
    ),
    max_size=60,
)


@given(_STEPS)
async def test_what_is_put_is_taken_once_in_its_tenants_order_and_room_comes_back(
    steps: list[tuple[str, int, int]],
) -> None:
    loop = asyncio.get_running_loop()
    queue, sequence = FairQueue(MAX_BYTES), Counter[int]()
    put: list[tuple[int, int]] = []
    taken: list[tuple[int, int]] = []
    groups: list[list[Waiting]] = []
    for step, number, size_bytes in steps:
        if step == "put":
            sequence[number] += 1
            delivery = results(number, sequence[number], 1, size_bytes)
            if queue.has_room(delivery):
                queue.put(delivery, loop.create_future())
                put.append((number, sequence[number]))
        elif step == "take" and queue:
            groups.append(queue.take(number))
            assert 1 <= len(groups[-1]) <= number
            taken += [(each.last.tenant_key, each.first_sequence) for each, _ in groups[-1]]
        elif step == "release" and groups:
            queue.release(groups.pop(0))
        assert 0 <= queue.size_bytes <= MAX_BYTES + ENTRY_BYTES + 4_000, "one above the bound"
    while queue:
        groups.append(queue.take(1_000))
        taken += [(each.last.tenant_key, each.first_sequence) for each, _ in groups[-1]]
    for group in groups:
        queue.release(group)
    assert sorted(taken) == sorted(put)
    for tenant_key in range(1, 5):
        mine = [number for tenant, number in taken if tenant == tenant_key]
        assert mine == sorted(mine)
    assert queue.size_bytes == 0
    assert all(queue.has_room(results(tenant_key, 1, 1, MAX_BYTES)) for tenant_key in range(1, 5))


async def test_a_flood_leaves_a_newcomer_room_and_its_turn() -> None:
    loop = asyncio.get_running_loop()
    queue, flood = FairQueue(MAX_BYTES), 0
    while queue.has_room(results(1, flood + 1, 1, 100)):
        flood += 1
        queue.put(results(1, flood, 1, 100), loop.create_future())
    assert flood < MAX_BYTES // ENTRY_BYTES, "one share is always left"
    newcomer = results(2, 1, 1, 100)
    assert queue.has_room(newcomer)
    queue.put(newcomer, loop.create_future())
    assert [delivery.last.tenant_key for delivery, _ in queue.take(2)] == [1, 2]


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 500), st.floats(0, 3)), max_size=40))
def test_whoever_keeps_the_pace_stays_within_rate_and_one_second_of_burst(
    sent: list[tuple[int, int, float]],
) -> None:
    now, rate = 100.0, 100.0
    rates = TenantRates(rate, lambda: now)
    count, waits_until = Counter[int](), dict[int, float]()
    for tenant_key, results_sent, pause in sent:
        now = max(now + pause, waits_until.get(tenant_key, 0.0))
        before = count[tenant_key]
        count[tenant_key] += results_sent
        assert before <= rate * (now - 100.0) + rate + 1e-6
        waits_until[tenant_key] = now + rates.take(tenant_key, results_sent)
    fresh = TenantRates(rate, lambda: now)
    assert fresh.take(1, 100) == 0, "a second's worth at once is within the rate"
    assert fresh.take(2, 100) == 0, "and one tenant's is not another's"
    assert fresh.take(1, 50) == pytest.approx(0.5)
