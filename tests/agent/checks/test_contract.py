"""The one contract of all kinds of checks: whatever a check looks at, it behaves like this."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import importlib
import math
import os
import socket
import time
import types
from collections.abc import AsyncIterator, Coroutine, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from tenantwatch_agent import lag
from tenantwatch_agent.checks.base import Check, Outcome
from tenantwatch_agent.checks.registry import KINDS, build_check
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_wire import limits
from tenantwatch_wire.records import CHECK_KINDS, CheckDefinition, Result, Status

from tests.agent.checks.kinds import ENTRIES, SECRET, Settings
from tests.agent.checks.looking import look
from tests.fakes import hostile
from tests.ports import stable_port

ON_UVLOOP = True
WITH_ADDRESS = [kind for kind, entry in ENTRIES.items() if entry.at is not None]
SILENT = [kind for kind, entry in ENTRIES.items() if entry.at is not None or entry.silent is not None]
MOST_AWAITS = 200
_MEASURED_ELSEWHERE = ("plugin_validation",)
"""Its limit is for what the plugin itself told, and this one tells nothing."""


def kind_of(entry: str) -> str:
    """A kind with several families has an entry for each: ``database_connectivity mysql``."""
    return entry.partition(" ")[0]


async def once(kind: str, settings: Settings, timeout_ms: int = 60_000) -> tuple[Check, Result]:
    check = build_check(kind_of(kind), settings, "contract")
    return check, await look(CheckDefinition("contract", kind_of(kind), 1000, timeout_ms), check)


def held() -> set[str]:
    """What a look may leave behind: its sockets and pipes, by their number, and its processes."""
    found = {f"process {child.pid}" for child in psutil.Process().children(recursive=True)}
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            what = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:
            continue
        if what.startswith(("socket:", "pipe:")):
            found.add(what)
    return found


async def nothing_left(before: set[str], tasks: set[asyncio.Task[Any]]) -> None:
    """Return when no socket, pipe, task or child of a look is left; fail with what is."""
    try:
        async with asyncio.timeout(60):
            while True:
                new_tasks = {task for task in asyncio.all_tasks() - tasks if not task.done()}
                if not (held() - before or new_tasks):
                    return
                # A coroutine that is driven by hand keeps its frames in a cycle with its exception.
                gc.collect()
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"left: {held() - before}, {new_tasks}") from None


@types.coroutine
def cancelled_at(number: int, looking: Coroutine[Any, Any, Outcome]) -> Generator[Any, Any, Outcome]:
    """Runs the look and cancels the task around it at that await, counted from 1."""
    awaits, failure = 0, None
    while True:
        try:
            waiting_for = looking.send(None) if failure is None else looking.throw(failure)
        except StopIteration as done:
            outcome: Outcome = done.value
            return outcome
        awaits += 1
        if awaits == number:
            task = asyncio.current_task()
            assert task is not None
            asyncio.get_running_loop().call_soon(task.cancel)
        try:
            yield waiting_for
            failure = None
        except BaseException as error:
            failure = error


def assert_travels(result: Result) -> None:
    """Within the limits of the wire."""
    assert len(result.text) <= limits.MAX_TEXT_LENGTH
    assert len(result.metrics) <= limits.MAX_METRICS_PER_RESULT
    for name, value in result.metrics.items():
        assert math.isfinite(value), name
        assert 0 < len(name) <= limits.MAX_ID_LENGTH, name
        assert name.isprintable(), name


def shown(check: Check, result: Result) -> str:
    return f"{check.target} {check.phase} {result.text} {' '.join(result.metrics)} {check!r}"


@asynccontextmanager
async def silent_listener() -> AsyncIterator[str]:
    """Accepts and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def test_every_kind_has_an_entry_and_travels_under_its_name() -> None:
    assert set(map(kind_of, ENTRIES)) == KINDS.keys()
    assert KINDS.keys() <= set(CHECK_KINDS)


@pytest.mark.parametrize("kind", ENTRIES)
async def test_a_healthy_target_is_healthy(kind: str, request: pytest.FixtureRequest) -> None:
    async with ENTRIES[kind].healthy(request) as settings:
        check, result = await once(kind, settings)
    assert (result.status, SECRET in shown(check, result)) == (Status.HEALTHY, False), result.text
    assert result.text
    assert 0 < len(check.target) <= limits.MAX_TARGET_LENGTH
    assert check.target.isprintable()
    assert_travels(result)


