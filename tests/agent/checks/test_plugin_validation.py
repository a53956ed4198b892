"""Plugins: Debian's own, and bad ones written on the spot."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from tenantwatch_agent import lag
from tenantwatch_agent.checks import descendants, process
from tenantwatch_agent.checks.plugin_validation import PluginValidation, Settings
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_agent.lag import LoopLag, Span, marked
from tenantwatch_wire.records import CheckDefinition, Result, Status

from tests.agent.checks.looking import look
from tests.debian import unpacked
from tests.ports import stable_port

ON_UVLOOP = True

Plugin = Callable[[str], str]


async def plugin(*command: str, timeout_ms: int = 60_000, **settings: Any) -> Result:
    check = PluginValidation(Settings(command=command, **settings))
    return await look(CheckDefinition("a", "plugin_validation", 1000, timeout_ms), check)


@pytest.fixture
def script(tmp_path: Path) -> Plugin:
    def write(body: str) -> str:
        program = tmp_path / "check_it"
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)
        return str(program)

    return write


@pytest.fixture(scope="module")
def debian() -> Path:
    root = unpacked("plugins of Debian's monitoring-plugins", "monitoring-plugins-basic")
    return root / "usr" / "lib" / "nagios" / "plugins"


@pytest.mark.parametrize(
    ("code", "status"),
    [(0, Status.HEALTHY), (1, Status.DEGRADED), (2, Status.UNHEALTHY), (3, Status.UNKNOWN)],
)
async def test_the_codes_of_a_real_plugin(debian: Path, code: int, status: Status) -> None:
    result = await plugin(str(debian / "check_dummy"), str(code), "queue of 5")
    assert result.status is status
    assert result.text.endswith("queue of 5")


async def test_a_real_plugin_with_figures(debian: Path) -> None:
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        result = await plugin(
            str(debian / "check_tcp"), "-H", "127.0.0.1", "-p", str(port), "-w", "5", "-c", "9"
        )
    assert result.status is Status.HEALTHY, result.text
    assert result.text.startswith("TCP OK - ")
    assert result.metrics["time_seconds_warning"] == 5
    assert result.metrics["time_seconds_critical"] == 9
    assert result.latency_us == round(result.metrics["time_seconds"] * 1_000_000)


async def test_a_real_plugin_whose_target_is_down(debian: Path) -> None:
    result = await plugin(str(debian / "check_tcp"), "-H", "127.0.0.1", "-p", str(stable_port()))
    assert result.status is Status.UNHEALTHY
    assert "refused" in result.text


async def test_latency_limits_speak_of_what_the_plugin_measured(script: Plugin) -> None:
    program = script("echo 'OK | time=0.2s'")
    assert (await plugin(program, degraded_after_ms=100.0)).text == "took 200 ms, more than 100 ms"
    result = await plugin(script("echo OK"), degraded_after_ms=0.001)
    assert (result.status, result.latency_us) == (Status.HEALTHY, None)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("exit 4", "the plugin ended with exit code 4, 0 to 3 are allowed"),
        ("echo oops >&2; exit 127", "the plugin ended with exit code 127, 0 to 3 are allowed: oops"),
        ("kill -SEGV $$", "the plugin was ended by SIGSEGV"),
        ("kill -40 $$", "the plugin was ended by signal 40"),
        ("exit 3", "the plugin said nothing"),
        ("echo >&2 no configuration; exit 3", "no configuration"),
        ("while :; do echo 'never ending'; done", "it wrote more than 65536 bytes"),
    ],
)
async def test_a_plugin_that_fails_itself_is_unknown(script: Plugin, body: str, text: str) -> None:
    result = await plugin(script(body))
    assert (result.status, result.text) == (Status.UNKNOWN, text)


async def test_without_a_text(script: Plugin) -> None:
    result = await plugin(script("exit 2"))
    assert (result.status, result.text) == (Status.UNHEALTHY, "exit code 2, without a text")


async def test_its_environment_arguments_and_limits(script: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENANTWATCH_TOKEN", "hunter2")
    program = script(
        'echo "$1 $TOKEN,$TENANTWATCH_TOKEN,$(ulimit -v) $(ulimit -t) $(ulimit -n) $(ulimit -f)"'
    )
    result = await plugin(program, "a; $(b) *", environment={"TOKEN": "x"}, max_memory_mib=64)
    assert result.text == f"a; $(b) * x,,{64 * 1024} 30 256 {64 * 1024 * 2}"


async def test_secrets_come_from_variables_and_files_and_are_not_shown(
    script: Plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "hunter2")
    file = tmp_path / "password"
    file.write_text("open-sesame\n")
    named: dict[str, Any] = {
        "environment_env": {"TOKEN": "SHOP_TOKEN"},
        "environment_file": {"PASSWORD": file},
    }
    assert (await plugin(script('echo "${#TOKEN} ${#PASSWORD}"'), **named)).text == "7 11"
    assert (await plugin(script('echo "got $TOKEN and $PASSWORD"'), **named)).text == "got *** and ***"
    assert (await plugin(script('echo "$TOKEN" >&2; exit 9'), **named)).text.endswith(": ***")
    with pytest.raises(ConfigurationError, match="environment_env: the environment variable NO_SUCH"):
        PluginValidation(Settings(command=("/bin/true",), environment_env={"TOKEN": "NO_SUCH"}))


async def test_memory_is_bounded(script: Plugin) -> None:
    program = script(f"{sys.executable} -c 'bytes(2_000_000_000)' 2>&1; exit 3")
    result = await plugin(program, max_memory_mib=512)
    assert (result.status, result.text) == (Status.UNKNOWN, "Traceback (most recent call last):")
    assert (await plugin(program, max_memory_mib=8192)).text == "the plugin said nothing"


async def test_a_secret_of_several_lines_is_not_shown_by_its_first(
    script: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "first-line\nsecond-line")
    for code, text in (
        (0, "***"),
        (3, "***"),
        (9, "the plugin ended with exit code 9, 0 to 3 are allowed: ***"),
    ):
        result = await plugin(script(f'echo "$KEY"; exit {code}'), environment_env={"KEY": "KEY"})
        assert result.text == text


async def test_a_figure_without_end_is_left_out(script: Plugin) -> None:
    result = await plugin(script("echo 'OK | time=1e999s rta=2ms'"))
    assert (result.status, result.latency_us) == (Status.HEALTHY, 2000)


async def test_processor_time_is_bounded(script: Plugin) -> None:
    result = await plugin(script("while :; do :; done"), max_cpu_seconds=1)
    assert result.status is Status.UNKNOWN
    assert result.text.startswith("the plugin was ended by SIG")


async def test_files_are_bounded(script: Plugin, tmp_path: Path) -> None:
    program = script(f"exec dd if=/dev/zero of={tmp_path}/large bs=1M count=80 2>/dev/null")
    result = await plugin(program)
    assert (result.status, result.text) == (
        Status.UNKNOWN,
        "the plugin was ended by SIGXFSZ (a file may have 64 MiB)",
    )
    (tmp_path / "large").unlink()


async def test_a_limit_of_the_agents_own_is_kept(script: Plugin) -> None:
    """What runs it may have bounded the agent itself; it does not try to give more."""
    program = script('echo "$(ulimit -Hn) $(ulimit -Hf)"')
    code = f"""
