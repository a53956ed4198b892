"""One look: attempts become one result, and a failure of our own is never the target's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tenantwatch_agent import egress, lag, look
from tenantwatch_agent.checks.base import Outcome, OwnTime
from tenantwatch_agent.checks.own_waits import OwnWaits
from tenantwatch_agent.clock import boottime
from tenantwatch_agent.config import ConfiguredCheck
from tenantwatch_agent.config.sections import Egress
from tenantwatch_agent.egress import OwnEgress, depends_on_egress
from tenantwatch_agent.errors import CheckerFailed
from tenantwatch_agent.look import Looker
from tenantwatch_agent.vitals import Vitals
from tenantwatch_wire import limits
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tests.ports import stable_port

_BOUNDS: dict[tuple[Any, str], float] = {
    (lag, "LAGGED_SECONDS"): lag.LAGGED_SECONDS,
    (lag, "STOOD_STILL_SECONDS"): lag.STOOD_STILL_SECONDS,
    (lag, "SLEPT_SECONDS"): lag.SLEPT_SECONDS,
    (look, "_OWN_PART"): look._OWN_PART,
}


@pytest.fixture(autouse=True)
def unspoilt(a_busy_machine_spoils_no_times: None) -> None:
    """For every look that does not lag on purpose."""


@pytest.fixture
def bounds_of_the_field(unspoilt: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the agent has them that no test has changed."""
    for module, name in _BOUNDS:
        monkeypatch.setattr(module, name, _BOUNDS[module, name])


class Attempts:
    """A check whose attempts see what the test lists, the last for ever."""

    target = "http://shop.example.org/"
    phase = "waiting"

    def __init__(self, *seen: Outcome | Exception) -> None:
        self._seen = list(seen)
        self.made = 0

    async def look(self) -> Outcome:
        self.made += 1
        seen = self._seen.pop(0) if len(self._seen) > 1 else self._seen[0]
        if isinstance(seen, Exception):
            raise seen
        return seen


DOWN = Outcome(Status.UNHEALTHY, "refused", 5, {"connect_ms": 1.0})
UP = Outcome(Status.HEALTHY, "", 7)


def one(
    check: object, retries: int = 0, needs_egress: bool | None = None, target: str = ""
) -> ConfiguredCheck:
    definition = CheckDefinition("a", "http_endpoint", 1000, 1000, target=target or Attempts.target)
    return ConfiguredCheck(definition, check, 1.0, retries, 0.01, needs_egress)  # type: ignore[arg-type]


async def seen(check: Attempts, retries: int = 0) -> Result:
    return await Looker(Vitals()).look(one(check, retries))


async def test_retries_are_attempts_inside_one_result() -> None:
    check = Attempts(DOWN, CheckerFailed("no socket"), UP)
    result = await seen(check, retries=5)
    assert (check.made, result.status, result.latency_us) == (3, Status.HEALTHY, 7)
    assert result.metrics == {"attempts": 3.0}
    assert result.text == "(attempt 3; the first: refused)"


async def test_the_last_attempt_counts_and_without_trouble_there_is_one() -> None:
    check = Attempts(DOWN)
    result = await seen(check, retries=2)
    assert (check.made, result.status) == (3, Status.UNHEALTHY)
    assert result.metrics == {"attempts": 3.0, "connect_ms": 1.0}
    degraded = Attempts(Outcome(Status.DEGRADED, "slow"))
    assert (await seen(degraded, retries=2)).metrics == {"attempts": 1.0}
    assert degraded.made == 1
    assert (await seen(Attempts(UP))).metrics == {}


async def lagging(
    work: Callable[[], Awaitable[Outcome]], timeout_seconds: float = 1.0
) -> tuple[Result, Vitals]:
    class Lagging(Attempts):
        async def look(self) -> Outcome:
            await asyncio.sleep(0.03)
            time.sleep(0.3)  # noqa: ASYNC251 - the agent's own loop stands still
            return await work()

    vitals = Vitals()
    configured = ConfiguredCheck(
        CheckDefinition("a", "http_endpoint", 1000, 1000), Lagging(UP), timeout_seconds
    )
    return await Looker(vitals).look(configured), vitals


@pytest.mark.usefixtures("bounds_of_the_field")
async def test_what_only_times_said_while_we_lagged_is_unknown() -> None:
    async def slow() -> Outcome:
        return Outcome(Status.UNHEALTHY, "took 300 ms", 300_000, {"total_ms": OwnTime(300)}, by_latency=True)

    result, vitals = await lagging(slow)
    assert (result.status, result.latency_us) == (Status.UNKNOWN, None)
    assert result.metrics.keys() == {"agent_lag_ms"}
    assert vitals.lagged_looks == 1


