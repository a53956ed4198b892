"""The registers that business checks ask: latest results of other checks, and heartbeats of jobs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tenantwatch_agent.checks import heartbeats
from tenantwatch_agent.checks.heartbeats import Beat, Heartbeats, InvalidBeat, UnknownHeartbeat
from tenantwatch_agent.checks.latest import LatestResults
from tenantwatch_agent.errors import CheckerFailed
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


def expecting(*names: str, folder: Path | None = None, clock: Clock | None = None) -> Heartbeats:
    register = Heartbeats(folder, clock or Clock(), Clock())
    register.expect(names)
    return register


def listen(register: Heartbeats, clock: Clock, seconds: int) -> None:
    """As an agent does that runs."""
    for _ in range(seconds):
        clock.now += 1
        register.listening()


def test_a_beat_with_nothing_and_one_with_everything() -> None:
    clock = Clock()
    register = expecting("backup", clock=clock)
    assert register.last("backup") is None
    assert register.silence_seconds("backup") is None
    register.receive("backup", b"")
    listen(register, clock, 30)
    assert register.last("backup") == Beat(1000.0)
    assert register.silence_seconds("backup") == 30
    body = {"status": "failed", "message": " no\nspace ", "metrics": {"rows": 3}}
    register.receive("backup", json.dumps(body).encode())
    assert register.last("backup") == Beat(1000.0, True, "no space", {"rows": 3.0})
    assert register.silence_seconds("backup") == 0
    assert register.listening_seconds("backup") == 30


def test_a_name_is_listened_for_from_when_it_is_expected() -> None:
    clock = Clock()
    register = expecting("old", clock=clock)
    listen(register, clock, 60)
    register.expect(["old", "new"])
    listen(register, clock, 5)
    assert [register.listening_seconds(name) for name in ("old", "new", "unknown")] == [65, 5, 0]


def test_while_the_agent_stood_still_it_listened_for_nobody() -> None:
    clock = Clock()
    register = expecting("backup", clock=clock)
    register.receive("backup", b"")
    listen(register, clock, 60)
    clock.now += 3_600  # stopped, or the machine slept; a look may come before the next tick
    assert register.listening_seconds("backup") == 0
    assert register.silence_seconds("backup") == 3_660
    listen(register, clock, 30)
    assert register.listening_seconds("backup") == 30


def test_names_that_nobody_expects_any_more_are_forgotten(tmp_path: Path) -> None:
    register = expecting("a", "b", folder=tmp_path / "beats")
    for name in ("a", "b"):
        register.receive(name, b"")
    register.expect(["b"])
    register.forget_others()
    assert [file.name for file in (tmp_path / "beats").iterdir()] == ["b.json"]
    assert (register.last("a"), register.last("b")) == (None, Beat(1000.0))
    with pytest.raises(UnknownHeartbeat):
        register.receive("a", b"")
    register.expect(["a", "b"])
    assert (register.last("a"), register.silence_seconds("a")) == (None, None)


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
    register = expecting("backup")
    with pytest.raises(InvalidBeat, match=reason):
        register.receive("backup", body)
    assert register.last("backup") is None


def test_beats_outlive_a_restart(tmp_path: Path) -> None:
    folder, wall = tmp_path / "beats", Clock()
    expecting("backup", folder=folder).receive("backup", b'{"metrics": {"rows": 3}}')
    wall.now += 40
    after = Heartbeats(folder, Clock(), wall)
    assert after.last("backup") is None
    after.expect(["backup"])
    assert after.last("backup") == Beat(1000.0, metrics={"rows": 3.0})
    assert after.silence_seconds("backup") == 40
    assert after.listening_seconds("backup") == 0
    assert [path.name for path in folder.iterdir()] == ["backup.json"]
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("ahead_seconds", [61, 5_184_000, float("nan")])
def test_a_beat_from_the_future_is_not_believed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, ahead_seconds: float
) -> None:
    wall, clock = Clock(), Clock()
    expecting("job", folder=tmp_path).receive("job", b"")
    kept = json.loads((tmp_path / "job.json").read_text())
    (tmp_path / "job.json").write_text(json.dumps({**kept, "time": wall.now + ahead_seconds}))
    after = Heartbeats(tmp_path, clock, wall)
    after.expect(["job"])
    assert "in the future" in caplog.text
    assert (after.last("job"), after.silence_seconds("job"), after.listening_seconds("job")) == (
        None,
        None,
        0,
    )
    listen(after, clock, 30)
    assert after.listening_seconds("job") == 30
    after.receive("job", b"")
    assert (after.last("job"), after.silence_seconds("job")) == (Beat(1000.0), 0)


def test_a_beat_a_little_ahead_is_one_of_now(tmp_path: Path) -> None:
    expecting("job", folder=tmp_path).receive("job", b"")
    wall, clock = Clock(), Clock()
    wall.now -= 60
    after = Heartbeats(tmp_path, clock, wall)
    after.expect(["job"])
    assert after.silence_seconds("job") == 0
    listen(after, clock, 7)
    assert after.silence_seconds("job") == 7


def test_a_clock_that_is_set_after_the_restart_changes_no_silence(tmp_path: Path) -> None:
    expecting("job", folder=tmp_path).receive("job", b"")
    wall, clock = Clock(), Clock()
    wall.now += 40
    after = Heartbeats(tmp_path, clock, wall)
    after.expect(["job"])
    wall.now -= 5_184_000
    listen(after, clock, 10)
    assert after.silence_seconds("job") == 50
    wall.now += 10_000_000
    assert after.silence_seconds("job") == 50


def test_the_largest_beat_that_is_taken_is_read_again(tmp_path: Path) -> None:
    metrics = {f"{n:02}" + "\U0001f600" * 100: 1e-300 for n in range(heartbeats.MAX_BEAT_METRICS)}
    body = json.dumps({"message": "\U0001f600" * 500, "metrics": metrics}, ensure_ascii=False).encode()
    assert heartbeats.MAX_BODY_BYTES * 0.9 < len(body) <= heartbeats.MAX_BODY_BYTES
    for name in (".", "..", "x" * 64):
        before = expecting(name, folder=tmp_path / "beats")
        before.receive(name, body)
        after = expecting(name, folder=tmp_path / "beats")
        assert after.last(name) == before.last(name)
        assert after.last(name) is not None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"a": 1}',
        b'{"time": "x", "failed": false, "message": "", "metrics": {}}',
        b"\xff",
        b"[" * 9_000,
    ],
)
def test_a_file_that_is_broken_is_no_end(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "backup.json").write_bytes(content)
    register = expecting("backup", folder=tmp_path)
    assert "backup.json cannot be read" in caplog.text
    assert register.last("backup") is None
    register.receive("backup", b"")
    assert expecting("backup", folder=tmp_path).last("backup") == Beat(1000.0)


def test_a_folder_that_cannot_be_written_is_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    register = expecting("backup", folder=tmp_path / "nowhere" / "beats")
    for _ in range(10):
        register.receive("backup", b"")
    assert caplog.text.count("cannot be written") == 1
    assert register.last("backup") is not None
    register.forget_others()
