"""Every check's timeline, kept current; results that change nothing are passed over, many at once.

A result is passed over when its check is quiet (healthy, no bad run begun), the result is healthy and
newer than the last one, and no freshness limit lies between. All others are judged one by one.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from tenantwatch_wire.records import Status

from tenantwatch_collector.engines.check_columns import CheckColumns
from tenantwatch_collector.engines.rebuild import Late, WatchedCheck, rebuild, silent_since, timeline_of
from tenantwatch_collector.health.timeline import Change
from tenantwatch_collector.store.base import (
    CheckState,
    Commit,
    JudgedState,
    ResultColumns,
    Store,
    StoredCheck,
)

FOR_EVER = 2**62
REST = 10
"""After a check's results were read again it rests so many times as long as that took: an import brings late
ones for minutes, and all that follow them are read each time."""


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
    """All checks by key."""

    store: Store
    is_idle: Callable[[WatchedCheck], bool]
    """Whether no alert waits for this check's next healthy result."""
    by_newest: bool = False
    """Whether results of any time are judged by the newest definition, as in a rehearsal."""
    watched: dict[int, WatchedCheck] = field(default_factory=dict)
    unsettled: dict[int, WatchedCheck] = field(default_factory=dict)
    """Those with late results that are not judged yet."""
    _received_us: int = 0
    """When the newest commit that was judged was received."""
    _expired_us: int = 0
    """Silences that began before were looked for."""
    _columns: CheckColumns = field(default_factory=CheckColumns)

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
                self._catch_up(known)
                known.timeline = timeline_of(check, json.dumps(known.timeline.to_json()), _now_us())
                known.check = check
                self._index(known)
                changed.append(known)
        return changed

    def knows(self, commit: Commit) -> bool:
        """Whether every check of the commit is in the book."""
        return all(key in self.watched for key in commit.columns.checks())

    async def judge(self, commit: Commit) -> list[Judged]:
        """Judge a commit, in order of time."""
        columns = commit.columns
        keys, times = columns.check_key, columns.time_us
        self._received_us = max(self._received_us, commit.received_at_us)
        if not len(columns):
            return []
        harmless = self._columns.harmless(columns)
        if harmless.all():
            self._columns.pass_over(keys, times)
            return []
        loud_checks = np.zeros(len(self._columns.last_us), bool)
        loud_checks[keys[~harmless]] = True
        loud = loud_checks[keys]
        self._columns.pass_over(keys[~loud], times[~loud])
        rows = np.flatnonzero(loud)
        by_check: dict[int, list[int]] = {}
        for row in rows[np.argsort(times[rows], kind="stable")].tolist():
            by_check.setdefault(int(keys[row]), []).append(row)
        judged: list[Judged] = []
        for key, mine in by_check.items():
            watched = self.watched[key]
            if watched.through_commit < commit.commit_id:
                judged += await self._judge_check(watched, commit, mine)
                watched.through_commit = commit.commit_id
        return sorted(judged, key=lambda one: one.time_us)

    async def settle(self, at_once: bool) -> list[tuple[Judged, int]]:
        """The checks whose late results have waited long enough, with the instant they were received."""
        now = time.monotonic()
        settled = []
        for watched in [w for w in self.unsettled.values() if at_once or w.rebuild_due <= now]:
            assert watched.late is not None
            received_at_us = watched.late.received_at_us
            judged = await self._read_again(watched, watched.late.time_us, received_at_us)
            settled.append((judged, received_at_us))
        return settled

    def next_settle(self) -> float:
        """When late results have waited long enough, on the monotonic clock."""
        return min((watched.rebuild_due for watched in self.unsettled.values()), default=math.inf)

    async def _read_again(self, watched: WatchedCheck, late_us: int, known_us: int) -> Judged:
        key, begun = watched.check.check_key, time.monotonic()
        self._catch_up(watched)
        last_us = int(self._columns.last_us[key])
        if watched.late is not None:
            late_us = min(late_us, watched.late.time_us)
        known_us = max(known_us, self._received_us, self._expired_us)
        received_by_us = FOR_EVER if self.by_newest else known_us
        changes = await rebuild(self.store, watched, late_us, known_us, received_by_us)
        watched.late = None
        self.unsettled.pop(key, None)
        watched.rebuild_due = time.monotonic() + REST * (time.monotonic() - begun)
        self._columns.last_us[key] = watched.timeline.last_time or last_us
        self._index(watched)
        return Judged(watched, late_us, None, changes)

    def _put_off(self, watched: WatchedCheck, commit: Commit, late_us: int) -> None:
        late = watched.late or Late(late_us, commit.commit_id, 0)
        watched.late = Late(min(late.time_us, late_us), late.first_commit, commit.received_at_us)
        self.unsettled[watched.check.check_key] = watched

    async def _judge_check(self, watched: WatchedCheck, commit: Commit, rows: Sequence[int]) -> list[Judged]:
        """One check's results of a commit, in order of time."""
        columns = commit.columns
        self._catch_up(watched)
        first_us = int(columns.time_us[rows[0]])
        last_us = int(self._columns.last_us[watched.check.check_key])
        is_next = first_us > last_us and not self._was_given_up(watched, first_us)
        # Of several of one instant the worst counts, as it does among all that are stored.
        is_next = is_next and len(np.unique(columns.time_us[rows])) == len(rows)
        if is_next and first_us >= watched.check.since_us:
            return self._judge_on(watched, columns, rows)
        # Late facts change what was thought before, and those of before the check was defined so are judged
        # by what it was then: read them all again, in their own order. What is new besides is in the store as
        # well; it still counts for alerts, which late results never do.
        if int(columns.time_us[rows[-1]]) <= last_us and time.monotonic() < watched.rebuild_due:
            self._put_off(watched, commit, first_us)
            return []
        judged = [await self._read_again(watched, first_us, commit.received_at_us)]
        return judged + [
            Judged(watched, time_us, Status(int(columns.status[row])), (), columns.texts.get(row, ""))
            for row in rows
            if (time_us := int(columns.time_us[row])) > last_us
        ]

    def _judge_on(self, watched: WatchedCheck, columns: ResultColumns, rows: Sequence[int]) -> list[Judged]:
        """Results that follow those that the timeline has; a silence that they close was none."""
        measured = [row for row in rows if columns.status[row] != Status.UNKNOWN]
        level, silent_us = watched.timeline.level, watched.silent_us
        if measured:
            watched.silent_us = None
        judged = [self._judge_one(watched, columns, row) for row in rows]
        if silent_us is None or not measured or level is Status.UNKNOWN:
            return judged
        first_us, expiry = int(columns.time_us[measured[0]]), watched.timeline.next_expiry()
        told = any(change.time <= silent_us for one in judged for change in one.changes)
        if first_us <= silent_us and not told and expiry is not None and expiry > silent_us:
            judged.insert(0, Judged(watched, first_us, None, [Change(silent_us, level)]))
        return judged

    def _judge_one(self, watched: WatchedCheck, columns: ResultColumns, row: int) -> Judged:
        key = watched.check.check_key
        time_us = int(columns.time_us[row])
        status = Status(int(columns.status[row]))
        latency = int(columns.latency_us[row])
        changes = watched.timeline.apply(time_us, status, None if latency < 0 else latency)
        if status is not Status.UNKNOWN:
            self._columns.last_us[key] = time_us
        self._index(watched)
        return Judged(watched, time_us, status, changes, columns.texts.get(row, ""))

    def heard_us(self, check_key: int) -> int:
        """When the check's last result was; 0 if there is none."""
        return int(self._columns.last_us[check_key])

    def look_closer(self, check_keys: Iterable[int]) -> None:
        """An alert waits for the next results of these, however healthy."""
        for key in check_keys:
            if key in self.watched:
                self._catch_up(self.watched[key])
                self._index(self.watched[key])

    def expire(self, now_us: int) -> list[Judged]:
        """The checks whose last result no longer speaks for them."""
        judged = []
        self._expired_us = max(self._expired_us, now_us)
        for key in self._columns.stale_at(now_us):
            watched = self.watched[key]
            self._catch_up(watched)
            changes = watched.timeline.expire(now_us)
            watched.silent_us = None
            self._index(watched)
            if changes:
                judged.append(Judged(watched, now_us, None, changes))
        return judged

    def silent_at(self, known_us: int) -> list[Judged]:
        """The checks that were silent when a commit came, each told once.

        It or a later one may bring what closes the gap, so their timelines wait for the clock.
        """
        judged = []
        for key in self._columns.stale_at(known_us):
            watched = self.watched[key]
            if watched.silent_us is None:
                self._catch_up(watched)
                watched.silent_us = silent_since(watched.timeline, known_us)
                self._index(watched)
                if watched.silent_us is not None and watched.timeline.level is not Status.UNKNOWN:
                    silence = Change(watched.silent_us, Status.UNKNOWN)
                    judged.append(Judged(watched, known_us, None, [silence]))
        return judged

    def next_expiry_us(self) -> int:
        """When the next check goes stale; NEVER if none can."""
        return self._columns.next_expiry_us()

    def state_of(self, watched: WatchedCheck, through_commit: int) -> CheckState:
        """The check's state for the store, including everything up to that commit."""
        self._catch_up(watched)
        watched.through_commit = max(watched.through_commit, through_commit)
        # What was put off is read again after a crash.
        included = watched.through_commit if watched.late is None else watched.late.first_commit - 1
        timeline, check, level, since = watched.timeline, watched.check, watched.timeline.level, None
        if watched.silent_us is not None and level is not Status.UNKNOWN:
            level, since = Status.UNKNOWN, watched.silent_us
        return CheckState(
            check.tenant_key,
            check.check_key,
            Status(int(level)),
            since or timeline.since or 0,
            included,
            int(self._columns.last_us[check.check_key]),
            json.dumps(timeline.to_json(), separators=(",", ":")),
        )

    def of_tenant(self, tenant_key: int) -> Iterable[WatchedCheck]:
        """The tenant's active checks."""
        return (w for w in self.watched.values() if w.check.tenant_key == tenant_key and w.check.active)

    def _was_given_up(self, watched: WatchedCheck, time_us: int) -> bool:
        """Whether the last result was taken to speak no longer, and this one comes while it still did."""
        timeline = watched.timeline
        return timeline.last_time is None and timeline.given_up is not None and time_us <= timeline.given_up

    def _catch_up(self, watched: WatchedCheck) -> None:
        """Tell the timeline of the healthy results that were passed over: only the last one matters."""
        watched.timeline.keep_fresh(int(self._columns.last_us[watched.check.check_key]))

    def _add(self, check: StoredCheck, state: CheckState | None) -> WatchedCheck:
        if self.by_newest:
            check = replace(check, since_us=0)
        watched = WatchedCheck(
            check,
            timeline_of(check, None if state is None else state.timeline, _now_us()),
            0 if state is None else state.through_commit,
        )
        self.watched[check.check_key] = watched
        self._columns.grow(check.check_key + 1)
        self._columns.last_us[check.check_key] = watched.timeline.last_time or 0
        self._index(watched)
        return watched

    def _index(self, watched: WatchedCheck) -> None:
        """Bring the check's entries in the columns up to date with its timeline."""
        key, timeline = watched.check.check_key, watched.timeline
        # Whether anybody still looks or not: a result speaks no longer than that.
        expiry = timeline.next_expiry()
        quiet = timeline.quiet and watched.silent_us is None and self.is_idle(watched)
        by_newest = int(self._columns.last_us[key]) >= watched.check.since_us
        self._columns.put(key, expiry, quiet and by_newest)


def _now_us() -> int:
    return time.time_ns() // 1000
