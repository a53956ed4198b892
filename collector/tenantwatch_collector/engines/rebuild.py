"""A check judged again from its stored results, because some came late; and what that takes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from tenantwatch_wire.records import Status

from tenantwatch_collector.health import Change, CheckTimeline, Confirmation, differences, revise
from tenantwatch_collector.store.base import CheckChange, Store, StoredCheck, TenantCheck

_PAGE = 20_000
_INTERVALS_BACK = 500
_LEAST_BACK_US, _MOST_BACK_US = 3_600_000_000, 7 * 86_400_000_000
_FOR_EVER = 2**62


@dataclass(slots=True)
class Late:
    """Late results that are not in a timeline yet: the earliest, and the commits that brought them."""

    time_us: int
    first_commit: int
    received_at_us: int


@dataclass(slots=True)
class WatchedCheck:
    """One check as the engine holds it. ``through_commit`` is the last commit its timeline includes."""

    check: StoredCheck
    timeline: CheckTimeline
    through_commit: int = 0
    late: Late | None = None
    silent_us: int | None = None
    """Since when it was told to be silent, while its timeline still waits for what closes that gap."""
    rebuild_due: float = 0.0
    """On the monotonic clock: not before then its results are all read again."""


async def rebuild(
    store: Store, watched: WatchedCheck, late_us: int, known_us: int, received_by_us: int
) -> list[Change]:
    """Give the check the timeline that all its results make, the late ones among them.

    Returns the changes that turn what was believed into what is believed at ``known_us``; what was received
    after ``received_by_us`` is left to the judgement of its own commit. It begins some hundred intervals
    before the late result: by then runs of good or bad results have settled every level.
    """
    check = watched.check
    definitions = await store.tenant_checks(check.tenant_key, check.check_key)
    from_us = late_us - _lookback_us(definitions)
    before = await _believed(store, check, from_us)
    first, *later = map(_confirmation, definitions)
    fresh = CheckTimeline(first.confirm_failures, first.confirm_successes, first.stale_after)
    after: list[Change] = []
    async for time_us, status, latency_us in _measurements(store, check, from_us, received_by_us):
        while later and later[0].since <= time_us:
            fresh.redefine(later.pop(0))
        revise(after, fresh.apply(time_us, status, latency_us))
    for confirmation in later:
        fresh.redefine(confirmation)
    watched.timeline, watched.silent_us = fresh, silent_since(fresh, known_us)
    if watched.silent_us is not None:
        revise(after, [Change(watched.silent_us, Status.UNKNOWN)])
    # What lies long before the late result it cannot have changed.
    settled_us = late_us - _run_us(definitions)
    return differences(_since(before, settled_us), _since(after, settled_us))


def silent_since(timeline: CheckTimeline, known_us: int) -> int | None:
    """From when on the last result no longer speaks at that instant; None if it does."""
    expiry = timeline.next_expiry()
    return expiry if expiry is not None and expiry < known_us else None


def _confirmation(check: TenantCheck) -> Confirmation:
    """How it was confirmed since then; the first holds for all time before as well."""
    return Confirmation(
        check.active_since_us or 0,
        check.confirm_failures,
        check.confirm_successes,
        check.stale_after_ms * 1000,
    )


def _lookback_us(definitions: Sequence[TenantCheck]) -> int:
    back_us = _INTERVALS_BACK * max(each.interval_ms for each in definitions) * 1000
    return max(_LEAST_BACK_US, min(_MOST_BACK_US, back_us)) + _run_us(definitions)


def _run_us(definitions: Sequence[TenantCheck]) -> int:
    """The longest time that results of one run can lie apart."""
    return max(
        (each.confirm_failures + each.confirm_successes) * each.stale_after_ms * 1000 for each in definitions
    )


def _since(history: list[Change], from_us: int) -> list[Change]:
    """The history from an instant on, beginning with the level at it."""
    earlier = [change for change in history if change.time <= from_us]
    first = [Change(from_us, earlier[-1].level)] if earlier else []
    return first + [change for change in history if change.time > from_us]


async def _believed(store: Store, check: StoredCheck, from_us: int) -> list[Change]:
    known: list[CheckChange] = [
        change
        for change in await store.changes(check.tenant_key, from_us, _FOR_EVER)
        if change.check_key == check.check_key
    ]
    return [Change(change.time_us, change.level) for change in known]


async def _measurements(
    store: Store, check: StoredCheck, from_us: int, received_by_us: int
) -> AsyncIterator[tuple[int, Status, int | None]]:
    """One a moment, in order: the worst status that was measured, then the highest latency."""
    while True:
        page = await store.results_of_check(check.tenant_key, check.check_key, from_us, _PAGE)
        whole = len(page) < _PAGE
        # The last moment of a full page may go on in the next one.
        last_us = _FOR_EVER if whole or page[-1][0] == page[0][0] else page[-1][0]
        best: dict[int, tuple[int, int | None]] = {}
        for time_us, status, latency_us, received_us in page:
            if status != Status.UNKNOWN and time_us < last_us and received_us <= received_by_us:
                known = best.get(time_us)
                if known is None or (status, latency_us or 0) > (known[0], known[1] or 0):
                    best[time_us] = status, latency_us
        for time_us, (status, latency_us) in best.items():
            yield time_us, Status(status), latency_us
        if whole:
            return
        from_us = last_us if last_us < _FOR_EVER else page[-1][0] + 1


def timeline_of(check: StoredCheck, memory: str | None, now_us: int) -> CheckTimeline:
    """The check's timeline as it is defined now, going on from an engine's memory (JSON) if there is one."""
    definition = check.definition
    stale_after = definition.stale_after_ms * 1000
    if memory is None:
        return CheckTimeline(definition.confirm_failures, definition.confirm_successes, stale_after)
    timeline = CheckTimeline.from_json(json.loads(memory))
    settings = definition.confirm_failures, definition.confirm_successes, stale_after
    if settings != (timeline.confirm_failures, timeline.confirm_successes, timeline.stale_after):
        timeline.redefine(Confirmation(now_us, *settings))
    return timeline
