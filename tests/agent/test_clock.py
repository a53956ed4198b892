"""A wall clock that nobody sets ahead."""

from __future__ import annotations

import time

from tenantwatch_agent.clock import NeverAhead, boottime


def test_it_goes_on_by_what_has_passed_and_follows_a_clock_that_is_set_back() -> None:
    passed, wall = [50.0], [1_000.0]
    now = NeverAhead(lambda: passed[0], lambda: wall[0])
    assert now() == 1_000
    wall[0] += 5_000
    assert now() == 1_000
    passed[0] += 7
    assert now() == 1_007
    wall[0] = 400
    assert now() == 400
    wall[0] = 1_007
    assert now() == 1_007


def test_by_default_it_is_the_time_of_this_machine() -> None:
    before = boottime()
    assert NeverAhead()() <= time.time()
    assert boottime() >= before
