"""The commands beside `run`, against an agent that runs, one that does not, and one that was killed."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tenantwatch_agent.__main__ import main
from tenantwatch_agent.listener import SOCKET

from tests.agent.fake_collector import FakeCollector
from tests.agent.test_program import start
from tests.ports import stable_port
from tests.servers import PostgresServer

HOST = '[[checks]]\nid = "host"\nkind = "host_resources"\ninterval_seconds = 0.1\n'


def configuration(folder: Path, collector: FakeCollector, more: str = HOST) -> Path:
    (folder / "token").write_text(collector.token)
    path = folder / "agent.toml"
    path.write_text(
        f'agent_id = "web-1"\ndata_folder = "{folder}/data"\n'
        f'[collector]\naddress = "{collector.address}"\ntoken_file = "{folder}/token"\n{more}'
    )
    return path


async def ran(*arguments: str | Path) -> tuple[int, str, str]:
    process = await start(*map(str, arguments))
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


@contextlib.asynccontextmanager
async def running(path: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await start("run", "--config", str(path))
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_status_and_spool_of_a_running_agent(tmp_path: Path) -> None:
    collector = FakeCollector()
    path = configuration(tmp_path, collector)
    code, _, errors = await ran("status", "--config", path)
    assert (code, "no agent runs with the data folder" in errors) == (1, True)
    async with collector, running(path):
        await collector.until(lambda: len(collector.committed) >= 5)
        code, out, errors = await ran("status", "--config", path)
        assert code == 0, out + errors
        assert "agent web-1" in out
        assert f"stream  {collector.address}: up for" in out
        assert "host " in out
        code, out, _ = await ran("status", "--json", "--config", path)
        told = json.loads(out)
        assert told["counts"]["acknowledged_results"] >= 5
        assert [one["check_id"] for one in told["checks"]] == ["host"]
        assert told["configuration"]["refused"] == ""

        # The configuration is refused: the agent goes on, and says so.
        path.write_text(path.read_text() + "x = 1\n")
        await wait_for_status(path, "unknown key 'x'")
        code, out, _ = await ran("status", "--config", path.with_name("agent.toml"))
        assert (code, "unknown key 'x'" in out) == (3, True)


async def test_an_agent_without_descriptors_is_told_as_such(tmp_path: Path) -> None:
    path = configuration(tmp_path, FakeCollector())
    (tmp_path / "data").mkdir()

    async def end_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with await asyncio.start_unix_server(end_at_once, tmp_path / "data" / SOCKET):
        code, _, errors = await ran("status", "--config", path)
    assert (code, "raise LimitNOFILE" in errors) == (1, True), errors


async def wait_for_status(path: Path, text: str) -> None:
    """Until the running agent says so; the wrong file is asked for by way of a right copy of it."""
    right = path.with_name("right.toml")
    right.write_text(path.read_text().replace("x = 1\n", ""))
    async with asyncio.timeout(90):
        while True:
            code, out, _ = await ran("status", "--config", right)
            if text in out:
                assert code == 3
                return


async def test_spool_is_shown_and_exported_while_the_agent_runs_and_after_a_kill(tmp_path: Path) -> None:
    collector = FakeCollector()  # nobody listens there
    path = configuration(tmp_path, collector)
    async with running(path) as process:
        async with asyncio.timeout(90):
            while (await ran("spool", "inspect", "--config", path))[0]:
                continue
            rows: list[object] = []
            while not rows:
                code, out, errors = await ran("spool", "export", "--config", path)
                assert code == 0, errors
                rows = [json.loads(line) for line in out.splitlines()]
        process.send_signal(signal.SIGKILL)
        await process.wait()
    code, out, _ = await ran("spool", "export", "--format", "csv", "--config", path)
    table = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert len(table) >= len(rows)
    assert table[0]["check_id"] == "host"
    assert table[0]["kind"] == "host_resources"
    assert "cpu_percent" in json.loads(table[0]["metrics"])
    assert [int(row["sequence"]) for row in table] == list(range(1, len(table) + 1))
    code, out, _ = await ran("spool", "inspect", "--config", path)
    assert f"live     {len(table)} results wait, sequences given up to {len(table)}" in out


def test_a_damaged_spool_is_exported_as_far_as_it_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none.sqlite3"
    assert main(["spool", "inspect", "--file", str(path)]) == 1
    assert "there is no spool" in capsys.readouterr().err
    path.write_bytes(b"no database" * 1000)
    assert main(["spool", "export", "--file", str(path)]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_check_config_lists_the_checks_and_what_was_assigned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = configuration(tmp_path, FakeCollector())
    assert main(["check-config", str(path)]) == 0
    out = capsys.readouterr().out
    assert "every 0.1 s" in out
    assert f"{path}: ok, 1 check, 1 warning\n" in out
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "assigned.json").write_text(json.dumps({"version": 1, "checks_toml": HOST}))
    assert main(["check-config", "--config", str(path)]) == 0
    assert "what the collector assigned is left out: assignment by the collector" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ('ca_file = "{folder}/none"\n', "collector.ca_file {folder}/none: No such file"),
        ('ca_file = "{folder}/token"\n', "collector.ca_file {folder}/token: must hold PEM"),
        ('ca_file = "{folder}/pipe"\n', "collector.ca_file {folder}/pipe: is not a regular file"),
        (
            '[[checks]]\nid = "db"\nkind = "database_connectivity"\nurl_file = "{folder}/none"\n',
            "url_file {folder}/none: No such file",
        ),
    ],
)
def test_check_config_says_what_run_would_miss(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str, reason: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    path = configuration(tmp_path, FakeCollector(), more.replace("{folder}", str(tmp_path)))
    assert main(["check-config", str(path)]) == 1
    assert reason.replace("{folder}", str(tmp_path)) in capsys.readouterr().err


def test_check_config_tells_all_that_is_wrong_a_line_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = configuration(tmp_path, FakeCollector(), HOST + 'x = 1\ndisk_paths = ["/nowhere"]\n' + HOST)
    (tmp_path / "token").write_text("two\nlines")
    assert main(["check-config", str(path)]) == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in told] == [
        *(f"{path}:{line}" for line in (10, 11, 13)),
        f"collector.token_file {tmp_path}/token",
    ]
    path.write_text("[collector]\n" + "".join(f"k{number} = 1\n" for number in range(150)))
    assert main(["check-config", str(path)]) == 1
    told = capsys.readouterr().err.splitlines()
    assert (len(told), told[-1]) == (101, "tenantwatch-agent: and 50 more")


async def test_run_warns_of_what_is_hardly_meant(tmp_path: Path) -> None:
    async with running(configuration(tmp_path, FakeCollector())) as process:
        assert process.stderr is not None
        said = b""
        async with asyncio.timeout(90):
            while b"check host: a look may take 10 s" not in said:
                said = await process.stderr.readline()
                assert said, "the agent ended"
        assert b"WARNING" in said


async def test_wrong_use_ends_with_2_and_help_has_an_example(tmp_path: Path) -> None:
    code, _, errors = await ran("check-config")
    assert (code, "name the file: tenantwatch-agent check-config FILE" in errors) == (2, True)
    for command in ("run", "check-config", "run-once", "status", "spool inspect", "spool export"):
        code, out, _ = await ran(*command.split(), "--help")
        assert (code, f"example: tenantwatch-agent {command} " in " ".join(out.split())) == (0, True), out


def test_check_config_asks_for_the_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TENANTWATCH_TOKEN", raising=False)
    path = configuration(tmp_path, FakeCollector())
    (tmp_path / "token").unlink()
    assert main(["check-config", str(path)]) == 1
    assert "--agent` makes a token" in capsys.readouterr().err
    path.write_text(HOST)
    assert main(["check-config", str(path)]) == 1
    assert "there is no token; set collector.token_file or TENANTWATCH_TOKEN" in capsys.readouterr().err


def test_run_once_tells_the_phases_of_steps_and_looks_at_what_it_asks_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], postgres_server: PostgresServer
) -> None:
    path = configuration(
        tmp_path,
        FakeCollector(),
        f'[[checks]]\nid = "orders-db"\nkind = "database_connectivity"\nurl = "{postgres_server.url}"\n'
        'query = "SELECT 12"\n[[checks]]\nid = "orders"\nkind = "business_logic"\n'
        "healthy_if = \"'orders-db'.value > 10\"\n",
    )
    assert main(["run-once", "orders-db", "--config", str(path)]) == 0
    phases = capsys.readouterr().out.partition("phases:")[2].partition("metrics:")[0]
    assert [line.split()[0] for line in phases.splitlines() if line.strip()] == ["connect", "login", "query"]
    assert main(["run-once", "orders", "--config", str(path)]) == 0
    assert capsys.readouterr().out.startswith("orders: healthy: holds")


def test_run_once_shows_phases_and_metrics(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = configuration(
        tmp_path,
        FakeCollector(),
        '[[checks]]\nid = "gone"\nkind = "tcp_connection"\nretries = 1\nretry_delay_seconds = 0\n'
        f'address = "127.0.0.1:{stable_port()}"\n{HOST}',
    )
    assert main(["run-once", "gone", "--config", str(path)]) == 2
    out = capsys.readouterr().out
    assert out.startswith("gone: unhealthy: connect failed: Connection refused (attempt 2; the first: ")
    assert "attempts 2" in out
    assert main(["run-once", "host", "--config", str(path)]) in (0, 1, 2)
    assert "cpu_percent" in capsys.readouterr().out