@pytest.mark.parametrize("kind", ENTRIES)
async def test_a_broken_target_is_unhealthy_with_a_reason(kind: str, request: pytest.FixtureRequest) -> None:
    async with ENTRIES[kind].broken(request) as settings:
        check, result = await once(kind, settings)
    assert result.status is Status.UNHEALTHY, result.text
    assert len(result.text) > 5
    assert SECRET not in shown(check, result)
    assert_travels(result)


@pytest.mark.parametrize("kind", ENTRIES)
async def test_an_unknown_setting_is_refused_by_name(kind: str, request: pytest.FixtureRequest) -> None:
    async with ENTRIES[kind].healthy(request) as settings:
        with pytest.raises(ConfigurationError, match="here: unknown key 'no_such_setting'"):
            build_check(kind_of(kind), {**settings, "no_such_setting": 1}, "here")


@pytest.mark.parametrize("kind", WITH_ADDRESS)
async def test_a_refused_connection_is_unhealthy_with_the_reason(kind: str) -> None:
    at = ENTRIES[kind].at
    assert at is not None
    check, result = await once(kind, at(f"127.0.0.1:{stable_port()}"))
    assert result.status is Status.UNHEALTHY
    assert "refused" in result.text.lower()
    assert SECRET not in shown(check, result)


