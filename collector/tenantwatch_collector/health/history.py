"""A check's whole timeline as a pure function of a set of results.

Neither the order in which results arrived nor how often they did matters; what had not been received by
``as_of`` is not known, and a time too far ahead of its receipt is read as the receipt's. Times are
integers of any one unit.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from tenantwatch_wire.records import Status

from tenantwatch_collector.health.timeline import Change, CheckTimeline, Confirmation


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One result as it was received; ``received_at`` None means at its own time."""

    time: int
    status: Status
    latency_us: int | None = None
    received_at: int | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What is believed of one instant, all results for it taken together. Never UNKNOWN."""

    time: int
    status: Status
    latency_us: int | None = None


def measurements(results: Iterable[CheckResult], as_of: int, max_future_skew: int) -> list[Measurement]:
    """What was known at ``as_of``, in order: one per instant, the worst status, then the highest latency."""
    worst: dict[int, tuple[int, int]] = {}
    for result in results:
        received_at = result.time if result.received_at is None else result.received_at
        time = believed_time(result, max_future_skew)
        # The checker's own failure measured nothing, so it says nothing about its instant either.
        if result.status is Status.UNKNOWN or received_at > as_of or time > as_of:
            continue
        fact = int(result.status), -1 if result.latency_us is None else result.latency_us
        worst[time] = max(worst.get(time, fact), fact)
    return [
        Measurement(time, Status(status), None if latency < 0 else latency)
        for time, (status, latency) in sorted(worst.items())
    ]


def believed_time(result: CheckResult, max_future_skew: int) -> int:
    """When it was measured: its own time, unless that lies too far ahead of its receipt."""
    received_at = result.time if result.received_at is None else result.received_at
    return received_at if result.time > received_at + max_future_skew else result.time


def timeline(
    known: Iterable[Measurement],
    confirm_failures: int,
    confirm_successes: int,
    stale_after: int,
    as_of: int,
    later: Sequence[Confirmation] = (),
) -> list[Change]:
    """The check's changes of level up to ``as_of``, in order of time; it is unknown before the first.

    ``later`` ways of confirming, in order, replace the given one from their instants on.
    """
    check = CheckTimeline(confirm_failures, confirm_successes, stale_after)
    history: list[Change] = []
    left = deque(later)
    for measurement in known:
        while left and left[0].since <= measurement.time:
            check.redefine(left.popleft())
        revise(history, check.apply(measurement.time, measurement.status, measurement.latency_us))
    for confirmation in left:
        if confirmation.since <= as_of:
            check.redefine(confirmation)
    revise(history, check.expire(as_of))
    return history


def revise(history: list[Change], changes: Iterable[Change]) -> None:
    """Enter new changes into a history in place: each replaces whatever was thought from its time on."""
    for change in changes:
        while history and history[-1].time >= change.time:
            history.pop()
        before = history[-1].level if history else Status.UNKNOWN
        if change.level is not before:
            history.append(change)


def known_history(changes: Iterable[tuple[int, Change]], as_of: int) -> list[Change]:
    """What was believed at ``as_of``, out of (known_at, change) pairs as they were found, none ever removed.

    A silence counts as known as soon as it had begun, see ``with_silences``.
    """
    history: list[Change] = []
    known = [pair for pair in with_silences(list(changes)) if pair[0] <= as_of]
    revise(history, [change for _, change in known])
    return history


def with_silences(changes: Sequence[tuple[int, Change]]) -> list[tuple[int, Change]]:
    """(known_at, change) pairs, and with them every silence as known as soon as it had begun.

    Whoever notes it may have been away himself. What comes later covers no less, so it was one all the
    time until then; only where more was believed already, by a clock that is ahead, it stays as it was noted.
    """
    noted = sorted(changes, key=_by_knowing)
    if all(change.level is not Status.UNKNOWN for _, change in noted):
        return noted
    known_at = [known for known, _ in noted]
    newest = list(accumulate((change.time for _, change in noted), max))
    early = []
    for known, change in noted:
        at = change.time + 1
        if change.level is Status.UNKNOWN and known > at:
            before = bisect_right(known_at, at)
            if not before or newest[before - 1] < change.time:
                early.append((at, change))
    return sorted(noted + early, key=_by_knowing)


def _by_knowing(known: tuple[int, Change]) -> tuple[int, int]:
    return known[0], known[1].time


def differences(before: Sequence[Change], after: Sequence[Change]) -> list[Change]:
    """The changes that turn one belief into the other when they are entered as ``revise`` does."""
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    rest = list(after[same:])
    if same < len(before) and (not rest or before[same].time < rest[0].time):
        # What was thought to begin there did not: from there on it stayed as it was.
        level = after[same - 1].level if same else Status.UNKNOWN
        rest.insert(0, Change(before[same].time, level))
    return rest
