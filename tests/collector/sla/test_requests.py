"""Request counters: what lies between two looks, however they arrive."""

from __future__ import annotations

import random

import pytest
from tenantwatch_collector.sla.requests import (
    Reading,
    decode_looks,
    encode_looks,
    reading,
    requests_between,
)
from tenantwatch_collector.sla.traffic import RequestCount


def test_each_look_counts_from_the_one_before() -> None:
    looks = [Reading(0, 100, 7), Reading(60, 150, 7), Reading(120, 150, 7), Reading(180, 160, 9)]
    assert requests_between(looks, 900) == [
        RequestCount(60, 50, 0),
        RequestCount(120, 0, 0),
        RequestCount(180, 10, 2),
    ]
    assert requests_between(looks[:1], 900) == []


def test_a_counter_that_fell_began_again() -> None:
    assert requests_between([Reading(0, 100, 7), Reading(60, 30, 1)], 900) == [RequestCount(60, 30, 1)]
    assert requests_between([Reading(0, 10, 7), Reading(60, 30, 1)], 900) == [RequestCount(60, 30, 1)]


def test_more_errors_than_requests_are_not_believed() -> None:
    assert requests_between([Reading(0, 10, 0), Reading(60, 12, 9)], 900) == [RequestCount(60, 2, 2)]


def test_looks_too_far_apart_do_not_say_when() -> None:
    looks = [Reading(0, 0, 0), Reading(901, 50, 0), Reading(1801, 60, 5)]
    assert requests_between(looks, 900) == [RequestCount(1801, 10, 5)]


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), 2.0**53])
def test_what_is_no_count_is_no_reading(value: float) -> None:
    assert reading(0, value, 0, 0) is None
    assert reading(0, 10, value, 0) is None


@pytest.mark.parametrize("seed", range(20))
def test_order_and_repetition_do_not_matter_and_spans_add_up(seed: int) -> None:
    chance = random.Random(seed)
    looks = [Reading(chance.randrange(5_000), chance.randrange(500), chance.randrange(50)) for _ in range(60)]
    found = requests_between(looks, 900)
    assert found
    assert requests_between(chance.sample(looks, len(looks)) + looks[:20], 900) == found
    # A span's own looks, with those of the 900 s before, give what all give in it.
    for start in range(0, 5_000, 900):
        near = [each for each in looks if start - 900 <= each.time < start + 900]
        mine = [each for each in requests_between(near, 900) if start <= each.time < start + 900]
        assert mine == [each for each in found if start <= each.time < start + 900]
        assert list(decode_looks(encode_looks(mine, start), start)) == mine
