"""Gives back the pages of program code that only the start has needed."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import mmap
import re
from collections.abc import Iterator

SETTLED_SECONDS = 60.0
_MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r-xp \S+ \S+ \S+ +/")


class Settling:
    """Gives back code once everything that is done regularly has been done."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """After a start or a change of configuration."""
        self.end()
        self._timer = asyncio.get_running_loop().call_later(SETTLED_SECONDS, give_back_code)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def give_back_code() -> None:
    """What is needed after all comes back from the page cache by itself, within microseconds.

    Libraries are linked and set up in code that never runs again; a quarter of what the agent holds is such.
    """
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for start, end in _unchanged_code():
        madvise(start, end - start, mmap.MADV_DONTNEED)


def _unchanged_code() -> Iterator[tuple[int, int]]:
    """Mappings of files as they are on disk: what somebody wrote into one exists nowhere else."""
    found = None
    with contextlib.suppress(OSError), open("/proc/self/smaps", encoding="ascii", errors="replace") as lines:
        for line in lines:
            if mapping := _MAPPING.match(line):
                found = int(mapping[1], 16), int(mapping[2], 16)
            elif found and line.startswith("Anonymous:"):
                if line.split()[1] == "0":
                    yield found
                found = None