@asynccontextmanager
async def silent_target(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[Settings]:
    entry = ENTRIES[kind]
    if entry.silent is not None:
        async with entry.silent(request) as settings:
            yield settings
    elif entry.at is not None:
        async with silent_listener() as address:
            yield entry.at(address)


@pytest.mark.parametrize("kind", SILENT)
async def test_silence_is_ended_by_the_timeout_with_its_phase(
    kind: str, request: pytest.FixtureRequest
) -> None:
    async with silent_target(kind, request) as settings:
        before, tasks = held(), asyncio.all_tasks()
        if kind == "tcp_connection":  # all it asks for is that the connection is taken
            assert (await once(kind, settings))[1].status is Status.HEALTHY
            return
        # How much it needs to come to what is silent only the machine knows.
        for timeout_ms in (200, 2_000, 20_000):
            async with asyncio.timeout(60):
                check, result = await once(kind, settings, timeout_ms)
            if check.phase != "start":
                break
        assert check.phase not in ("", "start")
        text = f"no answer within {timeout_ms / 1000:g} s, in phase {check.phase}"
        assert (result.status, result.text) == (Status.UNHEALTHY, text)
        assert SECRET not in shown(check, result)
        await nothing_left(before, tasks)


RUBBISH = (
    b"\x00" * 4_096,
    b"\xff\xfe rubbish \r\n\r\n" * 100,
    b"HTTP/1.1 200 OK\r\n: \r\n\r\n",
    bytes(range(256)),
)


@pytest.mark.parametrize("rubbish", RUBBISH)
@pytest.mark.parametrize("kind", WITH_ADDRESS)
async def test_rubbish_is_unhealthy_with_a_reason(kind: str, rubbish: bytes) -> None:
    at = ENTRIES[kind].at
    assert at is not None
    before, tasks = held(), asyncio.all_tasks()
    async with hostile.saying([rubbish]) as address:
        # Some wait for more of what began like an answer.
        check, result = await once(kind, at(address), 1_000)
    if kind != "tcp_connection":
        assert result.status is Status.UNHEALTHY, result.text
    assert SECRET not in shown(check, result)
    assert_travels(result)
    await nothing_left(before, tasks)


@pytest.mark.parametrize("kind", WITH_ADDRESS)
async def test_who_pours_for_ever_or_drips_is_ended(kind: str) -> None:
    at = ENTRIES[kind].at
    assert at is not None
    before, tasks = held(), asyncio.all_tasks()
    for far_end in (hostile.saying(hostile.endless(b"")), hostile.dripping()):
        async with far_end as address, asyncio.timeout(60):
            _, result = await once(kind, at(address), 20_000 if kind == "tcp_connection" else 500)
        assert result.status is (Status.HEALTHY if kind == "tcp_connection" else Status.UNHEALTHY)
    await nothing_left(before, tasks)


@pytest.mark.parametrize("kind", ENTRIES)
async def test_what_a_late_loop_measured_is_not_the_targets(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No times, and where only they were wrong, nobody knows; every kind that has a limit for them."""
    monkeypatch.setattr(lag, "LAGGED_SECONDS", 0.05)
    async with ENTRIES[kind].healthy(request) as settings:
        fields = importlib.import_module(f"tenantwatch_agent.checks.{KINDS[kind_of(kind)][0]}").Settings
        limit = {"degraded_after_ms": 0.000_1} if "degraded_after_ms" in fields.__slots__ else {}
        # Makes what is made once: what comes late is then the loop alone.
        await once(kind, settings)
        asyncio.get_running_loop().call_soon(time.sleep, 0.15)
        _, result = await once(kind, {**settings, **limit})
    measured = limit and kind not in _MEASURED_ELSEWHERE
    assert result.status is (Status.UNKNOWN if measured else Status.HEALTHY), result.text
    assert result.text.endswith("late: no times were taken)")
    assert result.latency_us is None
    # The kernel's word on its clock is no time that we took.
    others = {"agent_lag_ms", "time_offset_ms"}
    assert not [name for name in result.metrics if name.endswith("_ms") and name not in others]


@pytest.mark.parametrize("kind", ENTRIES)
async def test_cancelled_at_any_await_it_leaves_nothing(kind: str, request: pytest.FixtureRequest) -> None:
    async with ENTRIES[kind].healthy(request) as settings:
        check = build_check(kind_of(kind), settings, "contract")
        await check.look()  # what is opened once, such as the loop's own pipe for threads, is no leak
        before, tasks = held(), asyncio.all_tasks()
        for number in range(1, MOST_AWAITS):
            outcome = await _cancelled_look(check, number)
            await nothing_left(before, tasks)
            if outcome is not None:
                break
        assert outcome is not None, f"a look of {kind} takes more than {MOST_AWAITS} awaits"
        assert outcome.status is Status.HEALTHY


async def _cancelled_look(check: Check, number: int) -> Outcome | None:
    """The outcome of a look that ended before its await of that number; None for one that was cancelled."""

    async def run() -> Outcome:
        return await cancelled_at(number, check.look())

    task = asyncio.create_task(run())
    # As the schedule gives a look up: a library may answer the first cancellation with more waiting.
    for _ in range(3):
        await asyncio.wait([task], timeout=300)
        if task.done():
            return None if task.cancelled() else task.result()
        task.cancel()
    raise AssertionError("the look goes on after it was cancelled")


def _objects() -> int:
    """All but timers: asyncio keeps one that was cancelled, and its context, until its time has come."""
    gc.collect()
    return sum(not isinstance(each, asyncio.TimerHandle | contextvars.Context) for each in gc.get_objects())


async def _grown_objects(check: Check, looks: int) -> int:
    before = _objects()
    for _ in range(looks):
        await check.look()
    return _objects() - before


@pytest.mark.parametrize("kind", ENTRIES)
async def test_repeated_looks_hold_no_more_than_the_first(kind: str, request: pytest.FixtureRequest) -> None:
    async with ENTRIES[kind].healthy(request) as settings:
        check = build_check(kind_of(kind), settings, "contract")
        for _ in range(5):
            await check.look()
        before, tasks = held(), asyncio.all_tasks()
        # What grows, grows every time; a thread or a cache that came once does not.
        rounds: list[int] = []
        while not rounds or (rounds[-1] >= 10 and len(rounds) < 4):
            rounds.append(await _grown_objects(check, 10))
        assert rounds[-1] < 10, rounds
        await nothing_left(before, tasks)


def test_the_package_holds_no_kind_beside_the_table() -> None:
    """A file of the folder that defines Settings is a kind, and the table names it."""
    folder = Path(__file__).parents[3] / "agent" / "tenantwatch_agent" / "checks"
    files = {path.stem for path in folder.glob("*.py") if "\nclass Settings" in path.read_text()}
    assert files == {module for module, _ in KINDS.values()}
