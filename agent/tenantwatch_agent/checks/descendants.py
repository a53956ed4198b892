"""What a program started and left behind, wherever it went: into a session of its own, or to another parent.

Each run carries a mark, which processes hand on: a number in its environment, and the same as its limit of
file locks, which Linux no longer enforces. The one can be thrown away, or closed to readers; the other
stays and is readable, unless a program lowers just this limit.
"""

from __future__ import annotations

import os
import re
import secrets
import select
import signal
from contextlib import ExitStack, suppress

VARIABLE = "TENANTWATCH_PLUGIN_RUN"
_HIGHEST_MARK = 2**62
_LOCKS = re.compile(rb"^Max file locks +\S+ +(\d+) ", re.MULTILINE)
_MOST_ROUNDS = 20
_QUIET_LISTINGS = 2
"""One is enough unless numbers began anew from below in the middle of it."""
_MOST_LISTINGS = 8
"""In a round; on a machine that starts programs without a pause no listing is the last one."""
_END_MS = 1_000


def new_mark() -> int:
    """A number that no other run has; below our own limit, which only an administrator may raise."""
    own = _lock_limit("self")
    return secrets.randbelow(_HIGHEST_MARK if own is None else min(own, _HIGHEST_MARK))


def kill_marked(mark: int) -> None:
    """Return when no process of this user carries the mark, nor one of their children. It may wait."""
    for _ in range(_MOST_ROUNDS):
        if not _kill_once(mark):
            return


def _kill_once(mark: int) -> bool:
    """Whether there was anybody, or may have been."""
    parents, marked, complete = _seen(mark)
    found = set(marked)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    with ExitStack() as held:
        # All are looked at before the first is killed, which gives its children another parent.
        killing = [
            descriptor
            for pid in found
            if (descriptor := _hold(held, pid)) is not None
            and (_carries(pid, mark) if pid in marked else _state_and_parent(pid)[1] == parents[pid])
        ]
        for descriptor in killing:
            with suppress(OSError):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        _await_ends(killing)
    return bool(found) or not complete


def _hold(held: ExitStack, pid: int) -> int | None:
    """A descriptor, since the number may be another's soon."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return None
    held.callback(os.close, descriptor)
    return descriptor


def _await_ends(descriptors: list[int]) -> None:
    waiting = set(descriptors)
    poll = select.poll()
    for descriptor in waiting:
        poll.register(descriptor, select.POLLIN)
    while waiting and (ended := poll.poll(_END_MS)):
        for descriptor, _ in ended:
            poll.unregister(descriptor)
            waiting.discard(descriptor)


def _seen(mark: int) -> tuple[dict[int, int], set[int], bool]:
    """All that run as this user, each with its parent; who carries the mark; whether nobody was missed.

    A listing goes up the numbers, and a child's is higher than its parent's: of whoever ended before its turn
    the children are listed further up, and of whoever ends before we look at it, the next time. So nobody is
    missed once a listing brings nobody new.
    """
    parents: dict[int, int] = {}
    marked: set[int] = set()
    looked_at: set[int] = set()
    quiet = 0
    for _ in range(_MOST_LISTINGS):
        new = {int(name) for name in os.listdir("/proc") if name.isdecimal()} - looked_at
        quiet = 0 if new else quiet + 1
        if quiet == _QUIET_LISTINGS:
            return parents, marked, True
        looked_at |= new
        for pid in new:
            parent = _parent_of_ours(pid)
            if parent is not None:
                parents[pid] = parent
                if _carries(pid, mark):
                    marked.add(pid)
    return parents, marked, False


def _parent_of_ours(pid: int) -> int | None:
    """None for another user's process, and for one that ended."""
    try:
        if os.stat(f"/proc/{pid}").st_uid != os.geteuid():
            return None
    except OSError:
        return None
    state, parent = _state_and_parent(pid)
    return None if state == b"Z" else parent


def _state_and_parent(pid: int) -> tuple[bytes, int]:
    """A process that is gone is a zombie without a parent."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name before it may hold anything, also brackets.
            state, parent, *_ = file.read().rpartition(b")")[2].split()
    except OSError:
        return b"Z", 0
    return state, int(parent)


def _carries(pid: int, mark: int) -> bool:
    if _lock_limit(str(pid)) == mark:
        return True
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return f"{VARIABLE}={mark}".encode() in file.read().split(b"\0")
    except OSError:
        return False


def _lock_limit(pid: str) -> int | None:
    """The upper one of file locks; None where there is none."""
    try:
        with open(f"/proc/{pid}/limits", "rb") as file:
            found = _LOCKS.search(file.read())
    except OSError:
        return None
    return None if found is None else int(found[1])
