"""What the doors do when nobody opens them; that they open is shown by all who go through."""

from __future__ import annotations

import subprocess
import sys

_KEPT_TO_THE_END = """
import asyncio, functools
from tenantwatch_collector.config import GrpcListener
from tenantwatch_collector.doors import GrpcDoor

class Service:
    Connect = None
    def __getattr__(self, name):
        return None

async def made():
    return GrpcDoor(GrpcListener(), None, Service(), Service(), Service())

kept = asyncio.run(made())
kept.itself = kept
# By a module that all others need longer than what they log with.
functools.kept = kept
"""


def test_a_door_that_was_never_opened_says_nothing_at_the_end() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _KEPT_TO_THE_END], capture_output=True, text=True, timeout=120, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
