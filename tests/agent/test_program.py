"""The program itself as a process: it runs, sends, and stops cleanly on SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from pathlib import Path

from tenantwatch_wire.records import Status
from tenantwatch_wire.v1 import agent_pb2

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


def seen_of(collector: FakeCollector) -> Counter[str]:
    """Results of each check that have arrived."""
    return Counter(check for check, _ in collector.committed.values())


async def test_sigterm_sends_what_is_left_says_farewell_and_exits_0(tmp_path: Path) -> None:
    async with FakeCollector() as collector:
        process = await start("run", "--config", configuration(tmp_path, collector))
        try:
            await collector.until(lambda: len(collector.committed) >= 20)
            process.send_signal(signal.SIGTERM)
            _, errors = await asyncio.wait_for(process.communicate(), 60)
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, errors.decode()
        assert b"Traceback" not in errors
        assert b"0 results left in the spool" in errors
        assert len(collector.of_kind("farewell")) == 1
    assert sorted(collector.committed) == list(range(1, len(collector.committed) + 1))
    assert len(set(collector.committed.values())) == len(collector.committed)


async def test_plugins_are_started_without_a_word_of_grpc(tmp_path: Path) -> None:
    async with FakeCollector() as collector:
        path = Path(configuration(tmp_path, collector))
        plugin = '[[checks]]\nid = "plugin"\nkind = "plugin_validation"\ncommand = ["/bin/true"]\n'
        path.write_text(path.read_text() + plugin + "interval_seconds = 0.1\n")
        process = await start("run", "--config", str(path))
        try:
            await collector.until(lambda: seen_of(collector)["plugin"] >= 5)
        finally:
            process.terminate()
            _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    assert b"fork" not in errors


async def test_a_second_agent_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    async with FakeCollector() as collector:
        path = configuration(tmp_path, collector)
        first = await start("run", "--config", path)
        try:
            await collector.until(lambda: bool(collector.committed))
            second = await start("run", "--config", path)
            _, errors = await asyncio.wait_for(second.communicate(), 60)
            assert second.returncode == 1
            assert b"another agent uses" in errors
            assert b"Traceback" not in errors
        finally:
            first.terminate()
            await asyncio.wait_for(first.communicate(), 60)


async def test_run_once_prints_what_it_saw(tmp_path: Path) -> None:
    path = configuration(tmp_path, FakeCollector())
    process = await start("run-once", "gone", "--config", path)
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert output.decode().startswith(f"gone: {Status.UNHEALTHY.word}: connect failed: Connection refused")
    process = await start("run-once", "nope", "--config", path)
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 3
    assert b"there is no check 'nope'; there are: host, gone" in errors


async def test_a_changed_configuration_is_taken_on_sighup_and_loses_nothing(tmp_path: Path) -> None:
    """Checks come and go ten times while others look as fast as they may; every sequence arrives once."""
    async with FakeCollector() as collector:
        path = configuration(tmp_path, collector)
        process = await start("run", "--config", path)
        parts = tmp_path / "conf.d"
        parts.mkdir()
        try:
            await collector.until(lambda: bool(collector.committed))
            for number in range(10):
                (parts / "more.toml").write_text(
                    f'[[checks]]\nid = "more-{number}"\nkind = "host_resources"\ninterval_seconds = 0.1\n'
                )
                process.send_signal(signal.SIGHUP)
                # "host" is configured alike all the time: no reload ever ends it.
                wanted = {f"more-{number}": 1, "host": seen_of(collector)["host"] + 1}
                await collector.until(lambda w=wanted: seen_of(collector) >= Counter(w))  # type: ignore[misc]
            (parts / "more.toml").write_text("wrong")
            process.send_signal(signal.SIGHUP)
            seen = len(collector.committed)
            await collector.until(lambda: len(collector.committed) >= seen + 20)
            process.send_signal(signal.SIGTERM)
            _, errors = await asyncio.wait_for(process.communicate(), 60)
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, errors.decode()
        assert b"Traceback" not in errors
        assert b"more.toml: is not valid TOML" in errors
    assert sorted(collector.committed) == list(range(1, len(collector.committed) + 1))
    assert len(set(collector.committed.values())) == len(collector.committed)
    last = collector.of_kind("dictionary")[-1].entries
    assert {e.check_id for e in last if e.active} == {"host", "gone", "more-9"}


async def test_metrics_and_heartbeats_on_loopback(tmp_path: Path) -> None:
    async with FakeCollector() as collector:
        path = Path(configuration(tmp_path, collector))
        path.write_text(
            path.read_text() + '[metrics]\nlisten = "127.0.0.1:0"\n[[checks]]\nid = "backup"\n'
            'kind = "business_logic"\nheartbeat = "backup"\nsilence_seconds = 60\ninterval_seconds = 0.1\n'
        )
        process = await start("run", "--config", str(path))
        try:
            assert process.stdout is not None
            line = await asyncio.wait_for(process.stdout.readline(), 60)
            port = int(line.decode().rpartition(":")[2])
            await collector.until(lambda: {"host", "gone", "backup"} <= seen_of(collector).keys())
            assert (await asked(port, "POST /heartbeat/nope")).startswith("HTTP/1.1 404 ")
            assert (await asked(port, "POST /heartbeat/backup", b"[]")).startswith("HTTP/1.1 400 ")
            assert (await asked(port, "POST /heartbeat/backup")).startswith("HTTP/1.1 204 ")
            # What checks saw is for the agent's own user, over its socket.
            assert (await asked(port, "GET /status")).startswith("HTTP/1.1 404 ")
            page = await metrics_with(port, 'tenantwatch_agent_check_status{check="gone"} 2')
            assert "tenantwatch_agent_heartbeats_total 1" in page
            assert "tenantwatch_agent_connected 1" in page
            assert (await asked(port, "GET /healthz")).endswith("\r\n\r\nok\n")
            await metrics_with(port, 'check_status{check="backup"} 0')
        finally:
            process.terminate()
            await asyncio.wait_for(process.communicate(), 60)


async def metrics_with(port: int, sample: str) -> str:
    """The page, once it holds that."""
    async with asyncio.timeout(60):
        while sample not in (page := await asked(port, "GET /metrics")):
            continue
    return page


async def asked(port: int, request: str, body: bytes = b"") -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{request} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return answer.decode()


async def test_the_collector_assigns_checks_that_outlive_a_kill_and_asks_for_looks(tmp_path: Path) -> None:
    async with FakeCollector() as collector:
        path = Path(configuration(tmp_path, collector))
        path.write_text(path.read_text() + "[assignment]\nenabled = true\n")
        assigned = '[[checks]]\nid = "far"\nkind = "host_resources"\ninterval_seconds = 3600\n'

        for start_number in (1, 2):
            process = await start("run", "--config", str(path))
            try:
                await collector.until(lambda: bool(collector.of_kind("dictionary")))
                if start_number == 1:
                    await collector.send(
                        configuration=agent_pb2.Configuration(version=5, checks_toml=assigned)
                    )
                # Said on the stream that begins with the new checks, and again after the kill.
                await collector.until(
                    lambda: [a.version for a in collector.of_kind("configuration_applied")][-1:] == [5]
                )
                await collector.until(
                    lambda: {"far"} <= {e.check_id for e in collector.of_kind("dictionary")[-1].entries}
                )
                before = seen_of(collector)["far"]
                run = agent_pb2.RunNow(request_id=f"r{start_number}", check_ids=["far", "none"])
                await collector.send(run_now=run)
                await collector.until(lambda: bool(collector.of_kind("run_result")))
                answer = collector.of_kind("run_result")[-1]
                assert (answer.request_id, list(answer.unknown_check_ids)) == (run.request_id, ["none"])
                assert answer.lane == agent_pb2.LANE_LIVE
                await collector.until(lambda b=before: seen_of(collector)["far"] > b)  # type: ignore[misc]
            finally:
                process.kill()
                await asyncio.wait_for(process.communicate(), 60)
            collector.messages.clear()
        assert (tmp_path / "data" / "assigned.json").exists()
