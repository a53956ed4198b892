"""Every check's timeline, and the columns by which results that change nothing are passed over.

A result is passed over when its check is quiet (healthy, no bad run begun), the result is healthy and
newer than the last one, and no freshness limit lies between. All others are judged one by one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from tenantwatch_wire.records import Status

from tenantwatch_collector.health.timeline import Change, CheckTimeline
from tenantwatch_collector.store.base import (
    CheckState,
    Commit,
    JudgedState,
    ResultColumns,
    Store,
    StoredCheck,
)

NEVER = np.iinfo(np.int64).max
MAX_SKEW_US = 30_000_000
"""A time further ahead of its commit than this is read as the commit's (docs/semantics.md)."""
_LOOKBACK_US = 24 * 3_600_000_000
_MAX_REREAD = 100_000


@dataclass(slots=True)
class WatchedCheck:
    """One check as the engine holds it. ``through_commit`` is the last commit its timeline includes."""

    check: StoredCheck
    timeline: CheckTimeline
    through_commit: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """What one result, or the lack of one, did to a check. ``status`` is None when it was late or absent."""

    watched: WatchedCheck
    time_us: int
    status: Status | None
    changes: Sequence[Change] = ()
    text: str = ""


@dataclass(slots=True)
class CheckBook:
    """All checks by key, with parallel columns indexed by check_key."""

    store: Store
    is_idle: Callable[[WatchedCheck], bool]
    """Whether no alert waits for this check's next healthy result."""
    watched: dict[int, WatchedCheck] = field(default_factory=dict)
    _last_us: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    _quiet_until_us: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    _expiry_us: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    async def load(self, judged: JudgedState) -> None:
        """Begin where an earlier engine stopped."""
        states = {state.check_key: state for state in judged.checks}
        for check in await self.store.checks():
            self._add(check, states.get(check.check_key))

    async def refresh(self) -> list[WatchedCheck]:
        """Read the definitions again; returns the checks that are new, changed or retired."""
        changed = []
        for check in await self.store.checks():
            known = self.watched.get(check.check_key)
            if known is None:
                changed.append(self._add(check, None))
            elif known.check != check:
                known.timeline = _timeline(check, json.dumps(known.timeline.to_json()))
                known.check = check
                self._index(known)
                changed.append(known)
        return changed

    def knows(self, commit: Commit) -> bool:
        """Whether every check of the commit is in the book."""
        return all(
            int(key) in self.watched for part in commit.parts for key in np.unique(part.columns.check_key)
        )

    async def judge(self, columns: ResultColumns, commit: Commit) -> list[Judged]:
        """Judge one tenant's part of a commit, in order of time within each check."""
        keys = columns.check_key
        times = np.where(
            columns.time_us > commit.received_at_us + MAX_SKEW_US, commit.received_at_us, columns.time_us
        )
        harmless = (
            (columns.status == Status.HEALTHY)
            & (times > self._last_us[keys])
            & (times <= self._quiet_until_us[keys])
        )
        loud = np.isin(keys, keys[~harmless])
        self._pass_over(keys[~loud], times[~loud])
        rows = np.flatnonzero(loud)
        judged = []
        for row in rows[np.argsort(times[rows], kind="stable")].tolist():
            watched = self.watched[int(keys[row])]
            if watched.through_commit >= commit.commit_id:
                continue
            judged.append(await self._judge_one(watched, columns, row, int(times[row])))
        for watched in {id(j.watched): j.watched for j in judged}.values():
            watched.through_commit = commit.commit_id
        return judged

    async def _judge_one(
        self, watched: WatchedCheck, columns: ResultColumns, row: int, time_us: int
    ) -> Judged:
        self._catch_up(watched)
        key = watched.check.check_key
        status = Status(int(columns.status[row]))
        if time_us <= int(self._last_us[key]) or self._was_given_up(watched, time_us):
            # The new facts change what was thought before: read them all again, in their own order.
            return Judged(watched, time_us, None, await self._rebuild(watched, time_us))
        latency = int(columns.latency_us[row])
        changes = watched.timeline.apply(time_us, status, None if latency < 0 else latency)
        if status is not Status.UNKNOWN:
            self._last_us[key] = time_us
        self._index(watched)
        return Judged(watched, time_us, status, changes, columns.texts.get(row, ""))

    def expire(self, now_us: int) -> list[Judged]:
        """The checks whose last result no longer speaks for them."""
        judged = []
        for key in np.flatnonzero(self._expiry_us < now_us).tolist():
            watched = self.watched[key]
            self._catch_up(watched)
            changes = watched.timeline.expire(now_us)
            self._index(watched)
            if changes:
                judged.append(Judged(watched, now_us, None, changes))
        return judged

    def next_expiry_us(self) -> int:
        """When the next check goes stale; NEVER if none can."""
        return int(self._expiry_us.min()) if len(self._expiry_us) else int(NEVER)

    def state_of(self, watched: WatchedCheck, through_commit: int) -> CheckState:
        """The check's state for the store, including everything up to that commit."""
        self._catch_up(watched)
        watched.through_commit = max(watched.through_commit, through_commit)
        timeline, check = watched.timeline, watched.check
        return CheckState(
            check.tenant_key,
            check.check_key,
            Status(int(timeline.level)),
            timeline.since or 0,
            watched.through_commit,
            json.dumps(timeline.to_json(), separators=(",", ":")),
        )

    def of_tenant(self, tenant_key: int) -> Iterable[WatchedCheck]:
        """The tenant's active checks."""
        return (w for w in self.watched.values() if w.check.tenant_key == tenant_key and w.check.active)

    async def _rebuild(self, watched: WatchedCheck, time_us: int) -> list[Change]:
        """Judge the check again from its stored results; a day before the late one is enough to begin at."""
        check = watched.check
        before = watched.timeline.level
        facts = await self.store.results_of_check(
            check.tenant_key, check.check_key, time_us - _LOOKBACK_US, _MAX_REREAD
        )
        fresh = _timeline(check, None)
        changes: list[Change] = []
        for at_us, status, latency_us in _merged(facts):
            changes += fresh.apply(at_us, status, latency_us)
        watched.timeline = fresh
        newest = [f[0] for f in facts if f[1] != Status.UNKNOWN]
        self._last_us[check.check_key] = newest[-1] if newest else 0
        self._index(watched)
        return changes if fresh.level != before else [c for c in changes if c.time >= time_us]

    def _was_given_up(self, watched: WatchedCheck, time_us: int) -> bool:
        """Whether the check was called unknown from an instant that this result now comes before."""
        since = watched.timeline.since
        return watched.timeline.level == Status.UNKNOWN and since is not None and time_us < since

    def _pass_over(self, keys: npt.NDArray[np.int64], times: npt.NDArray[np.int64]) -> None:
        for_longer = self._quiet_until_us[keys] - self._last_us[keys]
        np.maximum.at(self._quiet_until_us, keys, times + for_longer)
        np.maximum.at(self._last_us, keys, times)
        self._expiry_us[keys] = self._quiet_until_us[keys]

    def _catch_up(self, watched: WatchedCheck) -> None:
        """Tell the timeline of the healthy results that were passed over: only the last one matters."""
        last_us = int(self._last_us[watched.check.check_key])
        known_us = watched.timeline.last_time
        if last_us and (known_us is None or last_us > known_us):
            watched.timeline.apply(last_us, Status.HEALTHY, None)

    def _add(self, check: StoredCheck, state: CheckState | None) -> WatchedCheck:
        watched = WatchedCheck(
            check,
            _timeline(check, None if state is None else state.timeline),
            0 if state is None else state.through_commit,
        )
        self.watched[check.check_key] = watched
        self._grow(check.check_key + 1)
        self._last_us[check.check_key] = watched.timeline.last_time or 0
        self._index(watched)
        return watched

    def _index(self, watched: WatchedCheck) -> None:
        """Bring the check's entries in the columns up to date with its timeline."""
        key, timeline = watched.check.check_key, watched.timeline
        expiry = timeline.next_expiry()
        active = watched.check.active
        self._expiry_us[key] = NEVER if expiry is None or not active else expiry
        quiet = timeline.quiet and self.is_idle(watched)
        self._quiet_until_us[key] = expiry if quiet and expiry is not None else -1

    def _grow(self, size: int) -> None:
        if size <= len(self._last_us):
            return
        more = max(size, 2 * len(self._last_us), 64) - len(self._last_us)
        self._last_us = np.concatenate([self._last_us, np.zeros(more, np.int64)])
        self._quiet_until_us = np.concatenate([self._quiet_until_us, np.full(more, -1, np.int64)])
        self._expiry_us = np.concatenate([self._expiry_us, np.full(more, NEVER, np.int64)])


