"""Runs a program that may be bad: bounded in all that it takes, and killed as a whole."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tenantwatch_agent.checks import descendants
from tenantwatch_agent.checks.base import os_reason
from tenantwatch_agent.errors import CheckerFailed

MAX_OUTPUT_BYTES = 64 * 1024
MAX_OPEN_FILES = 256
MAX_FILE_BYTES = 64 * 1024 * 1024
_MOST_TASKS = 8_192
"""Of all that this user runs, in whatever container, since Linux counts so: an end for a fork bomb alone."""
_SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
_DRAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the program and each process that it starts may take."""

    memory_bytes: int
    processor_seconds: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended; ``code`` is negative for a signal."""

    code: int
    output: str
    errors: str


async def run(command: Sequence[str], environment: Mapping[str, str], bounds: Bounds) -> Ended:
    """Run it to its end. Cancelled, it kills the program with everything that it started.

    Raises CheckerFailed if it cannot be started or writes too much.
    """
    mark = descendants.new_mark()
    starting = asyncio.ensure_future(
        _start(_bounded(command, bounds, mark), {**environment, descendants.VARIABLE: str(mark)})
    )
    try:
        process = await asyncio.shield(starting)
    except asyncio.CancelledError:
        await _to_its_end(_end_unseen(starting, mark))
        raise
    output, errors = bytearray(), bytearray()
    reading = [
        asyncio.ensure_future(_read(stream, said))
        for stream, said in ((process.stdout, output), (process.stderr, errors))
    ]
    waiting = asyncio.ensure_future(_ended(process.pid))
    try:
        while not waiting.done():
            await asyncio.wait(
                [waiting, *(one for one in reading if not one.done())], return_when=asyncio.FIRST_COMPLETED
            )
            _raise_what_failed(reading)
        # What it left behind may hold its output open.
        await _to_its_end(_kill_all(process.pid, mark))
        await asyncio.wait(reading, timeout=_DRAIN_SECONDS)
        _raise_what_failed(reading)
        code = await process.wait()
        return Ended(code, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace"))
    except BaseException:
        await _to_its_end(_kill_all(process.pid, mark))
        raise
    finally:
        await _to_its_end(_let_go(process, [waiting, *reading]))


def _raise_what_failed(tasks: Sequence[asyncio.Future[None]]) -> None:
    for task in tasks:
        if task.done():
            task.result()


async def _start(command: Sequence[str], environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(environment),
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        raise CheckerFailed(f"{command[0]} cannot be started: {os_reason(error)}") from None


def _bounded(command: Sequence[str], bounds: Bounds, mark: int) -> list[str]:
    """Through util-linux's prlimit, which sets the limits and becomes the program.

    From outside they would come too late for what the program starts at once, and Python between fork and
    exec is not safe in a process with threads.
    """
    prlimit = shutil.which("prlimit", path=_SYSTEM_PATH)
    if prlimit is None:
        raise CheckerFailed("prlimit is needed to bound plugins: install the package util-linux")
    limits = (
        f"--as={bounds.memory_bytes}",
        f"--cpu={bounds.processor_seconds}:{bounds.processor_seconds + 1}",
        f"--nofile={_within_ours(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)}",
        f"--fsize={_within_ours(resource.RLIMIT_FSIZE, MAX_FILE_BYTES)}",
        f"--nproc={_within_ours(resource.RLIMIT_NPROC, _MOST_TASKS)}",
        f"--locks={mark}",
        "--core=0",
    )
    return [prlimit, *limits, "--", *command]


def _within_ours(kind: int, wanted: int) -> int:
    """Only an administrator may raise a limit that the agent itself was given."""
    _, ours = resource.getrlimit(kind)
    return wanted if ours == resource.RLIM_INFINITY else min(wanted, ours)


async def _read(stream: asyncio.StreamReader | None, found: bytearray) -> None:
    assert stream is not None
    while chunk := await stream.read(MAX_OUTPUT_BYTES):
        found += chunk
        if len(found) > MAX_OUTPUT_BYTES:
            raise CheckerFailed(f"it wrote more than {MAX_OUTPUT_BYTES} bytes")


async def _ended(pid: int) -> None:
    """Return when the program itself ended; asyncio would wait for everybody who holds its output, too."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


_ending: set[asyncio.Future[None]] = set()


def _to_its_end(work: Coroutine[Any, Any, None]) -> asyncio.Future[None]:
    """Goes on where the look is given up for good: a process that nobody waits for stays a zombie."""
    task = asyncio.ensure_future(work)
    _ending.add(task)
    task.add_done_callback(_ending.discard)
    return asyncio.shield(task)


async def _end_unseen(starting: asyncio.Future[asyncio.subprocess.Process], mark: int) -> None:
    """It may have started others before the loop says that it runs."""
    with suppress(CheckerFailed):
        process = await starting
        await _kill_all(process.pid, mark)
        await process.communicate()


async def _let_go(process: asyncio.subprocess.Process, tasks: Sequence[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await process.wait()
    # Else its pipes stay open for as long as anybody holds their other ends, whom we perhaps may not kill.
    process._transport.close()  # type: ignore[attr-defined]


async def _kill_all(pid: int, mark: int) -> None:
    """Who left the group first, while their parents live to tell of them."""
    try:
        await asyncio.to_thread(descendants.kill_marked, mark)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
