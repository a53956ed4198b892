"""A check's level over time, out of its results: confirmation and freshness.

Two filters run side by side over "at least degraded" and "unhealthy". A filter turns bad when
``confirm_failures`` bad results in a row are complete, and good after ``confirm_successes`` good ones; the
change is dated at the first result of that run, because that is what the customer saw. From unknown one
good result suffices. A result speaks for at most ``stale_after``; then the level is unknown and runs begin
anew. Where that changes meanwhile, it speaks for the longer of both. Times are integers of any one unit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tenantwatch_wire.records import Status


class Change(NamedTuple):
    """From ``time`` on the check was in ``level``; what is known later replaces what was thought."""

    time: int
    level: Status


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How a check's results are confirmed from ``since`` on."""

    since: int
    confirm_failures: int
    confirm_successes: int
    stale_after: int


@dataclass(slots=True)
class Filter:
    """One threshold: bad, good or (None) unknown, since when, what it was before, and the run under way."""

    bad: bool | None = None
    since: int | None = None
    before: bool | None = None
    run: int = 0
    run_start: int = 0

    def apply(self, time: int, bad: bool, failures: int, successes: int) -> bool:
        """Take one result; True if the filter turned."""
        if bad == self.bad:
            self.run = 0
            return False
        if self.bad is None and not bad:
            return self._turn(False, time)
        self.run += 1
        if self.run == 1:
            self.run_start = time
        if self.run < (failures if bad else successes):
            return False
        return self._turn(bad, self.run_start)

    def at(self, time: int) -> bool | None:
        """The state at a time no older than the change before last."""
        return self.bad if self.since is not None and time >= self.since else self.before

    def _turn(self, bad: bool, since: int) -> bool:
        self.before, self.bad, self.since, self.run = self.bad, bad, since, 0
        return True


@dataclass(slots=True)
class CheckTimeline:
    """The level of one check, kept current by ``apply`` in order of time and ``expire`` by the clock."""

    confirm_failures: int
    confirm_successes: int
    stale_after: int
    level: Status = Status.UNKNOWN
    since: int | None = None
    last_time: int | None = None
    """The newest result that measured something; None since the last silence."""
    covers: int = 0
    """How long that one speaks for the check."""
    given_up: int | None = None
    """Since when nothing spoke for it, the last time that this was so."""
    _unhealthy: Filter = field(default_factory=Filter)
    _degraded: Filter = field(default_factory=Filter)

    @property
    def quiet(self) -> bool:
        """Whether a healthy result in time would change nothing but the freshness."""
        return (
            self.level is Status.HEALTHY
            and self._degraded.bad is False
            and self._unhealthy.run == 0
            and self._degraded.run == 0
            and self.covers == self.stale_after
        )

    def redefine(self, confirmation: Confirmation) -> None:
        """Confirm the results from ``since`` on in another way."""
        expiry = self.next_expiry()
        if expiry is not None and expiry >= confirmation.since:
            self.covers = max(self.covers, confirmation.stale_after)
        self.confirm_failures = confirmation.confirm_failures
        self.confirm_successes = confirmation.confirm_successes
        self.stale_after = confirmation.stale_after

    def apply(self, time: int, status: Status, latency: int | None = None) -> list[Change]:
        """Take a result newer than all before it; returns the changes that it confirms."""
        if status is Status.UNKNOWN:
            return []
        changes = [] if self.last_time is None else self._silence_before(time)
        self.last_time, self.covers = time, self.stale_after
        turned = [
            f
            for f, threshold in ((self._degraded, 1), (self._unhealthy, 2))
            if f.apply(time, status >= threshold, self.confirm_failures, self.confirm_successes)
        ]
        return changes + self._turned(turned)

    def keep_fresh(self, time: int) -> None:
        """Take note of healthy results that a caller skipped while ``quiet``; ``time`` is the newest one's.

        The caller vouches that there was no gap among them: only the last one is told, and taken as a plain
        result it would look like a silence.
        """
        if self.last_time is not None and time > self.last_time:
            self.last_time = time

    def expire(self, now: int) -> list[Change]:
        """Become unknown if the newest result no longer speaks for the check."""
        return [] if self.last_time is None else self._silence_before(now)

    def next_expiry(self) -> int | None:
        """The last instant that the newest result speaks for; None when there is nothing to expire."""
        return None if self.last_time is None else self.last_time + self.covers

    def to_json(self) -> dict[str, Any]:
        return {
            "confirm_failures": self.confirm_failures,
            "confirm_successes": self.confirm_successes,
            "stale_after": self.stale_after,
            "level": int(self.level),
            "since": self.since,
            "last_time": self.last_time,
            "covers": self.covers,
            "given_up": self.given_up,
            "filters": [
                [f.bad, f.since, f.before, f.run, f.run_start] for f in (self._unhealthy, self._degraded)
            ],
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> CheckTimeline:
        unhealthy, degraded = (Filter(*values) for values in kept["filters"])
        return cls(
            kept["confirm_failures"],
            kept["confirm_successes"],
            kept["stale_after"],
            Status(kept["level"]),
            kept["since"],
            kept["last_time"],
            kept.get("covers", kept["stale_after"]),
            kept.get("given_up", kept["since"] if kept["last_time"] is None else None),
            unhealthy,
            degraded,
        )

    def _silence_before(self, time: int) -> list[Change]:
        assert self.last_time is not None
        expiry = self.last_time + self.covers
        if time <= expiry:
            return []
        self._unhealthy, self._degraded, self.last_time = Filter(), Filter(), None
        self.given_up = expiry
        return self._become(expiry, Status.UNKNOWN)

    def _turned(self, turned: list[Filter]) -> list[Change]:
        if not turned:
            return []
        begins = min(f.since for f in turned if f.since is not None)
        dates = {f.since for f in (self._unhealthy, self._degraded) if f.since is not None}
        changes = []
        for date in sorted(d for d in dates if d >= begins):
            changes += self._become(date, self._level_at(date))
        return changes

    def _become(self, time: int, level: Status) -> list[Change]:
        if level is self.level:
            return []
        self.level, self.since = level, time
        return [Change(time, level)]

    def _level_at(self, time: int) -> Status:
        unhealthy = self._unhealthy.at(time)
        if unhealthy is None:
            return Status.UNKNOWN
        if unhealthy:
            return Status.UNHEALTHY
        return Status.DEGRADED if self._degraded.at(time) else Status.HEALTHY
