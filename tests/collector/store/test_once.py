"""Commands that are carried out once, as the store keeps them."""

from __future__ import annotations

import pytest
from tenantwatch_collector.store.base import Store

from tests.collector.store.conftest import Place

KEY, OTHER, ASKED = b"k" * 32, b"o" * 32, b"r" * 32
NOW = 1_000_000


async def begin(store: Store, now_us: int = NOW, kept_since_us: int = 0, alive_since_us: int = 0) -> object:
    return await store.begin_once(KEY, ASKED, now_us, kept_since_us, alive_since_us)


async def test_the_first_begins_and_the_next_learn_how_it_stands(store: Store) -> None:
    assert await begin(store) is None
    under_way = await store.begin_once(KEY, OTHER, NOW, 0, 0)
    assert under_way is not None
    assert (under_way.request_sha256, under_way.status, under_way.done) == (ASKED, None, False)
    await store.finish_once(KEY, 201, b"sealed")
    told = await store.begin_once(KEY, ASKED, NOW, 0, 0)
    assert told is not None
    assert (told.status, told.answer) == (201, b"sealed")


async def test_what_came_to_nothing_is_forgotten_and_what_was_done_is_not(store: Store) -> None:
    assert await begin(store) is None
    await store.forget_once(KEY)
    assert await begin(store) is None
    async with store.together() as joined:
        await joined.done_once(KEY)
    await store.forget_once(KEY)
    done = await store.begin_once(KEY, ASKED, NOW, 0, NOW + 1)
    assert done is not None
    assert (done.done, done.status) == (True, None)


async def test_what_was_abandoned_is_begun_again_and_what_is_old_is_gone(store: Store, place: Place) -> None:
    assert await begin(store) is None
    assert await begin(store, alive_since_us=NOW) is not None
    assert await begin(store, now_us=NOW + 9, alive_since_us=NOW + 1) is None
    await store.finish_once(KEY, 200, b"")
    assert await begin(store, kept_since_us=NOW + 10) is None
    assert await place.rows("SELECT count(*) FROM once") == [(1,)]


@pytest.mark.parametrize("same", [True, False])
async def test_an_abandoned_command_is_taken_over_by_the_same_request_alone(store: Store, same: bool) -> None:
    assert await begin(store) is None
    found = await store.begin_once(KEY, ASKED if same else OTHER, NOW + 9, 0, NOW + 1)
    assert (found is None) == same
