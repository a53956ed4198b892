"""Checks of other people's packages: how one is found, and what is wrong with one that cannot be used."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tenantwatch_agent.checks.base import Outcome
from tenantwatch_agent.checks.plugin_validation import PluginValidation, Settings
from tenantwatch_agent.errors import ConfigurationError
from tenantwatch_wire.records import Status

ON_UVLOOP = True

_PACKAGE = """
from tenantwatch_agent.checks.base import Outcome
from tenantwatch_wire.records import Status

class Queue:
    def __init__(self, options):
        self.target = f"queue {options['name']}"
        self.phase = "count"

    async def look(self):
        return Outcome(Status.DEGRADED, "7 wait", None, {"depth": 7.0})

class Ending:
    def __init__(self, options):
        raise SystemExit(5)

class Nameless(Queue):
    def __init__(self, options):
        self.target = self.phase = None

class Unready(Queue):
    def __init__(self, options):
        pass

    @property
    def phase(self):
        raise RuntimeError("not yet")
"""
_ENTRY_POINTS = """
[tenantwatch.checks]
queue = acme_queue:Queue
lost = acme_lost:Queue
odd = builtins:dict
ending = acme_queue:Ending
nameless = acme_queue:Nameless
unready = acme_queue:Unready
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of somebody else's, as an installer leaves it."""
    (tmp_path / "acme_queue.py").write_text(_PACKAGE)
    information = tmp_path / "acme_queue-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-queue\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(_ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "acme_queue", raising=False)


@pytest.mark.usefixtures("installed")
async def test_an_entry_point() -> None:
    check = PluginValidation(Settings(entry_point="queue", options={"name": "mails\n"}))
    assert (check.target, check.phase) == ("queue mails", "count")
    assert await check.look() == Outcome(Status.DEGRADED, "7 wait", None, {"depth": 7.0})


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("queue", "entry_point queue: KeyError: 'name'"),
        ("lost", "entry_point lost: ModuleNotFoundError"),
        ("odd", "entry_point odd: what it makes has no target, phase, look"),
        ("ending", "entry_point ending: SystemExit: 5"),
        ("nameless", "entry_point nameless: target and phase must be a text"),
        ("unready", "entry_point unready: RuntimeError: not yet"),
        ("other", "installed there: ending, lost, nameless, odd, queue, unready"),
    ],
)
def test_an_entry_point_that_cannot_be_used(name: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        PluginValidation(Settings(entry_point=name))
