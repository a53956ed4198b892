"""The configuration in force changes as a whole or not at all."""

from __future__ import annotations

import asyncio
import functools
import json
import os
from pathlib import Path

import pytest
from tenantwatch_agent.config import AgentConfig, current, load
from tenantwatch_agent.config.assignment import Assigned, AssignmentAnswer
from tenantwatch_agent.config.current import Configuration
from tenantwatch_agent.errors import AgentError

HTTP = '[[checks]]\nid = "a"\nkind = "http_endpoint"\nurl = "http://a/"\n'
ASSIGNED = HTTP.replace('"a"', '"assigned"')


class Applied:
    """Whom the configuration is handed to."""

    def __init__(self) -> None:
        self.configs: list[AgentConfig] = []
        self.failure = ""

    async def __call__(self, config: AgentConfig) -> None:
        if self.failure:
            raise AgentError(self.failure)
        self.configs.append(config)

    @property
    def ids(self) -> list[str]:
        return [one.definition.check_id for one in self.configs[-1].checks]


def written(folder: Path, text: str, assignment: str = "") -> Path:
    path = folder / "agent.toml"
    path.write_text(f'data_folder = "{folder}"\n{assignment}\n{text}')
    return path


ENABLED = "[assignment]\nenabled = true"


async def test_a_right_file_is_applied_and_a_wrong_one_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    configuration, applied = Configuration(written(tmp_path, HTTP)), Applied()
    before = configuration.config
    written(tmp_path, HTTP + "x = 1")
    assert not await configuration.reload(applied)
    assert (configuration.config, applied.configs) == (before, [])
    assert "unknown key 'x'" in configuration.error
    assert "the configuration in force stays as it is" in caplog.text
    written(tmp_path, HTTP + ASSIGNED)
    assert await configuration.reload(applied)
    assert applied.ids == ["a", "assigned"]
    assert (configuration.error, configuration.changes, configuration.failures) == ("", 1, 1)


async def test_what_cannot_be_applied_is_not_in_force(tmp_path: Path) -> None:
    configuration, applied = Configuration(written(tmp_path, HTTP)), Applied()
    before = configuration.config
    applied.failure = "no space"
    written(tmp_path, ASSIGNED)
    assert not await configuration.reload(applied)
    assert configuration.config is before
    assert configuration.error == "no space"


async def test_a_folder_that_is_gone_ends_no_checks(tmp_path: Path) -> None:
    folder, away = tmp_path / "conf.d", tmp_path / "conf.d.away"
    folder.mkdir()
    (folder / "b.toml").write_text(ASSIGNED)
    configuration, applied = Configuration(written(tmp_path, HTTP)), Applied()
    before = configuration.config
    folder.rename(away)
    for _ in range(2):
        assert not await configuration.reload(applied)
        assert (configuration.config, applied.configs) == (before, [])
        assert f"{folder}: the folder is gone, with 1 file of checks: put it back" in configuration.error
    away.rename(folder)
    assert await configuration.reload(applied)
    assert (applied.ids, configuration.error) == (["a", "assigned"], "")
    # One without files is the operator's word that its checks are to end; nothing is lost with it.
    (folder / "b.toml").unlink()
    assert await configuration.reload(applied)
    folder.rmdir()
    assert await configuration.reload(applied)
    assert applied.ids == ["a"]


@pytest.mark.parametrize("change", ['agent_id = "other"\n', '[metrics]\nlisten = "127.0.0.1:1"\n'])
async def test_what_needs_a_restart_is_refused_by_name(tmp_path: Path, change: str) -> None:
    configuration = Configuration(written(tmp_path, HTTP))
    path = tmp_path / "agent.toml"
    path.write_text(
        change + path.read_text() if "=" in change.partition("\n")[0] else path.read_text() + change
    )
    assert not await configuration.reload(Applied())
    assert "restart the agent to change" in configuration.error


