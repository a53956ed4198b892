"""The file that says whom to trust is read at each look: it may go, or turn into something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tenantwatch_agent.checks.registry import build_check
from tenantwatch_wire.records import CheckDefinition, Status

from tests.agent.checks.looking import look
from tests.fakes.certificates import Authority
from tests.ports import stable_port

ON_UVLOOP = True


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("database_connectivity", "postgresql://u@{}/d"),
        ("database_connectivity", "mysql://u@{}/d"),
        ("redis_connectivity", "rediss://{}/0"),
    ],
)
async def test_an_authority_that_turned_into_a_pipe_is_not_waited_for(
    kind: str, address: str, tmp_path: Path
) -> None:
    file, url = Authority(tmp_path).file, address.format(f"127.0.0.1:{stable_port()}")
    check = build_check(kind, {"url": url, "ca_file": str(file)}, "a")
    definition = CheckDefinition("a", kind, 1000, 60_000)
    assert (await look(definition, check)).status is Status.UNHEALTHY
    file.unlink()
    assert (await look(definition, check)).text == f"ca_file {file}: No such file or directory"
    os.mkfifo(file)
    result = await look(definition, check)
    assert (result.status, result.text) == (Status.UNKNOWN, f"ca_file {file}: is not a regular file")
