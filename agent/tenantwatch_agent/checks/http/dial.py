"""From a name to a connected socket: both families of addresses, the quicker one wins (RFC 8305)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Any, Literal

from tenantwatch_agent.checks import names, reach
from tenantwatch_agent.checks.base import os_reason
from tenantwatch_agent.checks.http.early import Early
from tenantwatch_agent.checks.http.failure import ProbeFailed
from tenantwatch_agent.checks.names import Place

IpVersion = Literal["any", "4", "6"]

MAX_PLACES = 8
"""Of a name with more addresses, only so many are tried."""
NEXT_AFTER_SECONDS = 0.25
"""An address that has not answered until then gets a rival."""

_FAMILIES = {"any": socket.AF_UNSPEC, "4": socket.AF_INET, "6": socket.AF_INET6}


async def resolve(host: str, port: int, ip_version: IpVersion = "any") -> list[Place]:
    """The addresses to try, in this order. Raises ProbeFailed, and CheckerFailed for one out of reach."""
    family = _FAMILIES[ip_version]
    if (literal := names.literal(host, port)) is not None:
        if family not in (socket.AF_UNSPEC, literal[0]):
            raise ProbeFailed(f"{host} is not an IPv{ip_version} address")
        reach.demand(host, host)
        return [literal]
    try:
        found = await names.look_up(host, port, family)
    except OSError as error:
        raise ProbeFailed(f"name {host!r} is not known: {os_reason(error)}") from None
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


async def connect(places: Sequence[Place]) -> tuple[asyncio.Transport, Early]:
    """A connection to the first that takes us. Raises ProbeFailed with the first reason."""
    loop, early = asyncio.get_running_loop(), Early()
    try:
        if len(places) == 1 and len(places[0][1]) == 2:
            # The common case, without a socket of our own: a fifth less processor time.
            family, where = places[0]
            transport, _ = await loop.create_connection(lambda: early, *where, family=family)
            return transport, early
        connection = await _race(places)
        try:
            transport, _ = await loop.create_connection(lambda: early, sock=connection)
        except BaseException:
            connection.close()
            raise
    except OSError as error:
        raise ProbeFailed(f"connect failed: {os_reason(error)}") from None
    return transport, early


async def _race(places: Sequence[Place]) -> socket.socket:
    waiting = list(places)
    rivals: set[asyncio.Task[socket.socket]] = set()
    failures: list[BaseException] = []
    try:
        while waiting or rivals:
            if waiting:
                rivals.add(asyncio.ensure_future(_connect_one(*waiting.pop(0))))
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
            task.add_done_callback(_close_loser)
    raise next(iter(failures), OSError("no address"))


def _close_loser(task: asyncio.Task[socket.socket]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()


async def _connect_one(family: socket.AddressFamily, where: tuple[Any, ...]) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, where)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        connection.close()
        raise
    return connection
