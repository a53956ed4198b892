"""From a name to a connected socket: both families of addresses, the quicker one wins (RFC 8305)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from itertools import chain, zip_longest
from typing import Any, TypeVar

from tenantwatch_agent.checks import names, reach
from tenantwatch_agent.checks.base import lacking
from tenantwatch_agent.checks.names import Place

_T = TypeVar("_T")

MAX_PLACES = 8
"""Of a name with more addresses, only so many are tried."""
NEXT_AFTER_SECONDS = 0.25
"""An address that has not answered until then gets a rival."""


async def connected(host: str, port: int) -> socket.socket:
    """A connection to the first address that takes us. Raises OSError, and CheckerFailed as places_of."""
    return await open_socket(await places_of(host, port))


async def places_of(
    host: str, port: int, family: int = socket.AF_UNSPEC, *, for_egress: bool = False
) -> list[Place]:
    """The addresses to try, in this order. Raises OSError, and CheckerFailed for one out of reach."""
    found = await names.look_up(host, port, family, for_egress=for_egress)
    for _, where in found:
        reach.demand(host, str(where[0]))
    return _interleaved(found)


def _interleaved(places: Sequence[Place]) -> list[Place]:
    """The families take turns, beginning with the system's favourite."""
    if not places:
        return []
    first = [place for place in places if place[0] == places[0][0]]
    others = [place for place in places if place[0] != places[0][0]]
    turns = chain.from_iterable(zip_longest(first, others))
    return [place for place in turns if place is not None][:MAX_PLACES]


async def open_socket(places: Sequence[Place]) -> socket.socket:
    """A connection to the first that takes us. Raises OSError with the first reason."""
    return await race([partial(_connect, *place) for place in places], socket.socket.close)


async def race(
    attempts: Sequence[Callable[[], Coroutine[Any, Any, _T]]], let_go: Callable[[_T], object]
) -> _T:
    """What the first to come through has; of the others nothing stays open. Raises the first failure that
    is not this machine's own, or else the first."""
    waiting = list(attempts)
    rivals: set[asyncio.Task[_T]] = set()
    failures: list[BaseException] = []
    try:
        while waiting or rivals:
            if waiting:
                rivals.add(asyncio.ensure_future(waiting.pop(0)()))
            patience = NEXT_AFTER_SECONDS if waiting else None
            done, _ = await asyncio.wait(rivals, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                rivals.discard(task)
                if (failure := task.exception()) is None:
                    rivals |= done - {task}
                    return task.result()
                failures.append(failure)
    finally:
        for task in rivals:
            task.cancel()
            task.add_done_callback(partial(_let_loser_go, let_go))
    theirs = (one for one in failures if not (isinstance(one, OSError) and lacking(one)))
    raise next(theirs, failures[0] if failures else OSError("no address"))


def _let_loser_go(let_go: Callable[[_T], object], task: asyncio.Task[_T]) -> None:
    if not task.cancelled() and task.exception() is None:
        let_go(task.result())


async def _connect(family: socket.AddressFamily, where: tuple[Any, ...]) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, where)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        connection.close()
        raise
    return connection
