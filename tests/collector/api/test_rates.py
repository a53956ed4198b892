"""Rates: a bucket for each caller, filled again with time, and few callers remembered."""

from __future__ import annotations

import pytest
from tenantwatch_collector.api import rates
from tenantwatch_collector.api.rates import Rates
from tenantwatch_collector.errors import TooMany


def test_a_bucket_is_emptied_and_filled_again() -> None:
    now = 0.0
    bucket = Rates(60, lambda: now)
    first = bucket.take("ann")
    assert first.headers() == {
        "RateLimit-Policy": '"caller";q=60;w=60',
        "RateLimit": '"caller";r=59;t=1',
    }
    for _ in range(59):
        last = bucket.take("ann")
    assert (last.remaining, last.reset_seconds) == (0, 60)
    with pytest.raises(TooMany, match="60 requests a minute") as refused:
        bucket.take("ann")
    assert refused.value.delay_seconds == 1
    assert bucket.take("bob").remaining == 59
    now = 1.0
    assert bucket.take("ann").remaining == 0
    now = 1_000.0
    assert bucket.take("ann").remaining == 59


def test_few_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MAX_BUCKETS", 2)
    bucket = Rates(60, lambda: 0.0)
    for who in ("ann", "bob", "carl", "ann"):
        assert bucket.take(who).remaining == 59
    assert bucket.take("carl").remaining == 58
