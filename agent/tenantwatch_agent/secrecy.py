"""Keeps the process's environment and memory, which hold secrets, from other programs of the same user."""

from __future__ import annotations

import ctypes
import logging
import os
import resource

_PR_SET_DUMPABLE = 4

log = logging.getLogger(__name__)


def close_to_others() -> None:
    """From now on neither plugins nor anybody else of this user reads them, and no core dump holds them.

    An administrator still can; the process itself still reads what it needs of /proc/self. Where the
    system refuses it, that is told, and all else goes on.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        reason = os.strerror(ctypes.get_errno())
        log.warning("other programs of this user may read this one's memory: %s", reason)
