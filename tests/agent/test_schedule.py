"""Looks come in time, one at a time for each check, and whatever a check does is a result."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

import pytest
from tenantwatch_agent import schedule as schedule_module
from tenantwatch_agent.checks.base import Outcome
from tenantwatch_agent.checks.registry import build_check
from tenantwatch_agent.checks.surroundings import Surroundings
from tenantwatch_agent.clock import boottime
from tenantwatch_agent.config import ConfiguredCheck
from tenantwatch_agent.errors import CheckerFailed
from tenantwatch_agent.look import Looker
from tenantwatch_agent.schedule import STUCK_SECONDS, Schedule, _Entry, _phase
from tenantwatch_agent.vitals import Vitals
from tenantwatch_wire import limits
from tenantwatch_wire.records import CheckDefinition, Result, Status

pytestmark = pytest.mark.usefixtures("a_busy_machine_spoils_no_times")


class Checking:
    """A check that does what the test hands it."""

    target = "nowhere"
    phase = "waiting"

    def __init__(self, work: Callable[[], Awaitable[Outcome]]) -> None:
        self.look = work


def configured(
    check_id: str, work: Callable[[], Awaitable[Outcome]], interval_ms: int = 100, timeout_ms: int = 1000
) -> ConfiguredCheck:
    return ConfiguredCheck(
        CheckDefinition(check_id, "http_endpoint", interval_ms, timeout_ms),
        Checking(work),  # type: ignore[arg-type]  # look is an attribute here
        timeout_ms / 1000,
    )


async def healthy() -> Outcome:
    return Outcome(Status.HEALTHY)


async def hang() -> Outcome:
    await asyncio.Event().wait()
    raise AssertionError


async def stubborn() -> Outcome:
    """As a library that answers a cancellation with more waiting; the second one is let through."""
    try:
        return await hang()
    except asyncio.CancelledError:
        return await hang()


class Deaf:
    """Takes no cancellation at all until it is let go."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()

    async def __call__(self) -> Outcome:
        while not self.let_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await self.let_go.wait()
        raise ValueError("too late to matter")


