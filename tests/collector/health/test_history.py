"""A timeline is a function of a set of results, and equals the rules read word for word."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tenantwatch_collector.health import Change, CheckResult, Measurement, measurements, revise, timeline
from tenantwatch_wire.records import Status

GOOD, SLOW, BAD, UNKNOWN = Status.HEALTHY, Status.DEGRADED, Status.UNHEALTHY, Status.UNKNOWN
END = 120


def by_the_book(results: list[Measurement], failures: int, successes: int, stale_after: int) -> list[Status]:
    """The level of every instant, by rewriting one list per threshold as runs complete."""
    filters = {
        threshold: _filter(results, threshold, failures, successes, stale_after) for threshold in (1, 2)
    }
    levels = []
    for at_least_slow, unhealthy in zip(filters[1], filters[2], strict=True):
        if unhealthy is None:
            levels.append(UNKNOWN)
        else:
            levels.append(BAD if unhealthy else SLOW if at_least_slow else GOOD)
    return levels


def _filter(
    results: list[Measurement], threshold: int, failures: int, successes: int, stale_after: int
) -> list[bool | None]:
    states: list[bool | None] = [None] * END
    state: bool | None = None
    run: list[int] = []
    last: int | None = None
    for result in results:
        if last is not None and result.time > last + stale_after:
            state, run = None, []
            states[last + stale_after :] = [None] * len(states[last + stale_after :])
        last = result.time
        bad = result.status >= threshold
        run = [*run, result.time] if bad != state else []
        need = failures if bad else 1 if state is None else successes
        # From unknown, runs of good and bad results cannot mix: the first good one ends unknown.
        if len(run) >= need:
            begin = result.time if state is None and not bad else run[0]
            states[begin:] = [bad] * len(states[begin:])
            state, run = bad, []
    if last is not None and last + stale_after < END:
        states[last + stale_after :] = [None] * len(states[last + stale_after :])
    return states


def levels(changes: list[Change]) -> list[Status]:
    found, level = [], UNKNOWN
    by_time = {change.time: change.level for change in changes}
    for time in range(END):
        level = by_time.get(time, level)
        found.append(level)
    return found


RESULTS = st.dictionaries(st.integers(0, END - 1), st.sampled_from([GOOD, SLOW, BAD]), max_size=40)


@settings(max_examples=400, deadline=None)
@given(RESULTS, st.integers(1, 5), st.integers(1, 4), st.integers(1, 30))
@example({0: BAD, 10: SLOW, 20: SLOW}, 3, 2, 30)
def test_equals_the_rules_word_for_word(
    results: dict[int, Status], failures: int, successes: int, stale_after: int
) -> None:
    known = [Measurement(time, status) for time, status in sorted(results.items())]
    changes = timeline(known, failures, successes, stale_after, END)
    assert levels(changes) == by_the_book(known, failures, successes, stale_after)
    times = [change.time for change in changes]
    assert times == sorted(set(times))


ARRIVALS = st.lists(
    st.builds(
        CheckResult,
        st.integers(0, 60),
        st.sampled_from(list(Status)),
        st.none() | st.integers(0, 9),
        st.none() | st.integers(0, 90),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(ARRIVALS, st.randoms(use_true_random=False), st.integers(0, 90))
def test_the_order_and_number_of_arrivals_do_not_matter(
    arrivals: list[CheckResult], random: object, as_of: int
) -> None:
    shuffled = arrivals + arrivals[:5]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert measurements(shuffled, as_of, 5) == measurements(arrivals, as_of, 5)


@settings(deadline=None)
@given(ARRIVALS, st.integers(0, 90))
def test_what_arrives_later_was_not_known(arrivals: list[CheckResult], as_of: int) -> None:
    by_then = [r for r in arrivals if (r.time if r.received_at is None else r.received_at) <= as_of]
    assert measurements(by_then, as_of, 5) == measurements(arrivals, as_of, 5)


def test_duplicates_count_once_at_their_worst() -> None:
    twice = [
        CheckResult(5, GOOD, 90),
        CheckResult(5, BAD, 10),
        CheckResult(5, BAD, 20),
        CheckResult(5, UNKNOWN),
    ]
    assert measurements(twice, 100, 30) == [Measurement(5, BAD, 20)]


def test_a_time_too_far_ahead_is_read_as_the_receipts() -> None:
    ahead = [CheckResult(131, GOOD, 1, 100), CheckResult(230, GOOD, 2, 200), CheckResult(50, BAD, 3, 300)]
    assert [m.time for m in measurements(ahead, 300, 30)] == [50, 100, 230]


def test_a_revision_replaces_what_was_thought() -> None:
    history = [Change(0, GOOD), Change(30, UNKNOWN)]
    revise(history, [Change(10, SLOW), Change(20, BAD)])
    assert history == [Change(0, GOOD), Change(10, SLOW), Change(20, BAD)]
    revise(history, [Change(10, GOOD)])
    assert history == [Change(0, GOOD)]