async def test_files_are_watched_and_taken_when_they_stand_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current, "POLL_SECONDS", 0.02)
    configuration, applied = Configuration(written(tmp_path, HTTP)), Applied()
    reloaded: asyncio.Queue[bool] = asyncio.Queue()

    async def reload() -> None:
        reloaded.put_nowait(await configuration.reload(applied))

    def put(text: str) -> None:
        """Whole at once: of a file that is being written the watch may see the empty beginning."""
        (tmp_path / "part").write_text(text)
        (tmp_path / "part").rename(tmp_path / "conf.d" / "b.toml")

    watching = asyncio.create_task(configuration.watch(reload))
    try:
        (tmp_path / "conf.d").mkdir()
        put(ASSIGNED)
        while not applied.configs or applied.ids != ["a", "assigned"]:
            assert await asyncio.wait_for(reloaded.get(), 60)
        # A wrong file is tried once; the next change is seen all the same.
        put("x")
        assert not await asyncio.wait_for(reloaded.get(), 60)
        (tmp_path / "conf.d" / "b.toml").unlink()
        assert await asyncio.wait_for(reloaded.get(), 60)
        assert applied.ids == ["a"]
        assert reloaded.empty()
    finally:
        watching.cancel()


async def test_assigned_checks_are_kept_for_the_next_start(tmp_path: Path) -> None:
    path = written(tmp_path, HTTP, ENABLED)
    configuration, applied = Configuration(path), Applied()
    alone = configuration.config.digest
    assert await configuration.assign(Assigned(7, ASSIGNED), applied) == AssignmentAnswer(7)
    assert applied.ids == ["a", "assigned"]
    assert configuration.config.digest != alone
    assert (tmp_path / "assigned.json").stat().st_mode & 0o777 == 0o600
    # The same once more restarts nothing.
    assert await configuration.assign(Assigned(8, ASSIGNED), applied) == AssignmentAnswer(8)
    assert len(applied.configs) == 1

    again = Configuration(path)
    assert again.assigned == Assigned(8, ASSIGNED)
    assert again.config.digest == configuration.config.digest
    assert [one.definition.check_id for one in again.config.checks] == ["a", "assigned"]
    assert await again.assign(Assigned(9, ""), applied) == AssignmentAnswer(9)
    assert applied.ids == ["a"]


async def test_a_reload_keeps_what_is_assigned_and_the_operators_file_goes_first(tmp_path: Path) -> None:
    configuration, applied = Configuration(written(tmp_path, HTTP, ENABLED)), Applied()
    await configuration.assign(Assigned(1, ASSIGNED), applied)
    written(tmp_path, HTTP.replace('"a"', '"b"'), ENABLED)
    assert await configuration.reload(applied)
    assert applied.ids == ["b", "assigned"]
    for text, limits, reason in (
        (ASSIGNED, ENABLED, "exists already"),
        (HTTP, "", "not enabled"),
    ):
        written(tmp_path, text, limits)
        assert await configuration.reload(applied)
        assert len(applied.ids) == 1
        assert reason in configuration.assignment_error
        assert configuration.error == ""
    written(tmp_path, HTTP, ENABLED)
    assert await configuration.reload(applied)
    assert (applied.ids, configuration.assignment_error) == (["a", "assigned"], "")


@pytest.mark.parametrize("kept", ["garbage", "[]", '{"version": "x", "checks_toml": ""}'])
def test_an_assignment_that_cannot_be_read_does_not_keep_the_agent_from_starting(
    tmp_path: Path, kept: str
) -> None:
    (tmp_path / "assigned.json").write_text(kept)
    configuration = Configuration(written(tmp_path, HTTP, ENABLED))
    assert "assigned.json: cannot be read" in configuration.assignment_error
    assert len(configuration.config.checks) == 1


REDIS = '[[checks]]\nid = "r"\nkind = "redis_connectivity"\n'
POSTGRES = '[[checks]]\nid = "d"\nkind = "database_connectivity"\n'
PLUGIN = '[[checks]]\nid = "p"\nkind = "plugin_validation"\ncommand = ["/bin/true"]\n'


