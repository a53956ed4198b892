"""Says from outside the database how far its sequences were given and how many results it holds.

SQLite takes its log of writes up to the first frame that is broken, and forgets what stands behind it without
a word. The sequences there were given to results; nothing else may ever have them, and they are missing. Of a
file that nobody can read any more it tells how much is lost.

Written after each transaction and not waited for: it may lag behind the database. It runs ahead by what waits
in memory while the disk is full, so that those are missed if the agent ends meanwhile. Its own space is taken
when it is first written; from then on it can be written on a full disk too.
"""

from __future__ import annotations

import contextlib
import os
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tenantwatch_wire.records import Lane

from tenantwatch_agent.spool.records import Loss

NAME = "spool.witness"
_BYTES = 192


@dataclass(frozen=True, slots=True)
class Testimony:
    """``held`` of the ``count`` results waited in memory; ``time_us`` is when it was written."""

    generation: str
    last: Mapping[Lane, int]
    count: int
    held: int
    oldest_us: int
    time_us: int

    def loss(self, reason: str) -> Loss | None:
        """If all of it is gone."""
        return Loss(self.count, self.oldest_us, self.time_us, reason) if self.count else None


class Witness:
    """Open until ``close``. Where its file cannot be had it says nothing."""

    def __init__(self, folder: Path) -> None:
        self._file: int | None = None
        with contextlib.suppress(OSError):
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            self._file = os.open(folder / NAME, flags, 0o600)

    def note(
        self, generation: str, last: Mapping[Lane, int], count: int, oldest_us: int, held: int = 0
    ) -> bool:
        """False where it could not be written."""
        now_us = time.time_ns() // 1000
        said = f"{generation} {last[Lane.LIVE]} {last[Lane.BACKLOG]} {count} {held} {oldest_us} {now_us}"
        line = f"{said} {zlib.crc32(said.encode())}".ljust(_BYTES - 1) + "\n"
        try:
            return self._file is not None and os.pwrite(self._file, line.encode(), 0) == _BYTES
        except OSError:
            return False

    def read(self) -> Testimony | None:
        """What it says; None where that is nothing."""
        if self._file is None:
            return None
        try:
            said, _, checksum = os.pread(self._file, _BYTES, 0).decode("ascii").strip().rpartition(" ")
            generation, *numbers = said.split(" ")
            live, backlog, count, held, oldest_us, time_us = map(int, numbers)
            if zlib.crc32(said.encode()) != int(checksum):
                return None
            last = {Lane.LIVE: live, Lane.BACKLOG: backlog}
            return Testimony(generation, last, count, held, oldest_us, time_us)
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
