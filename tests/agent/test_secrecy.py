"""What the agent knows stays its own: no program of its user reads its environment or its memory."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.missing import not_tested

_PRYING = """#!/bin/sh
for part in environ mem maps; do
    head -c 1 /proc/$PPID/$part >/dev/null 2>&1 && echo "$part can be read" && exit 2
done
grep -q 'core file size *0 *0' /proc/$PPID/limits || { echo 'it may dump a core'; exit 2; }
echo 'nothing can be read'
"""
_CONFIGURATION = """
agent_id = "web-1"
data_folder = "{folder}/data"
[collector]
address = "127.0.0.1:1"
token_file = "{folder}/token"
[[checks]]
id = "prying"
kind = "plugin_validation"
command = ["{folder}/prying"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("hunter2")
    (tmp_path / "agent.toml").write_text(_CONFIGURATION.format(folder=tmp_path))
    (tmp_path / "prying").write_text(_PRYING)
    (tmp_path / "prying").chmod(0o755)
    return tmp_path


def _unprivileged() -> list[str]:
    """How to start a program: an administrator reads everything, whatever a process says."""
    if os.geteuid():
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        not_tested(
            "an agent without an administrator's rights", "install util-linux, or run the tests as a user"
        )
    return [setpriv, "--bounding-set=-all", "--inh-caps=-all", "--"]


async def _start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *_unprivileged(), sys.executable, "-m", "tenantwatch_agent", *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip


async def test_a_plugin_reads_nothing_of_the_agent(folder: Path) -> None:
    process = await _start("run-once", "prying", "--config", str(folder / "agent.toml"))
    output, errors = await asyncio.wait_for(process.communicate(), 90)
    assert output.decode().startswith("prying: healthy: nothing can be read"), (output, errors)


async def test_the_agent_still_reads_of_itself_what_it_needs(folder: Path) -> None:
    """Its socket is bound, and asked, by a path of /proc/self."""
    configuration = folder / "agent.toml"
    text = configuration.read_text()
    configuration.write_text(text.replace(f"{folder}/data", str(folder / ("x" * 120))))
    running = await _start("run", "--config", str(configuration))
    try:
        async with asyncio.timeout(90):
            output = b""
            while b"web-1" not in output:
                assert running.returncode is None
                asking = await _start("status", "--config", str(configuration))
                output, _ = await asking.communicate()
    finally:
        running.terminate()
        _, errors = await asyncio.wait_for(running.communicate(), 90)
    assert running.returncode == 0, errors
