"""Values at their limits and beyond: kept as they were, or refused whole; and what is lost is bounded."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from tenantwatch_collector.store.base import Delivery, Gap, RefusedBatch, ResultColumns, Store, UnfitDelivery
from tenantwatch_collector.store.sql import lost
from tenantwatch_wire import limits
from tenantwatch_wire.columns import MetricColumns

from tests.collector.store.conftest import Place
from tests.collector.store.given import T0, position, tenant_with_check, times

NUMBERS = [-0.0, 5e-324, 1e308, -1e308, 0.1 + 0.2]
TEXTS = [
    "é" * limits.MAX_TEXT_LENGTH,
    "😀" * limits.MAX_TEXT_LENGTH,
    "\\x00 \\N \t\r\n\x01",
    "'; DROP TABLE result",
]
NAMES = tuple(hashlib.sha512(bytes([number])).hexdigest() for number in range(limits.MAX_METRICS_PER_RESULT))
"""As many and as long as may be, and nothing that compresses."""


async def test_values_at_their_limits_come_back_bit_by_bit(store: Store) -> None:
    tenant, check = await tenant_with_check(store)
    count = len(TEXTS)
    values = np.resize(np.array(NUMBERS), 128 * count)
    columns = ResultColumns(
        np.full(count, tenant.tenant_key),
        np.full(count, check.check_key),
        np.array([limits.MIN_TIME_US, T0, T0 + 1, T0 + 2]),
        np.array([0, 1, 2, 3], np.uint8),
        np.array([-1, 0, limits.MAX_LATENCY_US, 1]),
        dict(enumerate(TEXTS)),
        MetricColumns(
            np.repeat(np.arange(count), 128).astype(np.uint32),
            np.tile(np.arange(128), count).astype(np.uint32),
            values,
            NAMES,
        ),
    )
    await store.commit([Delivery(1, position(check, count), results=columns)])
    found = await store.results(tenant.tenant_key, 0, 2**61, 10, "", None)
    assert [result.text for result in reversed(found)] == TEXTS
    assert [result.latency_us for result in reversed(found)] == [None, 0, limits.MAX_LATENCY_US, 1]
    for row, result in enumerate(reversed(found)):
        assert tuple(result.metrics) == NAMES
        assert (
            np.array(list(result.metrics.values())).tobytes() == values[row * 128 : row * 128 + 128].tobytes()
        )
    (commit,) = await store.commits_after(0, 10)
    assert sorted(commit.columns.texts.values()) == sorted(TEXTS)


@pytest.mark.parametrize("text", ["lone \ud800 surrogate"])
async def test_what_no_database_takes_is_named_unfit_and_nothing_of_it_is_kept(
    store: Store, text: str
) -> None:
    _, check = await tenant_with_check(store)
    one = ResultColumns(
        np.array([check.tenant_key]), np.array([check.check_key]), np.array([T0]), np.zeros(1, np.uint8),
        np.array([-1]), {0: text},
    )  # fmt: skip
    with pytest.raises(UnfitDelivery):
        await store.commit([Delivery(1, position(check, 1), results=one)])
    await store.commit([Delivery(1, position(check, 1), results=replace(one, texts={0: "fit"}))])
    assert len(await times(store, check)) == 1


async def test_dead_letters_and_gaps_of_a_tenant_are_bounded_and_the_newest_stay(
    store: Store, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost, "MAX_DEAD_LETTERS", 5)
    monkeypatch.setattr(lost, "MAX_DEAD_LETTER_BYTES", 1_000)
    monkeypatch.setattr(lost, "MAX_GAPS", 4)
    _, mine = await tenant_with_check(store, "mine")
    _, other = await tenant_with_check(store, "other")
    await store.commit([Delivery(1, position(other, 1), refused=RefusedBatch("other's", b"x"))])
    for first in range(1, 31, 3):
        small = [RefusedBatch(f"bad {first + n}", b"x" * 10) for n in range(2)]
        deliveries = [Delivery(first + n, position(mine, first + n), refused=r) for n, r in enumerate(small)]
        gap = Delivery(first + 2, position(mine, first + 2), gap=Gap(0, 1, f"gap {first + 2}"))
        await store.commit([*deliveries, gap])
    kept = await place.rows("SELECT reason FROM dead_letter ORDER BY dead_letter_id")
    assert [row[0] for row in kept] == ["other's", "bad 23", "bad 25", "bad 26", "bad 28", "bad 29"]
    kept = await place.rows("SELECT reason FROM gap ORDER BY gap_id")
    assert [row[0] for row in kept] == ["gap 21", "gap 24", "gap 27", "gap 30"]
    big = [RefusedBatch(f"big {n}", b"x" * 600) for n in range(2)]
    await store.commit([Delivery(31 + n, position(mine, 31 + n), refused=r) for n, r in enumerate(big)])
    kept = await place.rows("SELECT reason FROM dead_letter ORDER BY dead_letter_id")
    assert [row[0] for row in kept] == ["other's", "big 1"]


async def test_a_gap_behind_a_hole_names_both_and_what_is_there_is_no_gap(store: Store, place: Place) -> None:
    _, check = await tenant_with_check(store)
    await store.commit([Delivery(1, position(check, 5), gap=Gap(0, 1, "a"))])
    await store.commit([Delivery(9, position(check, 12), gap=Gap(0, 1, "b"))])
    await store.commit([Delivery(10, position(check, 14), gap=Gap(0, 1, "c"))])
    found = await place.rows("SELECT first_sequence, last_sequence, reason FROM gap ORDER BY first_sequence")
    assert found == [(1, 5, "a"), (6, 8, "the agent's sequence jumped"), (9, 12, "b"), (13, 14, "c")]
