"""What rollups are made of, summed up: requests look by look, all checks as one, time in each level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from tenantwatch_wire.records import Status

from tenantwatch_collector.reports.members import NOT_COUNTED, TIMED, write_members
from tenantwatch_collector.sla.requests import (
    MAX_GAP_SECONDS,
    Reading,
    encode_looks,
    reading,
    requests_between,
)
from tenantwatch_collector.sla.rollup import Counts, add_up
from tenantwatch_collector.store.base import (
    CheckChange,
    CounterReading,
    RequestRollup,
    Rollup,
    RollupSpan,
    RollupSum,
)


def end_us(span: RollupSpan) -> int:
    return span.start_us + span.width_s * 1_000_000


def counted_requests(span: RollupSpan, readings: Iterable[CounterReading]) -> list[RequestRollup]:
    """A quarter of an hour's requests by check, out of its readings and those just before it."""
    by_check: dict[int, list[Reading]] = {}
    for each in readings:
        found = reading(each.time_us, each.total, each.errors, each.received_at_us)
        if found is not None:
            by_check.setdefault(each.check_key, []).append(found)
    rollups = []
    for check_key, found_all in sorted(by_check.items()):
        counts = requests_between(found_all, MAX_GAP_SECONDS * 1_000_000)
        if inside := [each for each in counts if span.start_us <= each.time < end_us(span)]:
            rollups.append(
                RequestRollup(
                    span.tenant_key,
                    check_key,
                    span.start_us,
                    sum(each.total for each in inside),
                    sum(each.errors for each in inside),
                    encode_looks(inside, span.start_us),
                    max(each.received_at for each in found_all),
                )
            )
    return rollups


def summed(
    span: RollupSpan,
    rollups: Sequence[Rollup],
    requests: Sequence[RequestRollup],
    places: Mapping[int, str],
) -> list[RollupSum]:
    """All checks that count in reports as one; nothing where nobody had results."""
    if not rollups:
        return []
    counted = [each for each in rollups if places.get(each.check_key, NOT_COUNTED) != NOT_COUNTED]
    timed = add_up(counts_of(each) for each in counted if places[each.check_key] == TIMED)
    asked = [each for each in requests if places.get(each.check_key, NOT_COUNTED) != NOT_COUNTED]
    return [
        RollupSum(
            span.tenant_key,
            span.width_s,
            span.start_us,
            write_members({each.check_key for each in rollups}, places),
            sum(each.healthy + each.degraded + each.unhealthy for each in counted),
            sum(each.unhealthy for each in counted),
            timed.latency_count,
            timed.latency_sum_us,
            timed.latency_max_us,
            timed.histogram,
            sum(each.requests for each in asked) if asked else None,
            sum(each.request_errors for each in asked),
            max(*(each.known_at_us for each in rollups), *(each.known_at_us for each in requests), 0),
        )
    ]


def counts_of(rollup: Rollup) -> Counts:
    return Counts(*(getattr(rollup, each.name) for each in fields(Counts)))


def milliseconds_by_level(changes: Sequence[CheckChange], from_us: int, to_us: int) -> dict[Status, int]:
    """How long a check was in each level, its changes in order of time; unknown before the first."""
    spent = dict.fromkeys(Status, 0)
    level, since_ms = Status.UNKNOWN, from_us // 1000
    for change in changes:
        at_ms = max(change.time_us, from_us) // 1000
        spent[level] += at_ms - since_ms
        level, since_ms = change.level, at_ms
    spent[level] += to_us // 1000 - since_ms
    return spent


def rollup_of(span: RollupSpan, check_key: int, counts: Counts, levels: dict[Status, int]) -> Rollup:
    return Rollup(
        tenant_key=span.tenant_key,
        check_key=check_key,
        width_s=span.width_s,
        start_us=span.start_us,
        healthy_ms=levels[Status.HEALTHY],
        degraded_ms=levels[Status.DEGRADED],
        unhealthy_ms=levels[Status.UNHEALTHY],
        unknown_ms=levels[Status.UNKNOWN],
        **{each.name: getattr(counts, each.name) for each in fields(Counts)},
    )
