"""Files that an operator names, read without ever waiting for somebody else."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from tenantwatch_agent.errors import ConfigurationError

Identity = tuple[int, ...]


def identity(found: os.stat_result) -> Identity:
    """Another one whenever the file was written or replaced, whatever time was put on it."""
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def read_regular(path: Path, max_bytes: int) -> bytes:
    """At most one byte more than that, so that a longer file is seen. Raises OSError, also for a pipe."""
    with open(path, "rb", opener=_open_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "is not a regular file", str(path))
        return file.read(max_bytes + 1)


def changed_at(key: str, path: Path) -> Identity:
    """Its identity, for who hands its name on to a library and has to do so again when it has changed.

    Raises ConfigurationError unless it is a regular file: opening a pipe would wait for its other end, and
    the whole agent with it.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise ConfigurationError(f"{key} {path}: {error.strerror}") from None
    if not stat.S_ISREG(found.st_mode):
        raise ConfigurationError(f"{key} {path}: is not a regular file")
    return identity(found)


def _open_at_once(name: str, flags: int) -> int:
    # The opening of a pipe waits for its other end otherwise, and no signal ends that.
    return os.open(name, flags | os.O_NONBLOCK)