def _timeline(check: StoredCheck, memory: str | None) -> CheckTimeline:
    definition = check.definition
    if memory is None:
        return CheckTimeline(
            confirm_failures=definition.confirm_failures,
            confirm_successes=definition.confirm_successes,
            stale_after=definition.stale_after_ms * 1000,
        )
    kept = json.loads(memory)
    kept["confirm_failures"] = definition.confirm_failures
    kept["confirm_successes"] = definition.confirm_successes
    kept["stale_after"] = definition.stale_after_ms * 1000
    return CheckTimeline.from_json(kept)


def _merged(
    facts: Sequence[tuple[int, int, int | None, int]],
) -> Iterable[tuple[int, Status, int | None]]:
    """One result per instant: the worst measured status, then the highest latency."""
    best: dict[int, tuple[int, int | None]] = {}
    for time_us, status, latency_us, received_at_us in facts:
        at = received_at_us if time_us > received_at_us + MAX_SKEW_US else time_us
        severity = -1 if status == Status.UNKNOWN else status
        known = best.get(at)
        if known is None or (severity, latency_us or 0) > (known[0], known[1] or 0):
            best[at] = severity, latency_us
    for at in sorted(best):
        severity, latency_us = best[at]
        yield at, Status.UNKNOWN if severity < 0 else Status(severity), latency_us
