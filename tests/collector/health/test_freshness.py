"""How long a result speaks for its check, and what may be skipped while all is well."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenantwatch_collector.health import Change, CheckTimeline, Confirmation, Measurement, timeline
from tenantwatch_wire.records import Status

GOOD, SLOW, BAD, UNKNOWN = Status.HEALTHY, Status.DEGRADED, Status.UNHEALTHY, Status.UNKNOWN


def feed(check: CheckTimeline, *results: tuple[int, Status]) -> list[Change]:
    return [change for time, status in results for change in check.apply(time, status)]


def test_silence_is_unknown_at_the_limit_and_gapless_up_to_it() -> None:
    check = CheckTimeline(2, 1, 100)
    check.apply(0, GOOD)
    assert check.next_expiry() == 100
    assert check.expire(100) == []
    assert check.apply(100, GOOD) == []
    assert check.expire(250) == [Change(200, UNKNOWN)]
    assert (check.level, check.next_expiry()) == (UNKNOWN, None)


def test_silence_clears_a_begun_run() -> None:
    check = CheckTimeline(2, 1, 100)
    assert feed(check, (0, GOOD), (50, BAD), (151, BAD)) == [Change(0, GOOD), Change(150, UNKNOWN)]
    assert check.apply(160, BAD) == [Change(151, BAD)]


def test_the_checkers_own_failure_neither_breaks_a_run_nor_refreshes() -> None:
    check = CheckTimeline(2, 2, 25)
    assert feed(check, (0, GOOD), (10, BAD), (15, UNKNOWN), (20, BAD)) == [Change(0, GOOD), Change(10, BAD)]
    assert feed(check, (40, UNKNOWN)) == []
    assert check.expire(46) == [Change(45, UNKNOWN)]


@pytest.mark.parametrize("last", [BAD, SLOW])
def test_only_health_without_a_begun_run_is_quiet(last: Status) -> None:
    check = CheckTimeline(3, 2, 100)
    assert not check.quiet
    check.apply(0, GOOD)
    assert check.quiet
    check.apply(1, last)
    assert not check.quiet


def test_skipped_results_longer_than_the_limit_are_no_silence() -> None:
    check = CheckTimeline(3, 2, 100)
    check.apply(0, GOOD)
    check.keep_fresh(90)
    check.keep_fresh(180)
    assert (check.level, check.since, check.next_expiry()) == (GOOD, 0, 280)


STREAMS = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from([GOOD, GOOD, SLOW, BAD, UNKNOWN])), max_size=40
)
CONFIRM = st.integers(1, 4)


@settings(deadline=None)
@given(STREAMS, CONFIRM, CONFIRM, st.integers(3, 15))
def test_what_is_skipped_while_quiet_changes_nothing(
    steps: list[tuple[int, Status]], failures: int, successes: int, stale_after: int
) -> None:
    """The contract that the engine's prefilter rests on."""
    every = CheckTimeline(failures, successes, stale_after)
    skipping = CheckTimeline(failures, successes, stale_after)
    skipped: int | None = None
    time = 0
    for step, status in steps:
        time += step
        expected = every.apply(time, status)
        limit = (skipped if skipped is not None else skipping.last_time or 0) + stale_after
        if status is GOOD and skipping.quiet and time <= limit:
            assert expected == []
            skipped = time
            continue
        if skipped is not None:
            skipping.keep_fresh(skipped)
            skipped = None
        assert skipping.apply(time, status) == expected
    if skipped is not None:
        skipping.keep_fresh(skipped)
    assert skipping == every


def test_across_a_redefinition_the_longer_limit_holds() -> None:
    """Who looks more often from now on does not make the last look an old one, nor who looks less often."""
    for before, after in ((100, 10), (10, 100)):
        check = CheckTimeline(1, 1, before)
        check.apply(0, GOOD)
        check.redefine(Confirmation(5, 1, 1, after))
        assert check.quiet == (after == 100), "the next result is looked at if it will speak for less time"
        assert check.next_expiry() == 100
        assert check.expire(101) == [Change(100, UNKNOWN)]
        check.apply(200, GOOD)
        assert (check.next_expiry(), check.quiet) == (200 + after, True)


def test_a_silence_before_a_redefinition_stays_one() -> None:
    check = CheckTimeline(1, 1, 10)
    check.apply(0, GOOD)
    check.redefine(Confirmation(50, 1, 1, 100))
    assert check.apply(60, GOOD) == [Change(10, UNKNOWN), Change(60, GOOD)]


def test_an_engine_of_an_earlier_version_left_no_limit() -> None:
    check = CheckTimeline(1, 1, 10)
    check.apply(0, GOOD)
    kept = check.to_json()
    del kept["covers"]
    assert CheckTimeline.from_json(kept) == check


@given(STREAMS, CONFIRM, CONFIRM, st.integers(3, 15), st.integers(0, 300))
def test_defined_anew_as_before_changes_nothing(
    steps: list[tuple[int, Status]], failures: int, successes: int, stale_after: int, since: int
) -> None:
    time, known = 0, list[Measurement]()
    for step, status in steps:
        time += step
        known += [] if status is UNKNOWN else [Measurement(time, status)]
    settings = failures, successes, stale_after
    again = [Confirmation(since, *settings)]
    assert timeline(known, *settings, 400, again) == timeline(known, *settings, 400)