class Kept(list[Result]):
    """Where results go; ``reached`` waits for as many."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()

    async def keep(self, results: Sequence[Result]) -> None:
        self.extend(results)
        async with self._changed:
            self._changed.notify_all()

    async def reached(self, count: int) -> None:
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: len(self) >= count)


async def seen(work: Callable[[], Awaitable[Outcome]], timeout_ms: int = 1000) -> Result:
    one = configured("a", work, timeout_ms=timeout_ms)
    return await Looker(Vitals()).look(one)


@pytest.mark.parametrize("name", ["hang", "stubborn", "deaf"])
async def test_the_timeout_bounds_every_check(name: str) -> None:
    deaf = Deaf()
    works: dict[str, Callable[[], Awaitable[Outcome]]] = {"hang": hang, "stubborn": stubborn, "deaf": deaf}
    result = await seen(works[name], timeout_ms=300)
    # One that takes no cancellation goes on by itself.
    assert (name == "deaf") == (len(asyncio.all_tasks()) > 1)
    deaf.let_go.set()
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "no answer within 0.3 s, in phase waiting",
    )
    assert result.latency_us is None


async def test_a_checkers_own_failure_is_unknown_and_tells_no_secret() -> None:
    async def bug() -> Outcome:
        raise ValueError("redis://:hunter2@h")

    async def refused() -> Outcome:
        raise CheckerFailed("no permission")

    result = await seen(bug)
    assert (result.status, result.text) == (Status.UNKNOWN, "the check itself failed: ValueError")
    result = await seen(refused)
    assert (result.status, result.text) == (Status.UNKNOWN, "no permission")


async def test_results_keep_the_limits_of_the_wire() -> None:
    async def wild() -> Outcome:
        text = "a\x00b\nc\ud800" + "x" * 5000
        return Outcome(Status.HEALTHY, text, 2**40, {"good": 1.0, "bad": float("nan")})

    result = await seen(wild)
    assert result.latency_us == limits.MAX_LATENCY_US
    assert result.text.startswith(r"a b c\ud800")
    assert len(result.text) == limits.MAX_TEXT_LENGTH
    assert result.metrics == {"good": 1.0}


async def test_no_check_runs_beside_itself_and_missed_runs_count() -> None:
    running, most = 0, 0

    async def slow() -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.25)
        running -= 1
        return Outcome(Status.HEALTHY)

    kept, vitals = Kept(), Vitals()
    schedule = Schedule("agent", [configured("a", slow)], kept.keep, vitals)
    schedule.start()
    await asyncio.gather(kept.reached(3), schedule.run_now([]), schedule.run_now(["a"]))
    await schedule.stop()
    assert most == 1
    assert vitals.missed_runs >= 2


async def test_one_that_hangs_holds_up_no_other() -> None:
    kept = Kept()
    checks = [configured("stuck", hang, timeout_ms=60_000), configured("a", healthy)]
    schedule = Schedule("agent", checks, kept.keep, Vitals())
    schedule.start()
    await kept.reached(3)
    await schedule.stop()
    assert {result.check_id for result in kept} == {"a"}


async def test_a_result_that_cannot_be_kept_does_not_end_the_check() -> None:
    kept, calls = Kept(), itertools.count()

    async def keep(results: Sequence[Result]) -> None:
        if next(calls) == 0:
            raise RuntimeError("no room")
        await kept.keep(results)

    schedule = Schedule("agent", [configured("a", healthy)], keep, Vitals())
    schedule.start()
    await kept.reached(2)
    await schedule.stop()


async def test_first_looks_are_spread_the_same_way_each_time() -> None:
    async def order() -> list[str]:
        kept = Kept()
        checks = [configured(str(n), healthy, interval_ms=1000) for n in range(8)]
        schedule = Schedule("agent", checks, kept.keep, Vitals())
        schedule.start()
        dues = [entry.due for entry in schedule._entries.values()]
        assert max(dues) - min(dues) > 0.2
        await kept.reached(20)
        await schedule.stop()
        first = {result.check_id: result.time_us for result in reversed(kept)}
        return sorted(first, key=first.__getitem__)

    assert await order() == await order()


async def test_run_now_tells_the_unknown_ones() -> None:
    kept = Kept()
    schedule = Schedule("agent", [configured("a", healthy), configured("b", healthy)], kept.keep, Vitals())
    assert await schedule.run_now(["a", "none"]) == ["none"]
    assert [result.check_id for result in kept] == ["a"]
    assert await schedule.run_now([]) == []
    assert len(kept) == 3


async def test_who_asks_before_a_look_has_begun_shares_it_and_may_go_away() -> None:
    kept, began, release = Kept(), asyncio.Semaphore(0), asyncio.Event()

    async def slow() -> Outcome:
        began.release()
        await release.wait()
        return Outcome(Status.HEALTHY)

    schedule = Schedule("agent", [configured("a", slow, timeout_ms=60_000)], kept.keep, Vitals())
    first = asyncio.create_task(schedule.run_now(["a"]))
    await asyncio.wait_for(began.acquire(), 60)
    asked = [asyncio.create_task(schedule.run_now(["a"] * 1000)) for _ in range(100)]
    gone = asyncio.create_task(schedule.run_now([]))
    await asyncio.sleep(0)
    assert len(schedule.definitions_under_way()) == 2
    gone.cancel()
    release.set()
    async with asyncio.timeout(60):
        await asyncio.gather(first, *asked)
    assert len(kept) == 2
    await schedule.stop()


async def test_looks_that_are_asked_for_one_after_the_other_keep_their_distance() -> None:
    kept, clock = Kept(), SleepyClock()
    schedule = Schedule("agent", [configured("a", healthy)], kept.keep, Vitals(), clock=clock)
    await schedule.run_now(["a"])
    again = asyncio.create_task(schedule.run_now(["a"]))
    await asyncio.sleep(0)
    assert (len(kept), again.done()) == (1, False)
    await asyncio.wait_for(again, 60)
    clock.slept += 5
    await asyncio.wait_for(schedule.run_now(["a"]), 60)
    assert len(kept) == 3
    await schedule.stop()


class SleepyClock:
    """Boot time with suspends that the test makes."""

    def __init__(self) -> None:
        self.slept = 0.0

    def __call__(self) -> float:
        return boottime() + self.slept


async def test_after_a_suspend_missed_runs_count_and_nothing_comes_in_a_burst() -> None:
    kept, vitals, clock = Kept(), Vitals(), SleepyClock()
    looked: dict[str, list[float]] = defaultdict(list)

    async def work(check_id: str) -> Outcome:
        if vitals.missed_runs > 100_000:  # it has woken
            looked[check_id].append(clock())
        return Outcome(Status.HEALTHY)

    checks = [configured(str(n), partial(work, str(n)), interval_ms=1000) for n in range(50)]
    schedule = Schedule("agent", checks, kept.keep, vitals, clock=clock)
    schedule.start()
    await kept.reached(50)
    before = vitals.missed_runs
    clock.slept += 3600
    woken_at = clock()
    async with asyncio.timeout(60):
        while len(looked) < 50:
            await kept.reached(len(kept) + 1)
    await schedule.stop()
    assert 50 * 3590 <= vitals.missed_runs - before <= 50 * 3610
    # Spread over the second as at the start, not all together.
    for check_id, entry in schedule._entries.items():
        assert looked[check_id][0] >= woken_at + entry.phase


async def test_who_judges_others_looks_first_when_they_have_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_module, "FIRST_WITHIN_SECONDS", 0.1)
    kept, clock, around, release = Kept(), SleepyClock(), Surroundings(), asyncio.Event()

    async def slow() -> Outcome:
        await release.wait()
        return Outcome(Status.HEALTHY)

    async def keep(results: Sequence[Result]) -> None:
        around.latest.record(results[0])
        await kept.keep(results)

    ids = sorted("abcdef", key=lambda each: _phase("agent", configured(each, healthy).definition))
    early, asked, late = ids[0], ids[1], ids[-1]
    hour = {"interval_ms": 3_600_000, "timeout_ms": 600_000}
    judge = build_check("business_logic", {"healthy_if": f"{asked}.status == 0"}, "test", around)
    checks = [
        replace(configured(early, healthy, **hour), check=judge),
        configured(asked, slow, **hour),
        configured(late, healthy, **hour),
    ]
    schedule = Schedule("agent", checks, keep, Vitals(), clock=clock)
    schedule.start()
    for turn in range(2):
        # By the time that the last one has looked the first one was due.
        await kept.reached(3 * turn + 1)
        assert [result.check_id for result in kept[3 * turn :]] == [late]
        release.set()
        await kept.reached(3 * turn + 3)
        seen = [(result.check_id, result.status) for result in kept[3 * turn + 1 :]]
        assert seen == [(asked, Status.HEALTHY), (early, Status.HEALTHY)]
        # What was seen before a suspend is too old afterwards.
        release.clear()
        clock.slept += 2 * 3600
    await schedule.stop()


async def test_who_judges_one_that_hangs_looks_in_his_second_run() -> None:
    kept = Kept()
    judge = build_check("business_logic", {"healthy_if": "stuck.status == 0"}, "test", Surroundings())
    checks = [
        configured("stuck", hang, timeout_ms=60_000),
        replace(configured("a", healthy), check=judge),
        # Of one that waits for itself, or for one that there is not, nothing is to be waited for.
        replace(
            configured("b", healthy),
            check=build_check("business_logic", {"healthy_if": "b.status + c.status == 0"}, "test"),
        ),
    ]
    schedule = Schedule("agent", checks, kept.keep, Vitals())
    schedule.start()
    await kept.reached(4)
    await schedule.stop()
    assert {(result.check_id, result.status) for result in kept} == {
        ("a", Status.UNKNOWN),
        ("b", Status.UNKNOWN),
    }


async def test_a_reload_restarts_only_what_changed_and_loses_no_look() -> None:
    kept, vitals = Kept(), Vitals()
    release = asyncio.Event()

    async def slow() -> Outcome:
        await release.wait()
        return Outcome(Status.HEALTHY)

    same = replace(configured("same", healthy, interval_ms=60_000), fingerprint="1")
    gone = configured("gone", slow, interval_ms=60_000, timeout_ms=60_000)
    schedule = Schedule("agent", [same, gone], kept.keep, vitals)
    schedule.start()
    running = asyncio.create_task(schedule.run_now(["gone"]))
    await kept.reached(1)
    entry = schedule._entries["same"]
    again = replace(configured("same", healthy, interval_ms=60_000), fingerprint="1")
    schedule.apply([again, configured("new", healthy)], 8, None)
    assert schedule._entries["same"] is entry
    await kept.reached(2)
    assert "new" in {result.check_id for result in kept}
    # Its look was under way: it is carried to its end and kept, though nobody configures it any more.
    release.set()
    await running
    assert "gone" in {result.check_id for result in kept}
    assert "gone" not in schedule.latest
    changed = replace(again, fingerprint="2")
    schedule.apply([changed], 8, None)
    assert schedule._entries["same"] is not entry
    await schedule.stop()


async def test_no_more_looks_at_once_than_allowed() -> None:
    kept = Kept()
    running, most = 0, 0

    async def work() -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return Outcome(Status.HEALTHY)

    checks = [configured(str(n), work) for n in range(40)]
    schedule = Schedule("agent", checks, kept.keep, Vitals(), max_concurrent=3)
    schedule.start()
    await kept.reached(80)
    await schedule.stop()
    assert most == 3


async def test_a_check_that_waits_for_its_next_attempt_holds_up_no_other() -> None:
    kept = Kept()

    async def down() -> Outcome:
        return Outcome(Status.UNHEALTHY, "refused")

    failing = [replace(configured(f"down-{n}", down), retries=1, retry_delay_seconds=600.0) for n in range(8)]
    schedule = Schedule("agent", [*failing, configured("up", healthy)], kept.keep, Vitals(), max_concurrent=2)
    schedule.start()
    try:
        await asyncio.wait_for(kept.reached(5), 60)
        # A reload in between frees nobody and stops nobody.
        schedule.apply([*failing, configured("up", healthy)], 2, None)
        await asyncio.wait_for(kept.reached(10), 60)
    finally:
        await schedule.stop()
    assert {result.check_id for result in kept} == {"up"}


async def test_a_reload_lets_no_more_look_at_once() -> None:
    running, most = 0, 0
    kept = Kept()

    async def work() -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return Outcome(Status.HEALTHY)

    def checks() -> list[ConfiguredCheck]:
        return [configured(str(n), work) for n in range(20)]

    schedule = Schedule("agent", checks(), kept.keep, Vitals(), max_concurrent=2)
    schedule.start()
    try:
        for _ in range(10):
            schedule.apply(checks(), 2, None)
            await asyncio.wait_for(kept.reached(len(kept) + 3), 60)
    finally:
        await schedule.stop()
    assert most == 2


async def test_it_says_that_it_is_alive() -> None:
    alive = asyncio.Event()
    schedule = Schedule("agent", [], Kept().keep, Vitals(), on_tick=alive.set)
    schedule.start()
    await asyncio.wait_for(alive.wait(), 60)
    await schedule.stop()


@pytest.mark.parametrize("interval_seconds", [0.1, 1.0, 300.0])
@pytest.mark.parametrize("phase", [0.0, 0.3, 0.999])
def test_runs_follow_one_another_at_the_checks_own_phase(interval_seconds: float, phase: float) -> None:
    one = configured("a", healthy, interval_ms=round(interval_seconds * 1000))
    entry, now = _Entry(one, phase), 12_345.678
    entry.begin(now)
    assert now <= entry.due <= now + min(interval_seconds, 5)
    dues = []
    for _ in range(50):
        now = entry.due
        assert entry.missed(now) == 0
        entry.advance(now)
        dues.append(entry.due)
        assert interval_seconds * 0.499 <= entry.due - now <= interval_seconds * 1.501
    gaps = [b - a for a, b in itertools.pairwise(dues)]
    assert gaps == pytest.approx([interval_seconds] * 49)
    assert dues[0] % interval_seconds == pytest.approx(phase * interval_seconds, abs=1e-3)


async def test_a_schedule_that_is_stuck_feeds_no_watchdog_and_is_told_of() -> None:
    """The loop goes on and everything else with it: the schedule alone does not come to its next tick."""
    ticks, broken = 0, asyncio.Event()

    def clock() -> float:
        if broken.is_set():
            raise RuntimeError("no clock any more")
        return boottime()

    def tick() -> None:
        nonlocal ticks
        ticks += 1

    kept = Kept()
    schedule = Schedule("agent", [configured("a", healthy)], kept.keep, Vitals(), clock=clock, on_tick=tick)
    schedule.start()
    try:
        await kept.reached(2)
        assert ticks > 0
        broken.set()
        with pytest.raises(RuntimeError, match="no clock any more"):
            await asyncio.wait_for(schedule.failed(), 60)
        before = ticks
        # Others have their turns; nobody ticks in its place.
        for _ in range(100):
            await asyncio.sleep(0)
        assert ticks == before
    finally:
        await schedule.stop()


async def test_looks_that_never_end_feed_no_watchdog(caplog: pytest.LogCaptureFixture) -> None:
    """As with a disk or a lock that holds every result: the loop and the schedule themselves go on."""
    clock, release, held = SleepyClock(), asyncio.Event(), asyncio.Semaphore(0)

    async def keep(_: Sequence[Result]) -> None:
        held.release()
        await release.wait()

    schedule = Schedule("agent", [configured("a", healthy)], keep, Vitals(), clock=clock)
    schedule.start()
    await asyncio.wait_for(held.acquire(), 60)
    now = clock()
    assert not schedule._has_stopped(now + 55)
    # The look's own second, and as long as nobody's look may still take.
    assert schedule._has_stopped(now + STUCK_SECONDS + 10)
    assert schedule._has_stopped(now + STUCK_SECONDS + 20)
    assert caplog.text.count("none of them will") == 1
    release.set()
    await asyncio.wait_for(held.acquire(), 60)
    assert not schedule._has_stopped(clock())
    await schedule.stop()


async def test_a_blocked_look_holds_up_no_tick() -> None:
    """What feeds the watchdog is that the schedule goes on, not that checks are answered."""
    ticks = asyncio.Semaphore(0)
    schedule = Schedule(
        "agent", [configured("a", hang, timeout_ms=60_000)], Kept().keep, Vitals(), on_tick=ticks.release
    )
    schedule.start()
    try:
        async with asyncio.timeout(60):
            for _ in range(5):
                await ticks.acquire()
    finally:
        await schedule.stop()
