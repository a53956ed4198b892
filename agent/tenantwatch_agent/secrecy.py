"""Keeps the process's environment and memory, which hold secrets, from other programs of the same user."""

from __future__ import annotations

import ctypes
import os
import resource

_PR_SET_DUMPABLE = 4


def close_to_others() -> None:
    """From now on neither plugins nor anybody else of this user reads them, and no core dump holds them.

    The system's administrator still can; the process itself still reads what it needs of /proc/self.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
