"""Figures of the business: from other checks, from a JSON answer, from jobs that call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tenantwatch_agent import lag
from tenantwatch_agent.checks.heartbeats import Heartbeats
from tenantwatch_agent.checks.latest import LatestResults
from tenantwatch_agent.checks.registry import build_check
from tenantwatch_agent.checks.surroundings import Surroundings
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_agent.lag import LoopLag, Span, marked
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tests.agent.checks.looking import look
from tests.fakes.http_target import HttpTarget

ON_UVLOOP = True


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def business(settings: dict[str, Any], around: Surroundings | None = None) -> Result:
    check = build_check("business_logic", settings, "here", around)
    return await look(CheckDefinition("a", "business_logic", 1000, 5000), check)


def beside(**metrics: float) -> Surroundings:
    """Another check, ``orders-database``, was healthy with these metrics."""
    latest = LatestResults()
    latest.record(Result("orders-database", 0, Status.HEALTHY, 2500, "", metrics))
    return Surroundings(latest)


@pytest.mark.parametrize(
    ("settings", "status", "text"),
    [
        ({"healthy_if": "'orders-database'.value > 0"}, Status.HEALTHY, "holds"),
        (
            {"healthy_if": "'orders-database'.value > 10"},
            Status.UNHEALTHY,
            "does not hold: 'orders-database'.value > 10 (orders-database.value = 7)",
        ),
        (
            {"healthy_if": "'orders-database'.value > 5", "degraded_unless": "'orders-database'.value > 8"},
            Status.DEGRADED,
            "does not hold: 'orders-database'.value > 8 (orders-database.value = 7)",
        ),
        ({"healthy_if": "shop.value > 5"}, Status.UNKNOWN, "there is no result of a check 'shop' yet"),
        ({"healthy_if": "1 / ('orders-database'.value - 7) > 1"}, Status.UNKNOWN, "division by zero"),
    ],
)
async def test_over_other_checks(settings: dict[str, Any], status: Status, text: str) -> None:
    result = await business(settings, beside(value=7))
    assert result.status is status
    assert text in result.text


async def test_kpis_are_metrics() -> None:
    kpis = {"orders_per_minute": "'orders-database'.value / 10", "backlog": "3 * 2"}
    result = await business({"kpis": kpis}, beside(value=7))
    assert (result.status, result.metrics) == (Status.HEALTHY, {"orders_per_minute": 0.7, "backlog": 6.0})


@pytest.mark.parametrize(
    ("healthy_if", "status", "text"),
    [
        ("'orders-database'.value > 0", Status.UNHEALTHY, "does not hold: "),
        ("'orders-database'.value == 0", Status.HEALTHY, "holds; no rate: "),
        ("", Status.UNKNOWN, ""),
    ],
)
async def test_a_kpi_that_cannot_be_worked_out_hides_no_verdict(
    healthy_if: str, status: Status, text: str
) -> None:
    kpis = {"rate": "1 / 'orders-database'.value", "backlog": "3 * 2"}
    result = await business({"healthy_if": healthy_if, "kpis": kpis}, beside(value=0))
    assert result.status is status
    assert result.text.startswith(text)
    assert ("division by zero" in result.text) is (status is not Status.UNHEALTHY)
    assert result.metrics == ({} if status is Status.UNKNOWN else {"backlog": 6.0})


async def test_a_late_agent_leaves_out_its_own_times_and_no_figure_of_the_business(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with HttpTarget() as target:
        target.body = b'{"oldest": 1234, "connect": 5}'
        settings = {
            "source": {"url": target.url},
            "values": {"oldest_job_ms": "$.oldest", "connect_ms": "$.connect"},
            "kpis": {"checkout_ms": "oldest_job_ms * 2"},
        }
        seen = await build_check("business_logic", settings, "here").look()
    assert seen.metrics["first_byte_ms"] > 0
    monkeypatch.setattr(lag, "LAGGED_SECONDS", 0.05)
    span = Span(LoopLag())
    span.note(0.0, 1.0)
    kept = {name: value for name, value in marked(seen, span).metrics.items() if name.endswith("_ms")}
    assert kept == {"oldest_job_ms": 1234, "checkout_ms": 2468, "connect_ms": 5, "agent_lag_ms": 1000}


SOURCE = {"orders": "$.shop.orders", "queue_age": "$.queue.age", "open": "$.open"}


async def asked(answer: bytes, status: int = 200, **settings: Any) -> Result:
    async with HttpTarget() as target:
        target.body = answer
        target.switch(status)
        return await business({"source": {"url": target.url}, "values": SOURCE, **settings})


async def test_over_a_json_answer() -> None:
    answer = json.dumps({"shop": {"orders": 12}, "queue": {"age": 2.5}, "open": True}).encode()
    result = await asked(answer, healthy_if="orders > 0 and open == 1", degraded_unless="queue_age < 2")
    assert (result.status, result.text) == (Status.DEGRADED, "does not hold: queue_age < 2 (queue_age = 2.5)")
    assert result.latency_us
    figures = {name: result.metrics[name] for name in (*SOURCE, "http_status")}
    assert figures == {"orders": 12, "queue_age": 2.5, "open": 1, "http_status": 200}


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        (b"<html>", 200, "the answer is not JSON: "),
        (b"[" * 100_000, 200, "the answer is not JSON: "),
        (b'{"shop": {"orders": "12"}}', 200, "orders: there is no number at $.shop.orders in the answer"),
        (
            b'{"shop": {"orders": 1' + b"0" * 5000 + b"}}",
            200,
            "it holds a number of more digits than any has",
        ),
        (b"{}", 500, "HTTP 500"),
    ],
)
async def test_an_answer_without_the_figures(answer: bytes, status: int, text: str) -> None:
    result = await asked(answer, status, healthy_if="orders > 0")
    assert result.status is Status.UNHEALTHY
    assert text in result.text


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (b"NaN", "NaN, which is no number,"),
        (b"-Infinity", "-Infinity, which is no number,"),
        (b"1e999", "Infinity, which is no number,"),
        (b"1" + b"0" * 400, "a number that is too large"),
    ],
)
async def test_a_figure_that_was_not_measured_is_unknown(figure: bytes, said: str) -> None:
    result = await asked(b'{"shop": {"orders": ' + figure + b"}}", healthy_if="orders > 0")
    assert result.status is Status.UNKNOWN
    assert result.text == f"orders: the answer holds {said} at $.shop.orders"


def job(clock: Clock, folder: Path | None = None) -> tuple[Surroundings, dict[str, Any]]:
    settings = {"heartbeat": "nightly-backup", "silence_seconds": 100}
    around = Surroundings(heartbeats=Heartbeats(folder, clock, clock))
    build_check("business_logic", settings, "here", around)
    around.heartbeats.expect(["nightly-backup"])
    return around, settings


def listen(around: Surroundings, clock: Clock, seconds: int) -> None:
    """As an agent does that runs."""
    for _ in range(seconds):
        clock.now += 1
        around.heartbeats.listening()


async def test_a_job_that_calls() -> None:
    clock = Clock()
    around, settings = job(clock)
    around.heartbeats.receive("nightly-backup", b'{"message": "42 files", "metrics": {"files": 42}}')
    clock.now += 99
    result = await business({**settings, "healthy_if": "files > 0"}, around)
    assert (result.status, result.text) == (Status.HEALTHY, "heard of 99 s ago: 42 files")
    assert result.metrics == {"files": 42, "silence_seconds": 99}
    result = await business({**settings, "healthy_if": "files > 50"}, around)
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "does not hold: files > 50 (files = 42)",
    )
    result = await business({**settings, "healthy_if": "bytes > 50"}, around)
    assert (result.status, result.text) == (Status.UNKNOWN, "the last beat held no metric 'bytes'")


async def test_a_job_that_falls_silent() -> None:
    clock = Clock()
    around, settings = job(clock)
    around.heartbeats.receive("nightly-backup", b"")
    listen(around, clock, 101)
    result = await business(settings, around)
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "nightly-backup: silent for 101 s, 100 s are allowed",
    )
    around.heartbeats.receive("nightly-backup", b"")
    assert (await business(settings, around)).status is Status.HEALTHY


async def test_while_the_agent_was_stopped_no_job_was_silent() -> None:
    clock = Clock()
    around, settings = job(clock)
    around.heartbeats.receive("nightly-backup", b"")
    listen(around, clock, 60)
    clock.now += 3_600  # stopped, or the machine slept: whatever the job said, nobody heard it
    result = await business(settings, around)
    assert (result.status, result.text) == (
        Status.UNKNOWN,
        "nightly-backup: silent for 3660 s, and the agent listens for it only since 0 s",
    )
    listen(around, clock, 100)
    assert (await business(settings, around)).status is Status.UNKNOWN
    listen(around, clock, 1)
    assert (await business(settings, around)).status is Status.UNHEALTHY


async def test_a_beat_of_the_future_is_unknown_until_the_agent_has_listened(tmp_path: Path) -> None:
    ahead, clock = Clock(), Clock()
    ahead.now += 60 * 86_400
    before = Heartbeats(tmp_path, clock, ahead)
    before.expect(["nightly-backup"])
    before.receive("nightly-backup", b"")
    around, settings = job(clock, tmp_path)
    assert (await business(settings, around)).status is Status.UNKNOWN
    listen(around, clock, 100)
    assert (await business(settings, around)).status is Status.UNKNOWN
    listen(around, clock, 1)
    result = await business(settings, around)
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "nightly-backup: never heard of, 100 s are allowed",
    )


async def test_a_job_that_reports_its_failure() -> None:
    around, settings = job(Clock())
    around.heartbeats.receive("nightly-backup", b'{"status": "failed", "message": "disk full"}')
    result = await business(settings, around)
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "nightly-backup reported a failure: disk full",
    )


async def test_a_failure_is_told_once_though_the_job_called_again_before_the_look() -> None:
    around, settings = job(Clock())
    around.heartbeats.receive("nightly-backup", b'{"status": "failed", "message": "disk full"}')
    around.heartbeats.receive("nightly-backup", b"")
    result = await business(settings, around)
    assert (result.status, result.text) == (
        Status.UNHEALTHY,
        "nightly-backup reported a failure, before its last call: disk full",
    )
    assert (await business(settings, around)).status is Status.HEALTHY


async def test_a_job_that_never_called_is_missed_only_after_its_time() -> None:
    clock = Clock()
    around, settings = job(clock)
    listen(around, clock, 60)
    result = await business(settings, around)
    assert (result.status, result.text) == (
        Status.UNKNOWN,
        "nightly-backup: never heard of, and the agent listens for it only since 60 s",
    )
    listen(around, clock, 60)
    assert (await business(settings, around)).status is Status.UNHEALTHY


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "give any of healthy_if, degraded_unless, kpis, heartbeat"),
        ({"healthy_if": "orders > 0"}, r"'orders' is not among values \(none\)"),
        ({"healthy_if": "1 +"}, "healthy_if: expected a number or a name"),
        ({"kpis": {"x": "a.b > 1"}}, r"kpis\.x: .* is true or false"),
        ({"kpis": {"": "1"}}, "kpis: a name must be 1 to 128"),
        ({"kpis": {str(n): "1" for n in range(65)}}, "kpis: at most 64"),
        ({"values": {"x": "$.x"}, "healthy_if": "x > 1"}, "source and values belong together"),
        ({"source": {"url": "http://h"}, "values": {"x": "x"}, "healthy_if": "x > 1"}, r"values\.x: 'x' is"),
        ({"source": {"url": "ftp://h"}, "values": {"x": "$.x"}, "healthy_if": "x > 1"}, "source: url "),
        ({"source": {"uri": "http://h"}, "healthy_if": "x > 1"}, "unknown key 'uri'"),
        ({"heartbeat": "a/b", "silence_seconds": 60}, "heartbeat: a name is made of"),
        ({"heartbeat": "a"}, "heartbeat and silence_seconds belong together"),
        ({"heartbeat": "a", "silence_seconds": 0.1}, "silence_seconds must be 1 to"),
        ({"heartbeat": "a", "silence_seconds": 60, "source": {"url": "http://h"}}, "either source or heart"),
        ({"healthy_if": "a.b > 1", "max_age_seconds": 0}, "max_age_seconds must be 1 to"),
    ],
)
def test_refused_settings(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        build_check("business_logic", settings, "here")
