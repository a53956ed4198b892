"""Commits in order, from memory while the engines keep up, read again from the store when they did not."""

from __future__ import annotations

from collections import deque

from tenantwatch_collector.signal import Signal
from tenantwatch_collector.store.base import Commit, Store

MAX_HELD_RESULTS = 200_000
_READ_AT_ONCE = 50


class Feed:
    """``offer`` never waits: what does not fit in memory is left to the store, which has it anyway."""

    def __init__(self, store: Store, after_commit: int) -> None:
        self._store = store
        self._held: deque[Commit] = deque()
        self._held_results = 0
        self._through = after_commit
        # Until the store has been asked, it may hold commits of an earlier life.
        self._newest: int | None = None
        self.arrived = Signal()

    def offer(self, commit: Commit) -> None:
        """A commit that has just been made; called in commit order."""
        size = _size(commit)
        if self._newest is not None:
            self._newest = commit.commit_id
        if self._held_results + size <= MAX_HELD_RESULTS:
            self._held.append(commit)
            self._held_results += size
        self.arrived.fire()

    def rewind(self, after_commit: int) -> None:
        """Begin again after that commit."""
        self._held.clear()
        self._held_results = 0
        self._through = after_commit
        self._newest = None

    async def next(self) -> Commit | None:
        """The next commit in order, or None when all were read."""
        while self._held and self._held[0].commit_id <= self._through:
            self._take()
        behind = self._newest is None or self._newest > self._through
        if behind and (not self._held or self._held[0].commit_id > self._through + 1):
            await self._read_again()
        if not self._held:
            return None
        commit = self._take()
        self._through = commit.commit_id
        return commit

    async def _read_again(self) -> None:
        """Fill the front with what memory lacks."""
        found = await self._store.commits_after(self._through, _READ_AT_ONCE)
        if not found:
            self._newest = self._through
        first_held = self._held[0].commit_id if self._held else None
        for commit in reversed(found):
            if first_held is None or commit.commit_id < first_held:
                self._held.appendleft(commit)
                self._held_results += _size(commit)

    def _take(self) -> Commit:
        commit = self._held.popleft()
        self._held_results -= _size(commit)
        return commit


def _size(commit: Commit) -> int:
    return 1 + sum(len(part.columns) for part in commit.parts)
