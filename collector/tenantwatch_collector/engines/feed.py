"""Commits in order, from memory while the engines keep up, read again from the store when they did not."""

from __future__ import annotations

from tenantwatch_collector.signal import Signal
from tenantwatch_collector.store.base import Commit, Store

MAX_HELD_RESULTS = 200_000
_READ_AT_ONCE = 50_000
"""Results."""


class Feed:
    """``offer`` never waits: what does not fit in memory is left to the store, which has it anyway."""

    def __init__(self, store: Store, after_commit: int) -> None:
        self._store = store
        self._held: dict[int, Commit] = {}
        self._held_results = 0
        self._through = after_commit
        # Until the store has been asked, it may hold commits of an earlier life.
        self._newest: int | None = None
        self.arrived = Signal()

    def offer(self, commit: Commit) -> None:
        """A commit that has just been made; those of several writers may come a little out of order."""
        if self._newest is not None:
            self._newest = max(self._newest, commit.commit_id)
        if self._held_results + _size(commit) <= MAX_HELD_RESULTS:
            self._hold(commit)
        self.arrived.fire()

    def heard_of(self, commit_id: int) -> None:
        """Somebody has committed up to there."""
        if self._newest is not None and commit_id > self._newest:
            self._newest = commit_id
            self.arrived.fire()

    def rewind(self, after_commit: int) -> None:
        """Begin again after that commit."""
        self._held.clear()
        self._held_results = 0
        self._through = after_commit
        self._newest = None

    def look_again(self) -> None:
        """Ask the store for what others have committed, such as an import in a process of its own."""
        self._newest = None

    async def next(self) -> Commit | None:
        """The next commit in order, or None when all were read."""
        if self._through + 1 not in self._held and (self._newest is None or self._newest > self._through):
            await self._read_again()
        commit = self._held.pop(self._through + 1, None)
        if commit is not None:
            self._held_results -= _size(commit)
            self._through = commit.commit_id
        return commit

    async def _read_again(self) -> None:
        """Take from the store what memory lacks, up to the next commit that it has."""
        found = await self._store.commits_after(self._through, _READ_AT_ONCE)
        if not found:
            self._newest = max([self._through, *self._held])
        elif found[0].commit_id > self._through + 1:
            # What lies between was deleted: retention passed by while nobody read.
            self._through = found[0].commit_id - 1
        for commit in found:
            if commit.commit_id in self._held:
                break
            self._hold(commit)

    def _hold(self, commit: Commit) -> None:
        if commit.commit_id > self._through and commit.commit_id not in self._held:
            self._held[commit.commit_id] = commit
            self._held_results += _size(commit)


def _size(commit: Commit) -> int:
    return 1 + len(commit.columns)
