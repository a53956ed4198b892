"""Says from outside the database how far its sequences were given, so that a torn end of it is noticed.

SQLite takes its log of writes up to the first frame that is broken, and forgets what stands behind it without
a word. The sequences there were given to results; nothing else may ever have them, and they are missing.

Written after each commit and not waited for: it may lag behind the database, never run ahead of what was
committed.
"""

from __future__ import annotations

import contextlib
import os
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

from tenantwatch_wire.records import Lane

NAME = "spool.witness"
_BYTES = 128


@dataclass(frozen=True, slots=True)
class Testimony:
    """``time_us`` is when it was written."""

    last: dict[Lane, int]
    time_us: int


class Witness:
    """Open until ``close``. Where its file cannot be had it says nothing."""

    def __init__(self, folder: Path) -> None:
        self._file: int | None = None
        with contextlib.suppress(OSError):
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            self._file = os.open(folder / NAME, flags, 0o600)

    def note(self, generation: str, last: dict[Lane, int]) -> None:
        if self._file is None:
            return
        said = f"{generation} {last[Lane.LIVE]} {last[Lane.BACKLOG]} {time.time_ns() // 1000}"
        line = f"{said} {zlib.crc32(said.encode())}".ljust(_BYTES - 1) + "\n"
        with contextlib.suppress(OSError):
            os.pwrite(self._file, line.encode(), 0)

    def read(self, generation: str) -> Testimony | None:
        """What it says of that generation; None if it knows nothing of it."""
        if self._file is None:
            return None
        try:
            said, _, checksum = os.pread(self._file, _BYTES, 0).decode("ascii").strip().rpartition(" ")
            name, live, backlog, time_us = said.split(" ")
            if name != generation or zlib.crc32(said.encode()) != int(checksum):
                return None
            return Testimony({Lane.LIVE: int(live), Lane.BACKLOG: int(backlog)}, int(time_us))
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
