"""Checks that say nothing any more, and from when on that is worth an alert.

A collector that was away itself heard nothing of anybody: after its start every check gets its full time
again before its silence counts, so that our own outage pages nobody about tenants.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from tenantwatch_wire.records import Status

from tenantwatch_collector.engines.rebuild import WatchedCheck


@dataclass(slots=True)
class Silences:
    """``started_us`` is the instant from which this engine could have heard anybody."""

    started_us: int
    _due_us: dict[int, int] = field(default_factory=dict)
    _waiting: dict[int, WatchedCheck] = field(default_factory=dict)

    def begin(self, watched: WatchedCheck, now_us: int) -> None:
        """The check's last result no longer speaks for it."""
        key = watched.check.check_key
        full_time_us = watched.check.definition.stale_after_ms * 1000
        self._waiting[key] = watched
        self._due_us[key] = max(now_us, self.started_us + full_time_us)

    def begin_anew(self, watched: WatchedCheck, now_us: int) -> None:
        """What kept it silent is over: it gets its full time once more."""
        self._waiting[watched.check.check_key] = watched
        self._due_us[watched.check.check_key] = now_us + watched.check.definition.stale_after_ms * 1000

    def end(self, watched: WatchedCheck) -> None:
        """It was heard of, or nobody waits for it any more."""
        self._waiting.pop(watched.check.check_key, None)
        self._due_us.pop(watched.check.check_key, None)

    def take_due(self, now_us: int) -> list[WatchedCheck]:
        """Those whose silence counts from now on, each once."""
        due = [key for key, due_us in self._due_us.items() if due_us <= now_us]
        for key in due:
            del self._due_us[key]
        return [self._waiting.pop(key) for key in due]

    def next_due_us(self) -> int | None:
        return min(self._due_us.values(), default=None)


def is_silent(watched: WatchedCheck) -> bool:
    """Whether it was heard of once, and is no more."""
    timeline = watched.timeline
    return (
        watched.check.active
        and timeline.level is Status.UNKNOWN
        and timeline.last_time is None
        and timeline.since is not None
    )


def last_heard(watched: WatchedCheck, now_us: int) -> str:
    """When a silent check was heard of, for people: it was given up its full time later."""
    since_us = now_us if watched.timeline.since is None else watched.timeline.since
    heard = datetime.fromtimestamp((since_us - watched.timeline.stale_after) // 1_000_000, UTC)
    return f"{heard:%Y-%m-%d %H:%M:%S} UTC"