import asyncio, resource
from tenantwatch_agent.checks.process import Bounds, run
resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * 1024, 1024 * 1024))
print(asyncio.run(run([{program!r}], {{}}, Bounds(2**29, 5))))
"""
    agent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    output, _ = await asyncio.wait_for(agent.communicate(), 60)
    assert "output='200 2048\\n'" in output.decode()


_MANY = """
import os, sys, time
for _ in range(60):
    if os.fork() == 0:
        os.setsid()
        time.sleep(300)
print("OK")
"""


async def test_many_children_are_killed_to_the_last() -> None:
    argument = f"many-{secrets.token_hex(8)}"
    result = await plugin(sys.executable, "-c", _MANY, argument)
    assert (result.status, result.text) == (Status.HEALTHY, "OK")
    left = [
        found.pid for found in psutil.process_iter(["cmdline"]) if argument in (found.info["cmdline"] or ())
    ]
    await until(lambda: not any(map(_runs, left)))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while True:
            if holds():
                return
            await asyncio.sleep(0.005)


async def given_up_for_good() -> None:
    """What goes on behind a look that was given up needs the loop of its test to its end."""
    await until(lambda: not process._ending)


async def test_its_figures_stay_where_the_agent_was_late(
    script: Plugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only how long it ran is a time that the agent took."""
    seen = await PluginValidation(Settings(command=(script("echo 'OK|queue_ms=7'"),))).look()
    monkeypatch.setattr(lag, "LAGGED_SECONDS", 0.05)
    span = Span(LoopLag())
    span.note(0.0, 1.0)
    assert seen.metrics.keys() == {"run_ms", "queue_ms"}
    assert marked(seen, span).metrics == {"queue_ms": 7.0, "agent_lag_ms": 1000.0}


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


