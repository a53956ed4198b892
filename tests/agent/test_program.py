"""The program itself as a process: it runs, sends, and stops cleanly on SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from tenantwatch_wire.records import Status

from tests.agent.fake_collector import FakeCollector
from tests.ports import stable_port


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tenantwatch_agent", *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip


def configuration(folder: Path, collector: FakeCollector) -> str:
    (folder / "token").write_text(collector.token)
    path = folder / "agent.toml"
    path.write_text(
        f'agent_id = "web-1"\ndata_folder = "{folder}/data"\n'
        f'[collector]\naddress = "{collector.address}"\ntoken_file = "{folder}/token"\n'
        '[[checks]]\nid = "host"\nkind = "host_resources"\ninterval_seconds = 0.1\n'
        f'[[checks]]\nid = "gone"\nkind = "tcp_connection"\naddress = "127.0.0.1:{stable_port()}"\n'
        "interval_seconds = 0.1\n"
    )
    return str(path)


async def test_sigterm_sends_what_is_left_says_farewell_and_exits_0(tmp_path: Path) -> None:
    async with FakeCollector() as collector:
        process = await start("run", "--config", configuration(tmp_path, collector))
        try:
            await collector.until(lambda: len(collector.committed) >= 20)
            process.send_signal(signal.SIGTERM)
            _, errors = await asyncio.wait_for(process.communicate(), 15)
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, errors.decode()
        assert b"Traceback" not in errors
        assert b"0 results wait in the spool" in errors
        assert len(collector.of_kind("farewell")) == 1
    assert sorted(collector.committed) == list(range(1, len(collector.committed) + 1))
    assert len(set(collector.committed.values())) == len(collector.committed)


async def test_a_second_agent_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    async with FakeCollector() as collector:
        path = configuration(tmp_path, collector)
        first = await start("run", "--config", path)
        try:
            await collector.until(lambda: bool(collector.committed))
            second = await start("run", "--config", path)
            _, errors = await asyncio.wait_for(second.communicate(), 15)
            assert second.returncode == 1
            assert b"another agent uses" in errors
            assert b"Traceback" not in errors
        finally:
            first.terminate()
            await asyncio.wait_for(first.communicate(), 15)


async def test_run_once_prints_what_it_saw(tmp_path: Path) -> None:
    path = configuration(tmp_path, FakeCollector())
    process = await start("run-once", "gone", "--config", path)
    output, _ = await asyncio.wait_for(process.communicate(), 15)
    assert process.returncode == 1
    assert output.decode().startswith(f"gone: {Status.UNHEALTHY.word}: connect failed: Connection refused")
    process = await start("run-once", "nope", "--config", path)
    _, errors = await asyncio.wait_for(process.communicate(), 15)
    assert b"there is no check 'nope'; there are: host, gone" in errors
