"""One collector for each SQLite file, held by a lock beside it; commands on the store need none."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import BinaryIO

from tenantwatch_collector.errors import ConfigurationError


def lock_for_one(path: Path) -> BinaryIO:
    """The lock, until it is closed or its program ends. Raises ConfigurationError where another has it."""
    beside = path.with_name(f"{path.name}-collector")
    try:
        file = beside.open("ab")
        beside.chmod(0o600)
    except OSError as error:
        raise ConfigurationError(f"the lock {beside} cannot be made: {error.strerror}") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ConfigurationError(
            f"another collector runs on {path}, and an SQLite file serves one alone: stop that one, give"
            " this one a [store] path of its own, or let both share a PostgreSQL by [store] url"
        ) from None
    return file
