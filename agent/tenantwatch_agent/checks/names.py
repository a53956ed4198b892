"""Names become addresses, each in a thread of its own; names that nobody answers for hold up no other.

The system's resolver gives up such a name after ten seconds and more, and cannot be interrupted. Threads are
bounded, so names that were quick have some of their own. Whoever waits for a thread waits for the agent, not
for his target, and that is noted as such.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
import time
from collections import deque
from typing import Any, Literal
from weakref import WeakKeyDictionary

from tenantwatch_agent.checks.base import cannot_open
from tenantwatch_agent.checks.own_waits import own_wait
from tenantwatch_agent.errors import CheckerFailed

Place = tuple[socket.AddressFamily, tuple[Any, ...]]
Lane = Literal["proven", "unproven", "egress"]

THREADS: dict[Lane, int] = {"proven": 8, "unproven": 12, "egress": 16}
"""For names that were quick when last asked; for all others; and one for each address of ``[egress]``."""
QUICK_SECONDS = 1.0
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
"""All that IDNA takes for one."""
MAX_PROVEN = 4096
"""The eldest proves itself anew: redirects may lead to any number of names."""


def in_ascii(name: str) -> str:
    """The name as DNS has it: by IDNA 2008, mapped as browsers do it. Raises ValueError."""
    if name.isascii():
        return name
    # Imported here: few names need it, and its tables cost 2 MB.
    import idna

    # Label by label: those of ASCII may be of what a host's name may not, as _dmarc.
    labels = (one if one.isascii() else idna.encode(one, uts46=True).decode() for one in _DOTS.split(name))
    return ".".join(labels)


def for_certificate(name: str) -> str:
    """The name as a certificate holds it, which has no dot at its end. Raises ValueError."""
    return in_ascii(name).removesuffix(".")


async def look_up(
    host: str, port: int, family: int = socket.AF_UNSPEC, *, for_egress: bool = False
) -> list[Place]:
    """In the system's order. Raises OSError, and CheckerFailed where no thread can be started."""
    if (found := literal(host, port)) is not None:
        return [found]
    try:
        lookup = _of_this_loop().lookup(in_ascii(host), family, for_egress)
    except ValueError:
        raise socket.gaierror(socket.EAI_NONAME, "not a valid name") from None
    if not lookup.begun.is_set():
        with own_wait(host):
            await lookup.begun.wait()
    places = await asyncio.shield(lookup.answer)
    return [(each, (where[0], port, *where[2:])) for each, where in places]


def literal(host: str, port: int) -> Place | None:
    """Saves the way through a thread for what is an address already."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
        return family, (host, port) if family is socket.AF_INET else (host, port, 0, 0)
    return None


class _Lookup:
    """One question. Who asks it while it waits or is under way shares the answer."""

    def __init__(self, host: str, family: int, lane: Lane) -> None:
        self.host, self.family, self.lane = host, family, lane
        self.begun = asyncio.Event()
        self.answer: asyncio.Future[list[Place]] = asyncio.get_running_loop().create_future()
        # All who asked may have given up by then.
        self.answer.add_done_callback(lambda answer: answer.exception())


class _Lookups:
    """Those of one loop."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int, bool], _Lookup] = {}
        self._waiting: dict[Lane, deque[_Lookup]] = {lane: deque() for lane in THREADS}
        self._free = dict(THREADS)
        self._proven: dict[str, None] = {}

    def lookup(self, host: str, family: int, for_egress: bool) -> _Lookup:
        question = host, family, for_egress
        if (found := self._open.get(question)) is None:
            lane: Lane = "egress" if for_egress else "proven" if host in self._proven else "unproven"
            found = self._open[question] = _Lookup(host, family, lane)
            found.answer.add_done_callback(lambda _: self._open.pop(question))
            self._waiting[lane].append(found)
            self._begin(lane)
        return found

    def _begin(self, lane: Lane) -> None:
        loop, waiting = asyncio.get_running_loop(), self._waiting[lane]
        while waiting and self._free[lane] > 0:
            lookup = waiting.popleft()
            lookup.begun.set()
            # No pool: its threads would hold up the agent's end for as long as a dead name takes.
            try:
                threading.Thread(target=self._ask, args=(loop, lookup), name="lookup", daemon=True).start()
            except RuntimeError as error:
                lookup.answer.set_exception(CheckerFailed(f"no thread to look up {lookup.host!r}: {error}"))
                continue
            self._free[lane] -= 1

    def _ask(self, loop: asyncio.AbstractEventLoop, lookup: _Lookup) -> None:
        """In the thread."""
        began = time.monotonic()
        answer: list[Place] | Exception
        try:
            found = socket.getaddrinfo(lookup.host, None, lookup.family, socket.SOCK_STREAM)
            answer = [(family, where) for family, _, _, _, where in found]
        except ValueError:
            answer = socket.gaierror(socket.EAI_NONAME, "not a valid name")
        except Exception as error:
            answer = cannot_open() or error
        # The loop may be closed by now.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._end, lookup, answer, time.monotonic() - began)

    def _end(self, lookup: _Lookup, answer: list[Place] | Exception, took_seconds: float) -> None:
        self._proven.pop(lookup.host, None)
        if took_seconds < QUICK_SECONDS:
            self._proven[lookup.host] = None
        if len(self._proven) > MAX_PROVEN:
            del self._proven[next(iter(self._proven))]
        if isinstance(answer, Exception):
            lookup.answer.set_exception(answer)
        else:
            lookup.answer.set_result(answer)
        self._free[lookup.lane] += 1
        self._begin(lookup.lane)


_lookups: WeakKeyDictionary[asyncio.AbstractEventLoop, _Lookups] = WeakKeyDictionary()


def _of_this_loop() -> _Lookups:
    loop = asyncio.get_running_loop()
    if loop not in _lookups:
        _lookups[loop] = _Lookups()
    return _lookups[loop]