@pytest.mark.parametrize(
    ("toml", "limits", "reason"),
    [
        (ASSIGNED, "", "not enabled on this agent: [assignment] enabled = true"),
        (PLUGIN, ENABLED, "kind 'plugin_validation' is not among [assignment] kinds"),
        (PLUGIN, ENABLED + '\nkinds = ["plugin_validation"]', "command names something of this machine"),
        (ASSIGNED, ENABLED + '\nkinds = ["tcp_connection"]', "kind 'http_endpoint' is not among"),
        (REDIS + 'url_file = "/etc/shadow"', ENABLED, "url_file names something of this machine"),
        (REDIS + 'url = "unix:///run/redis.sock"', ENABLED, "url: socket names something of this machine"),
        (REDIS + 'url = "redis:///0"', ENABLED, "url: socket names something of this machine"),
        (
            REDIS + 'url = "rediss://r/0?ssl_ca_certs=/etc/shadow"',
            ENABLED,
            "url: ssl_ca_certs names something",
        ),
        (POSTGRES + 'url = "postgresql://u@db/x?sslkey=/etc/shadow"', ENABLED, "url: sslkey names something"),
        (POSTGRES + 'url = "postgresql://u@%2Fvar%2Frun/x"', ENABLED, "url: socket names something"),
        (POSTGRES + 'url = "postgresql://u@db/x?host=/var/run"', ENABLED, "url: socket names something"),
        (POSTGRES + 'url = "postgresql://u@db,/x"', ENABLED, "url: socket names something"),
        (POSTGRES + 'url = "postgresql:///x?service=other"', ENABLED, "url: socket names something"),
        (POSTGRES + 'url = " PostgreSQL://db/x?passfile=/a"', ENABLED, "url: passfile names something"),
        (REDIS + 'url_env = "HOME"', ENABLED, "url_env names something of this machine"),
        (ASSIGNED + 'headers_file = { x = "/etc/shadow" }', ENABLED, "headers_file names something"),
        (ASSIGNED + '[checks.source]\nca_file = "/etc/shadow"', ENABLED, "ca_file names something"),
        ("[spool]\nmax_results = 1", ENABLED, "'spool' is not allowed here"),
        ("x", ENABLED, "not valid TOML"),
        (HTTP, ENABLED, "exists already"),
        ("# " + "x" * 1024 * 1024, ENABLED, "longer than"),
        ("[[checks]]\n" * 1_001, ENABLED, "more than 1000 checks"),
        ("checks = [[]]", ENABLED, "must be written as [[checks]]"),
        (ASSIGNED + "interval_seconds = 1" + "0" * 400, ENABLED, "a number of 401 digits"),
        (ASSIGNED + "interval_seconds = 1" + "0" * 5_000, ENABLED, "is not valid TOML"),
        ("[[checks]]\nid = 0x1" + "0" * 5_000, ENABLED, "check without id: kind None"),
        (ASSIGNED + f"[checks.{'.'.join('a' * 3_000)}]\nx = 1", ENABLED, "nested too deep"),
        ("x = " + "[" * 3_000 + "]" * 3_000, ENABLED, "too deep within one another"),
    ],
)
async def test_what_the_agent_does_not_allow_is_refused_whole(
    tmp_path: Path, toml: str, limits: str, reason: str
) -> None:
    configuration, applied = Configuration(written(tmp_path, HTTP, limits)), Applied()
    answer = await configuration.assign(Assigned(3, toml), applied)
    assert (answer.version, reason in answer.error) == (3, True), answer
    assert configuration.answers() == [answer]
    assert reason in configuration.assignment_error
    assert (applied.configs, configuration.assigned) == ([], None)
    assert not (tmp_path / "assigned.json").exists()


