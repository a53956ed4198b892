"""Streams that end soon are waited for ever longer; one that held begins the count anew."""

from __future__ import annotations

import itertools

from tenantwatch_agent.stream import backoff
from tenantwatch_agent.stream.backoff import Backoff


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_being_welcomed_is_not_enough_to_be_tried_at_once_again() -> None:
    waits = Backoff()
    for lasted in itertools.islice(itertools.cycle((0.0, 3.0, None)), 12):
        waits.ended(lasted)
    least, most = backoff.BACKOFF_SECONDS
    assert most / 2 <= waits.seconds() <= most
    assert most / 2 <= waits.seconds(0.0) <= most
    assert waits.seconds(60.0) == 60.0
    assert waits.renewal_seconds() == backoff.RENEWAL_SECONDS
    waits.ended(backoff.STEADY_SECONDS)
    assert waits.seconds() <= 2 * least
    assert (waits.seconds(0.3), waits.renewal_seconds()) == (0.3, 0.0)


def test_after_a_long_outage_one_short_stream_is_no_reason_to_wait_long() -> None:
    waits = Backoff()
    for _ in range(10):
        waits.ended(None)
    assert waits.seconds() >= backoff.BACKOFF_SECONDS[1] / 2
    waits.ended(0.5)
    assert waits.seconds() <= 2 * backoff.BACKOFF_SECONDS[0]


def test_a_stream_that_took_results_is_followed_by_the_next_at_once() -> None:
    waits = Backoff()
    for _ in range(backoff.MANY_STREAMS - 1):
        waits.ended(0.5, took_results=True)
        assert waits.seconds() <= 2 * backoff.BACKOFF_SECONDS[0]
        assert waits.seconds(0.05) == 0.05


def test_many_streams_in_a_minute_are_waited_for_however_useful() -> None:
    clock = Clock()
    waits = Backoff(clock)
    for _ in range(backoff.MANY_STREAMS):
        waits.ended(0.5, took_results=True)
    assert waits.seconds() == waits.seconds(0.05) == backoff.CROWDED_SECONDS
    assert waits.renewal_seconds() == backoff.RENEWAL_SECONDS
    clock.now += backoff.WITHIN_SECONDS
    assert waits.seconds(0.05) == 0.05


def test_two_that_take_turns_leave_each_other_ever_longer() -> None:
    clock = Clock()
    waits = Backoff(clock)
    least, most = backoff.TWIN_SECONDS
    assert not waits.has_twin
    assert least / 2 <= waits.twin_seconds() <= least
    for _ in range(10):
        clock.now += most
        last = waits.twin_seconds()
    assert most / 2 <= last <= most
    assert waits.has_twin
    clock.now += backoff.TWIN_FORGOTTEN_SECONDS
    assert not waits.has_twin
    assert waits.twin_seconds() <= least
