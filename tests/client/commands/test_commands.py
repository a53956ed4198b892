"""The command line as people and scripts use it, against a real collector."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import stat
from importlib import metadata
from pathlib import Path

import pytest
from tenantwatch_client import Client
from tenantwatch_client.__main__ import main
from tenantwatch_client.areas import agents
from tenantwatch_client.commands.show import styled

from tests.client.conftest import Served
from tests.ports import stable_port
from tests.system.harness import Agent


class Shell:
    """Runs commands with a home of its own; keeps what the last one printed."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.kept = home / "tenantwatch" / "login.json"
        monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
        for name in ("URL", "TOKEN", "TOKEN_FILE", "CA_FILE"):
            monkeypatch.delenv(f"TENANTWATCH_{name}", raising=False)
        # Workers of the tests have a terminal's width without a terminal.
        monkeypatch.delenv("COLUMNS", raising=False)
        self.output = self.errors = ""

    def __call__(self, *arguments: str) -> int:
        self._monkeypatch.setattr("sys.argv", ["tenantwatch", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        self.output, self.errors = self._capsys.readouterr()
        return int(ended.value.code or 0)

    def json(self, *arguments: str) -> object:
        assert self(*arguments, "--output", "json") == 0, self.errors
        return json.loads(self.output)


@pytest.fixture
def shell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, served: Served
) -> Shell:
    """Not signed in."""
    return Shell(monkeypatch, capsys, tmp_path)


@pytest.fixture
def signed_in(shell: Shell, served: Served, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("TENANTWATCH_URL", served.url)
    monkeypatch.setenv("TENANTWATCH_TOKEN", served.token)
    return shell


def test_login_keeps_the_token_for_this_user_alone(shell: Shell, served: Served, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{served.token}\n")
    assert shell("tenant", "list") == 4
    assert "run `tenantwatch login URL" in shell.errors
    assert shell("login", served.url, "--token-file", str(tmp_path / "token")) == 0, shell.errors
    assert stat.S_IMODE(shell.kept.stat().st_mode) == 0o600
    assert served.token not in shell.output
    assert shell("whoami") == 0
    assert served.url in shell.output
    assert shell("logout") == 0
    assert not shell.kept.exists()


def test_login_takes_the_dashboards_address_and_says_what_to_write_for_others(
    shell: Shell, served: Served, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(served.token)
    page = f"{served.url}/admin/monitoring/health?tenant=x"
    assert shell("login", page, "--token-file", str(tmp_path / "token")) == 0, shell.errors
    assert f"signed in to {served.url}," in shell.output
    for address in (f"{served.url}/nothing", f"http://{served.address}"):
        assert shell("login", address, "--token-file", str(tmp_path / "token")) == 3
        assert "write https://HOST:PORT" in shell.errors
    assert json.loads(shell.kept.read_text())["url"] == served.url


def test_the_version_is_told(shell: Shell) -> None:
    assert shell("--version") == 0
    assert shell.output == f"tenantwatch {metadata.version('tenantwatch')}\n"


def test_a_token_that_is_not_accepted_is_not_kept(shell: Shell, served: Served, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("tw_wrong")
    assert shell("login", served.url, "--token-file", str(tmp_path / "token")) == 4
    assert "tw_wrong" not in shell.errors
    assert not shell.kept.exists()


def test_a_kept_token_goes_to_no_other_address(
    shell: Shell, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text(served.token)
    assert shell("login", served.url, "--token-file", str(tmp_path / "token")) == 0
    monkeypatch.setenv("TENANTWATCH_URL", f"http://127.0.0.1:{stable_port()}")
    assert shell("whoami") == 4
    assert "no token for http://127.0.0.1" in shell.errors


def test_tables_for_people_and_whole_answers_for_pipes(signed_in: Shell, tenant: str) -> None:
    assert signed_in("tenant", "list") == 0
    assert tenant in signed_in.output
    rows = signed_in.json("tenant", "list")
    assert isinstance(rows, list)
    assert tenant in [row["tenant_id"] for row in rows]
    assert signed_in("tenant", "list", "-o", "csv") == 0
    found = list(csv.DictReader(io.StringIO(signed_in.output)))
    assert next(row for row in found if row["tenant_id"] == tenant)["checks_total"] == "0"


def test_an_alert_is_reported_acknowledged_and_resolved(signed_in: Shell, tenant: str) -> None:
    made = signed_in.json("alert", "create", tenant, "Import is late", "--severity", "error")
    assert isinstance(made, dict)
    assert signed_in("alert", "ack", made["alert_id"], "--notes", "on it") == 0
    assert "acknowledged" in signed_in.output
    assert signed_in("alert", "show", made["alert_id"]) == 0
    assert "on it" in signed_in.output
    assert signed_in("alert", "resolve", made["alert_id"]) == 0
    assert signed_in.json("alert", "list", "--tenant", tenant, "--status", "active") == []


def test_states_are_exit_codes_where_they_are_wanted(signed_in: Shell, tenant: str) -> None:
    assert signed_in("tenant", "show", tenant) == 0
    assert signed_in("tenant", "show", tenant, "--exit-state") == 12
    assert signed_in("sla", "show", tenant, "--exit-state") == 12
    assert "cannot_be_proved" in signed_in.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["tenant", "show", "not-there"], 5, "not-there"),
        (["tenant", "show"], 2, "Missing argument"),
        (["silence", "create", "--until", "2x"], 2, "a time with its zone"),
        (["silence", "create", "--until", "2026-01-31T20:00"], 2, "a time with its zone"),
        (["sla", "announce", "not-there", "/not/there.json"], 1, "/not/there.json: cannot be read"),
        (["rule", "create", "nothing", "greater_than", "1"], 1, "no check has measured 'nothing'"),
    ],
)
def test_failures_have_words_and_codes(signed_in: Shell, arguments: list[str], code: int, said: str) -> None:
    assert signed_in(*arguments) == code
    assert said in signed_in.errors.replace("\n", " ")


def test_service_levels_are_shown_explained_and_reported(
    signed_in: Shell, tenant: str, tmp_path: Path
) -> None:
    level = signed_in.json("sla", "show", tenant, "--what-if", "basic")
    assert isinstance(level, dict)
    assert level["tier"] == "basic"
    assert signed_in("sla", "explain", tenant) == 0
    assert signed_in.output.startswith("1. ")
    report = tmp_path / "report.pdf"
    assert signed_in("report", "sla", tenant, "--file", str(report)) == 0
    assert report.read_bytes().startswith(b"%PDF-")


def test_terms_are_agreed_by_a_contract_alone_and_shown_in_full(
    signed_in: Shell, tenant: str, tmp_path: Path
) -> None:
    file = tmp_path / "contract.json"
    contract = {
        "tier": "enterprise",
        "timezone": "Europe/Berlin",
        "effective_from": "2026-01-01T00:00:00Z",
        "service_hours": [{"weekday": 0, "from_minute": 480, "to_minute": 1080}],
        "credits": {"fee": "4900.00", "table": [{"below": "99.9", "credit_pct": 10}]},
    }
    file.write_text(json.dumps(contract))
    assert signed_in("sla", "set-terms", tenant, str(file)) == 2
    assert "--reason" in signed_in.errors
    assert signed_in("sla", "set-terms", tenant, str(file), "--reason", "an upgrade") == 0, signed_in.errors
    told = " ".join(signed_in.output.split())
    for words in (
        "at least 99.9 %",
        "Europe/Berlin",
        "Mon 08:00-18:00",
        "10 % below 99.9 %, of 4900.00",
        "an upgrade",
        "nothing can be proved",
        "judged on the terms of version 0",
    ):
        assert words in told
    assert signed_in("sla", "terms", tenant) == 0
    assert " ".join(signed_in.output.split()) == told
    file.write_text(json.dumps({"contract": {"tier": "basic"}, "reason": "as by REST"}))
    found = signed_in.json("sla", "set-terms", tenant, str(file))
    assert isinstance(found, dict)
    assert found["versions"][-1]["reason"] == "as by REST"


def test_a_series_of_windows_tells_its_next_one(signed_in: Shell, tenant: str, tmp_path: Path) -> None:
    file = tmp_path / "window.json"
    series = {"rule": "FREQ=YEARLY", "first": "2199-05-09T02:00:00", "duration_s": 5400, "reason": "patches"}
    file.write_text(json.dumps({**series, "timezone": "Europe/Berlin"}))
    assert signed_in("sla", "announce", tenant, str(file)) == 0, signed_in.errors
    assert signed_in("sla", "maintenance", tenant) == 0
    told = " ".join(signed_in.output.split())
    for words in (
        "2199-05-09T00:00:00Z 2199-05-09T01:30:00Z",
        "FREQ=YEARLY from 2199-05-09T02:00:00 Europe/Berlin, 5400 s each",
    ):
        assert words in told


ALLOWED = '[assignment]\nenabled = true\nhosts = ["127.0.0.1"]'
MAIL = '{"kind": "tcp_connection", "address": "127.0.0.1:25"}'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mail.json", MAIL),
        ("mail.json", f'{{"check": {MAIL}, "agent_id": null}}'),
        ("mail.json", MAIL.replace("{", '{"id": "mail", ')),
        ("mail.toml", 'kind = "tcp_connection"\naddress = "127.0.0.1:25"'),
        (
            "agent.toml",
            '[[checks]]\nid = "mail"\nkind = "tcp_connection"\naddress = "127.0.0.1:25"\n'
            '[[checks]]\nid = "other"\nkind = "host_resources"',
        ),
    ],
)
def test_a_check_is_assigned_by_a_file(
    signed_in: Shell, tenant: str, tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    assert signed_in("check", "assign", tenant, "mail", str(tmp_path / name)) == 0, signed_in.errors
    assert "no agent is connected that it is for" in signed_in.errors
    assert signed_in("check", "assigned", tenant) == 0
    assert "tcp_connection" in signed_in.output
    assert signed_in("check", "take-back", tenant, "mail") == 0
    assert signed_in("agent", "list", tenant) == 0
    assert signed_in("audit", "--tenant", tenant) == 0
    assert "mail" in signed_in.output


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.toml", '[[checks]]\nid = "web"', "one of its [[checks]] must have id = 'mail'"),
        ("a.json", '{"id": "web"}', "is of the check 'web': assign it as that, or leave out id"),
        ("a.toml", "x", "is not TOML: "),
        ("a.json", "[]", "must hold one JSON object"),
        ("a.json", '"' + "x" * 300_000 + '"', "is longer than 262144 bytes"),
        ("a.json", MAIL.replace("address", "adress"), "unknown key 'adress'; did you mean 'address'?"),
    ],
)
def test_what_is_no_check_is_not_assigned(
    signed_in: Shell, tenant: str, tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    assert signed_in("check", "assign", tenant, "mail", str(tmp_path / name)) == 1
    assert said in signed_in.errors


def test_what_agents_do_with_a_check_is_told(
    signed_in: Shell, served: Served, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agents, "WAIT_SECONDS", 60.0)
    made = client.tenants.create(served.name())
    tenant, token = made["tenant_id"], made["agent_token"]
    assert token is not None
    (tmp_path / "mail.json").write_text(MAIL)
    assign = ("check", "assign", tenant, "mail", str(tmp_path / "mail.json"))
    with asyncio.Runner() as runner, contextlib.ExitStack() as stack:
        for agent_id, extra in (("willing", ALLOWED), ("unwilling", "")):
            agent = Agent(tmp_path / agent_id, agent_id, served.address, token, [], extra=extra)
            runner.run(agent.start())
            stack.callback(stop, runner, agent)
            runner.run(connected(client, tenant, agent_id))
        assert signed_in(*assign) == 1
        assert "willing looks with it" in signed_in.errors
        refusal = (
            "unwilling takes nothing of version 1 of its checks: assignment by the collector is not enabled"
        )
        assert refusal in signed_in.errors
        for command in ("check list", "check assigned", "agent list"):
            assert signed_in(*command.split(), tenant) == 0
            assert refusal in signed_in.output
        # The other one is not asked. This one may just be beginning its stream anew, with its new checks.
        assert signed_in(*assign, "--agent", "willing") == 0, signed_in.errors
        assert signed_in("agent", "retire", tenant, "unwilling") == 1
        assert "agent 'unwilling' is connected: stop it first" in signed_in.errors
        stack.pop_all().close()
        runner.run(away(client, tenant))
        assert signed_in("agent", "retire", tenant, "unwilling") == 0, signed_in.errors
        assert "agent unwilling is retired" in signed_in.output


async def away(client: Client, tenant: str) -> None:
    """Return when the collector has seen that no agent is connected."""
    is_there = True
    async with asyncio.timeout(30):
        while is_there:
            await asyncio.sleep(0.05)
            is_there = any(one["connected"] for one in client.agents.each(tenant))


def stop(runner: asyncio.Runner, agent: Agent) -> None:
    runner.run(agent.terminate())


async def connected(client: Client, tenant: str, agent_id: str) -> None:
    here: set[str] = set()
    async with asyncio.timeout(30):
        while agent_id not in here:
            await asyncio.sleep(0.05)
            here = {one["agent_id"] for one in client.agents.each(tenant) if one["connected"]}


def test_a_picture_of_everything(signed_in: Shell, tenant: str) -> None:
    assert signed_in("watch", "--once") == 0
    assert signed_in.output.startswith("platform ")


def test_texts_of_agents_do_not_steer_the_terminal() -> None:
    assert styled("a\x1b[2Jb\u202ec[red]\n").plain == "a [2Jb c[red] "
    assert styled(None).plain == "-"


def test_help_teaches(shell: Shell) -> None:
    assert shell("--help") == 0
    for word in (
        "login",
        "tenant",
        "check",
        "alert",
        "sla",
        "report",
        "rule",
        "silence",
        "watch",
        "Exit codes",
    ):
        assert word in shell.output