async def test_what_is_allowed_by_name_may_be_assigned(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://127.0.0.1:1/0")
    kinds = 'kinds = ["plugin_validation", "redis_connectivity"]'
    limits = f'{ENABLED}\n{kinds}\nlocal_keys = ["command", "url_file"]'
    configuration, applied = Configuration(written(tmp_path, HTTP, limits)), Applied()
    toml = PLUGIN + REDIS + f'url_file = "{tmp_path}/url"'
    assert await configuration.assign(Assigned(3, toml), applied) == AssignmentAnswer(3)
    assert applied.ids == ["a", "p", "r"]
    assert json.loads((tmp_path / "assigned.json").read_text()) == {"version": 3, "checks_toml": toml}


async def test_every_wrong_check_is_named_and_the_version_before_stays_in_force(tmp_path: Path) -> None:
    configuration, applied = Configuration(written(tmp_path, HTTP, ENABLED)), Applied()
    await configuration.assign(Assigned(3, ASSIGNED), applied)
    wrong = ASSIGNED + "x = 1\n" + HTTP + REDIS + 'url = "redis://r"\n' + PLUGIN
    answer = await configuration.assign(Assigned(4, wrong), applied)
    assert [check_id for check_id, _ in answer.refused] == ["assigned", "a", "p"]
    assert dict(answer.refused)["assigned"].startswith("unknown key 'x'")
    assert dict(answer.refused)["a"] == "a check with this id exists already"
    assert configuration.answers() == [AssignmentAnswer(3), answer]
    assert applied.ids == ["a", "assigned"]
    # A restart goes on with what was in force; what was refused is for the collector to send again.
    again = Configuration(tmp_path / "agent.toml")
    assert again.answers() == [AssignmentAnswer(3)]
    assert await configuration.assign(Assigned(5, ""), applied) == AssignmentAnswer(5)
    assert configuration.answers() == [AssignmentAnswer(5)]


async def test_addresses_that_name_nothing_of_this_machine_may_be_assigned(tmp_path: Path) -> None:
    configuration, applied = Configuration(written(tmp_path, HTTP, ENABLED)), Applied()
    toml = (
        POSTGRES
        + 'url = "postgresql://u:p@db.example.org:5432/x?sslmode=require&connect_timeout=3"\n'
        + REDIS
        + 'url = "rediss://:p@r.example.org:6380/0?db=1"\n'
        + ASSIGNED
    )
    assert await configuration.assign(Assigned(1, toml), applied) == AssignmentAnswer(1)
    assert applied.ids == ["a", "d", "r", "assigned"]


async def test_a_narrower_reach_is_that_of_what_was_assigned_before(tmp_path: Path) -> None:
    inside = ASSIGNED + REDIS + 'url = "redis://127.0.0.1:1/0"\n'
    configuration, applied = Configuration(written(tmp_path, HTTP, ENABLED)), Applied()
    refused = await configuration.assign(Assigned(1, inside), applied)
    assert [check_id for check_id, _ in refused.refused] == ["r"]
    assert "127.0.0.1: [assignment] hosts of this agent" in refused.error
    written(tmp_path, HTTP, ENABLED + '\nhosts = ["localhost", "shop.example.org", "*.example.org"]')
    assert await configuration.reload(applied)
    assert await configuration.assign(Assigned(2, inside), applied) == AssignmentAnswer(2)
    own, *assigned = configuration.config.checks
    assert own.reach is None
    assert all(one.reach is not None and one.reach.networks for one in assigned)
    before = {one.definition.check_id: one.fingerprint for one in configuration.config.checks}
    written(tmp_path, HTTP, ENABLED + '\nhosts = ["127.0.0.1", "*.example.org"]')
    assert await configuration.reload(applied)
    after = {one.definition.check_id: one.fingerprint for one in configuration.config.checks}
    # Whatever is assigned begins anew within the new limits; one's own checks go on.
    assert [check_id for check_id in before if before[check_id] == after[check_id]] == ["a"]
    written(tmp_path, HTTP, ENABLED)
    assert await configuration.reload(applied)
    assert (applied.ids, "[assignment] hosts" in configuration.assignment_error) == (["a"], True)


HEARTBEAT = '[[checks]]\nid = "{0}"\nkind = "business_logic"\nheartbeat = "{0}"\nsilence_seconds = 60\n'


async def test_names_of_heartbeats_are_bounded_and_those_that_are_refused_take_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "MAX_HEARTBEATS", 2)
    configuration, applied = Configuration(written(tmp_path, HEARTBEAT.format("own"), ENABLED)), Applied()
    wrong = HEARTBEAT.format("one") + HEARTBEAT.format("two") + "x = 1\n"
    for version, toml in ((1, wrong), (2, HEARTBEAT.format("one") + HEARTBEAT.format("two"))):
        assert (await configuration.assign(Assigned(version, toml), applied)).error
    assert "more than 2 names of heartbeats" in configuration.assignment_error
    assert configuration.config.heartbeats == {"own"}
    assert await configuration.assign(Assigned(3, HEARTBEAT.format("three")), applied) == AssignmentAnswer(3)
    assert configuration.config.heartbeats == {"own", "three"}
    three = "".join(HEARTBEAT.format(name) for name in ("a", "b", "c"))
    written(tmp_path, three, ENABLED)
    assert not await configuration.reload(applied)
    assert "more than 2 names of heartbeats" in configuration.error


