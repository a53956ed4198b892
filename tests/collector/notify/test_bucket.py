"""How many messages may go: never more than the rate, never fewer for long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tenantwatch_collector.notify.bucket import MAX_PAUSE_SECONDS, TokenBucket


@given(st.integers(1, 6000), st.lists(st.tuples(st.floats(0, 30), st.integers(0, 200)), max_size=50))
def test_no_window_holds_more_than_a_burst_and_the_rate(
    per_minute: int, asks: list[tuple[float, int]]
) -> None:
    bucket, now = TokenBucket(per_minute, 0.0), 0.0
    sent: list[tuple[float, int]] = []
    for pause, wanted in asks:
        now += pause
        count = min(wanted, bucket.available(now))
        bucket.take(count)
        sent.append((now, count))
    burst = max(1.0, per_minute / 6)
    for index, (begin, _) in enumerate(sent):
        total = 0
        for at, count in sent[index:]:
            total += count
            assert total <= burst + (at - begin) * per_minute / 60 + 1e-6


@given(st.integers(1, 6000), st.floats(0, 1000))
def test_after_the_wait_that_it_names_one_may_go(per_minute: int, now: float) -> None:
    bucket = TokenBucket(per_minute, 0.0)
    bucket.take(bucket.available(now))
    bucket.pause(now, 7)
    assert bucket.available(now) == 0
    assert bucket.available(now + bucket.wait_seconds(now) + 1e-6) >= 1


def test_nobody_is_stayed_away_from_for_ever() -> None:
    bucket = TokenBucket(60, 0.0)
    bucket.pause(0.0, 86_400)
    assert bucket.wait_seconds(0.0) == MAX_PAUSE_SECONDS
