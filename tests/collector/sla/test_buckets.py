"""Buckets equal raw results, field for field, whatever masks, arrivals and instants cut them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenantwatch_collector.health import CheckResult, Group
from tenantwatch_collector.sla import (
    CheckTerms,
    Facts,
    Maintenance,
    Period,
    Rollups,
    Terms,
    buckets_of,
    evaluate,
    known_facts,
    raw_spans,
    report,
)
from tenantwatch_collector.sla.buckets import Bucket, coarser
from tenantwatch_collector.sla.histogram import LatencyHistogram
from tenantwatch_collector.sla.rollup import count_checks
from tenantwatch_collector.sla.sparse import decode_counts, encode_counts
from tenantwatch_wire.records import Status

from tests.collector.sla.test_evaluate import AS_OF, RESULTS, WINDOWS, redefined, terms

PERIOD = Period(40, 160)


def bucketed(
    agreed: Terms, raw: Facts, results: dict[str, list[CheckResult]], period: Period, as_of: int, until: int
) -> Facts:
    """The same facts with buckets in the place of all results that they can stand for."""
    buckets = {
        name: [b for b in buckets_of(series, 7, agreed.max_future_skew) if b.end <= until]
        for name, series in results.items()
    }
    facts = replace(raw, rollups=Rollups(buckets, until // 7 * 7))
    spans = raw_spans(agreed, facts, period, as_of)
    kept = {
        name: [m for m in series if any(low <= m.time < high for low, high in spans)]
        for name, series in raw.measured.items()
    }
    return replace(facts, measured=kept)


@settings(max_examples=200, deadline=None)
@given(terms() | redefined(), RESULTS, WINDOWS, AS_OF, st.integers(0, 240))
def test_buckets_equal_raw_results(agreed, results, windows, as_of, until) -> None:  # type: ignore[no-untyped-def]
    raw = known_facts(agreed, results, as_of, windows)
    by_buckets = bucketed(agreed, raw, results, PERIOD, as_of, until)
    expected, found = evaluate(agreed, raw, PERIOD, as_of), evaluate(agreed, by_buckets, PERIOD, as_of)
    assert found == expected
    assert report(found) == report(expected)
    assert found.basis.left_out == []


@settings(max_examples=60, deadline=None)
@given(terms(), RESULTS, WINDOWS, AS_OF, st.integers(0, 240))
def test_sums_over_checks_equal_raw_results(agreed, results, windows, as_of, until) -> None:  # type: ignore[no-untyped-def]
    """Every other bucket stands for all checks that count, with the latencies of those that are timed."""
    agreed = replace(
        agreed, checks=tuple(replace(check, timed=n % 2 == 0) for n, check in enumerate(agreed.checks))
    )
    raw = known_facts(agreed, results, as_of, windows)
    roles = {group.name: group.role for group in agreed.groups}
    together: dict[int, Bucket] = {}
    apart: dict[str, list[Bucket]] = {}
    for check in agreed.checks:
        for bucket in buckets_of(results.get(check.check_id, ()), 7, agreed.max_future_skew):
            if bucket.end > until:
                continue
            if bucket.start % 2:
                apart.setdefault(check.check_id, []).append(bucket)
            elif roles[check.group] != "informational":
                if not check.timed:
                    bucket.latency = LatencyHistogram()
                together.setdefault(bucket.start, Bucket(bucket.start, 7)).merge(bucket)
    sums = [together[start] for start in sorted(together)]
    facts = replace(raw, rollups=Rollups(apart, until // 7 * 7, None, sums))
    spans = raw_spans(agreed, facts, PERIOD, as_of)
    kept = {
        name: [m for m in series if any(low <= m.time < high for low, high in spans)]
        for name, series in raw.measured.items()
    }
    assert evaluate(agreed, replace(facts, measured=kept), PERIOD, as_of) == evaluate(
        agreed, raw, PERIOD, as_of
    )


SERIES = st.lists(
    st.builds(
        CheckResult,
        st.integers(0, 200),
        st.sampled_from(Status),
        st.none() | st.integers(0, 10**7),
        st.none(),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(SERIES, st.randoms(use_true_random=False))
def test_buckets_do_not_depend_on_the_order_of_arrival(series, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = series + series[:5]
    random.shuffle(shuffled)
    assert buckets_of(shuffled, 10, 30) == buckets_of(series, 10, 30)


@settings(max_examples=60, deadline=None)
@given(SERIES)
def test_longer_buckets_are_the_sum_of_shorter_ones(series) -> None:  # type: ignore[no-untyped-def]
    assert coarser(buckets_of(series, 10, 30), 60) == buckets_of(series, 60, 30)


AGREED = Terms((CheckTerms("a", "web", 1, 1, 1000),), (Group("web", "critical"),))
DAY = [CheckResult(t, Status.UNHEALTHY if t == 450 else Status.HEALTHY, 1000 + t) for t in range(0, 1000, 50)]


def test_the_report_says_what_it_rests_on() -> None:
    raw = known_facts(AGREED, {"a": DAY}, 1000)
    facts = bucketed(AGREED, raw, {"a": DAY}, Period(0, 1000), 1000, 500)
    found = evaluate(AGREED, facts, Period(0, 1000), 1000)
    assert found.basis.buckets + found.basis.results == 20
    assert (found.basis.buckets, found.basis.left_out) == (10, [])
    assert (found.traffic.total, found.traffic.errors) == (20, 1)


def test_a_cut_bucket_whose_results_are_gone_is_left_out_and_named() -> None:
    buckets = {"a": buckets_of(DAY, 100, 30)}
    changes = known_facts(AGREED, {"a": DAY}, 1000).changes
    windows = [Maintenance(450, 520)]
    facts = Facts(changes, {}, windows, rollups=Rollups(buckets, 1000, raw_from=600))
    found = evaluate(AGREED, facts, Period(0, 1000), 1000)
    assert found.basis.left_out == [(400, 450), (520, 600)]
    assert found.traffic.total == 16
    assert sum(found.seconds.values()) == 1000


def test_a_bucket_with_something_not_yet_known_is_counted_one_by_one() -> None:
    late = [*DAY, CheckResult(51, Status.UNHEALTHY, None, 2000)]
    raw = known_facts(AGREED, {"a": late}, 1000)
    facts = bucketed(AGREED, raw, {"a": late}, Period(0, 1000), 1000, 1000)
    assert [m.time for m in facts.measured["a"]] == [50]
    assert evaluate(AGREED, facts, Period(0, 1000), 1000).traffic.errors == 1


@given(st.dictionaries(st.integers(0, 57 << 8), st.integers(1, 2**40), max_size=50))
def test_counts_survive_their_bytes(counts: dict[int, int]) -> None:
    assert decode_counts(encode_counts(counts)) == counts


def test_the_bytes_are_few() -> None:
    fifteen = LatencyHistogram.of(range(120_000, 135_000, 1000))
    assert len(encode_counts(fifteen.counts)) <= 45
    assert encode_counts({}) == b""


@pytest.mark.parametrize(
    "damaged", [b"\x80", b"\x01", b"\x01\x00", b"\x01\x01\x00\x01", b"\xff" * 12, b"\xff\xff\x7f\x01"]
)
def test_damaged_bytes_are_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="histogram"):
        decode_counts(damaged)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        counts = decode_counts(raw)
    except ValueError:
        return
    assert decode_counts(encode_counts(counts)) == counts


def test_no_results_make_no_counts() -> None:
    """A span of time can be asked for by a change alone."""
    nothing = np.zeros(0, np.int64)
    assert count_checks(nothing, nothing, np.zeros(0, np.uint8), nothing, nothing) == {}
