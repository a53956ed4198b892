"""Nobody outruns the look for what a plugin left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import psutil
import pytest
from tenantwatch_agent.checks import descendants

_HOPPING = """
import os, time
print(os.getpid(), flush=True)
while os.read(0, 1):
    parent = os.getpid()
    if os.fork():
        os._exit(0)
    os.setsid()
    while os.getppid() == parent:
        time.sleep(0.001)
    print(os.getpid(), flush=True)
time.sleep(300)
"""


class Hopping:
    """A program that with each ``hop`` becomes a child of its own, in a session of its own."""

    def __init__(self, mark: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _HOPPING],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={descendants.VARIABLE: str(mark)},
        )
        self.pids = [self._told()]

    def hop(self) -> None:
        """Return when the one before has ended."""
        assert self._process.stdin is not None
        self._process.stdin.write(b".")
        self._process.stdin.flush()
        self.pids.append(self._told())

    def _told(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def close(self) -> None:
        for pid in self.pids:
            if self.runs(pid):
                os.kill(pid, signal.SIGKILL)
        with self._process:
            pass

    def runs(self, pid: int) -> bool:
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        return False


@pytest.fixture
def hopping() -> Iterator[tuple[int, Hopping]]:
    mark = descendants.new_mark()
    with ExitStack() as stack:
        one = Hopping(mark)
        stack.callback(one.close)
        yield mark, one


@pytest.mark.parametrize("hops", [0, 1, 2, 5])
def test_who_ends_between_the_listing_and_its_turn_hides_no_child(
    hopping: tuple[int, Hopping], hops: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, program = hopping
    listdir = os.listdir

    def outrun(path: str) -> list[str]:
        listed = listdir(path)
        if len(program.pids) <= hops:
            program.hop()
        return listed

    monkeypatch.setattr(os, "listdir", outrun)
    descendants.kill_marked(mark)
    assert len(program.pids) == hops + 1
    assert not any(map(program.runs, program.pids))


def test_another_runs_processes_stay(hopping: tuple[int, Hopping]) -> None:
    mark, program = hopping
    descendants.kill_marked(mark + 1)
    assert program.runs(program.pids[0])


def test_the_search_ends_though_programs_start_without_a_pause(
    hopping: tuple[int, Hopping], monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, program = hopping
    listdir, born = os.listdir, 2**31

    def listed_with_more(path: str) -> list[str]:
        nonlocal born
        born += 1
        return [*listdir(path), str(born)]

    monkeypatch.setattr(os, "listdir", listed_with_more)
    descendants.kill_marked(mark)
    assert not program.runs(program.pids[0])
