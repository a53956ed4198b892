"""Signs of life of the collectors on one store."""

from __future__ import annotations

from tenantwatch_collector.store.base import CollectorBeat, Store


async def test_a_sign_of_life_is_told_from_the_one_before_until_the_collector_ends(store: Store) -> None:
    await store.beat("a", 5)
    await store.beat("b", 5)
    await store.beat("a", 5)
    assert await store.collector_beats() == [CollectorBeat("a", 2, 5), CollectorBeat("b", 1, 5)]
    await store.end_beats("a")
    await store.end_beats("never there")
    assert await store.collector_beats() == [CollectorBeat("b", 1, 5)]