async def test_given_up_it_is_killed_with_all_that_it_started(script: Plugin, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    program = script(f"sleep 60 & echo $! > {pids}; echo $$ >> {pids}; trap '' TERM; wait; sleep 60")
    before = children()
    looking = asyncio.create_task(plugin(program, timeout_ms=60_000))
    await until(lambda: pids.exists() and pids.read_text().count("\n") == 2)
    looking.cancel()
    await asyncio.wait([looking])
    started = [int(line) for line in pids.read_text().split()]
    await until(lambda: not any(map(_runs, started)) and children() <= before)
    await given_up_for_good()


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_what_it_leaves_behind_is_killed_and_not_waited_for(script: Plugin, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    result = await plugin(script(f"sleep 60 & echo $! > {pid}; echo OK"))
    assert (result.status, result.text) == (Status.HEALTHY, "OK")
    await until(lambda: not _runs(int(pid.read_text())))


def open_ends() -> set[str]:
    """Of pipes and sockets."""
    found = set()
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.add(os.readlink(f"/proc/self/fd/{descriptor}"))
    return {each for each in found if each.startswith(("pipe:", "socket:"))}


async def test_who_cannot_be_killed_holds_nothing_of_ours(
    script: Plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a program of another user by its set-user-ID bit, which keeps the plugin's output open."""
    monkeypatch.setattr(descendants, "kill_marked", lambda mark: None)
    pid = tmp_path / "pid"
    await plugin(script("exit 0"))  # the loop's own pipe for threads is there from now on
    before = open_ends()
    surviving = f"setsid sh -c 'echo $$ > {pid}; exec sleep 300' &"
    result = await plugin(script(f"{surviving}\nuntil [ -s {pid} ]; do sleep 0.01; done; echo OK"))
    try:
        assert (result.status, result.text) == (Status.HEALTHY, "OK")
        await until(lambda: open_ends() <= before)
        assert _runs(int(pid.read_text()))
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)


_LEAVING = """
import os, sys, time
environment = dict(os.environ) if "--keep" in sys.argv else {}
for number in range(2):
    if os.fork() == 0:
        os.setsid()
        if (number or "--orphans" in sys.argv) and "--drop" not in sys.argv and os.fork():
            os._exit(0)
        for descriptor in range(3):
            os.close(descriptor)
        with open(f"{sys.argv[1]}/{os.getpid()}", "w"):
            pass
        os.execve("/bin/sleep", ["sleep", "300"], environment)
while len(os.listdir(sys.argv[1])) < 2:
    time.sleep(0.01)
if "--end" in sys.argv:
    print("OK")
else:
    time.sleep(300)
"""


@pytest.mark.parametrize(
    "options", [["--keep"], ["--drop"], ["--keep", "--end"], ["--orphans"], ["--orphans", "--end"]]
)
async def test_who_left_its_session_is_killed_as_well(options: list[str], tmp_path: Path) -> None:
    """Children with sessions of their own; orphans; with no environment; orphans with no environment."""
    folder = tmp_path / "pids"
    folder.mkdir()
    command = (sys.executable, "-c", _LEAVING, str(folder), *options)
    looking = asyncio.create_task(plugin(*command, timeout_ms=60_000))
    if "--end" not in options:
        await until(lambda: len(list(folder.iterdir())) == 2)
        looking.cancel()
    await asyncio.wait([looking])
    started = [int(path.name) for path in folder.iterdir()]
    assert len(started) == 2
    await until(lambda: not any(map(_runs, started)))
    await given_up_for_good()


async def test_one_that_cannot_be_started(tmp_path: Path) -> None:
    program = tmp_path / "check_it"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    result = await plugin(str(program))
    assert result.status is Status.UNKNOWN
    assert result.text.endswith(f"prlimit: failed to execute {program}: No such file or directory")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "give either command or entry_point"),
        ({"command": ("/bin/true",), "entry_point": "x"}, "give either command or entry_point"),
        ({"command": ("check_tcp",)}, "write the whole path of 'check_tcp'"),
        ({"command": ("/bin/true", "a\0b")}, "holds a NUL"),
        ({"command": ("/bin/true",) + ("x",) * 300}, "at most 256 arguments"),
        ({"command": ("/bin/true",), "max_memory_mib": 1}, "max_memory_mib must be"),
        ({"command": ("/bin/true",), "max_cpu_seconds": 0}, "max_cpu_seconds must be"),
        (
            {"entry_point": "nowhere"},
            "'nowhere' is not in the group tenantwatch.checks; installed there: none",
        ),
    ],
)
def test_refused_settings(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        PluginValidation(Settings(**settings))


@pytest.mark.parametrize("program", ["/no/such/plugin", "/etc/passwd", "/etc"])
async def test_what_is_no_program(program: str) -> None:
    result = await plugin(program)
    assert (result.status, result.text) == (
        Status.UNKNOWN,
        f"{program} is not a program that this user may run",
    )


async def test_a_program_that_everybody_may_write(script: Plugin) -> None:
    program = script("exit 0")
    os.chmod(program, 0o777)
    result = await plugin(program)
    assert (result.status, result.text) == (
        Status.UNKNOWN,
        f"{program} may be written by everybody: chmod o-w it",
    )