@pytest.mark.usefixtures("bounds_of_the_field")
async def test_a_timeout_that_we_ourselves_used_up_is_unknown() -> None:
    async def hang() -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError

    result, _ = await lagging(hang, timeout_seconds=0.4)
    assert result.status is Status.UNKNOWN
    assert result.text.startswith("no answer within 0.4 s")


@pytest.mark.usefixtures("bounds_of_the_field")
@pytest.mark.parametrize(
    ("stops", "then", "made", "expected"),
    [
        (1, UP, 2, Status.HEALTHY),
        (1, DOWN, 2, Status.UNHEALTHY),
        (2, DOWN, 2, Status.UNKNOWN),
        (0, DOWN, 1, Status.UNHEALTHY),
    ],
)
async def test_what_failed_while_we_stood_still_is_looked_at_anew(
    monkeypatch: pytest.MonkeyPatch, stops: int, then: Outcome, made: int, expected: Status
) -> None:
    stood_still = 0.0
    monkeypatch.setattr(lag, "boottime", lambda: boottime() + stood_still)
    monkeypatch.setattr(lag, "STOOD_STILL_SECONDS", 600.0)
    monkeypatch.setattr(lag, "SLEPT_SECONDS", 6_000.0)

    class Stopped(Attempts):
        async def look(self) -> Outcome:
            nonlocal stood_still
            seen = await super().look()
            if self.made <= stops:
                stood_still += 1_000
            return seen

    check = Stopped(DOWN, then)
    result = await seen(check)
    assert (check.made, result.status) == (made, expected), result.text


@pytest.mark.usefixtures("bounds_of_the_field")
async def test_after_a_sleep_of_the_machine_the_next_run_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = 0.0
    monkeypatch.setattr(lag, "boottime", lambda: boottime() + slept)

    class Asleep(Attempts):
        async def look(self) -> Outcome:
            nonlocal slept
            slept += 3_600
            return await super().look()

    check = Asleep(DOWN)
    assert (await seen(check)).status is Status.UNKNOWN
    assert check.made == 1


@pytest.mark.usefixtures("bounds_of_the_field")
@pytest.mark.parametrize(("waited", "expected"), [(900.0, Status.UNKNOWN), (0.0, Status.UNHEALTHY)])
async def test_a_timeout_that_the_agents_own_queue_used_up_is_unknown(
    monkeypatch: pytest.MonkeyPatch, waited: float, expected: Status
) -> None:
    monkeypatch.setattr(look, "_OWN_PART", 600.0)
    monkeypatch.setattr(lag, "STOOD_STILL_SECONDS", 600.0)
    monkeypatch.setattr(OwnWaits, "seconds", waited)

    class Hanging(Attempts):
        async def look(self) -> Outcome:
            await asyncio.Event().wait()
            raise AssertionError

    result = await seen(Hanging(UP))
    assert result.status is expected
    assert result.text.startswith("no answer within 1 s, in phase waiting")


async def test_while_nothing_can_be_reached_a_failure_is_unknown() -> None:
    nobody = f"127.0.0.1:{stable_port()}"
    vitals = Vitals()
    looker = Looker(vitals, OwnEgress(Egress((nobody,))))
    result = await looker.look(one(Attempts(DOWN)))
    assert result.status is Status.UNKNOWN
    assert (
        result.text
        == f"this agent reaches none of {nobody}: its own network is down; seen meanwhile: refused"
    )
    assert vitals.cut_off_looks == 1
    # What stands on this machine needs no network.
    local = await looker.look(one(Attempts(DOWN), target="http://127.0.0.1:80/"))
    assert local.status is Status.UNHEALTHY
    assert (await looker.look(one(Attempts(UP)))).status is Status.HEALTHY


async def test_one_address_that_answers_is_enough_and_many_failures_ask_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(egress, "FRESH_UP_SECONDS", 3_600.0)
    asked = []
    reached = asyncio.Event()

    async def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(writer)
        writer.close()
        reached.set()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    async with server:
        there = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        looker = Looker(Vitals(), OwnEgress(Egress((f"127.0.0.1:{stable_port()}", there))))
        results = await asyncio.gather(*(looker.look(one(Attempts(DOWN))) for _ in range(20)))
        assert {result.status for result in results} == {Status.UNHEALTHY}
        await asyncio.wait_for(reached.wait(), 60)
    assert len(asked) == 1


async def test_that_something_was_reached_is_not_true_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    now = boottime()
    monkeypatch.setattr(egress, "boottime", lambda: now)
    port = stable_port()
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
    own = OwnEgress(Egress((f"127.0.0.1:{port}",)))
    assert await own.reason_down() == ""
    server.close()
    await server.wait_closed()
    now += egress.FRESH_UP_SECONDS + 0.1
    assert "its own network is down" in await own.reason_down()