async def test_a_fault_of_our_own_is_answered_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    configuration, applied = Configuration(written(tmp_path, HTTP, ENABLED)), Applied()
    await configuration.assign(Assigned(1, ASSIGNED), applied)
    monkeypatch.setattr(current, "read_assigned", broken)
    answer = await configuration.assign(Assigned(2, ASSIGNED + "x"), applied)
    assert (answer.version, "RuntimeError" in answer.error, "secret" in answer.error) == (2, True, False)
    assert configuration.assignment_error == answer.error
    assert configuration.answers() == [AssignmentAnswer(1), answer]
    assert applied.ids == ["a", "assigned"]


def test_a_pipe_in_place_of_what_was_kept_holds_up_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "assigned.json")
    configuration = Configuration(written(tmp_path, HTTP, ENABLED))
    assert "is not a regular file" in configuration.assignment_error


async def test_checks_that_a_fault_of_this_machine_kept_out_are_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    configuration, applied = Configuration(written(tmp_path, HTTP, ENABLED)), Applied()
    reload = functools.partial(configuration.reload, applied)
    applied.failure = "no space"
    assert (await configuration.assign(Assigned(1, ASSIGNED), applied)).error == "no space"
    assert configuration.has_deferred
    await configuration.try_again(reload, applied)
    assert (configuration.has_deferred, configuration.assigned) == (True, None)
    assert configuration.assignment_error == "no space"
    assert caplog.text.count("is refused: no space; tried again") == 1
    applied.failure = ""
    await configuration.try_again(reload, applied)
    assert (configuration.has_deferred, configuration.assignment_error) == (False, "")
    assert (configuration.assigned, applied.ids) == (Assigned(1, ASSIGNED), ["a", "assigned"])
    assert configuration.answers() == [AssignmentAnswer(1)]
    assert Configuration(tmp_path / "agent.toml").assigned == Assigned(1, ASSIGNED)


async def test_of_checks_that_wait_for_another_attempt_the_newest_count_and_wrong_ones_never_wait(
    tmp_path: Path,
) -> None:
    configuration, applied = Configuration(written(tmp_path, HTTP, ENABLED)), Applied()
    reload = functools.partial(configuration.reload, applied)
    applied.failure = "no space"
    await configuration.assign(Assigned(1, ASSIGNED), applied)
    applied.failure = ""
    assert await configuration.assign(Assigned(2, ""), applied) == AssignmentAnswer(2)
    assert not configuration.has_deferred
    await configuration.try_again(reload, applied)
    assert configuration.assigned == Assigned(2, "")
    applied.failure = "no space"
    await configuration.assign(Assigned(3, ASSIGNED), applied)
    assert "not valid TOML" in (await configuration.assign(Assigned(4, "x"), applied)).error
    assert not configuration.has_deferred


async def test_files_that_a_fault_of_this_machine_kept_out_are_tried_again(tmp_path: Path) -> None:
    configuration, applied = Configuration(written(tmp_path, HTTP)), Applied()
    reload = functools.partial(configuration.reload, applied)
    applied.failure = "no space"
    written(tmp_path, HTTP + ASSIGNED)
    assert not await configuration.reload(applied)
    assert configuration.has_deferred
    applied.failure = ""
    await configuration.try_again(reload, applied)
    assert (configuration.has_deferred, configuration.error, applied.ids) == (False, "", ["a", "assigned"])
    written(tmp_path, "x")
    assert not await configuration.reload(applied)
    assert (configuration.has_deferred, configuration.error != "") == (False, True)
