"""The registers that business checks ask: latest results of other checks, and heartbeats of jobs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tenantwatch_agent.checks import heartbeats
from tenantwatch_agent.checks.heartbeats import Beat, Heartbeats, InvalidBeat, UnknownHeartbeat
from tenantwatch_agent.checks.latest import LatestResults
from tenantwatch_agent.errors import CheckerFailed, ConfigurationError
from tenantwatch_wire.records import Result, Status


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def result(check_id: str = "shop", status: Status = Status.HEALTHY, text: str = "fine") -> Result:
    return Result(check_id, 0, status, 2500, text, {"rows": 7.0})


def test_the_latest_result_in_figures() -> None:
    clock = Clock()
    latest = LatestResults(clock)
    latest.record(result(status=Status.UNHEALTHY))
    latest.record(result(status=Status.DEGRADED))
    clock.now += 5
    named = {name: latest.value("shop", name, 60) for name in ("rows", "status", "latency_ms", "age_seconds")}
    assert named == {"rows": 7, "status": 1, "latency_ms": 2.5, "age_seconds": 5}


@pytest.mark.parametrize(
    ("check_id", "metric", "reason"),
    [
        ("nobody", "rows", "no result of a check 'nobody'"),
        ("shop", "columns", "has no metric 'columns'; it has: rows"),
        ("old", "rows", "is 100 s old, more than max_age_seconds = 60"),
        ("lost", "rows", "check 'lost' is unknown: no client"),
    ],
)
def test_what_is_not_known_is_said(check_id: str, metric: str, reason: str) -> None:
    clock = Clock()
    latest = LatestResults(clock)
    latest.record(result("old"))
    clock.now += 100
    latest.record(result())
    latest.record(result("lost", Status.UNKNOWN, "no client"))
    with pytest.raises(CheckerFailed, match=reason):
        latest.value(check_id, metric, 60)


def test_a_check_that_is_no_more_is_forgotten() -> None:
    latest = LatestResults()
    for check_id in ("a", "b"):
        latest.record(result(check_id))
    latest.keep_only(["b"])
    assert latest.value("b", "rows", 60) == 7
    with pytest.raises(CheckerFailed):
        latest.value("a", "rows", 60)


def test_a_beat_with_nothing_and_one_with_everything() -> None:
    clock, wall = Clock(), Clock()
    register = Heartbeats(None, clock, wall)
    register.expect("backup")
    assert register.last("backup") is None
    assert register.silence_seconds("backup") is None
    register.receive("backup", b"")
    clock.now += 30
    assert register.last("backup") == Beat(1000.0)
    assert register.silence_seconds("backup") == 30
    body = {"status": "failed", "message": " no\nspace ", "metrics": {"rows": 3}}
    register.receive("backup", json.dumps(body).encode())
    assert register.last("backup") == Beat(1000.0, True, "no space", {"rows": 3.0})
    assert register.silence_seconds("backup") == 0
    assert register.listening_seconds == 30


def test_a_beat_that_nobody_expects() -> None:
    with pytest.raises(UnknownHeartbeat):
        Heartbeats().receive("backup", b"")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"done", "a JSON object with any of message, metrics, status"),
        (b"[]", "a JSON object"),
        (b"[" * 9000, "a JSON object"),
        (b'{"state": "ok"}', "a JSON object with any of"),
        (b'{"status": "fine"}', 'status must be "ok" or "failed"'),
        (b'{"message": 1}', "message must be a text"),
        (b'{"metrics": [1]}', "metrics must be an object"),
        (b'{"metrics": {"rows": "3"}}', "metric 'rows' must be a finite number"),
        (b'{"metrics": {"rows": true}}', "metric 'rows' must be a finite number"),
        (b'{"metrics": {"rows": NaN}}', "metric 'rows' must be a finite number"),
        (b'{"metrics": {"rows": 1' + b"0" * 400 + b"}}", "metric 'rows' must be a finite number"),
        (b'{"metrics": {"": 1}}', "name must be printable"),
        (json.dumps({"metrics": dict.fromkeys(map(str, range(33)), 1)}).encode(), "at most 32 numbers"),
        (b" " * heartbeats.MAX_BODY_BYTES + b"{}", "16384 bytes at most"),
    ],
)
def test_a_beat_that_is_none(body: bytes, reason: str) -> None:
    register = Heartbeats()
    register.expect("backup")
    with pytest.raises(InvalidBeat, match=reason):
        register.receive("backup", body)
    assert register.last("backup") is None


def test_beats_outlive_a_restart(tmp_path: Path) -> None:
    file, wall = tmp_path / "heartbeats.json", Clock()
    before = Heartbeats(file, Clock(), wall)
    before.expect("backup")
    before.receive("backup", b'{"metrics": {"rows": 3}}')
    wall.now += 40
    after = Heartbeats(file, Clock(), wall)
    assert after.last("backup") == Beat(1000.0, metrics={"rows": 3.0})
    assert after.silence_seconds("backup") == 40
    assert after.listening_seconds == 0
    assert [path.name for path in tmp_path.iterdir()] == ["heartbeats.json"]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": 1}', b'{"a": {"x": 1}}', b"\xff"])
def test_a_file_that_is_broken_is_no_end(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "heartbeats.json"
    file.write_bytes(content)
    register = Heartbeats(file)
    assert "cannot be read" in caplog.text
    register.expect("backup")
    register.receive("backup", b"")
    assert register.last("backup") is not None


def test_a_folder_that_cannot_be_written_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    register = Heartbeats(tmp_path / "nowhere" / "heartbeats.json")
    register.expect("backup")
    register.receive("backup", b"")
    assert "cannot be written" in caplog.text
    assert register.last("backup") is not None


def test_names_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "MAX_HEARTBEATS", 1)
    register = Heartbeats()
    register.expect("a")
    register.expect("a")
    with pytest.raises(ConfigurationError, match="more than 1 names"):
        register.expect("b")