@pytest.mark.parametrize(
    ("kind", "target", "expected"),
    [
        ("http_endpoint", "https://shop.example.org/", True),
        ("http_endpoint", "http://localhost:80/", False),
        ("tcp_connection", "[::1]:25", False),
        ("tcp_connection", "10.0.0.1:25", True),
        ("host_resources", "this machine", False),
        ("plugin_validation", "/usr/lib/nagios/plugins/check_load", False),
        ("http_endpoint", "http://[", True),
        ("database_connectivity", "postgresql:///shop", False),
        ("database_connectivity", "postgresql://%2Frun%2Fpostgresql/shop", False),
        ("business_logic", "https://shop.example.org/orders", True),
        ("business_logic", "http://localhost/orders", False),
        ("business_logic", "shop.value > 0", False),
        ("business_logic", "heartbeat nightly-backup", False),
    ],
)
def test_whose_failures_may_be_our_networks(kind: str, target: str, expected: bool) -> None:
    definition = CheckDefinition("a", kind, 1000, 1000, target=target)
    for configured, wanted in ((None, expected), (True, True), (False, False)):
        assert depends_on_egress(ConfiguredCheck(definition, Attempts(UP), 1, 0, 1, configured)) is wanted


@pytest.mark.usefixtures("bounds_of_the_field")
async def test_who_looks_on_sees_the_times_and_how_late_we_were() -> None:
    def slow() -> Outcome:
        time.sleep(0.2)
        return Outcome(Status.HEALTHY, "fine", 7, {"connect_ms": 3.0})

    class Blocking:
        target = phase = "here"

        async def look(self) -> Outcome:
            return slow()

    configured = ConfiguredCheck(CheckDefinition("a", "http_endpoint", 1000, 5000), Blocking(), 5)
    result = await Looker(Vitals(), keeps_times=True).look(configured)
    assert (result.status, result.text, result.latency_us) == (Status.HEALTHY, "fine", 7)
    assert result.metrics["connect_ms"] == 3.0
    assert result.metrics["agent_lag_ms"] > 0
    assert (await Looker(Vitals()).look(configured)).latency_us is None


class Ending(Attempts):
    """A plugin of Python that knows no better than to end the program, or its look."""

    def __init__(self, ending: BaseException) -> None:
        super().__init__(UP)
        self._ending = ending

    async def look(self) -> Outcome:
        raise self._ending


@pytest.mark.parametrize("ending", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError()])
async def test_a_check_that_would_end_the_agent_ends_its_own_look(ending: BaseException) -> None:
    result = await seen(Ending(ending))
    assert (result.status, result.text) == (
        Status.UNKNOWN,
        f"the check itself failed: {type(ending).__name__}",
    )


async def test_a_look_that_is_given_up_has_no_result() -> None:
    class Waiting(Attempts):
        async def look(self) -> Outcome:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

    begun = asyncio.Event()
    looking = asyncio.create_task(seen(Waiting(UP)))
    await asyncio.wait_for(begun.wait(), 60)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking


@pytest.mark.parametrize(
    ("outcome", "problem"),
    [
        (None, "no Outcome with a text"),
        (Outcome(Status.HEALTHY, None), "no Outcome with a text"),  # type: ignore[arg-type]
        (Outcome(7, "fine"), "a status that is none"),  # type: ignore[arg-type]
        (Outcome(Status.HEALTHY, "", None, [1.0]), "metrics that are no table"),  # type: ignore[arg-type]
    ],
)
async def test_what_is_no_outcome_is_unknown(outcome: Outcome, problem: str) -> None:
    result = await seen(Attempts(outcome))
    assert result.status is Status.UNKNOWN
    assert result.text == f"the check itself failed: it returned {problem}"


async def test_what_a_terminal_would_obey_is_written_out() -> None:
    hostile = "\x1b[2J\x1b]0;owned\x07\u202eall is \udc80 well\tGrüße"
    result = await seen(Attempts(Outcome(Status.UNHEALTHY, hostile)))
    assert result.text == r"\x1b[2J\x1b]0;owned\x07\u202eall is \udc80 well Grüße"
    long = await seen(Attempts(Outcome(Status.UNHEALTHY, "\x1b" * 10_000)))
    assert len(long.text) == limits.MAX_TEXT_LENGTH


async def test_a_result_is_such_as_the_wire_takes() -> None:
    metrics: Any = {"fine": 1, "x" * 800: 2.0, "two\nlines": 3.0, "nan": float("nan"), "large": 10**400}
    metrics |= {"text": "many", "none": None, 7: 7.0}
    result = await seen(Attempts(Outcome(Status.HEALTHY, "", 3.7, metrics)))  # type: ignore[arg-type]
    assert (result.latency_us, result.metrics) == (3, {"fine": 1.0})
    result = await seen(Attempts(Outcome(Status.HEALTHY, "", "soon")))  # type: ignore[arg-type]
    assert result.latency_us is None
