"""The feed: every commit once and in order, wherever it comes from, and on behind what was deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.engines.feed import Feed
from tenantwatch_collector.store.base import Commit, Store
from tenantwatch_collector.store.columns import EMPTY


class Log:
    """A store's log of commits; those before ``deleted_until`` are gone."""

    def __init__(self, commits: int = 0, deleted_until: int = 0) -> None:
        self.commits = commits
        self.deleted_until = deleted_until

    async def commits_after(self, commit_id: int, max_results: int) -> Sequence[Commit]:
        first = max(commit_id, self.deleted_until) + 1
        return [commit(number) for number in range(first, min(self.commits, first + 2) + 1)]


def commit(commit_id: int) -> Commit:
    return Commit(commit_id, commit_id, EMPTY)


async def read(feed: Feed) -> list[int]:
    found = []
    while (one := await feed.next()) is not None:
        found.append(one.commit_id)
    return found


@given(st.integers(0, 6), st.permutations(range(7, 13)), st.sets(st.integers(7, 12)), st.integers(1, 5))
async def test_each_commit_once_in_order_whatever_was_not_offered(
    before: int, order: list[int], unheard: set[int], pauses: int
) -> None:
    log = Log(6)
    feed, seen = Feed(cast(Store, log), before), list[int]()
    for number, commit_id in enumerate(order):
        log.commits = max(log.commits, commit_id)
        if commit_id not in unheard:
            feed.offer(commit(commit_id))
        if number % pauses == 0:
            seen += await read(feed)
    feed.offer(commit(13))
    log.commits = 13
    assert seen + await read(feed) == list(range(before + 1, 14))


async def test_what_retention_deleted_unread_is_passed_over() -> None:
    feed = Feed(cast(Store, Log(9, deleted_until=5)), 2)
    assert await read(feed) == [6, 7, 8, 9]
    feed.offer(commit(10))
    assert await read(feed) == [10]
